/** The variants of all rows with their table slots. */
import { ROWS } from './tables/index.ts';
import { expandRows, type Variant } from './variant.ts';

/**
 * Slots of the shared function table before the first instruction handler.
 * 0 null, 1 enter block, 2 stale head, 3 end of block, 4 end of scratch records, 5 not implemented (#UD),
 * 6 longer than 15 bytes (#GP), 7 enter a block behind an instruction breakpoint.
 */
export const SLOT_ENTER = 1;
export const SLOT_STALE = 2;
export const SLOT_END = 3;
export const SLOT_STEPPED = 4;
export const SLOT_UNDEFINED = 5;
export const SLOT_TOO_LONG = 6;
export const SLOT_GUARDED = 7;
export const FIRST_HANDLER_SLOT = 8;

export const VARIANTS: readonly Variant[] = expandRows(ROWS, FIRST_HANDLER_SLOT);
export const FIRST_REGION_SLOT = FIRST_HANDLER_SLOT + VARIANTS.length;

export function variantOfSlot(slot: number): Variant | undefined {
  return VARIANTS[slot - FIRST_HANDLER_SLOT];
}
