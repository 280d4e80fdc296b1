/** The short way (usual.ts) of addition, subtraction, multiplication, division and comparison. */
import { EXPONENT_BIAS, EXPONENT_MAX, isNormal, SIGN } from './format';
import { C0, C3, offsetOf } from './status';
import {
  areInUse,
  endComparing,
  endPopping,
  HALF,
  headAt,
  isInUse,
  isNormalOrZero,
  isUsual,
  roundingFlags,
  roundsUp,
  setAt,
  significandAt,
} from './usual';
import { divideWide, secondWord } from './wide-integer';

/** Operations by the reg field of D8: a is st(0), b the other operand. */
export const ADD: i32 = 0;
export const MULTIPLY: i32 = 1;
export const COMPARE: i32 = 2;
export const COMPARE_AND_POP: i32 = 3;
export const SUBTRACT: i32 = 4;
export const SUBTRACT_REVERSED: i32 = 5;
export const DIVIDE: i32 = 6;
export const DIVIDE_REVERSED: i32 = 7;

/**
 * Rounds what fits into a normal number to the register at `target`, and ends the instruction. Which way it rounds is hard to
 * predict: no branch.
 * @inline
 */
function endRounded(
  record: u32,
  target: i32,
  sign: i32,
  exponent: i32,
  high: u64,
  low: u64,
  pops: i32,
): bool {
  if (<u32>(exponent - 1) >= <u32>(EXPONENT_MAX - 2)) return false;
  const up = roundsUp(high, low);
  const rounded = high + <u64>up;
  const carry = i32(rounded === 0);
  setAt(target, sign | (exponent + carry), rounded | ((<u64>carry) << 63));
  endPopping(record, roundingFlags(up, low), pops);
  return true;
}

/** a + b. @inline */
function addNormal(record: u32, target: i32, aHead: i32, a: u64, bHead: i32, b: u64, pops: i32): bool {
  const distance = (aHead & EXPONENT_MAX) - (bHead & EXPONENT_MAX);
  const shift = select(-distance, distance, distance < 0);
  if (shift > 63) return false;
  const bIsLarger = i32(distance < 0) | (i32(distance === 0) & i32(a < b));
  const head = select(bHead, aHead, bIsLarger);
  const large = select(b, a, bIsLarger);
  const small = select(a, b, bIsLarger);
  const shifted = small >> shift;
  // What is shifted out: to the left by 64 - shift, in two steps because by 64 is nothing.
  const lost = (small << 1) << (63 - shift);
  let exponent = head & EXPONENT_MAX;
  let high: u64;
  let low: u64;
  if (((aHead ^ bHead) & SIGN) === 0) {
    const sum = large + shifted;
    const carry = u64(sum < large);
    high = (sum >> carry) | (carry << 63);
    low = ((sum & carry) << 63) | (lost >> carry) | (lost & carry);
    exponent += <i32>carry;
  } else {
    high = large - shifted - u64(lost !== 0);
    low = 0 - lost;
    if (high === 0) return false;
    const zeros = clz(high);
    high = (high << zeros) | ((low >> 1) >> (63 - zeros));
    low <<= zeros;
    exponent -= <i32>zeros;
  }
  return endRounded(record, target, head & SIGN, exponent, high, low, pops);
}

/** a * b. @inline */
function multiplyNormal(record: u32, target: i32, aHead: i32, a: u64, bHead: i32, b: u64, pops: i32): bool {
  const a0 = a & 0xffff_ffff;
  const a1 = a >> 32;
  const b0 = b & 0xffff_ffff;
  const b1 = b >> 32;
  const middle = a1 * b0 + ((a0 * b0) >> 32);
  const cross = a0 * b1 + (middle & 0xffff_ffff);
  const high = a1 * b1 + (middle >> 32) + (cross >> 32);
  const low = a * b;
  const isLarge = high >> 63;
  const shift = 1 - isLarge;
  return endRounded(
    record,
    target,
    (aHead ^ bHead) & SIGN,
    (aHead & EXPONENT_MAX) + (bHead & EXPONENT_MAX) - EXPONENT_BIAS + <i32>isLarge,
    (high << shift) | ((low >> 63) & shift),
    low << shift,
    pops,
  );
}

/** Of the last quotient: whether what is left is nothing, less than half of the last place or more, in units of 2^-64 of it. */
export let quotientFraction: u64 = 0;

/**
 * Quotient of two significands with the integer bit set: 64 bits; its exponent is one less where a is less than b. What is left is never
 * exactly half: the dividend would have more than 64 bits.
 * @inline
 */
export function quotientOfNormals(a: u64, b: u64): u64 {
  const isLarge = u64(a >= b);
  const quotient = divideWide(a >> isLarge, (a & isLarge) << 63, b);
  const rest = secondWord;
  const isMore = i32(<i64>rest < 0) | i32(rest << 1 > b);
  quotientFraction = select<u64>(HALF | 1, u64(rest !== 0), isMore);
  return quotient;
}

