/** What every part of the benchmark hands to the table, the JSON and the page. */
import type { Timeline } from '../timeline/timeline.ts';
import { geometricMean, milli, type Spread } from './statistics.ts';

/** How fast longmode is beside a peer at one thing. */
export interface Comparison {
  /** What ran. */
  readonly name: string;
  /** What was measured of it, such as `at 2 s`. */
  readonly measure: string;
  /** Beside what, such as `QEMU TCG`. */
  readonly peer: string;
  /** Speed as a multiple of the peer's, one value a round: above 1 longmode is faster. */
  readonly speed: Spread;
}

/** How much one thing takes, or how much of it is done. */
export interface Measurement {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  /** Of those who have the same. */
  readonly peers?: Readonly<Record<string, number | undefined>>;
}

/** A column of a part's table: what is measured, beside whom. */
export interface Column {
  readonly measure: string;
  readonly peer: string;
  readonly title: string;
  /** By name of what ran. */
  readonly cells: ReadonlyMap<string, Comparison>;
  readonly geometricMean: number;
  readonly worst: Comparison;
}

export interface PartResult {
  readonly comparisons: readonly Comparison[];
  /** Numbers with units, where there is nobody to compare with. */
  readonly measurements?: readonly Measurement[];
  /** Results that are wrong, and runs that failed. */
  readonly errors: readonly string[];
  /** What was left out, and what else one should know. */
  readonly notes: readonly string[];
  /** Of one run of longmode, where it says something. */
  readonly timeline?: Timeline;
  /** Everything that was measured, for the JSON. */
  readonly details: object;
}

/** A part's results, with its name, heading, and whether a mean of its rows says something. */
export interface NamedResult extends PartResult {
  readonly name: string;
  readonly title: string;
  readonly means: boolean;
}

/** Comparisons of the same measure and peer, in the order they first appear. */
export function columns(comparisons: readonly Comparison[]): Column[] {
  const groups = new Map<string, Comparison[]>();
  for (const comparison of comparisons) {
    const title = `x ${comparison.peer} ${comparison.measure}`;
    groups.set(title, [...(groups.get(title) ?? []), comparison]);
  }
  return [...groups].map(([title, group]) => ({
    measure: (group[0] as Comparison).measure,
    peer: (group[0] as Comparison).peer,
    title,
    cells: new Map(group.map((comparison) => [comparison.name, comparison])),
    geometricMean: milli(geometricMean(group.map(({ speed }) => speed.median))),
    worst: group.reduce((worst, other) => (other.speed.median < worst.speed.median ? other : worst)),
  }));
}

/** Names of what ran, in the order they first appear. */
export function rowNames(comparisons: readonly Comparison[]): string[] {
  return [...new Set(comparisons.map(({ name }) => name))];
}
