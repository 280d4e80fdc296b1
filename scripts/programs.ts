/**
 * Runs programs from Debian packages in guests and natively, compares what they give, and writes docs/programs.md.
 *
 *     npm run programs -- --help
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { InputError } from '../src/boot/input-error.ts';
import { chooseCpu } from '../src/machine/cpu-models.ts';
import { runs32BitPrograms } from './native-32.ts';
import { groupsOf, packagesOf, selectPrograms } from './programs/groups.ts';
import { PROGRAMS } from './programs/list.ts';
import { mergeResults, pageOf, type Result, resultsOf } from './programs/page.ts';
import type { Program } from './programs/program.ts';
import { makeRoots } from './programs/root.ts';
import { runGroup } from './programs/run-group.ts';

const USAGE = `usage: npm run programs -- [options]

  --only NAME       run this program (more than once: these; NAME* for all that begin so)
  --cpu MODEL       the guests' processor, instead of those that each program is meant to be run with
  --list            print the programs' names and what they run
  --mirror URL      Debian mirror to make the root file systems from, instead of the one that apt uses
  --cli FILE        longmode's command line program, by default dist/cli.js
  --no-page         leave docs/programs.md as it is
  --help            print this
`;

const PAGE = fileURLToPath(new URL('../docs/programs.md', import.meta.url));
const CACHE = fileURLToPath(new URL('../.cache/programs', import.meta.url));
const OUTPUTS = join(CACHE, 'outputs');
const progress = (message: string): void => console.error(message);

function parse() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [] },
      cpu: { type: 'string' },
      list: { type: 'boolean', default: false },
      mirror: { type: 'string' },
      cli: { type: 'string', default: fileURLToPath(new URL('../dist/cli.js', import.meta.url)) },
      'no-page': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  try {
    if (values.cpu !== undefined) chooseCpu(values.cpu);
  } catch (error) {
    throw new InputError(`--cpu: ${(error as Error).message}`);
  }
  return values;
}

/** What does not run natively cannot be compared, nor its root be made. @throws InputError if nothing is left. */
function withoutI386(programs: readonly Program[]): readonly Program[] {
  const runnable = programs.filter(({ architecture }) => architecture !== 'i386');
  const names = programs.filter((program) => !runnable.includes(program)).map(({ name }) => name);
  const reason = `this machine runs no 32-bit programs: ${names.join(', ')}`;
  if (runnable.length === 0) throw new InputError(reason);
  if (names.length > 0) console.log(`left out: ${reason}`);
  return runnable;
}

async function main(): Promise<void> {
  const values = parse();
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const selected = selectPrograms(PROGRAMS, values.only);
  if (values.list) {
    for (const { name, about, cpus } of selected) console.log(`${name}: ${about} (${cpus.join('; ')})`);
    return;
  }
  const chosen = runs32BitPrograms() ? selected : withoutI386(selected);
  const roots = await makeRoots(packagesOf(PROGRAMS, chosen), {
    cacheFolder: CACHE,
    mirror: values.mirror,
    progress,
  });
  const ended = (result: Result, differences: readonly string[]): void => {
    const { name, cpu, guestSeconds, nativeSeconds } = result;
    const times = `${guestSeconds.toFixed(1)} s${nativeSeconds === undefined ? '' : `, on the host ${nativeSeconds.toFixed(1)} s`}`;
    console.log(`${name} (${cpu}): ${differences.length === 0 ? 'the same' : 'DIFFERS'} (${times})`);
    for (const line of differences) console.log(`  ${line}`);
    if (differences.length > 0) process.exitCode = 1;
    if (values['no-page']) return;
    const old = existsSync(PAGE) ? resultsOf(readFileSync(PAGE, 'utf8')) : [];
    writeFileSync(PAGE, pageOf(PROGRAMS, mergeResults(old, [result])));
  };
  const complain = (message: string): void => {
    console.log(message);
    process.exitCode = 1;
  };
  const work = await mkdtemp(join(tmpdir(), 'programs-'));
  try {
    const options = { roots, cli: values.cli, work, outputs: OUTPUTS, progress, ended, complain };
    for (const group of groupsOf(chosen, values.cpu)) await runGroup(group, options);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

try {
  await main();
} catch (error) {
  const isUsage = String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS');
  if (!isUsage && !(error instanceof InputError)) throw error;
  console.error(`programs: ${(error as Error).message}`);
  process.exitCode = 2;
}
