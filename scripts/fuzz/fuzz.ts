/**
 * Runs random programs in every tier until they differ or time is up. What differs is made as small as possible and
 * printed as a filetest (test/filetests/).
 *
 *     npm run fuzz -- --help
 *
 * The programs of a seed are always the same; program N of seed S is `S/N`. With --native they are single
 * instructions, of 64-bit mode or of 32- or 16-bit code, and this machine's processor says what is right: on x86-64 Linux with gcc.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BACK_ENDS, type BackEnd } from '../../test/support/back-ends.ts';
import type { CodeMode } from '../../test/vectors/layout.ts';
import { buildRecorder } from '../recorder/native.ts';
import { Engine } from './engine.ts';
import { NativeTrials, nativeCase } from './native.ts';
import { report, tryProgram } from './trial.ts';

/** Instructions that one run of the recorder takes. */
const NATIVE_BATCH = 500;
const MODES: readonly CodeMode[] = [64, 32, 16];

const USAGE = `usage: npm run fuzz -- [options]

  --minutes M       how long, by default 1
  --seed S          any text: the same programs each time, by default 1
  --failures N      stop after so many that differ, by default 1
  --back-end NAME   what makes regions: ${Object.keys(BACK_ENDS).join(', ')}; by default writer
  --native          single instructions, held against this machine's processor
  --mode BITS       with --native: 64, 32 or 16, by default 64
  --help            print this
`;

function parse() {
  try {
    return parseArgs({
      options: {
        minutes: { type: 'string', default: '1' },
        seed: { type: 'string', default: '1' },
        failures: { type: 'string', default: '1' },
        'back-end': { type: 'string', default: 'writer' },
        native: { type: 'boolean', default: false },
        mode: { type: 'string', default: '64' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    console.error(`fuzz: ${(error as Error).message}`);
    process.exit(2);
  }
}

const values = parse();
if (values.help) {
  process.stdout.write(USAGE);
  process.exit();
}

function positive(name: 'minutes' | 'failures'): number {
  const value = Number(values[name]);
  if (value > 0) return value;
  console.error(`fuzz: --${name} ${values[name]}: not a number greater than 0`);
  process.exit(2);
}

const { seed, native, 'back-end': backEnd } = values;
if (!Object.hasOwn(BACK_ENDS, backEnd)) {
  console.error(`fuzz: --back-end ${backEnd}: none of ${Object.keys(BACK_ENDS).join(', ')}`);
  process.exit(2);
}
const mode = MODES.find((bits) => String(bits) === values.mode);
if (mode === undefined) {
  console.error(`fuzz: --mode ${values.mode}: none of ${MODES.join(', ')}`);
  process.exit(2);
}
if (mode !== 64 && !native) {
  console.error(`fuzz: --mode ${mode} is for --native: whole programs are 64-bit code`);
  process.exit(2);
}
const mostFailures = positive('failures');
const deadline = performance.now() + positive('minutes') * 60_000;
let failures = 0;
const goesOn = (): boolean => performance.now() < deadline && failures < mostFailures;

function fail(text: string): void {
  failures += 1;
  console.log(text);
}

function fuzzPrograms(): void {
  const newEngine = (): Engine => new Engine(BACK_ENDS[backEnd as BackEnd]);
  const engine = newEngine();
  let count = 0;
  for (; goesOn(); count++) {
    const name = `${seed}/${count}`;
    const difference = tryProgram(engine, name);
    if (difference !== undefined) fail(report(name, difference, newEngine));
  }
  const { regions, branching, loops, calls, guards, second, instructions, compiledInstructions } =
    engine.coverage;
  console.log(
    `${count} programs, ${failures} of them differ; ${instructions} instructions, ` +
      `${compiledInstructions} of them in ${regions} regions: ` +
      `${branching} of several blocks, ${loops} with loops, ${calls} with calls, ${guards} across pages, ${second} of the second tier`,
  );
}

function fuzzInstructions(recorder: string, mode: CodeMode): void {
  const trials = new NativeTrials(recorder);
  const mnemonics = new Map<string, number>();
  let count = 0;
  while (goesOn()) {
    const cases = Array.from({ length: NATIVE_BATCH }, () => nativeCase(`${seed}/${count++}`, mode));
    for (const { variant } of cases) {
      const { mnemonic } = variant.row;
      mnemonics.set(mnemonic, (mnemonics.get(mnemonic) ?? 0) + 1);
    }
    trials.run(cases).forEach((difference, at) => {
      const failing = cases[at];
      if (difference !== undefined && failing !== undefined && failures < mostFailures)
        fail(trials.report(failing));
    });
  }
  console.log(`${count} instructions of ${mnemonics.size} mnemonics, ${failures} of them differ`);
}

if (native) {
  if (process.arch !== 'x64' || process.platform !== 'linux') {
    console.error(`fuzz: --native needs x86-64 Linux, not ${process.platform} on ${process.arch}`);
    process.exit(2);
  }
  if (spawnSync('gcc', ['--version'], { stdio: 'ignore' }).status !== 0) {
    console.error('fuzz: --native needs gcc, which does not run here');
    process.exit(2);
  }
  const directory = mkdtempSync(join(tmpdir(), 'fuzz-'));
  try {
    fuzzInstructions(buildRecorder(directory), mode);
  } finally {
    rmSync(directory, { recursive: true });
  }
} else fuzzPrograms();
process.exitCode = failures > 0 ? 1 : 0;
