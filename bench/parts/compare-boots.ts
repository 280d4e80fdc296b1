/** Boots contestants to power-off in turn and compares their times. */
import type { Comparison } from '../report/comparison.ts';
import { median, milli, spread } from '../report/statistics.ts';
import type { ChildRun } from '../run/child.ts';
import { LONGMODE } from '../run/guest.ts';
import { progress } from '../run/progress.ts';

export const BOOT_LINE = 'console=ttyS0 longmode.run=poweroff';
/** What the guest says when its first process runs. */
const UP = 'longmode: up\n';

export interface Contestant {
  readonly name: string;
  boot(): Promise<ChildRun>;
}

/** One run of each contestant after the other in every round, by name. */
export type BootRuns = ReadonlyMap<string, readonly Pick<ChildRun, 'seconds' | 'cpuSeconds'>[]>;

export const LONGMODE_CACHED = 'longmode with the code cache';
/** What is added to the names of measures, by contestant. */
const OURS: ReadonlyMap<string, string> = new Map([
  [LONGMODE, ''],
  [LONGMODE_CACHED, ' with the code cache'],
]);

/** @throws Error with the end of its output when its first process did not run. */
export async function boot({ name, boot }: Contestant): Promise<ChildRun> {
  const run = await boot();
  if (!run.output.includes(UP)) throw new Error(`${name} did not boot:\n${run.output.slice(-2000)}`);
  progress(`boot: ${name}: ${run.seconds.toFixed(2)} s`);
  return run;
}

/**
 * The order of a round, such that over `count` rounds, or twice as many if that is odd, each comes as often after each other one: what
 * boots takes longer after some than after others, which leave the host's memory and clock in another state. Source: E. J. Williams, "Experimental
 * designs balanced for the estimation of residual effects of treatments", 1949.
 * @param round from 0. @returns indices from 0 to `count` - 1.
 */
export function balancedOrder(count: number, round: number): number[] {
  const order = Array.from({ length: count }, (_, i) => {
    const offset = i % 2 === 0 ? -i / 2 : (i + 1) / 2;
    return (offset + round + count) % count;
  });
  return count % 2 === 1 && Math.floor(round / count) % 2 === 1 ? order.reverse() : order;
}

export async function bootInTurn(contestants: readonly Contestant[], rounds: number): Promise<BootRuns> {
  const runs = new Map<string, ChildRun[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const index of balancedOrder(contestants.length, round)) {
      const contestant = contestants[index];
      if (contestant !== undefined) runs.get(contestant.name)?.push(await boot(contestant));
    }
  }
  return runs;
}

/** Ratios of times that belong to the same round, where both are known. */
function ratios(peer: readonly (number | undefined)[], ours: readonly (number | undefined)[]): number[] {
  return peer.flatMap((value, i) => {
    const own = ours[i];
    return value && own ? [value / own] : [];
  });
}

/** @param place row and peer of the comparison with a contestant. */
export function compareBoots(
  runs: BootRuns,
  place: (contestant: string) => Pick<Comparison, 'name' | 'peer'>,
): Comparison[] {
  return [...runs].flatMap(([name, theirs]) => {
    if (OURS.has(name)) return [];
    const compare = (our: string, measure: string, time: 'seconds' | 'cpuSeconds'): Comparison[] => {
      const speeds = ratios(
        theirs.map((run) => run[time]),
        (runs.get(our) ?? []).map((run) => run[time]),
      );
      return speeds.length === 0 ? [] : [{ ...place(name), measure, speed: spread(speeds) }];
    };
    return [...OURS].flatMap(([our, added]) => [
      ...compare(our, `wall clock${added}`, 'seconds'),
      ...compare(our, `processor time${added}`, 'cpuSeconds'),
    ]);
  });
}

/** All times, for the JSON. */
export function bootResults(runs: BootRuns): object[] {
  return [...runs].map(([name, own]) => {
    const cpu = own.flatMap(({ cpuSeconds }) => (cpuSeconds === undefined ? [] : [cpuSeconds]));
    return {
      name,
      seconds: own.map(({ seconds }) => milli(seconds)),
      medianSeconds: milli(median(own.map(({ seconds }) => seconds))),
      medianCpuSeconds: cpu.length === own.length ? milli(median(cpu)) : undefined,
    };
  });
}
