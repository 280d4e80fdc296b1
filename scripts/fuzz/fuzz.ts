/**
 * Runs random programs in every tier until they differ or time is up. What differs is made as small as possible and
 * printed as a filetest (test/filetests/).
 *
 *     npm run fuzz -- --help
 *
 * The programs of a seed are always the same; program N of seed S is `S/N`. With --native they are single
 * instructions, of 64-bit mode or of 32- or 16-bit code, and this machine's processor says what is right: on x86-64 Linux with gcc.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BACK_ENDS, type BackEnd } from '../../test/support/back-ends.ts';
import type { CodeMode } from '../../test/vectors/layout.ts';
import { buildRecorder } from '../recorder/native.ts';
import { machineProblem, modeProblem } from '../recorder/native-problem.ts';
import { Engine } from './engine.ts';
import { NativeBatches, reportFailure } from './native.ts';
import { addTo, type SubjectTally, Tally } from './tally.ts';
import { report, tryProgram } from './trial.ts';

const MODES: readonly CodeMode[] = [64, 32, 16];

const USAGE = `usage: npm run fuzz -- [options]

  --minutes M       how long, by default 1
  --count N         stop after so many cases or programs
  --seed S          any text: the same programs each time, by default 1
  --from N          first number of the seed, by default 0 or where --report has it that the seed has come to
  --failures N      stop after so many that differ, by default 1
  --back-end NAME   what makes regions: ${Object.keys(BACK_ENDS).join(', ')}; by default writer
  --native          single instructions, held against this machine's processor
  --mode BITS       with --native: 64, 32 or 16, by default 64
  --report FILE     add what was run to the counts in a file, and go on where its runs of the seed have ended
  --table           run nothing: print the counts of the --report as a table
  --help            print this

What is counted: a program that was run and compared in every tier, whole and in slices; with --native a case, which is one
instruction from one state, run and compared with the processor in the interpreter and as a region (every sixteenth batch
by each back end). A batch has a number of the seed, and 25 forms of instructions with 64 cases each. Counts of a family
of instructions are cases with it; of programs, instructions of it that they are made of.
`;

/** Milliseconds between two times that the counts are written. */
const SAVE_EVERY = 20_000;

function parse() {
  try {
    return parseArgs({
      options: {
        minutes: { type: 'string', default: '1' },
        count: { type: 'string' },
        seed: { type: 'string', default: '1' },
        from: { type: 'string' },
        failures: { type: 'string', default: '1' },
        'back-end': { type: 'string', default: 'writer' },
        native: { type: 'boolean', default: false },
        mode: { type: 'string', default: '64' },
        report: { type: 'string' },
        table: { type: 'boolean', default: false },
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

/** The number that an option has. */
function number(name: 'minutes' | 'failures' | 'count' | 'from', least: number): number {
  const value = Number(values[name]);
  if (value >= least && (name === 'minutes' || Number.isSafeInteger(value))) return value;
  const kind = name === 'minutes' ? 'a number greater than 0' : `a whole number from ${least}`;
  console.error(`fuzz: --${name} ${values[name]}: not ${kind}`);
  process.exit(2);
}

const { seed, native, 'back-end': backEnd } = values;
if (!Object.hasOwn(BACK_ENDS, backEnd)) {
  console.error(`fuzz: --back-end ${backEnd}: none of ${Object.keys(BACK_ENDS).join(', ')}`);
  process.exit(2);
}
const mode = MODES.find((bits) => `${bits}` === values.mode);
if (mode === undefined) {
  console.error(`fuzz: --mode ${values.mode}: none of ${MODES.join(', ')}`);
  process.exit(2);
}
if (mode !== 64 && !native) {
  console.error(`fuzz: --mode ${mode} is for --native: whole programs are 64-bit code`);
  process.exit(2);
}
const mostFailures = number('failures', 1);
const most = values.count === undefined ? Number.POSITIVE_INFINITY : number('count', 1);
const deadline = performance.now() + number('minutes', Number.MIN_VALUE) * 60_000;
const tally = new Tally(values.report);
if (values.table) {
  process.stdout.write(tally.table());
  process.exit();
}
let count = 0;
let failures = 0;
const goesOn = (): boolean => performance.now() < deadline && failures < mostFailures && count < most;

function fail(text: string): void {
  failures += 1;
  console.log(text);
}

/** Numbers of the seed from the first on, as long as the run goes on. */
function* numbers(total: SubjectTally): Iterable<number> {
  const first = values.from === undefined ? (total.next[seed] ?? 0) : number('from', 0);
  let saved = performance.now();
  for (let next = first; goesOn(); next++) {
    yield next;
    total.next[seed] = next + 1;
    if (performance.now() - saved < SAVE_EVERY) continue;
    tally.save();
    saved = performance.now();
  }
  tally.save();
  console.log(`seed ${seed}, numbers ${first} to ${(total.next[seed] ?? first) - 1}`);
}

function fuzzPrograms(): void {
  const newEngine = (): Engine => new Engine(BACK_ENDS[backEnd as BackEnd]);
  const engine = newEngine();
  const total = tally.of(`programs ${backEnd}`);
  for (const n of numbers(total)) {
    const name = `${seed}/${n}`;
    const { difference, families } = tryProgram(engine, name);
    count += 1;
    total.count += 1;
    for (const [family, instructions] of families) addTo(total.families, family, instructions);
    if (difference === undefined) continue;
    total.failures += 1;
    fail(report(name, difference, newEngine));
  }
  const { regions, branching, loops, calls, guards, second, last, third, saved } = engine.coverage;
  const { instructions, compiledInstructions } = engine.coverage;
  console.log(
    `${count} programs, ${failures} of them differ; ${instructions} instructions, ` +
      `${compiledInstructions} of them in ${regions} regions: ` +
      `${branching} of several blocks, ${loops} with loops, ${calls} with calls, ${guards} across pages, ${second} of the second tier (the last of ${last}), ` +
      `${third} of the third; ${saved} found in packs`,
  );
}

function fuzzInstructions(recorder: string, mode: CodeMode): void {
  const batches = new NativeBatches(recorder, seed, mode);
  const total = tally.of(`native ${mode}`);
  const mnemonics = new Set<string>();
  for (const n of numbers(total)) {
    const batch = batches.run(n);
    for (const { family, variant } of batch.forms) {
      addTo(total.families, family, batch.inputs);
      mnemonics.add(variant.row.mnemonic);
    }
    count += batch.forms.length * batch.inputs;
    total.count += batch.forms.length * batch.inputs;
    total.failures += batch.failures.length;
    for (const failure of batch.failures) if (failures < mostFailures) fail(reportFailure(recorder, failure));
  }
  console.log(`${count} cases of ${mnemonics.size} mnemonics, ${failures} of them differ`);
}

/** Gives what this machine cannot be asked, if it cannot. */
function fuzzNatively(mode: CodeMode): string | undefined {
  const problem = machineProblem();
  if (problem !== undefined) return problem;
  const directory = mkdtempSync(join(tmpdir(), 'fuzz-'));
  try {
    const recorder = buildRecorder(directory);
    const problem = modeProblem(recorder, mode);
    if (problem === undefined) fuzzInstructions(recorder, mode);
    return problem;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

if (native) {
  const problem = fuzzNatively(mode);
  if (problem !== undefined) {
    console.error(`fuzz: --native --mode ${mode} ${problem}`);
    process.exit(2);
  }
} else fuzzPrograms();
process.exitCode = failures > 0 ? 1 : 0;
