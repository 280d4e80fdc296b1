/** Measures longmode beside its peers: a table, JSON and a page. `--help` tells the options. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { APPLICATIONS_PART } from './parts/applications.ts';
import { BOOT } from './parts/boot.ts';
import { BOOT_686 } from './parts/boot-686.ts';
import { COMPUTE, COMPUTE_686 } from './parts/compute.ts';
import { DOOR_TIERS_PART, DOORS_PART } from './parts/doors.ts';
import { LOOPS_PART } from './parts/loops.ts';
import { MICRO } from './parts/micro.ts';
import { PROGRAMS } from './parts/programs.ts';
import { SYSTEM } from './parts/system.ts';
import type { NamedResult, PartResult } from './report/comparison.ts';
import { type Report, reportPage } from './report/page.ts';
import { comparisonRows, formatTable, measurementRows } from './report/table.ts';
import { describeEnvironment, type Environment } from './run/environment.ts';
import { longmodeCli, stockGuest } from './run/guest.ts';
import { type Options, type PartName, parseOptions, USAGE } from './run/options.ts';
import type { Bench, Part } from './run/part.ts';
import { progress } from './run/progress.ts';

const PARTS: Readonly<Record<PartName, Part>> = {
  boot: BOOT,
  compute: COMPUTE,
  system: SYSTEM,
  programs: PROGRAMS,
  applications: APPLICATIONS_PART,
  'boot-686': BOOT_686,
  'compute-686': COMPUTE_686,
  micro: MICRO,
  loops: LOOPS_PART,
  doors: DOORS_PART,
  'door-tiers': DOOR_TIERS_PART,
};

/** What a part needs, as one would look for it. */
const NEEDS = {
  gcc: 'gcc',
  gcc32: 'gcc -m32 (Debian: gcc-multilib)',
  qemu: 'qemu-system-x86_64',
} as const;

/** A part that fails does not take the others with it. */
async function measure(part: Part, bench: Bench): Promise<PartResult> {
  try {
    return await part.measure(bench);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { comparisons: [], errors: [`${part.title}: ${message}`], notes: [], details: {} };
  }
}

function peersWithout(environment: Environment): string[] {
  return [
    ...(environment.qemu === undefined ? ['QEMU TCG: there is no qemu-system-x86_64'] : []),
    ...(environment.gcc === undefined ? ['native: there is no gcc'] : []),
  ];
}

async function run(options: Options): Promise<boolean> {
  const environment = describeEnvironment();
  const guest = await stockGuest();
  const bench: Bench = {
    cli: longmodeCli(options.cli),
    guest,
    qemu: environment.qemu !== undefined,
    quick: options.quick,
    rounds: options.rounds,
  };
  const missing = (name: PartName) => PARTS[name].needs.filter((need) => environment[need] === undefined);
  const parts = options.parts.filter((name) => missing(name).length === 0);
  const leftOut = [
    ...peersWithout(environment),
    ...options.parts
      .filter((name) => !parts.includes(name))
      .map((name) => `${name}: needs ${missing(name).map((need) => NEEDS[need])}`),
  ];
  for (const message of leftOut) progress(`left out: ${message}`);
  const seconds = parts.reduce((sum, name) => sum + PARTS[name].seconds(bench), 0);
  progress(
    `${parts.join(', ')}: about ${(seconds / 60).toFixed(1)} minutes; the load average is ${environment.load}`,
  );

  const results: NamedResult[] = [];
  for (const name of parts) {
    const part = PARTS[name];
    results.push({ name, title: part.title, means: part.means, ...(await measure(part, bench)) });
  }

  const report: Report = {
    environment,
    kernel: guest.kernelVersion,
    quick: options.quick,
    leftOut,
    parts: results,
  };
  mkdirSync(options.out, { recursive: true });
  const json = join(options.out, 'results.json');
  const page = join(options.out, 'report.html');
  writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(page, reportPage(report));
  process.stdout.write('\nSpeed beside each peer, more is better: median (range, rounds)\n');
  for (const { title, means, comparisons, measurements } of results) {
    if (comparisons.length > 0)
      process.stdout.write(`\n${formatTable(comparisonRows(title, comparisons, means))}`);
    if (measurements !== undefined)
      process.stdout.write(`\n${formatTable(measurementRows(title, measurements))}`);
  }
  const errors = results.flatMap((result) => result.errors);
  for (const message of leftOut) process.stdout.write(`left out: ${message}\n`);
  for (const message of results.flatMap((result) => result.notes)) process.stdout.write(`note: ${message}\n`);
  for (const message of errors) process.stdout.write(`error: ${message}\n`);
  process.stdout.write(`\n${json}\n${page}\n`);
  return errors.length === 0;
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) process.stdout.write(USAGE);
  else if (!(await run(options))) process.exitCode = 1;
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 2;
}
