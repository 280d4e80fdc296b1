/** What instructions do to the arithmetic flags, in bits of layout/flag-effects.ts. */
import { variantOfSlot } from '../../isa/instruction-set.ts';
import { FLAGS_DEPEND_ON_COUNT, FLAGS_OPAQUE, isNoShift } from '../../layout/flag-effects.ts';
import { FLAG_EFFECTS } from '../../layout/generated/flag-effects.ts';
import { FIRST_HANDLER_SLOT } from '../../layout/record.ts';

const ZERO = '0'.charCodeAt(0);

/**
 * Effects of an instruction. Slots without a variant are opaque: compiled code has left before them, flags complete.
 * @param immediate its low 32 bits.
 */
export function flagEffects(slot: number, immediate: number): number {
  const variant = slot - FIRST_HANDLER_SLOT;
  if (variant < 0 || variant >= FLAG_EFFECTS.length) return FLAGS_OPAQUE;
  const effects = FLAG_EFFECTS.charCodeAt(variant) - ZERO;
  if ((effects & FLAGS_DEPEND_ON_COUNT) === 0) return effects;
  const size = variantOfSlot(slot)?.operandSize as number;
  return isNoShift(immediate, size) ? 0 : effects & ~FLAGS_DEPEND_ON_COUNT;
}
