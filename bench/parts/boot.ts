/** Boots the stock kernel to power-off in QEMU TCG's machines and in longmode, in turn. */
import type { Comparison, PartResult } from '../report/comparison.ts';
import { median, milli, spread } from '../report/statistics.ts';
import type { ChildRun } from '../run/child.ts';
import { QEMU_MICROVM, QEMU_Q35, runLongmode, runQemu, tscParameter } from '../run/guest.ts';
import { type Bench, BOOT_SECONDS, type Part } from '../run/part.ts';
import { progress } from '../run/progress.ts';
import { bootTimeline } from '../timeline/boot-timeline.ts';

const COMMAND_LINE = 'console=ttyS0 longmode.run=poweroff';
/** What the guest says when its first process runs. */
const UP = 'longmode: up\n';
const ROUNDS = 5;

interface Contestant {
  readonly name: string;
  boot(): Promise<ChildRun>;
}

/** One run of each contestant after the other in every round, by name. */
export type BootRuns = ReadonlyMap<string, readonly Pick<ChildRun, 'seconds' | 'cpuSeconds'>[]>;

const LONGMODE = 'longmode';

async function boot({ name, boot }: Contestant): Promise<ChildRun> {
  const run = await boot();
  if (!run.output.includes(UP)) throw new Error(`${name} did not boot:\n${run.output.slice(-2000)}`);
  progress(`boot: ${name}: ${run.seconds.toFixed(2)} s`);
  return run;
}

/** Ratios of times that belong to the same round, where both are known. */
function ratios(peer: readonly (number | undefined)[], ours: readonly (number | undefined)[]): number[] {
  return peer.flatMap((value, i) => {
    const own = ours[i];
    return value && own ? [value / own] : [];
  });
}

export function compareBoots(runs: BootRuns): Comparison[] {
  const ours = runs.get(LONGMODE) ?? [];
  return [...runs].flatMap(([name, theirs]) => {
    if (name === LONGMODE) return [];
    const compare = (measure: string, time: 'seconds' | 'cpuSeconds'): Comparison[] => {
      const speeds = ratios(
        theirs.map((run) => run[time]),
        ours.map((run) => run[time]),
      );
      return speeds.length === 0 ? [] : [{ name, measure, peer: 'QEMU TCG', speed: spread(speeds) }];
    };
    return [...compare('wall clock', 'seconds'), ...compare('processor time', 'cpuSeconds')];
  });
}

async function measure(bench: Bench): Promise<PartResult> {
  const { guest } = bench;
  const rounds = bench.rounds ?? (bench.quick ? 1 : ROUNDS);
  const longmode: Contestant = { name: LONGMODE, boot: () => runLongmode(bench.cli, guest, COMMAND_LINE) };
  const contestants = [longmode];
  progress('boot: warming up');
  await boot(longmode);
  if (bench.qemu) {
    const q35 = { name: QEMU_Q35.name, boot: () => runQemu(QEMU_Q35, guest, COMMAND_LINE) };
    const tsc = tscParameter((await boot(q35)).output);
    const microvms = QEMU_MICROVM.map((machine) => ({
      name: machine.name,
      boot: () => runQemu(machine, guest, `${COMMAND_LINE} ${tsc}`),
    }));
    contestants.unshift(q35, ...microvms);
  }
  const runs = new Map<string, ChildRun[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const contestant of contestants) runs.get(contestant.name)?.push(await boot(contestant));
  }
  progress('boot: longmode with a profiler');
  const timeline = await bootTimeline(bench.cli, guest, COMMAND_LINE);
  const results = [...runs].map(([name, own]) => {
    const cpu = own.flatMap(({ cpuSeconds }) => (cpuSeconds === undefined ? [] : [cpuSeconds]));
    return {
      name,
      seconds: own.map(({ seconds }) => milli(seconds)),
      medianSeconds: milli(median(own.map(({ seconds }) => seconds))),
      medianCpuSeconds: cpu.length === own.length ? milli(median(cpu)) : undefined,
    };
  });
  return {
    comparisons: compareBoots(runs),
    errors: [],
    notes: [],
    timeline,
    details: { commandLine: COMMAND_LINE, rounds, results },
  };
}

export const BOOT: Part = {
  title: 'boot to power-off',
  means: false,
  needs: [],
  seconds: (bench) => {
    const contestants = bench.qemu ? 2 + QEMU_MICROVM.length : 1;
    return contestants * ((bench.rounds ?? (bench.quick ? 1 : ROUNDS)) + 1) * BOOT_SECONDS;
  },
  measure,
};
