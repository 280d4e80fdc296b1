/** Which blocks of a region read the arithmetic flags they start with. */
import { SLOT_END } from '../../isa/instruction-set.ts';
import type { BlockRecords } from '../record-view.ts';
import { OUTSIDE } from '../region-source.ts';
import { flagEffects } from './effects.ts';

export interface FlagBlock {
  readonly records: BlockRecords;
  /** Records that are compiled; a block with more of them leaves to a handler. */
  readonly length: number;
  /** Indices of the blocks it leads to, or OUTSIDE. */
  readonly taken: number;
  readonly fall: number;
}

/** For each block: whether the flags at its start are read before they are replaced. */
export function flagsLiveIn(blocks: readonly FlagBlock[]): boolean[] {
  const live = blocks.map(() => false);
  const transparent = blocks.map(() => false);
  blocks.forEach(({ records, length }, b) => {
    for (let index = 0; index < length; index++) {
      const slot = records.slot(index);
      if (slot === SLOT_END) break;
      const { reads, writes } = flagEffects(slot);
      if (reads) live[b] = true;
      if (reads || writes) return;
    }
    // Leaving needs no reader: the way out completes the flags.
    transparent[b] = length === records.length;
  });
  while (spread(blocks, live, transparent));
  return live;
}

/**
 * One round: a block that leaves the flags alone reads them if one that may follow does. True if that changed any. (A
 * plain loop: Node 26.10 loses updates of a local that a loop and a function within it share, once that is optimised.)
 */
function spread(blocks: readonly FlagBlock[], live: boolean[], transparent: readonly boolean[]): boolean {
  let changed = false;
  for (const [b, { taken, fall }] of blocks.entries()) {
    if (live[b] || !transparent[b]) continue;
    if (![taken, fall].some((successor) => successor !== OUTSIDE && live[successor])) continue;
    live[b] = true;
    changed = true;
  }
  return changed;
}
