/** F16C: conversions between half and single precision (Intel SDM Vol. 2 "VCVTPH2PS", "VCVTPS2PH"). */
import { isAmd } from '../system/features';
import {
  exponentOf,
  flushed,
  HALF,
  infinity,
  isDenormal,
  isInfinite,
  isNaNBits,
  isSignaling,
  isZero,
  quiet,
  round,
  SINGLE,
  signBit,
  significandOf,
} from './number';
import { begin, beginRounding, DENORMAL, finish, INVALID, PRECISION, signal } from './status';

/** Exact, but for signaling NaNs. Denormals are numbers like any other, whatever MXCSR.DAZ says. */
function widen(half: u32): u32 {
  const sign = (half & 0x8000) << 16;
  if (isNaNBits(half, HALF)) {
    if (isSignaling(half, HALF)) signal(INVALID);
    return sign | <u32>quiet(<u64>((half & 0x7fff) << 13) | infinity(SINGLE), SINGLE);
  }
  if (isInfinite(half, HALF)) return sign | <u32>infinity(SINGLE);
  if (isZero(half, HALF)) return sign;
  return <u32>round(sign, exponentOf(half, HALF), significandOf(half, HALF), SINGLE);
}

function narrow(bits: u32): u32 {
  const single = flushed(bits, SINGLE);
  const sign = (single & signBit(SINGLE)) >> 16;
  if (isNaNBits(single, SINGLE)) {
    if (isSignaling(single, SINGLE)) signal(INVALID);
    return <u32>(sign | quiet(((single >> 13) & 0x3ff) | infinity(HALF), HALF));
  }
  if (isInfinite(single, SINGLE)) return <u32>(sign | infinity(HALF));
  if (isZero(single, SINGLE)) return <u32>sign;
  // Always inexact as a half. Intel's processors say so even where underflow is not masked, and the result would have any exponent.
  if (isDenormal(single, SINGLE)) signal(isAmd() ? DENORMAL : DENORMAL | PRECISION);
  return <u32>round(sign, exponentOf(single, SINGLE), significandOf(single, SINGLE), HALF);
}

/** The four halves in the low 64 bits as singles. */
export function halvesToSingles(record: u32, a: v128): v128 {
  begin();
  let result = i32x4.splat(widen(i16x8.extract_lane_u(a, 0)));
  result = i32x4.replace_lane(result, 1, widen(i16x8.extract_lane_u(a, 1)));
  result = i32x4.replace_lane(result, 2, widen(i16x8.extract_lane_u(a, 2)));
  result = i32x4.replace_lane(result, 3, widen(i16x8.extract_lane_u(a, 3)));
  finish(record);
  return result;
}

/** Four singles as halves in the low 64 bits. `control` is the immediate: rounding mode, or 4: MXCSR's. */
export function singlesToHalves(record: u32, a: v128, control: i32): u64 {
  beginRounding(control);
  let result: u64 = narrow(i32x4.extract_lane(a, 0));
  result |= (<u64>narrow(i32x4.extract_lane(a, 1))) << 16;
  result |= (<u64>narrow(i32x4.extract_lane(a, 2))) << 32;
  result |= (<u64>narrow(i32x4.extract_lane(a, 3))) << 48;
  finish(record);
  return result;
}
