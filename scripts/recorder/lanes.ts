/** Values for vector operands, lane by lane, and for MXCSR. */

import type { Random } from './values.ts';
import { anyValue } from './values.ts';

export type Lane = 'i8' | 'i16' | 'i32' | 'i64' | 'f32' | 'f64';

const LANE_BITS: Record<Lane, number> = { i8: 8, i16: 16, i32: 32, i64: 64, f32: 32, f64: 64 };

/** Zeros, ones, infinities, NaNs (quiet, signaling, negative), denormals and the ends of the range. */
export const SPECIAL_F32: readonly bigint[] = [
  0x0000_0000n,
  0x8000_0000n,
  0x3f80_0000n,
  0xbfc0_0000n,
  0x7f80_0000n,
  0xff80_0000n,
  0x7fc0_0123n,
  0x7f80_0456n,
  0xffa0_0789n,
  0x0000_0001n,
  0x007f_ffffn,
  0x8080_0000n,
  0x7f7f_ffffn,
];

export const SPECIAL_F64: readonly bigint[] = [
  0x0000_0000_0000_0000n,
  0x8000_0000_0000_0000n,
  0x3ff0_0000_0000_0000n,
  0xbff8_0000_0000_0000n,
  0x7ff0_0000_0000_0000n,
  0xfff0_0000_0000_0000n,
  0x7ff8_0000_0000_0123n,
  0x7ff0_0000_0000_0456n,
  0xfff4_0000_0000_0789n,
  0x0000_0000_0000_0001n,
  0x000f_ffff_ffff_ffffn,
  0x8010_0000_0000_0000n,
  0x7fef_ffff_ffff_ffffn,
];

/** Numbers around which conversions to integers change: ties, and the ends of each integer's range. */
const BOUNDARIES = [
  0.5,
  1.5,
  2.5,
  0.49999997,
  1e-10,
  255.5,
  2 ** 15 - 0.5,
  2 ** 31 - 2 ** 7,
  2 ** 31 - 1,
  2 ** 31 - 0.5,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 63 - 2 ** 39,
  2 ** 63 - 2 ** 10,
  2 ** 63,
  2 ** 64,
  1e25,
];

const view = new DataView(new ArrayBuffer(8));

function f32Bits(value: number): bigint {
  view.setFloat32(0, value);
  return BigInt(view.getUint32(0));
}

export function f64Bits(value: number): bigint {
  view.setFloat64(0, value);
  return view.getBigUint64(0);
}

/** Floating-point numbers worth converting to an integer, as bits. */
export function boundaries(lane: 'f32' | 'f64'): bigint[] {
  const bits = lane === 'f32' ? f32Bits : f64Bits;
  return BOUNDARIES.flatMap((value) => [bits(value), bits(-value)]);
}

/** A number of moderate size, so that results are mostly finite and inexact. */
function ordinary(random: Random, lane: 'f32' | 'f64'): bigint {
  const value = (random.next() / 2 ** 32 - 0.5) * 2 ** (random.below(40) - 16);
  return lane === 'f32' ? f32Bits(value) : f64Bits(value + random.next() / 2 ** 60);
}

export function laneValue(random: Random, lane: Lane): bigint {
  if (lane !== 'f32' && lane !== 'f64') return anyValue(random, LANE_BITS[lane]);
  const kind = random.below(8);
  if (kind < 4) return ordinary(random, lane);
  if (kind < 6) return random.pick(lane === 'f32' ? SPECIAL_F32 : SPECIAL_F64);
  return kind < 7 ? random.pick(boundaries(lane)) : random.bits(LANE_BITS[lane]);
}

/** Lanes put side by side, the first one lowest. */
export function joinLanes(lanes: readonly bigint[], lane: Lane): bigint {
  return lanes.reduceRight((value, bits) => (value << BigInt(LANE_BITS[lane])) | bits, 0n);
}

/** A vector of `bits` bits. */
export function vectorValue(random: Random, lane: Lane, bits = 128): bigint {
  const lanes = Array.from({ length: bits / LANE_BITS[lane] }, () => laneValue(random, lane));
  return joinLanes(lanes, lane);
}

/** Pairs of vectors in which every special number meets every other. */
export function specialPairs(lane: 'f32' | 'f64'): [bigint, bigint][] {
  const specials = lane === 'f32' ? SPECIAL_F32 : SPECIAL_F64;
  const pairs = specials.flatMap((a) => specials.map((b): [bigint, bigint] => [a, b]));
  const count = 128 / LANE_BITS[lane];
  const vectors: [bigint, bigint][] = [];
  for (let i = 0; i < pairs.length; i += count) {
    const group = Array.from({ length: count }, (_, k) => pairs[(i + k) % pairs.length]);
    vectors.push([
      joinLanes(
        group.map(([a]) => a),
        lane,
      ),
      joinLanes(
        group.map(([, b]) => b),
        lane,
      ),
    ]);
  }
  return vectors;
}

/** MXCSR: all exceptions masked. */
export const MXCSR_DEFAULT = 0x1f80n;
/** Rounding to nearest, down, up and towards zero. */
export const MXCSR_ROUNDINGS = [0x1f80n, 0x3f80n, 0x5f80n, 0x7f80n];
/** Rounding modes, flush to zero, denormals are zeros, and flags set before; the default more often. */
const MXCSR_MASKED = [...MXCSR_ROUNDINGS, 0x1f80n, 0x1f80n, 0x1fc0n, 0x9f80n, 0xffc0n, 0x1fbfn];
/** With one exception or all of them unmasked, in the order invalid, denormal, divide, over-, underflow, inexact. */
export const MXCSR_UNMASKED = [0x1f00n, 0x1e80n, 0x1d80n, 0x1b80n, 0x1780n, 0x0f80n, 0x0000n, 0x9780n];

export function anyMxcsr(random: Random): bigint {
  return random.pick(MXCSR_MASKED);
}
