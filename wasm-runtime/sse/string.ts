/** PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM (Intel SDM Vol. 2 "Imm8 Control Byte Operation for PCMPESTRI..."). */

import { STRINGS_FIRST_SHORT, STRINGS_INDEX_SHIFT, STRINGS_SECOND_SHORT } from '../generated/layout';

/** Control byte. */
const WORDS: i32 = 1;
const SIGNED: i32 = 2;
const AGGREGATION_SHIFT: i32 = 2;
const NEGATED: i32 = 0x10;
const MASKED: i32 = 0x20;
/** Index of the last match, or a mask of whole elements. */
const LAST_OR_EXPANDED: i32 = 0x40;

const EQUAL_ANY: i32 = 0;
const RANGES: i32 = 1;
const EQUAL_EACH: i32 = 2;

/** The first operand, where elements can be reached by number. */
const FIRST = memory.data(16, 16);

/**
 * A bit for each element of `b` that equals the one of `a` in its place.
 * @inline
 */
function equal(a: v128, b: v128, control: i32): u32 {
  return control & WORDS ? i16x8.bitmask(i16x8.eq(a, b)) : i8x16.bitmask(i8x16.eq(a, b));
}

/**
 * Element `index` of the first operand, everywhere.
 * @inline
 */
function splat(index: i32, control: i32): v128 {
  return control & WORDS
    ? v128.load16_splat(FIRST + ((<usize>index) << 1))
    : v128.load8_splat(FIRST + <usize>index);
}

/** A bit for each element of `b` that is in the range from `low` to `high`. */
function within(b: v128, low: v128, high: v128, control: i32): u32 {
  if (control & WORDS) {
    return i16x8.bitmask(
      control & SIGNED
        ? v128.and(i16x8.ge_s(b, low), i16x8.le_s(b, high))
        : v128.and(i16x8.ge_u(b, low), i16x8.le_u(b, high)),
    );
  }
  return i8x16.bitmask(
    control & SIGNED
      ? v128.and(i8x16.ge_s(b, low), i8x16.le_s(b, high))
      : v128.and(i8x16.ge_u(b, low), i8x16.le_u(b, high)),
  );
}

/** Elements before the first zero. */
function implicitLength(operand: v128, count: i32, control: i32): i32 {
  const zeros = equal(operand, i64x2.splat(0), control);
  return zeros === 0 ? count : ctz(zeros);
}

/** A bit for each element of `b` that matches, "IntRes1". FIRST has `a`. */
function matches(a: v128, b: v128, lengthA: i32, lengthB: i32, count: i32, control: i32): u32 {
  const all: u32 = (1 << count) - 1;
  const validB: u32 = (1 << lengthB) - 1;
  let result: u32 = 0;
  switch ((control >> AGGREGATION_SHIFT) & 3) {
    case EQUAL_ANY:
      for (let i = 0; i < lengthA; i++) result |= equal(splat(i, control), b, control);
      return result & validB;
    case RANGES:
      for (let i = 0; i + 1 < lengthA; i += 2) {
        result |= within(b, splat(i, control), splat(i + 1, control), control);
      }
      return result & validB;
    case EQUAL_EACH: {
      const validA: u32 = (1 << lengthA) - 1;
      return (equal(a, b, control) & validA & validB) | (all & ~validA & ~validB);
    }
    default:
      // Equal ordered: the first operand occurs at an element, as far as there is room.
      result = all;
      for (let i = 0; i < lengthA; i++) {
        const here = equal(splat(i, control), b, control) & validB;
        result &= (here >> i) | ~(all >> i);
      }
      return result;
  }
}

/** Compares the operands: "IntRes2" and what else is known of them, as layout/string-comparison.ts has it. */
function compare(a: v128, b: v128, lengthA: i32, lengthB: i32, count: i32, control: i32): u32 {
  v128.store(FIRST, a);
  let result = matches(a, b, lengthA, lengthB, count, control);
  if (control & NEGATED) {
    const valid = control & MASKED ? (1 << lengthB) - 1 : (1 << count) - 1;
    result ^= <u32>valid;
  }
  let index = <u32>count;
  if (result !== 0) index = control & LAST_OR_EXPANDED ? 31 - clz(result) : ctz(result);
  if (lengthA < count) result |= STRINGS_FIRST_SHORT;
  if (lengthB < count) result |= STRINGS_SECOND_SHORT;
  return result | (index << STRINGS_INDEX_SHIFT);
}

/** XMM0 of PCMPxSTRM: the bits, or each of them as a whole element. */
export function sseStringMask(result: u32, control: i32): v128 {
  const mask = i64x2.replace_lane(i64x2.splat(0), 0, result);
  if ((control & LAST_OR_EXPANDED) === 0) return mask;
  if (control & WORDS) {
    const bits = i16x8(1, 2, 4, 8, 16, 32, 64, 128);
    return i16x8.eq(v128.and(i16x8.splat(<i16>result), bits), bits);
  }
  const bits = i8x16(1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128);
  const bytes = i8x16.swizzle(mask, i8x16(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1));
  return i8x16.eq(v128.and(bytes, bits), bits);
}

/** Length given in a register: its absolute value, at most the number of elements. */
function explicitLength(value: i64, count: i32): i32 {
  const size: u64 = value < 0 ? 0 - <u64>value : <u64>value;
  return size > <u64>count ? count : <i32>size;
}

/** PCMPESTRx: `first` and `second` are the operands' lengths. */
export function sseCompareExplicit(a: v128, b: v128, first: i64, second: i64, control: i32): u32 {
  const count = control & WORDS ? 8 : 16;
  return compare(a, b, explicitLength(first, count), explicitLength(second, count), count, control);
}

/** PCMPISTRx: operands end before their first zero. */
export function sseCompareImplicit(a: v128, b: v128, control: i32): u32 {
  const count = control & WORDS ? 8 : 16;
  const lengthA = implicitLength(a, count, control);
  return compare(a, b, lengthA, implicitLength(b, count, control), count, control);
}
