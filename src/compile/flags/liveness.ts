/** Which blocks of a region read the arithmetic flags they start with. */
import { SLOT_END } from '../../layout/record.ts';
import type { BlockRecords } from '../record-view.ts';
import { flagEffects } from './effects.ts';

export interface FlagBlock {
  /** Undefined for a hub, which has no code of the guest. */
  readonly records: BlockRecords | undefined;
  /** Records that are compiled; a block with more of them leaves to a handler. */
  readonly length: number;
}

/**
 * For each block: whether the flags at its start are read before they are replaced.
 * @param successors of each block in the region.
 */
export function flagsLiveIn(
  blocks: readonly FlagBlock[],
  successors: readonly (readonly number[])[],
): boolean[] {
  const live = blocks.map(() => false);
  const transparent = blocks.map(() => false);
  blocks.forEach(({ records, length }, b) => {
    for (let index = 0; index < length; index++) {
      const known = records as BlockRecords;
      const slot = known.slot(index);
      if (slot === SLOT_END) break;
      const { reads, writes } = flagEffects(slot, known.immediateLow(index));
      if (reads) live[b] = true;
      if (reads || writes) return;
    }
    // Leaving needs no reader: the way out completes the flags.
    transparent[b] = records === undefined || length === records.length;
  });
  while (spread(successors, live, transparent));
  return live;
}

/**
 * One round: a block that leaves the flags alone reads them if one that may follow does. True if that changed any. (A
 * plain loop: Node 26.10 loses updates of a local that a loop and a function within it share, once that is optimised.)
 */
function spread(
  successors: readonly (readonly number[])[],
  live: boolean[],
  transparent: readonly boolean[],
): boolean {
  let changed = false;
  for (const [b, following] of successors.entries()) {
    if (live[b] || !transparent[b]) continue;
    if (!following.some((successor) => live[successor])) continue;
    live[b] = true;
    changed = true;
  }
  return changed;
}
