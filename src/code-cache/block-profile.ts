/**
 * How often blocks are entered while all regions are left out for a moment: by that a region of a later tier is chosen where there
 * is more around its head than it has room for. Compiled code counts no entries of the blocks within it; the interpreter does.
 */
import type { Processor } from '../cpu/processor.ts';
import { HEAD_COUNTDOWN } from '../layout/record.ts';
import type { InstalledRegions } from './installed-regions.ts';

/** Instructions for which regions are left out, at most: half a millisecond. A turn of Python's loop over a sum has a thousand. */
export const PROFILED_INSTRUCTIONS = 100_000;
/** Where counts begin: no profile is so long that one is spent. */
const FULL = 0x4000_0000;

/** Entries of each block that has been entered, by its head. */
export type BlockCounts = ReadonlyMap<number, number>;

export class BlockProfile {
  private readonly processor: Processor;
  private readonly installed: InstalledRegions;
  /** Heads of all blocks that are counted. */
  private readonly counted: Set<number>;
  /** HEAD_COUNTDOWN of those of them that no region is entered at, as it was. */
  private readonly countdowns = new Map<number, number>();

  /** Begins. @param blocks heads of those to be counted, which are watched. */
  constructor(processor: Processor, installed: InstalledRegions, blocks: ReadonlySet<number>) {
    this.processor = processor;
    this.installed = installed;
    this.counted = new Set(blocks);
    const { i32 } = processor.views;
    for (const head of blocks) {
      if (installed.has(head)) continue;
      this.countdowns.set(head, i32[(head + HEAD_COUNTDOWN) >> 2] as number);
      i32[(head + HEAD_COUNTDOWN) >> 2] = FULL;
    }
    installed.suspend(FULL);
  }

  /** A block went stale. */
  drop(block: number): void {
    this.counted.delete(block);
    this.countdowns.delete(block);
  }

  /** Ends, and puts everything back. */
  end(): BlockCounts {
    const { i32 } = this.processor.views;
    const counts = new Map<number, number>();
    for (const head of this.counted) {
      const entries = FULL - (i32[(head + HEAD_COUNTDOWN) >> 2] as number);
      // A region of an earlier run may have been found meanwhile: its head counts something else.
      if (entries > 0 && entries <= PROFILED_INSTRUCTIONS) counts.set(head, entries);
    }
    for (const [head, countdown] of this.countdowns)
      if (!this.installed.has(head)) i32[(head + HEAD_COUNTDOWN) >> 2] = countdown;
    this.installed.resume();
    return counts;
  }
}
