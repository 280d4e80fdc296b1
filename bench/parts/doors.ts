/** Every way into a kernel, to its first process or its first words: longmode beside QEMU TCG, and its tiers beside each other. */
import type { Comparison, PartResult } from '../report/comparison.ts';
import { median, milli, spread } from '../report/statistics.ts';
import { runChild } from '../run/child.ts';
import { QEMU } from '../run/guest.ts';
import { type Bench, type Part, roundsOf } from '../run/part.ts';
import { progress } from '../run/progress.ts';
import { runUntil } from '../run/until.ts';
import { COMMAND_LINE, findWays, WAYS, type Way } from './door-ways.ts';

const ROUNDS = 3;
/** The interpreter on a busy machine takes its time. */
const TIMEOUT = 600;

/** Seconds until it is there. */
async function secondsTo(program: string, args: readonly string[], { shows, ends }: Way): Promise<number> {
  if (!ends) return await runUntil(program, args, shows, TIMEOUT);
  const { lines, output } = await runChild(program, args, TIMEOUT);
  const line = lines.find(({ text }) => text.includes(shows));
  if (line === undefined) throw new Error(`it did not say "${shows}":\n${output.slice(-2000)}`);
  return line.seconds;
}

const longmodeArgs = (cli: string, way: Way, more: readonly string[]): string[] => [
  ...[cli, 'boot', '--memory', '512M', '--no-reboot', '--code-cache', 'off'],
  ...way.longmode,
  ...more,
];
const qemuArgs = ({ qemu }: Way): string[] => [
  ...['-M', 'q35', '-accel', 'tcg', '-cpu', 'max', '-m', '512M', '-nographic', '-net', 'none'],
  ...['-no-reboot', ...qemu],
];

/** Runs of one way, in seconds. */
interface Times {
  readonly qemu: number[];
  readonly auto: number[];
}

class Doors {
  readonly errors: string[] = [];
  private readonly bench: Bench;

  constructor(bench: Bench) {
    this.bench = bench;
  }

  /** A way that fails does not take the others with it. */
  private async attempt<T>(what: string, run: () => Promise<T>): Promise<T | undefined> {
    try {
      return await run();
    } catch (error) {
      this.errors.push(`${what}: ${(error as Error).message}`);
      return undefined;
    }
  }

  async longmode(way: Way, more: readonly string[] = []): Promise<number | undefined> {
    const what = ['doors', way.name, ...more].join(' ');
    const args = longmodeArgs(this.bench.cli, way, more);
    const seconds = await this.attempt(what, () => secondsTo(process.execPath, args, way));
    if (seconds !== undefined) progress(`${what}: ${seconds.toFixed(2)} s`);
    return seconds;
  }

  async qemu(way: Way): Promise<number | undefined> {
    const seconds = await this.attempt(`${way.name} in QEMU`, () =>
      secondsTo('qemu-system-x86_64', qemuArgs(way), way),
    );
    if (seconds !== undefined) progress(`doors ${way.name} in QEMU TCG: ${seconds.toFixed(2)} s`);
    return seconds;
  }

  /** QEMU has one way for several of ours. @param known what was measured before. */
  async qemuOnce(way: Way, known: Map<string, number | undefined>): Promise<number | undefined> {
    const key = way.qemu.join('\0');
    if (!known.has(key)) known.set(key, await this.qemu(way));
    return known.get(key);
  }

  /** With the instruction clock the two tiers say the same, to the nanosecond. Returns the interpreter's seconds. */
  async compareTiers(way: Way): Promise<number | undefined> {
    const run = async (tier: string) => {
      const args = longmodeArgs(this.bench.cli, way, ['--clock', 'instructions', '--tier', tier]);
      return await this.attempt(`${way.name}, --tier ${tier}`, () =>
        runChild(process.execPath, args, TIMEOUT),
      );
    };
    const [auto, interpreter] = [await run('auto'), await run('interpreter')];
    if (auto === undefined || interpreter === undefined) return undefined;
    if (auto.output !== interpreter.output) this.errors.push(`${way.name}: the logs of the tiers differ`);
    progress(`doors ${way.name}, interpreter: ${interpreter.seconds.toFixed(2)} s`);
    return interpreter.lines.find(({ text }) => text.includes(way.shows))?.seconds;
  }
}

