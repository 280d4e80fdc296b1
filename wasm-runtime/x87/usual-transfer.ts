/** The short way (usual.ts) of instructions that move numbers. */
import { EXPONENT_BIAS, EXPONENT_MAX, INTEGER_BIT, isNormal, SIGN } from './format';
import { offsetOf } from './status';
import {
  areInUse,
  end,
  endPopping,
  endPushing,
  headAt,
  isInUse,
  isUsual,
  markInUse,
  roundingFlags,
  roundsUp,
  setAt,
  significandAt,
} from './usual';

const SINGLE_BIAS: i32 = 127;
const DOUBLE_BIAS: i32 = 1023;

/** FLD m80fp, and constants. @inline */
export function pushNumber(record: u32, head: i32, significand: u64): bool {
  return isUsual(record) && endPushing(record, head, significand);
}

/** FLD m64fp. @inline */
export function pushDouble(record: u32, bits: u64): bool {
  const exponent = <i32>(bits >> 52) & 0x7ff;
  const sign = <i32>(bits >> 48) & SIGN;
  if (bits << 1 === 0) return pushNumber(record, sign, 0);
  if (<u32>(exponent - 1) >= <u32>0x7fe) return false;
  return pushNumber(record, sign | (exponent + EXPONENT_BIAS - DOUBLE_BIAS), INTEGER_BIT | (bits << 11));
}

/** FLD m32fp. @inline */
export function pushSingle(record: u32, bits: u32): bool {
  const exponent = <i32>(bits >> 23) & 0xff;
  const sign = <i32>(bits >> 16) & SIGN;
  if (bits << 1 === 0) return pushNumber(record, sign, 0);
  if (<u32>(exponent - 1) >= <u32>0xfe) return false;
  return pushNumber(
    record,
    sign | (exponent + EXPONENT_BIAS - SINGLE_BIAS),
    INTEGER_BIT | ((<u64>bits) << 40),
  );
}

/** FLD ST(i). @inline */
export function pushRegister(record: u32, i: i32): bool {
  if (!isUsual(record)) return false;
  const offset = offsetOf(i);
  if (!isInUse(offset)) return false;
  return endPushing(record, headAt(offset), significandAt(offset));
}

/** FST ST(i) and FSTP ST(i). @inline */
export function copyTop(record: u32, i: i32, pops: i32): bool {
  if (!isUsual(record)) return false;
  const top = offsetOf(0);
  if (!isInUse(top)) return false;
  const target = offsetOf(i);
  setAt(target, headAt(top), significandAt(top));
  markInUse(target);
  endPopping(record, 0, pops);
  return true;
}

/** FXCH. @inline */
export function exchange(record: u32, i: i32): bool {
  if (!isUsual(record)) return false;
  const top = offsetOf(0);
  const other = offsetOf(i);
  if (!areInUse(top, other)) return false;
  const head = headAt(top);
  const significand = significandAt(top);
  setAt(top, headAt(other), significandAt(other));
  setAt(other, head, significand);
  end(record, 0);
  return true;
}

/** FCHS with `mask` -1 and `sign` SIGN, FABS with ~SIGN and 0. @inline */
export function changeSign(record: u32, mask: i32, sign: i32): bool {
  if (!isUsual(record)) return false;
  const top = offsetOf(0);
  if (!isInUse(top)) return false;
  setAt(top, (headAt(top) & mask) ^ sign, significandAt(top));
  end(record, 0);
  return true;
}

/** C1 and exceptions of storing what topAsSingle() or topAsDouble() returned; negative if the short way cannot. */
export let storeFlags: i32 = 0;

/**
 * Bits of st(0) in a format of `precision` bits with the sign in bit `signBit`.
 * @inline
 */
function narrowTop(precision: u64, bias: i32, signBit: u64): u64 {
  const top = offsetOf(0);
  const head = headAt(top);
  const significand = significandAt(top);
  const sign = u64((head & SIGN) !== 0) << signBit;
  storeFlags = -1;
  if (!isInUse(top)) return 0;
  if (!isNormal(head, significand)) {
    if ((significand | <u64>(head & EXPONENT_MAX)) === 0) storeFlags = 0;
    return sign;
  }
  const exponent = (head & EXPONENT_MAX) - EXPONENT_BIAS + bias;
  // The next exponent may be reached by rounding.
  if (<u32>(exponent - 1) >= <u32>(2 * bias - 1)) return 0;
  const kept = significand >> (64 - precision);
  const cut = significand << precision;
  const up = roundsUp(kept, cut);
  storeFlags = roundingFlags(up, cut);
  // The integer bit of the significand adds one to the exponent.
  return sign | (((<u64>(exponent - 1)) << (precision - 1)) + kept + <u64>up);
}

export function topAsSingle(): u32 {
  return <u32>narrowTop(24, SINGLE_BIAS, 31);
}

export function topAsDouble(): u64 {
  return narrowTop(53, DOUBLE_BIAS, 63);
}
