/** Which blocks of a region read the arithmetic flags they start with. */

import { FLAGS_READ } from '../../layout/flag-effects.ts';
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
  const live: boolean[] = [];
  const transparent: boolean[] = [];
  for (const { records, length } of blocks) {
    const effect = records === undefined ? TRANSPARENT : firstEffect(records, length);
    live.push(effect === FLAGS_READ);
    // Leaving needs no reader: the way out completes the flags.
    transparent.push(effect === TRANSPARENT && (records === undefined || length === records.length));
  }
  while (spread(successors, live, transparent));
  return live;
}

/** No effects. */
const TRANSPARENT = 0;

/** What instructions of a block do first to the flags at its start. */
function firstEffect(records: BlockRecords, length: number): number {
  for (let index = 0; index < length; index++) {
    const slot = records.slot(index);
    if (slot === SLOT_END) break;
    const effects = flagEffects(slot, records.immediateLow(index));
    if ((effects & FLAGS_READ) !== 0) return FLAGS_READ;
    if (effects !== 0) return effects;
  }
  return TRANSPARENT;
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
  for (let b = 0; b < successors.length; b++) {
    if (live[b] || !transparent[b]) continue;
    for (const successor of successors[b] as readonly number[]) {
      if (!live[successor]) continue;
      live[b] = true;
      changed = true;
      break;
    }
  }
  return changed;
}
