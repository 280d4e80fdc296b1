/**
 * Boots the stock kernel to power-off in QEMU TCG and in longmode, in turn, and compares the medians.
 * Usage: node bench/boot.ts [--rounds N] [--cli FILE]
 *   --rounds  boots of each, 5 by default
 *   --cli     program to measure instead of dist/cli.js, such as src/cli.ts
 */
import type { ChildRun } from './child.ts';
import {
  longmodeCli,
  QEMU_MICROVM,
  QEMU_Q35,
  runLongmode,
  runQemu,
  stockGuest,
  tscParameter,
} from './guest.ts';
import { roundOptions } from './options.ts';
import { describeEnvironment, median, milli, progress, report } from './report.ts';

const COMMAND_LINE = 'console=ttyS0 longmode.run=poweroff';
/** What the guest says when its first process runs. */
const UP = 'longmode: up\n';

interface Contestant {
  readonly name: string;
  boot(): Promise<ChildRun>;
}

interface Result {
  readonly name: string;
  /** Wall-clock seconds of each boot. */
  readonly seconds: readonly number[];
  readonly medianSeconds: number;
  /** Processor time, which a busy host disturbs less; longmode has a compiler thread. */
  readonly medianCpuSeconds: number | undefined;
}

async function boot({ name, boot }: Contestant): Promise<ChildRun> {
  const run = await boot();
  if (!run.output.includes(UP)) throw new Error(`${name} did not boot:\n${run.output.slice(-2000)}`);
  progress(`${name}: ${run.seconds.toFixed(2)} s`);
  return run;
}

function summarise(name: string, runs: readonly ChildRun[]): Result {
  const seconds = runs.map((run) => run.seconds);
  const cpu = runs.map((run) => run.cpuSeconds).filter((value) => value !== undefined);
  return {
    name,
    seconds: seconds.map(milli),
    medianSeconds: milli(median(seconds)),
    medianCpuSeconds: cpu.length === runs.length ? milli(median(cpu)) : undefined,
  };
}

const { rounds, cli: givenCli } = roundOptions(5);

const environment = describeEnvironment();
const cli = longmodeCli(givenCli);
const files = await stockGuest();

const longmode: Contestant = { name: 'longmode', boot: () => runLongmode(cli, files, COMMAND_LINE) };
const q35: Contestant = { name: QEMU_Q35.name, boot: () => runQemu(QEMU_Q35, files, COMMAND_LINE) };

progress('warming up');
const tsc = tscParameter((await boot(q35)).output);
await boot(longmode);

const microvms = QEMU_MICROVM.map((machine) => ({
  name: machine.name,
  boot: () => runQemu(machine, files, `${COMMAND_LINE} ${tsc}`),
}));
const contestants: readonly Contestant[] = [q35, ...microvms, longmode];
const runs = new Map<Contestant, ChildRun[]>(contestants.map((contestant) => [contestant, []]));
for (let round = 1; round <= rounds; round++) {
  progress(`round ${round} of ${rounds}`);
  for (const contestant of contestants) runs.get(contestant)?.push(await boot(contestant));
}

const results = contestants.map((contestant) => summarise(contestant.name, runs.get(contestant) ?? []));
const ours = results.at(-1) as Result;
const baseline = results
  .slice(0, -1)
  .reduce((best, other) => (other.medianSeconds < best.medianSeconds ? other : best));
const ratio = milli(ours.medianSeconds / baseline.medianSeconds);

report(
  [
    ['boot to power-off', 'median s', 'fastest s', 'CPU s', 'x best QEMU'],
    ...results.map((result) => [
      result.name,
      result.medianSeconds.toFixed(2),
      Math.min(...result.seconds).toFixed(2),
      result.medianCpuSeconds?.toFixed(2) ?? '-',
      (result.medianSeconds / baseline.medianSeconds).toFixed(2),
    ]),
  ],
  {
    benchmark: 'boot',
    environment,
    kernel: files.kernelVersion,
    commandLine: COMMAND_LINE,
    rounds,
    results,
    baseline: baseline.name,
    ratio,
  },
);