/** Runs all ways in turn, as often as there are rounds. */
async function measureWays(
  doors: Doors,
  ways: readonly Way[],
  rounds: number,
  qemu: boolean,
): Promise<Map<Way, Times>> {
  const times = new Map<Way, Times>(ways.map((way) => [way, { qemu: [], auto: [] }]));
  for (let round = 1; round <= rounds; round++) {
    const peers = new Map<string, number | undefined>();
    for (const way of ways) {
      const theirs = qemu ? await doors.qemuOnce(way, peers) : undefined;
      const ours = await doors.longmode(way);
      if (ours === undefined) continue;
      const own = times.get(way) as Times;
      own.auto.push(ours);
      if (theirs !== undefined) own.qemu.push(theirs);
    }
  }
  return times;
}

/** The same kernel with 5-level and with 4-level page tables. */
async function compareLevels(doors: Doors, way: Way, rounds: number): Promise<Comparison[]> {
  const speeds: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const four = await doors.longmode(way, ['--cpu', 'max,-la57']);
    const five = await doors.longmode(way, ['--cpu', 'max']);
    if (four !== undefined && five !== undefined) speeds.push(four / five);
  }
  if (speeds.length === 0) return [];
  return [
    { name: `${way.name}, 5-level paging`, measure: '', peer: '4-level paging', speed: spread(speeds) },
  ];
}

function middle(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : milli(median(values));
}

async function measureDoors(bench: Bench): Promise<PartResult> {
  const rounds = roundsOf(bench, ROUNDS);
  const doors = new Doors(bench);
  const { ways, notes } = await findWays(bench.guest);
  const times = await measureWays(doors, ways, rounds, bench.qemu);
  const comparisons = [...times].flatMap(([{ name }, { qemu, auto }]): Comparison[] => {
    if (qemu.length === 0 || qemu.length !== auto.length) return [];
    const speed = spread(qemu.map((theirs, index) => theirs / (auto[index] as number)));
    return [{ name, measure: 'to the shell', peer: QEMU, speed }];
  });
  comparisons.push(...(await compareLevels(doors, ways[0] as Way, rounds)));
  const results = [...times].map(([{ name }, { qemu, auto }]) => ({
    name,
    qemu: middle(qemu),
    auto: middle(auto),
  }));
  const tiers =
    'left out: each way in the interpreter, and whether both tiers say the same: --parts door-tiers';
  return {
    comparisons,
    errors: doors.errors,
    notes: [...notes, tiers],
    details: { commandLine: COMMAND_LINE, rounds, results },
  };
}

/** One round: the tiers' logs do not depend on the host, and the interpreter takes three times as long. */
async function measureTiers(bench: Bench): Promise<PartResult> {
  const doors = new Doors(bench);
  const { ways, notes } = await findWays(bench.guest);
  const peers = new Map<string, number | undefined>();
  const comparisons: Comparison[] = [];
  const results: object[] = [];
  for (const way of ways.filter(({ ends }) => ends)) {
    const qemu = bench.qemu ? await doors.qemuOnce(way, peers) : undefined;
    const interpreter = await doors.compareTiers(way);
    results.push({ name: way.name, qemu, interpreter });
    if (qemu === undefined || interpreter === undefined) continue;
    const speed = spread([qemu / interpreter]);
    comparisons.push({ name: way.name, measure: 'interpreter, instruction clock', peer: QEMU, speed });
  }
  return { comparisons, errors: doors.errors, notes, details: { commandLine: COMMAND_LINE, results } };
}

/** About how long a contestant takes to a shell, in seconds, and a way in both tiers with the instruction clock. */
const RUN_SECONDS = 4;
const TIERS_SECONDS = 16;

export const DOORS_PART: Part = {
  title: 'ways into a kernel',
  means: false,
  needs: [],
  seconds: (bench) => WAYS * (bench.qemu ? 2 : 1) * roundsOf(bench, ROUNDS) * RUN_SECONDS,
  measure: measureDoors,
};

export const DOOR_TIERS_PART: Part = {
  title: 'ways into a kernel, tiers',
  means: false,
  needs: [],
  seconds: (bench) => WAYS * ((bench.qemu ? RUN_SECONDS : 0) + TIERS_SECONDS),
  measure: measureTiers,
};
