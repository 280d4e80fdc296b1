/** Flags of an operation whose operands compiled code kept instead of working the two words out. */
import { CPU_STATE, FLAG_AUX, FLAG_RESULT } from '../generated/layout';

const ADD: i32 = 1;
const SUB: i32 = 2;
const LOGIC: i32 = 3;
const INC: i32 = 4;

/** CF, CF ^ OF and AF in FLAG_AUX. */
const AUX_ARITHMETIC: u32 = 0xc000_0008;

/**
 * Stores FLAG_RESULT and FLAG_AUX (cpu-state.ts).
 *
 * @param operation kind * 16 + operand size in bytes; kinds 1 add (with or without carry), 2 subtract, 3 logic,
 *   4 increment, 5 decrement.
 * @param a, b operands and r result, zero-extended from the operand size.
 * @param oldAux FLAG_AUX before an increment or decrement, which leave CF as it is.
 */
export function storeOperationFlags(operation: i32, a: u64, b: u64, r: u64, oldAux: u32): void {
  const shift: u64 = 64 - 8 * <u64>(operation & 15);
  const kind = operation >> 4;
  store<i64>(CPU_STATE + FLAG_RESULT, <i64>(r << shift) >> <i64>shift);
  let aux: u32 = 0;
  if (kind === ADD || kind === SUB) {
    const vector = kind === ADD ? (a & b) | ((a | b) & ~r) : (~a & b) | (~(a ^ b) & r);
    aux = (<u32>((vector << shift) >> 32) & 0xc000_0000) | (<u32>vector & 8);
  } else if (kind !== LOGIC) {
    const minimum: u64 = ((<u64>1) << 63) >> shift;
    const overflow: u32 = u32((kind === INC ? r : a) === minimum);
    const wrapped: u32 = u32(((kind === INC ? r : a) & 15) === 0);
    const carry = oldAux & 0x8000_0000;
    aux = carry | ((carry >> 1) ^ (overflow << 30)) | (wrapped << 3);
  }
  store<u32>(CPU_STATE + FLAG_AUX, aux & AUX_ARITHMETIC);
}
