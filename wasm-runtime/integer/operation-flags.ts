/** Flags of an operation that compiled code kept instead of working the two words out. */
import {
  AUX_AF,
  AUX_AF_BIT,
  AUX_ARITHMETIC,
  AUX_CARRIES,
  AUX_CF,
  AUX_CF_XOR_OF_BIT,
  CPU_STATE,
  FLAG_AUX,
  FLAG_RESULT,
  FLAGS_ADC,
  FLAGS_ADD,
  FLAGS_ADD_RESULT,
  FLAGS_CONSTANT,
  FLAGS_CONSTANT_SHIFT,
  FLAGS_FIRST_SHIFT,
  FLAGS_INC,
  FLAGS_KIND_SHIFT,
  FLAGS_LOGIC,
  FLAGS_SBB,
  FLAGS_SECOND_SHIFT,
  FLAGS_SUB,
  FLAGS_SUB_RESULT,
  FLAGS_VALUE,
  GPR,
} from '../generated/layout';

/**
 * An operand of an operation.
 * @param shift where it is named. @param value if it is FLAGS_VALUE.
 */
function operand(operation: i64, shift: u32, value: u64): u64 {
  const place = <u32>(operation >> shift) & 31;
  if (place === FLAGS_VALUE) return value;
  if (place === FLAGS_CONSTANT) return <u64>(operation >> FLAGS_CONSTANT_SHIFT);
  return load<u64>(CPU_STATE + GPR + place * 8);
}

/**
 * Stores FLAG_RESULT and FLAG_AUX. General registers have to be in the processor state.
 *
 * @param operation as layout/flag-words.ts has it.
 * @param first, second operands that are FLAGS_VALUE. @param result of FLAGS_ADC and FLAGS_SBB.
 * @param oldAux FLAG_AUX before an increment or decrement, which leave CF as it is.
 */
export function storeOperationFlags(operation: i64, first: u64, second: u64, result: u64, oldAux: u32): void {
  const shift: u64 = 64 - 8 * <u64>(operation & 15);
  const mask: u64 = ~(<u64>0) >> shift;
  const kind = <u32>(operation >> FLAGS_KIND_SHIFT) & 15;
  let a = operand(operation, FLAGS_FIRST_SHIFT, first);
  let r = a;
  let aux: u32 = 0;
  if (kind <= FLAGS_SBB) {
    const b = operand(operation, FLAGS_SECOND_SHIFT, second);
    if (kind === FLAGS_ADD) r = a + b;
    else if (kind === FLAGS_SUB) r = a - b;
    else if (kind === FLAGS_ADD_RESULT) a = r - b;
    else if (kind === FLAGS_SUB_RESULT) a = r + b;
    else r = result;
    const adds = kind === FLAGS_ADD || kind === FLAGS_ADD_RESULT || kind === FLAGS_ADC;
    const vector = adds ? (a & b) | ((a | b) & ~r) : (~a & b) | (~(a ^ b) & r);
    aux = (<u32>((vector << shift) >> 32) & AUX_CARRIES) | (<u32>vector & AUX_AF);
  } else if (kind !== FLAGS_LOGIC) {
    const minimum: u64 = ((<u64>1) << 63) >> shift;
    // Overflow and a wrapped low digit show in the result of an increment and in the operand of a decrement.
    const shown = kind === FLAGS_INC ? r : r + 1;
    const overflow: u32 = u32((shown & mask) === minimum);
    const wrapped: u32 = u32((shown & 15) === 0);
    const carry = oldAux & AUX_CF;
    aux = carry | ((carry >> 1) ^ (overflow << AUX_CF_XOR_OF_BIT)) | (wrapped << AUX_AF_BIT);
  }
  store<i64>(CPU_STATE + FLAG_RESULT, <i64>(r << shift) >> <i64>shift);
  store<u32>(CPU_STATE + FLAG_AUX, aux & AUX_ARITHMETIC);
}
