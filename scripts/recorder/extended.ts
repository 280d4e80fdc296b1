/** 80-bit values, control words and stack contents for x87 cases. */

import type { StackRegister } from '../../test/vectors/layout.ts';
import { type Case, Input } from './case.ts';
import { f64Bits } from './lanes.ts';
import type { Random } from './values.ts';

export const C0 = 0x100;
export const C1 = 0x200;
const C2 = 0x400;
export const C3 = 0x4000;
/** Tolerance of a unit in the last place of a significand of 64 bits. */
export const LAST_PLACE = 2 ** -63;
/** What most x87 instructions leave undefined in the status word. */
export const C023 = C0 | C2 | C3;

/** Zeros, ones, infinities, NaNs, denormals, the ends of the range, and encodings that are not supported. */
export const SPECIAL_80: readonly bigint[] = [
  0x0000_0000000000000000n,
  0x8000_0000000000000000n,
  0x3fff_8000000000000000n,
  0xbfff_c000000000000000n,
  0x7fff_8000000000000000n,
  0xffff_8000000000000000n,
  0x7fff_c000000000000123n,
  0x7fff_8000000000000456n,
  0xffff_e000000000000789n,
  0x0000_0000000000000001n,
  0x8000_8000000000000000n,
  0x7ffe_ffffffffffffffffn,
  0x0001_8000000000000000n,
  0x4000_4000000000000000n,
  0x7fff_0000000000000000n,
];

/** The special values that are numbers or infinities. */
export const SPECIAL_NUMBERS: readonly bigint[] = SPECIAL_80.filter((_, i) => ![6, 7, 8, 13, 14].includes(i));

/** A double as an 80-bit value (not for denormals). */
export function extended(value: number): bigint {
  const bits = f64Bits(value);
  const exponent = (bits >> 52n) & 0x7ffn;
  const sign = (bits >> 63n) << 79n;
  if (exponent === 0n) return sign;
  const integer = 1n << 63n;
  const wide = exponent === 0x7ffn ? 0x7fffn : exponent + (0x3fffn - 0x3ffn);
  return sign | (wide << 64n) | integer | ((bits & 0xf_ffff_ffff_ffffn) << 11n);
}

/** A normal number with a random significand and an exponent within `range` of one. */
export function normal80(random: Random, range: number): bigint {
  const exponent = BigInt(0x3fff - range + random.below(2 * range + 1));
  return (BigInt(random.below(2)) << 79n) | (exponent << 64n) | (1n << 63n) | random.bits(63);
}

export function anyValue80(random: Random): bigint {
  const kind = random.below(8);
  if (kind < 4) return normal80(random, 8);
  if (kind < 5) return normal80(random, 70);
  if (kind < 6) return extended((random.below(2000) - 1000) / 4);
  return kind < 7 ? random.pick(SPECIAL_80) : normal80(random, 0x3ff0);
}

export const FCW_DEFAULT = 0x37fn;
/** Rounding to nearest, down, up and towards zero. */
export const FCW_ROUNDINGS = [0x37fn, 0x77fn, 0xb7fn, 0xf7fn];
/** Rounding modes combined with precisions, all exceptions masked; the default more often. */
const FCW_MASKED = [...FCW_ROUNDINGS, 0x37fn, 0x37fn, 0x27fn, 0x07fn, 0xe7fn, 0x67fn, 0x87fn];
/** One exception or all of them unmasked. */
export const FCW_UNMASKED = [0x37en, 0x37dn, 0x37bn, 0x377n, 0x36fn, 0x35fn, 0x340n];

export function anyFcw(random: Random): bigint {
  return random.pick(FCW_MASKED);
}

/** Pushes values, the last of the list first, so that the first is on top. */
export function setStack(input: Input, values: readonly bigint[], conditions = 0n): Input {
  const top = (8 - values.length) & 7;
  let tags = 0n;
  for (const [i, value] of values.entries()) {
    input.set(`st${i}` as StackRegister, value);
    tags |= 1n << BigInt((top + i) & 7);
  }
  return input.set('ftw', tags).set('fsw', (BigInt(top) << 11n) | conditions);
}

/** An x87 instruction with values on the stack and a control word. */
export function stackCase(
  asm: string,
  values: readonly bigint[],
  random: Random,
  fcw: bigint,
  extra: Partial<Case> = {},
): Case {
  const conditions = random.below(3) ? 0n : BigInt(random.next() & (C023 | C1));
  const input = setStack(new Input(), values, conditions);
  if (fcw !== FCW_DEFAULT) input.set('fcw', fcw);
  return { asm, input, ...extra };
}
