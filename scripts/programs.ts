/**
 * Runs programs from Debian packages in guests and natively, compares what they give, and writes docs/programs.md.
 *
 *     npm run programs -- --help
 */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { InputError } from '../src/boot/input-error.ts';
import { withheldFeatures } from '../src/machine/cpu-models.ts';
import { type Group, groupsOf, packagesOf, selectPrograms } from './programs/groups.ts';
import { PROGRAMS } from './programs/list.ts';
import { nativeEnvironment } from './programs/native-features.ts';
import { mergeResults, pageOf, type Result, resultsOf } from './programs/page.ts';
import { packPlan, planFiles, writePlan } from './programs/plan.ts';
import type { Outcome, Program } from './programs/program.ts';
import { makeRoots, type Root, type Roots } from './programs/root.ts';
import { runInGuest, runNatively } from './programs/run.ts';

const USAGE = `usage: npm run programs -- [options]

  --only NAME       run this program (more than once: these; NAME* for all that begin so)
  --cpu MODEL       the guests' processor, instead of those that each program is meant to be run with
  --list            print the programs' names and what they run
  --mirror URL      Debian mirror to make the root file systems from
  --cli FILE        longmode's command line program, by default dist/cli.js
  --no-page         leave docs/programs.md as it is
  --help            print this
`;

const PAGE = fileURLToPath(new URL('../docs/programs.md', import.meta.url));
const CACHE = fileURLToPath(new URL('../.cache/programs', import.meta.url));
const OUTPUTS = join(CACHE, 'outputs');
/** Seconds that a guest may take besides its programs. */
const BOOT_LIMIT = 300;
/** A guest's seconds are longer than the host's where the host is busy. */
const HOST_SECONDS = 3;

const progress = (message: string): void => console.error(message);

/** Where a native run's output and a guest's differ, both are kept. */
async function keepOutputs(
  name: string,
  cpu: string,
  outcomes: readonly (readonly [string, Outcome | undefined])[],
) {
  await mkdir(OUTPUTS, { recursive: true });
  for (const [where, outcome] of outcomes)
    if (outcome) await writeFile(join(OUTPUTS, `${name}.${cpu}.${where}`), outcome.output);
}

/** The version of each program's first package in a root. */
function versionsOf(root: Root, programs: readonly Program[]): ReadonlyMap<string, string> {
  const names = [...new Set(programs.map(({ packages }) => packages[0]))];
  const args = [`--admindir=${root.folder}/var/lib/dpkg`, '-W', ...names];
  const lines = execFileSync('dpkg-query', args, { encoding: 'utf8' }).trimEnd().split('\n');
  return new Map(lines.map((line) => line.split(/(?::\w+)?\t/) as [string, string]));
}

/** Runs a group natively and in a guest, and tells what differs. */
async function runGroup(group: Group, roots: Roots, cli: string, work: string): Promise<Result[]> {
  const { architecture, cpu, programs } = group;
  const root = roots.of.get(architecture) as Root;
  const limit = programs.reduce((sum, program) => sum + program.limit, 0);
  const events = (where: string) => ({
    ended: (name: string, { status, seconds }: Outcome) =>
      progress(`${where}: ${name}: status ${status}, ${seconds.toFixed(1)} s`),
  });

  const native = programs.filter(({ isNative }) => isNative);
  const folder = join(work, 'native');
  await rm(folder, { recursive: true, force: true });
  await writePlan(folder, planFiles(native));
  const natively = await runNatively(root, folder, nativeEnvironment(cpu), limit + 60, events('host'));

  const plan = join(work, 'plan.cpio');
  await writeFile(plan, packPlan(planFiles(programs)));
  progress(`booting ${architecture} with ${cpu}: ${programs.map(({ name }) => name).join(', ')}`);
  const files = { cli, kernel: roots.kernel, root, plan };
  const { transcript, kernelLines, failure } = await runInGuest(
    files,
    cpu,
    BOOT_LIMIT + limit * HOST_SECONDS,
    events(cpu),
  );
  if (failure !== undefined) progress(failure);

  const versions = versionsOf(root, programs);
  const results: Result[] = [];
  for (const program of programs) {
    const { name, packages } = program;
    const guest = transcript.outcomes.get(name);
    const host = natively.outcomes.get(name);
    if (guest === undefined) {
      console.log(`${name} (${cpu}): the guest did not come to its end`);
      process.exitCode = 1;
      continue;
    }
    const differences = program.compare(guest, host);
    console.log(`${name} (${cpu}): ${differences.length === 0 ? 'the same' : differences.join('\n  ')}`);
    if (differences.length > 0) {
      process.exitCode = 1;
      await keepOutputs(name, cpu, [
        ['guest', guest],
        ['host', host],
      ]);
    }
    results.push({
      name,
      cpu,
      version: versions.get(packages[0]) ?? '',
      isSame: differences.length === 0,
      guestSeconds: guest.seconds,
      nativeSeconds: host?.seconds,
    });
  }
  if (kernelLines.length > 0) console.log(`the kernel said (${cpu}):\n  ${kernelLines.join('\n  ')}`);
  return results;
}

function parse() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [] },
      cpu: { type: 'string' },
      list: { type: 'boolean', default: false },
      mirror: { type: 'string', default: 'http://deb.debian.org/debian' },
      cli: { type: 'string', default: fileURLToPath(new URL('../dist/cli.js', import.meta.url)) },
      'no-page': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.cpu !== undefined) withheldFeatures(values.cpu);
  return values;
}

async function main(): Promise<void> {
  const values = parse();
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const chosen = selectPrograms(PROGRAMS, values.only);
  if (values.list) {
    for (const { name, about, cpus } of chosen) console.log(`${name}: ${about} (${cpus.join('; ')})`);
    return;
  }
  const roots = await makeRoots(packagesOf(PROGRAMS, chosen), {
    cacheFolder: CACHE,
    mirror: values.mirror,
    progress,
  });
  const work = await mkdtemp(join(tmpdir(), 'programs-'));
  try {
    for (const group of groupsOf(chosen, values.cpu)) {
      const results = await runGroup(group, roots, values.cli, work);
      if (values['no-page']) continue;
      const old = resultsOf(await readFile(PAGE, 'utf8').catch(() => ''));
      await writeFile(PAGE, pageOf(PROGRAMS, mergeResults(old, results)));
    }
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
