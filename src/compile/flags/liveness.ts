/** Which blocks of a region read the arithmetic flags they start with. */
import { SLOT_END } from '../../isa/instruction-set.ts';
import type { Region } from '../region-blocks.ts';
import { flagEffects } from './effects.ts';

/**
 * For each block: whether the flags at its start are read before they are replaced.
 *
 * @param lengths records of each block that are compiled; a shorter block leaves to a handler.
 */
export function flagsLiveIn(region: Region, lengths: readonly number[]): boolean[] {
  const live = region.map(() => false);
  const transparent = region.map(() => false);
  region.forEach((block, b) => {
    const length = lengths[b] as number;
    for (let index = 0; index < length; index++) {
      const slot = block.records.slot(index);
      if (slot === SLOT_END) break;
      const { reads, writes } = flagEffects(slot);
      if (reads) live[b] = true;
      if (reads || writes) return;
    }
    // Leaving needs no reader: the way out completes the flags.
    transparent[b] = length === block.records.length;
  });
  for (let changed = true; changed; ) {
    changed = false;
    region.forEach((block, b) => {
      if (live[b] || !transparent[b]) return;
      const next = [block.taken, block.fall];
      if (next.some((successor) => successor !== undefined && live[successor])) {
        live[b] = true;
        changed = true;
      }
    });
  }
  return live;
}
