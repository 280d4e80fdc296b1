/** What the parts of the benchmark have in common. */
import type { PartResult } from '../report/comparison.ts';
import type { GuestFiles } from './guest.ts';

/** What a part may use. */
export interface Bench {
  /** Path of the longmode command line program. */
  readonly cli: string;
  readonly guest: GuestFiles;
  /** Whether there is a QEMU to compare with. */
  readonly qemu: boolean;
  readonly quick: boolean;
  /** Rounds asked for, instead of the part's default. */
  readonly rounds: number | undefined;
}

/** @param usual a part's own number of rounds. */
export function roundsOf({ rounds, quick }: Bench, usual: number): number {
  return rounds ?? (quick ? 1 : usual);
}

export interface Part {
  /** Heading of its table. */
  readonly title: string;
  /** Whether its rows are different things, of which a mean and a worst say something. */
  readonly means: boolean;
  /** What there has to be for it besides longmode. */
  readonly needs: readonly ('gcc' | 'gcc32' | 'qemu')[];
  /** About how many seconds it will take. */
  seconds(bench: Bench): number;
  measure(bench: Bench): Promise<PartResult>;
}

/** Seconds from the start of a guest to its first process and its end, for estimates: QEMU TCG's and longmode's. */
export const BOOT_SECONDS = 5;
