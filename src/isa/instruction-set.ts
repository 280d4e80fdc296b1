/**
 * The variants of all rows with their table slots. Slots are known from the start; a row's variants are made when one of them is asked for: a
 * boot of Linux asks for one in five, and a guest that powers off at once waited 5 ms for all.
 */
import { FIRST_HANDLER_SLOT } from '../layout/record.ts';
import type { Row } from './row.ts';
import { ROWS } from './tables/index.ts';
import { countVariants, expandRow, type Variant } from './variant.ts';

/** Of each row in ROWS, and behind the last. */
const FIRST_SLOTS = firstSlots();
export const FIRST_REGION_SLOT = FIRST_SLOTS[ROWS.length] as number;
const ROW_OF_SLOT = rowsOfSlots();
const EXPANDED = new Array<readonly Variant[] | undefined>(ROWS.length).fill(undefined);

function firstSlots(): Uint16Array {
  const slots = new Uint16Array(ROWS.length + 1);
  let slot = FIRST_HANDLER_SLOT;
  for (let row = 0; row < ROWS.length; row++) {
    slots[row] = slot;
    slot += countVariants(ROWS[row] as Row);
  }
  slots[ROWS.length] = slot;
  return slots;
}

function rowsOfSlots(): Uint16Array {
  const rows = new Uint16Array(FIRST_REGION_SLOT);
  for (let row = 0; row < ROWS.length; row++) rows.fill(row, FIRST_SLOTS[row], FIRST_SLOTS[row + 1]);
  return rows;
}

/** @param row its number in ROWS. */
export function variantsOfRow(row: number): readonly Variant[] {
  let variants = EXPANDED[row];
  if (variants === undefined) {
    variants = expandRow(ROWS[row] as Row, FIRST_SLOTS[row] as number);
    EXPANDED[row] = variants;
  }
  return variants;
}

export function variantOfSlot(slot: number): Variant | undefined {
  if (slot < FIRST_HANDLER_SLOT || slot >= FIRST_REGION_SLOT) return undefined;
  const row = ROW_OF_SLOT[slot] as number;
  return variantsOfRow(row)[slot - (FIRST_SLOTS[row] as number)];
}

/** In the order of their slots. */
export function allVariants(): Variant[] {
  return ROWS.flatMap((_, row) => variantsOfRow(row));
}
