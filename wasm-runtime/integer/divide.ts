/**
 * DIV and IDIV: rDX:rAX (AX for bytes) by a zero-extended divisor. #DE when it is zero or the quotient does not
 * fit. Flags, which are undefined, stay.
 */

import { NO_ERROR_CODE, raiseFault } from '../events/raise';
import { VECTOR_DE } from '../generated/layout';
import { RAX, RDX } from '../registers';

/** Results of divideWide(). */
let quotient: u64 = 0;
let remainder: u64 = 0;

function raiseDivideError(record: u32): void {
  raiseFault(record, VECTOR_DE, NO_ERROR_CODE);
}

export function div8(record: u32, divisor: u64): void {
  const dividend = <u32>load<u16>(RAX);
  const by = <u32>divisor;
  // The quotient fits if and only if the upper half is below the divisor; so it is with every size.
  if (dividend >> 8 >= by) raiseDivideError(record);
  store<u16>(RAX, <u16>((dividend / by) | ((dividend % by) << 8)));
}

export function div16(record: u32, divisor: u64): void {
  const high = <u32>load<u16>(RDX);
  const by = <u32>divisor;
  if (high >= by) raiseDivideError(record);
  const dividend = (high << 16) | <u32>load<u16>(RAX);
  store<u16>(RAX, <u16>(dividend / by));
  store<u16>(RDX, <u16>(dividend % by));
}

export function div32(record: u32, divisor: u64): void {
  const high = <u64>load<u32>(RDX);
  if (high >= divisor) raiseDivideError(record);
  const dividend = (high << 32) | <u64>load<u32>(RAX);
  store<u64>(RAX, dividend / divisor);
  store<u64>(RDX, dividend % divisor);
}

export function div64(record: u32, divisor: u64): void {
  const high = load<u64>(RDX);
  if (high >= divisor) raiseDivideError(record);
  divideWide(high, load<u64>(RAX), divisor);
  store<u64>(RAX, quotient);
  store<u64>(RDX, remainder);
}

export function idiv8(record: u32, divisor: u64): void {
  const dividend = <i32>load<i16>(RAX);
  const by = <i32>(<i8>divisor);
  if (by === 0) raiseDivideError(record);
  const result = dividend / by;
  if (result !== <i32>(<i8>result)) raiseDivideError(record);
  store<u8>(RAX, <u8>result);
  store<u8>(RAX + 1, <u8>(dividend % by));
}

export function idiv16(record: u32, divisor: u64): void {
  const dividend = <i64>(((<i32>load<i16>(RDX)) << 16) | <i32>load<u16>(RAX));
  const by = <i64>(<i16>divisor);
  if (by === 0) raiseDivideError(record);
  const result = dividend / by;
  if (result !== <i64>(<i16>result)) raiseDivideError(record);
  store<u16>(RAX, <u16>result);
  store<u16>(RDX, <u16>(dividend % by));
}

export function idiv32(record: u32, divisor: u64): void {
  const dividend = ((<i64>load<i32>(RDX)) << 32) | <i64>load<u32>(RAX);
  const by = <i64>(<i32>divisor);
  // The least dividend by -1 would trap.
  if (by === 0 || (by === -1 && dividend === i64.MIN_VALUE)) raiseDivideError(record);
  const result = dividend / by;
  if (result !== <i64>(<i32>result)) raiseDivideError(record);
  store<u64>(RAX, <u64>(<u32>result));
  store<u64>(RDX, <u64>(<u32>(dividend % by)));
}

export function idiv64(record: u32, divisor: u64): void {
  const low = load<u64>(RAX);
  const high = load<u64>(RDX);
  // Neither 0 nor -1, and no more than 64 bits to divide.
  if (divisor + 1 > 1 && <i64>high === <i64>low >> 63) {
    store<i64>(RAX, <i64>low / <i64>divisor);
    store<i64>(RDX, <i64>low % <i64>divisor);
    return;
  }
  const negativeDividend = <i64>high < 0;
  const negativeQuotient = <i64>(high ^ divisor) < 0;
  const by = <i64>divisor < 0 ? 0 - divisor : divisor;
  const absoluteLow = negativeDividend ? 0 - low : low;
  const absoluteHigh = negativeDividend ? ~high + u64(low === 0) : high;
  if (absoluteHigh >= by) raiseDivideError(record);
  divideWide(absoluteHigh, absoluteLow, by);
  if (quotient > <u64>i64.MAX_VALUE + u64(negativeQuotient)) raiseDivideError(record);
  store<u64>(RAX, negativeQuotient ? 0 - quotient : quotient);
  store<u64>(RDX, negativeDividend ? 0 - remainder : remainder);
}

/** quotient and remainder of high:low by `divisor`, which is greater than `high`. */
function divideWide(high: u64, low: u64, divisor: u64): void {
  if (high === 0) {
    quotient = low / divisor;
    remainder = low % divisor;
    return;
  }
  // Knuth, The Art of Computer Programming Vol. 2, 4.3.1 algorithm D, with two digits of 32 bits.
  const shift = clz(divisor);
  const normal = divisor << shift;
  const top = shift === 0 ? high : (high << shift) | (low >> (64 - shift));
  const rest = low << shift;
  const first = quotientDigit(top, rest >> 32, normal);
  const middle = ((top << 32) | (rest >> 32)) - first * normal;
  const second = quotientDigit(middle, rest & 0xffff_ffff, normal);
  quotient = (first << 32) | second;
  remainder = (((middle << 32) | (rest & 0xffff_ffff)) - second * normal) >> shift;
}

/**
 * One digit: (high * 2^32 + next) / divisor, where `divisor` has its top bit set and is greater than `high`.
 * @inline
 */
function quotientDigit(high: u64, next: u64, divisor: u64): u64 {
  const upper = divisor >> 32;
  const lower = divisor & 0xffff_ffff;
  let digit = high / upper;
  let left = high - digit * upper;
  // The estimate is at most 2 too great.
  while (digit > 0xffff_ffff || digit * lower > ((left << 32) | next)) {
    digit -= 1;
    left += upper;
    if (left > 0xffff_ffff) break;
  }
  return digit;
}
