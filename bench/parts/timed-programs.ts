/** Runs programs of an initramfs in QEMU TCG and in longmode, in turn, and measures their times by the host's clock. */
import type { PartResult } from '../report/comparison.ts';
import { milli, spread } from '../report/statistics.ts';
import type { ChildRun, TimedLine } from '../run/child.ts';
import { type GuestFiles, LONGMODE, QEMU, QEMU_Q35, runLongmode, runQemu } from '../run/guest.ts';
import type { Bench } from '../run/part.ts';
import { progress } from '../run/progress.ts';
import { runInTurn, type TurnTaker } from '../run/turns.ts';
import { programResult, programSeconds } from './guest-programs.ts';

/** How long the programs of both guests may take on a busy machine, in seconds: each waits for the other. */
const TIMEOUT = 1200;

export interface TimedPrograms {
  readonly title: string;
  readonly files: GuestFiles;
  /** Value of longmode.script= (scripts/initramfs/init): what programsScript() gives. */
  readonly script: string;
  /** In the order they run. */
  readonly names: readonly string[];
}

/** What both guests printed in one round. */
export interface ProgramsRound {
  readonly qemu: readonly TimedLine[];
  readonly longmode: readonly TimedLine[];
}

export async function measurePrograms(
  bench: Bench,
  count: number,
  { title, files, script, names }: TimedPrograms,
): Promise<PartResult> {
  const commandLine = `console=ttyS0 quiet longmode.script=${script}`;
  const rounds: ProgramsRound[] = [];
  for (let round = 0; round < count; round++) {
    const runs = await runInTurn(
      names,
      new Map<string, TurnTaker>([
        [QEMU, (started) => runQemu(QEMU_Q35, files, commandLine, TIMEOUT, started)],
        [LONGMODE, (started) => runLongmode(bench.cli, files, commandLine, [], TIMEOUT, started)],
      ]),
      (name) => progress(`${title}: ${name}`),
    );
    const linesOf = (name: string) => (runs.get(name) as ChildRun).lines;
    rounds.push({ qemu: linesOf(QEMU), longmode: linesOf(LONGMODE) });
  }
  return comparePrograms(names, rounds);
}

/** Speeds of programs; of one that gave something else in longmode, or failed, there is an error instead. */
export function comparePrograms(names: readonly string[], rounds: readonly ProgramsRound[]): PartResult {
  const errors = new Set<string>();
  const isRight = (name: string, { qemu, longmode }: ProgramsRound): boolean => {
    const [wanted, given] = [programResult(qemu, name), programResult(longmode, name)];
    if (given !== wanted) errors.add(`${name}: longmode's result is ${given}, that of ${QEMU} ${wanted}`);
    else if (wanted !== undefined && !wanted.startsWith('0 ')) errors.add(`${name}: failed: ${wanted}`);
    else return true;
    return false;
  };
  const results = names.map((name) => {
    const times = rounds.map((round) => ({
      isRight: isRight(name, round),
      qemu: programSeconds(round.qemu, name),
      longmode: programSeconds(round.longmode, name),
    }));
    return { name, times };
  });
  const comparisons = results.flatMap(({ name, times }) => {
    const speeds = times.filter(({ isRight }) => isRight).map(({ qemu, longmode }) => qemu / longmode);
    if (speeds.length === 0) return [];
    return [{ name, measure: 'start to end', peer: QEMU, speed: spread(speeds) }];
  });
  const programs = results.map(({ name, times }) => ({
    name,
    qemuSeconds: times.map(({ qemu }) => milli(qemu)),
    longmodeSeconds: times.map(({ longmode }) => milli(longmode)),
  }));
  return { comparisons, errors: [...errors], notes: [], details: { programs } };
}
