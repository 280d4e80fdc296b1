/**
 * The double extended-precision format (Intel SDM Vol. 1 "Floating-Point Data Types"). A number travels as two
 * values: its head (bit 15 sign, bits 14-0 biased exponent) and its significand (bit 63 is the explicit integer
 * bit). A function whose result is a number returns the significand and leaves the head in `resultHead`.
 */

export const EXPONENT_BIAS: i32 = 16383;
export const EXPONENT_MAX: i32 = 0x7fff;
export const SIGN: i32 = 0x8000;
export const INTEGER_BIT: u64 = 1 << 63;
export const QUIET_BIT: u64 = 1 << 62;
/** The QNaN floating-point indefinite: result of masked invalid operations. */
export const INDEFINITE_HEAD: i32 = 0xffff;
export const INDEFINITE_SIGNIFICAND: u64 = INTEGER_BIT | QUIET_BIT;

/** Head of the last result. */
export let resultHead: i32 = 0;

/** Leaves a number as the result. */
export function pack(head: i32, significand: u64): u64 {
  resultHead = head;
  return significand;
}

/** ±infinity; `sign` is SIGN or 0. */
export function packInfinity(sign: i32): u64 {
  return pack(sign | EXPONENT_MAX, INTEGER_BIT);
}

/** ±0; `sign` is SIGN or 0. */
export function packZero(sign: i32): u64 {
  return pack(sign, 0);
}

/**
 * Finite, not zero, not denormal: what most operands are.
 * @inline
 */
export function isNormal(head: i32, significand: u64): bool {
  return <i64>significand < 0 && <u32>((head & EXPONENT_MAX) - 1) < <u32>(EXPONENT_MAX - 1);
}

/** Pseudo-NaNs, pseudo-infinities and unnormals, which every operation rejects as invalid. */
export function isUnsupported(head: i32, significand: u64): bool {
  return (head & EXPONENT_MAX) !== 0 && <i64>significand >= 0;
}

export function isNotANumber(head: i32, significand: u64): bool {
  return (head & EXPONENT_MAX) === EXPONENT_MAX && significand << 1 !== 0;
}

export function isSignaling(head: i32, significand: u64): bool {
  return isNotANumber(head, significand) && (significand & QUIET_BIT) === 0;
}

export function isInfinity(head: i32, significand: u64): bool {
  return (head & EXPONENT_MAX) === EXPONENT_MAX && significand === INTEGER_BIT;
}

/** Denormals and pseudo-denormals. */
export function isDenormal(head: i32, significand: u64): bool {
  return (head & EXPONENT_MAX) === 0 && significand !== 0;
}

/** Exponent of a finite number that is not zero once its significand is normalised: below 1 for denormals. */
export function normalExponent(head: i32, significand: u64): i32 {
  const exponent = head & EXPONENT_MAX;
  return exponent !== 0 ? exponent : 1 - <i32>clz(significand);
}

/** Significand of a finite number that is not zero, with the integer bit set. */
export function normalSignificand(significand: u64): u64 {
  return significand << clz(significand);
}
