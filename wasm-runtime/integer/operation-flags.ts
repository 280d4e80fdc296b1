/** Flags of an operation whose operands compiled code kept instead of working the two words out. */
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
  FLAGS_ADD,
  FLAGS_INC,
  FLAGS_LOGIC,
  FLAGS_SUB,
} from '../generated/layout';

/**
 * Stores FLAG_RESULT and FLAG_AUX.
 *
 * @param operation kind (FLAGS_ADD and on) * 16 + operand size in bytes.
 * @param a, b operands and r result, zero-extended from the operand size.
 * @param oldAux FLAG_AUX before an increment or decrement, which leave CF as it is.
 */
export function storeOperationFlags(operation: i32, a: u64, b: u64, r: u64, oldAux: u32): void {
  const shift: u64 = 64 - 8 * <u64>(operation & 15);
  const kind = <u32>operation >> 4;
  store<i64>(CPU_STATE + FLAG_RESULT, <i64>(r << shift) >> <i64>shift);
  let aux: u32 = 0;
  if (kind === FLAGS_ADD || kind === FLAGS_SUB) {
    const vector = kind === FLAGS_ADD ? (a & b) | ((a | b) & ~r) : (~a & b) | (~(a ^ b) & r);
    aux = (<u32>((vector << shift) >> 32) & AUX_CARRIES) | (<u32>vector & AUX_AF);
  } else if (kind !== FLAGS_LOGIC) {
    const minimum: u64 = ((<u64>1) << 63) >> shift;
    const overflow: u32 = u32((kind === FLAGS_INC ? r : a) === minimum);
    const wrapped: u32 = u32(((kind === FLAGS_INC ? r : a) & 15) === 0);
    const carry = oldAux & AUX_CF;
    aux = carry | ((carry >> 1) ^ (overflow << AUX_CF_XOR_OF_BIT)) | (wrapped << AUX_AF_BIT);
  }
  store<u32>(CPU_STATE + FLAG_AUX, aux & AUX_ARITHMETIC);
}