/** a / b. @inline */
function divideNormal(record: u32, target: i32, aHead: i32, a: u64, bHead: i32, b: u64, pops: i32): bool {
  const quotient = quotientOfNormals(a, b);
  return endRounded(
    record,
    target,
    (aHead ^ bHead) & SIGN,
    (aHead & EXPONENT_MAX) - (bHead & EXPONENT_MAX) + EXPONENT_BIAS - 1 + i32(a >= b),
    quotient,
    quotientFraction,
    pops,
  );
}

/** Sums and products with a zero, of another number or a normal one. */
function computeZero(
  operation: i32,
  record: u32,
  target: i32,
  aHead: i32,
  a: u64,
  bHead: i32,
  b: u64,
  pops: i32,
): bool {
  if (!isNormalOrZero(aHead, a) || !isNormalOrZero(bHead, b)) return false;
  if (operation === MULTIPLY) {
    setAt(target, (aHead ^ bHead) & SIGN, 0);
  } else {
    // The sign of a sum of two zeros is the general way's.
    if (operation >= DIVIDE || (a | b) === 0) return false;
    if (operation === SUBTRACT) bHead ^= SIGN;
    if (operation === SUBTRACT_REVERSED) aHead ^= SIGN;
    setAt(target, a === 0 ? bHead : aHead, a | b);
  }
  endPopping(record, 0, pops);
  return true;
}

/**
 * a `operation` b, a constant, to the register at `target`.
 * @inline
 */
function compute(
  operation: i32,
  record: u32,
  target: i32,
  aHead: i32,
  a: u64,
  bHead: i32,
  b: u64,
  pops: i32,
): bool {
  if (!isNormal(aHead, a) || !isNormal(bHead, b)) {
    return computeZero(operation, record, target, aHead, a, bHead, b, pops);
  }
  if (operation === MULTIPLY) return multiplyNormal(record, target, aHead, a, bHead, b, pops);
  if (operation === DIVIDE) return divideNormal(record, target, aHead, a, bHead, b, pops);
  if (operation === DIVIDE_REVERSED) return divideNormal(record, target, bHead, b, aHead, a, pops);
  const aFlip = operation === SUBTRACT_REVERSED ? SIGN : 0;
  const bFlip = operation === SUBTRACT ? SIGN : 0;
  return addNormal(record, target, aHead ^ aFlip, a, bHead ^ bFlip, b, pops);
}

/**
 * st(target) = st(0) `operation` st(i), with a constant operation.
 * @inline
 */
export function computeRegisters(operation: i32, record: u32, i: i32, target: i32, pops: i32): bool {
  if (!isUsual(record)) return false;
  const a = offsetOf(0);
  const b = offsetOf(i);
  if (!areInUse(a, b)) return false;
  const to = offsetOf(target);
  return compute(operation, record, to, headAt(a), significandAt(a), headAt(b), significandAt(b), pops);
}

/** st(0) = st(0) `operation` a number, or their comparison. */
export function computeNumber(operation: i32, record: u32, head: i32, b: u64): bool {
  if (!isUsual(record)) return false;
  const top = offsetOf(0);
  if (!isInUse(top)) return false;
  const topHead = headAt(top);
  const a = significandAt(top);
  switch (operation) {
    case ADD:
      return compute(ADD, record, top, topHead, a, head, b, 0);
    case SUBTRACT:
      return compute(ADD, record, top, topHead, a, head ^ SIGN, b, 0);
    case SUBTRACT_REVERSED:
      return compute(ADD, record, top, topHead ^ SIGN, a, head, b, 0);
    case MULTIPLY:
      return compute(MULTIPLY, record, top, topHead, a, head, b, 0);
    case DIVIDE:
      return compute(DIVIDE, record, top, topHead, a, head, b, 0);
    case DIVIDE_REVERSED:
      return compute(DIVIDE, record, top, head, b, topHead, a, 0);
    default: {
      if (!isNormalOrZero(topHead, a) || !isNormalOrZero(head, b)) return false;
      endComparing(record, orderOf(topHead, a, head, b), operation - COMPARE);
      return true;
    }
  }
}

/** Condition codes of the order of two numbers that are normal or zero. */
function orderOf(aHead: i32, a: u64, bHead: i32, b: u64): i32 {
  const negative = (aHead & SIGN) !== 0;
  if (((aHead ^ bHead) & SIGN) !== 0) return (a | b) === 0 ? C3 : negative ? C0 : 0;
  if (aHead === bHead && a === b) return C3;
  const less = aHead < bHead || (aHead === bHead && a < b);
  // The magnitudes of negative numbers are the other way round.
  return less !== negative ? C0 : 0;
}

/** Order of st(0) and st(i) as condition codes, if it is usual to compare them; else -1. Ends nothing. @inline */
export function orderOfRegisters(record: u32, i: i32): i32 {
  if (!isUsual(record)) return -1;
  const top = offsetOf(0);
  const other = offsetOf(i);
  if (!areInUse(top, other)) return -1;
  const aHead = headAt(top);
  const a = significandAt(top);
  const bHead = headAt(other);
  const b = significandAt(other);
  if (!isNormalOrZero(aHead, a) || !isNormalOrZero(bHead, b)) return -1;
  return orderOf(aHead, a, bHead, b);
}
