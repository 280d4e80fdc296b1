/** 64 x 64 -> 128-bit multiplication, 128 / 64 division and 128-bit shifts. A second result word is left in `secondWord`. */

const LOW_HALF: u64 = 0xffff_ffff;

/** Low word of the last 128-bit result, or remainder of the last division. */
export let secondWord: u64 = 0;

/**
 * The 128-bit product: high word returned, low word in `secondWord`.
 * @inline
 */
export function multiplyWide(a: u64, b: u64): u64 {
  const a0 = a & LOW_HALF;
  const a1 = a >> 32;
  const b0 = b & LOW_HALF;
  const b1 = b >> 32;
  const low = a0 * b0;
  const middle = a1 * b0 + (low >> 32);
  const cross = a0 * b1 + (middle & LOW_HALF);
  secondWord = (cross << 32) | (low & LOW_HALF);
  return a1 * b1 + (middle >> 32) + (cross >> 32);
}

/** One 32-bit digit of the quotient (high << 32 | next) / divisor. Bit 63 of the divisor is set; high < divisor. */
function divideDigit(high: u64, next: u64, divisor: u64): u64 {
  const d1 = divisor >> 32;
  const d0 = divisor & LOW_HALF;
  let digit = high / d1;
  let rest = high - digit * d1;
  while (digit >> 32 !== 0 || digit * d0 > ((rest << 32) | next)) {
    digit--;
    rest += d1;
    if (rest >> 32 !== 0) break;
  }
  return digit;
}

/** (high:low) / divisor: quotient returned, remainder in `secondWord`. Bit 63 of the divisor is set; high < divisor. */
export function divideWide(high: u64, low: u64, divisor: u64): u64 {
  const q1 = divideDigit(high, low >> 32, divisor);
  const rest = (high << 32) + (low >> 32) - q1 * divisor;
  const q0 = divideDigit(rest, low & LOW_HALF, divisor);
  secondWord = (rest << 32) + (low & LOW_HALF) - q0 * divisor;
  return (q1 << 32) + q0;
}

/**
 * (high:low) >> count for any count >= 0; every bit that falls out is or-ed into bit 0 ("sticky"), so that
 * rounding still sees that the value is not exact. High word returned, low word in `secondWord`.
 * @inline
 */
export function shiftRightSticky(high: u64, low: u64, count: i32): u64 {
  if (count < 64) {
    // Left by 64 - count in two steps: by 64 is nothing.
    const lost = (low << 1) << (63 - count);
    secondWord = ((high << 1) << (63 - count)) | (low >> count) | u64(lost !== 0);
    return high >> count;
  }
  if (count === 64) {
    secondWord = high | u64(low !== 0);
    return 0;
  }
  if (count < 128) {
    const lost = (high << (128 - count)) | low;
    secondWord = (high >> (count - 64)) | u64(lost !== 0);
    return 0;
  }
  secondWord = u64((high | low) !== 0);
  return 0;
}
