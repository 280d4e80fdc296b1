/**
 * Which upper halves of YMM registers a region keeps in locals: those of registers that a VEX-encoded instruction of it
 * names. VZEROUPPER clears the others too, which takes a store each, and would take a load and a store as locals.
 */
import { variantOfSlot } from '../../isa/instruction-set.ts';
import type { Variant } from '../../isa/variant.ts';
import type { PlannedBlock } from './plan.ts';
import { xmmAt } from './register-locals.ts';

/** Of each slot whether its instruction is VEX-encoded; undefined until it is asked for. */
const vexEncoded: (boolean | undefined)[] = [];

function isVex(slot: number): boolean {
  let known = vexEncoded[slot];
  if (known === undefined) {
    known = variantOfSlot(slot)?.row.opcode.vex !== undefined;
    vexEncoded[slot] = known;
  }
  return known;
}

/** Set of registers. */
export function upperHalvesNamed(blocks: readonly PlannedBlock[]): number {
  let named = 0;
  for (const { records, length } of blocks) {
    for (let index = 0; index < length; index++) {
      const slot = records.slot(index);
      if (!isVex(slot)) continue;
      const variant = variantOfSlot(slot) as Variant;
      for (const location of variant.locations) {
        if (location.kind === 'xmm') named |= 1 << xmmAt(records.register(index, location.field));
      }
      if (variant.row.operands.some(({ place }) => place === 'vsib'))
        named |= 1 << xmmAt(records.indexRegister(index));
    }
  }
  return named;
}
