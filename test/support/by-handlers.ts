/**
 * Lets a processor interpret the commonest instructions (src/interpreter/commonest.ts) by their handlers, as regions do that leave for one of
 * them: under other slots, of which the interpreter's loop has no case.
 */
import type { Processor } from '../../src/cpu/processor.ts';
import { isCommonest } from '../../src/interpreter/commonest.ts';
import { allVariants } from '../../src/isa/instruction-set.ts';
import { RECORD_FN } from '../../src/layout/record.ts';

/** @returns the slots of the variants that have been met, which others are added to. */
export function interpretByHandlers({ table, views, blocks: { instructions } }: Processor): Set<number> {
  const variants = allVariants().filter(isCommonest);
  const first = table.grow(variants.length);
  const others = new Map(variants.map(({ slot }, at) => [slot, first + at]));
  for (const [slot, other] of others) table.set(other, table.get(slot));
  const met = new Set<number>();
  const decode = instructions.decode.bind(instructions);
  // The shapes of what has been decoded have the slot, too.
  instructions.decode = (record, ...place) => {
    const shape = decode(record, ...place);
    const slot = views.u32[(record + RECORD_FN) >> 2] as number;
    const other = others.get(slot);
    if (shape === 0 || other === undefined) return shape;
    met.add(slot);
    views.u32[(record + RECORD_FN) >> 2] = other;
    return shape;
  };
  return met;
}
