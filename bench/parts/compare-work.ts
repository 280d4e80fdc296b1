/** Compares how much of the same programs was done in longmode and by its peers. */
import type { Comparison } from '../report/comparison.ts';
import { spread } from '../report/statistics.ts';
import { LONGMODE } from '../run/guest.ts';
import { clockRate, unitsPerSecond, type Work, type WorkOutput } from './work-output.ts';

/** What the contestants printed in one round; peers by name. */
export interface WorkRound {
  readonly longmode: WorkOutput;
  readonly peers: ReadonlyMap<string, WorkOutput>;
}

/** How far a guest's clock may be from the host's before it is told; a busy host delays what it prints. */
const CLOCK_TOLERANCE = 0.05;

export interface WorkComparison {
  readonly comparisons: readonly Comparison[];
  readonly errors: readonly string[];
  readonly notes: readonly string[];
}

/** The peer's work at the same mark, or at its last one: a processor is as fast from the start. */
function peerWork(output: WorkOutput, name: string, mark: number): Work | undefined {
  const own = output.work.filter((work) => work.name === name);
  return (
    own.find((work) => work.mark === mark) ?? (own.some((work) => work.mark > mark) ? undefined : own.at(-1))
  );
}

/** @param names all programs; one of which nothing is heard is an error. */
export function compareWork(names: readonly string[], rounds: readonly WorkRound[]): WorkComparison {
  const comparisons: Comparison[] = [];
  const errors = new Set<string>();
  const notes = new Set<string>();
  const peers = [...new Set(rounds.flatMap((round) => [...round.peers.keys()]))];
  for (const round of rounds) {
    for (const [contestant, output] of [[LONGMODE, round.longmode] as const, ...round.peers]) {
      const rate = clockRate(output);
      if (rate !== undefined && Math.abs(rate - 1) > CLOCK_TOLERANCE)
        notes.add(`the clock of ${contestant} went at ${rate.toFixed(2)} of the host's speed`);
      for (const wrong of output.wrong) errors.add(`${contestant}: wrong result: ${wrong}`);
      for (const name of names) {
        const reason = output.skipped.get(name);
        if (reason !== undefined) notes.add(`left out: ${name} in ${contestant}, ${reason}`);
        else if (!output.work.some((work) => work.name === name))
          errors.add(`${contestant}: nothing of ${name}`);
      }
    }
  }
  for (const name of names) {
    const marks = [...new Set(rounds.flatMap(({ longmode }) => longmode.work.map((work) => work.mark)))];
    for (const peer of peers) {
      for (const mark of marks.toSorted((a, b) => a - b)) {
        const speeds = rounds.flatMap((round) => {
          const ours = round.longmode.work.find((work) => work.name === name && work.mark === mark);
          const output = round.peers.get(peer);
          const theirs = output && peerWork(output, name, mark);
          if (ours === undefined || theirs === undefined) return [];
          if (ours.result !== theirs.result) {
            errors.add(`${name}: longmode's result is ${ours.result}, that of ${peer} ${theirs.result}`);
            return [];
          }
          return [unitsPerSecond(ours) / unitsPerSecond(theirs)];
        });
        if (speeds.length > 0)
          comparisons.push({ name, measure: `at ${mark / 1000} s`, peer, speed: spread(speeds) });
      }
    }
  }
  return { comparisons, errors: [...errors], notes: [...notes] };
}
