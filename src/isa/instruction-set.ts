/** The variants of all rows with their table slots. */
import { FIRST_HANDLER_SLOT } from '../layout/record.ts';
import { ROWS } from './tables/index.ts';
import { expandRows, type Variant } from './variant.ts';

export const VARIANTS: readonly Variant[] = expandRows(ROWS, FIRST_HANDLER_SLOT);
export const FIRST_REGION_SLOT = FIRST_HANDLER_SLOT + VARIANTS.length;

export function variantOfSlot(slot: number): Variant | undefined {
  return VARIANTS[slot - FIRST_HANDLER_SLOT];
}
