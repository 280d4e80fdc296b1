/** Shuffles, interleaving, packing, widening and blending. */

import type { Expression, Module } from '../../wasm/builder.ts';
import { v128 } from '../../wasm/value-types.ts';
import type { Emitter, Value } from '../emitter.ts';
import type { Semantics } from '../row.ts';
import { lanes, packed, packedValues, shuffle, splat, writeVector, zero } from './vector.ts';

const NUMBERS = Array.from({ length: 16 }, (_, i) => i);

/** Two bits of an immediate for each of four lanes. */
function selectors(immediate: number): number[] {
  return [0, 2, 4, 6].map((shift) => (immediate >> shift) & 3);
}

/** Byte indices of the doublewords that an immediate selects, for swizzles. */
function doublewordIndices(m: Module, immediate: Value): Expression {
  const spread = m.i32x4.mul(m.i32x4.splat(immediate()), lanes(m, 4, [64, 16, 4, 1]));
  const lane = m.v128.and(m.i32x4.shr_u(spread, m.i32.const(6)), splat(m, 4, 3));
  return m.i32x4.add(m.i32x4.mul(lane, splat(m, 4, 0x0404_0404)), splat(m, 4, 0x0302_0100));
}

export function pshufd(e: Emitter): void {
  const { m } = e;
  const value = e.let(e.read(1), v128);
  const result = e.withImmediate(
    2,
    (control) => shuffle(m, 4, value(), value(), selectors(control)),
    (control) => m.i8x16.swizzle(value(), doublewordIndices(m, control)),
  );
  e.write(0, result);
}

/** PSHUFLW (`first` 0) and PSHUFHW (4): four of the words are shuffled, the others copied. */
function shuffleWords(first: 0 | 4): Semantics {
  const shuffled = (word: number): boolean => (word & 4) === first;
  return (e) => {
    const { m } = e;
    const value = e.let(e.readVector(1), v128);
    const words = NUMBERS.slice(0, 8);
    const result = e.withImmediate(
      2,
      (control) => {
        const order = words.map((word) =>
          shuffled(word) ? first + (selectors(control)[word & 3] as number) : word,
        );
        return shuffle(m, 2, value(), value(), order);
      },
      (control) => {
        const factors = words.map((word) => (shuffled(word) ? 64 >> (2 * (word & 3)) : 0));
        const spread = m.i16x8.mul(m.i16x8.splat(control()), lanes(m, 2, factors));
        const lane = m.v128.and(m.i16x8.shr_u(spread, m.i32.const(6)), splat(m, 2, 3));
        const bases = words.map((word) => (shuffled(word) ? first : word) * 0x0202 + 0x0100);
        const indices = m.i16x8.add(m.i16x8.mul(lane, splat(m, 2, 0x0202)), lanes(m, 2, bases));
        return m.i8x16.swizzle(value(), indices);
      },
    );
    writeVector(e, 0, result);
  };
}

export const pshuflw = shuffleWords(0);
export const pshufhw = shuffleWords(4);

export function shufps(e: Emitter): void {
  const { m } = e;
  const b = e.let(e.read(1), v128);
  const a = e.let(e.read(0), v128);
  const result = e.withImmediate(
    2,
    (control) => {
      const [first, second, third, fourth] = selectors(control) as [number, number, number, number];
      return shuffle(m, 4, a(), b(), [first, second, third + 4, fourth + 4]);
    },
    (control) => {
      const indices = e.let(doublewordIndices(m, control), v128);
      return shuffle(m, 8, m.i8x16.swizzle(a(), indices()), m.i8x16.swizzle(b(), indices()), [0, 3]);
    },
  );
  e.write(0, result);
}

export function shufpd(e: Emitter): void {
  const { m } = e;
  const b = e.let(e.read(1), v128);
  const a = e.let(e.read(0), v128);
  const result = e.withImmediate(
    2,
    (control) => shuffle(m, 8, a(), b(), [control & 1, 2 + ((control >> 1) & 1)]),
    (control) => {
      const half = (value: Value, bit: number): Expression =>
        m.select(
          m.i32.and(control(), m.i32.const(bit)),
          m.i64x2.extract_lane(value(), 1),
          m.i64x2.extract_lane(value(), 0),
        );
      return m.i64x2.replace_lane(m.i64x2.splat(half(a, 1)), 1, half(b, 2));
    },
  );
  e.write(0, result);
}

/** The low (`half` 0) or high halves of both operands, lane by lane. */
function interleave(width: 1 | 2 | 4 | 8, half: 0 | 1): Semantics {
  const count = 16 / width;
  const order = Array.from({ length: count }, (_, i) => (i >> 1) + (half * count) / 2 + (i & 1) * count);
  return packed((m, a, b) => shuffle(m, width, a, b, order));
}

export const punpcklbw = interleave(1, 0);
export const punpckhbw = interleave(1, 1);
export const punpcklwd = interleave(2, 0);
export const punpckhwd = interleave(2, 1);
export const punpckldq = interleave(4, 0);
export const punpckhdq = interleave(4, 1);
export const punpcklqdq = interleave(8, 0);
export const punpckhqdq = interleave(8, 1);

export const packsswb = packed((m, a, b) => m.i8x16.narrow_i16x8_s(a, b));
export const packuswb = packed((m, a, b) => m.i8x16.narrow_i16x8_u(a, b));
export const packssdw = packed((m, a, b) => m.i16x8.narrow_i32x4_s(a, b));
export const packusdw = packed((m, a, b) => m.i16x8.narrow_i32x4_u(a, b));

/** Bit 7 of an index clears; its bits 4 to 6 are ignored. */
export const pshufb = packedValues((e, a, b) => {
  const { v128, i8x16 } = e.m;
  const indices = v128.and(b(), splat(e.m, 1, 0x8f));
  // None is from 16 to 127, of which the choice would be the engine's. An engine that fuses has relaxed SIMD.
  return e.fusesMultiplyAdd ? i8x16.relaxed_swizzle(a(), indices) : i8x16.swizzle(a(), indices);
});

/** 16 bytes of first:second, from byte `immediate` of the second up. */
export function palignr(e: Emitter): void {
  const { m } = e;
  const low = e.let(e.read(1), v128);
  const high = e.let(e.read(0), v128);
  const result = e.withImmediate(
    2,
    (count) => {
      if (count >= 32) return zero(m);
      if (count <= 16)
        return m.i8x16.shuffle(
          low(),
          high(),
          NUMBERS.map((i) => i + count),
        );
      return m.i8x16.shuffle(
        high(),
        zero(m),
        NUMBERS.map((i) => i + count - 16),
      );
    },
    (count) => {
      const limited = m.select(m.i32.gt_u(count(), m.i32.const(32)), m.i32.const(32), count());
      const indices = e.let(m.i8x16.add(lanes(m, 1, NUMBERS), m.i8x16.splat(limited)), v128);
      const fromHigh = m.i8x16.sub(indices(), splat(m, 1, 16));
      return m.v128.or(m.i8x16.swizzle(low(), indices()), m.i8x16.swizzle(high(), fromHigh));
    },
  );
  e.write(0, result);
}

/** Lanes of the second operand where bits of the immediate are set. */
function blend(width: 2 | 4 | 8): Semantics {
  const numbers = NUMBERS.slice(0, 16 / width);
  const bits = numbers.map((lane) => 1 << lane);
  return (e) => {
    const { m } = e;
    const b = e.let(e.read(1), v128);
    const a = e.let(e.read(0), v128);
    const result = e.withImmediate(
      2,
      (control) => {
        const order = numbers.map((lane) => (control & (1 << lane) ? lane + numbers.length : lane));
        return shuffle(m, width, a(), b(), order);
      },
      (control) => {
        const lane = width === 2 ? m.i16x8 : m.i32x4;
        const [number, ones] = width === 8 ? [4, bits.flatMap((bit) => [bit, bit])] : [width, bits];
        const selected = m.v128.and(lane.splat(control()), lanes(m, number, ones));
        return m.v128.bitselect(b(), a(), lane.ne(selected, zero(m)));
      },
    );
    e.write(0, result);
  };
}

export const blendps = blend(4);
export const blendpd = blend(8);
export const pblendw = blend(2);

/** Elements of the second operand where the sign bits of a mask's are set: XMM0, or operand 2 if there is one. */
function blendVariable(width: 1 | 4 | 8): Semantics {
  return (e) => {
    const { m } = e;
    const lane = width === 1 ? m.i8x16 : width === 4 ? m.i32x4 : m.i64x2;
    const b = e.let(e.read(1), v128);
    const mask = e.operandCount > 2 ? e.read(2) : e.xmm(0);
    e.write(0, m.v128.bitselect(b(), e.read(0), lane.shr_s(mask, m.i32.const(width * 8 - 1))));
  };
}

export const pblendvb = blendVariable(1);
export const blendvps = blendVariable(4);
export const blendvpd = blendVariable(8);

type Widening = (m: Module, value: Expression) => Expression;

/** PMOVSX and PMOVZX: as many widenings as it takes, each of which doubles the width of lanes. */
function widen(...steps: Widening[]): Semantics {
  return (e) =>
    e.write(
      0,
      steps.reduce((value, step) => step(e.m, value), e.readVector(1)),
    );
}

const signBytes: Widening = (m, value) => m.i16x8.extend_low_i8x16_s(value);
const signWords: Widening = (m, value) => m.i32x4.extend_low_i16x8_s(value);
const signDoublewords: Widening = (m, value) => m.i64x2.extend_low_i32x4_s(value);
const zeroBytes: Widening = (m, value) => m.i16x8.extend_low_i8x16_u(value);
const zeroWords: Widening = (m, value) => m.i32x4.extend_low_i16x8_u(value);
const zeroDoublewords: Widening = (m, value) => m.i64x2.extend_low_i32x4_u(value);

export const pmovsxbw = widen(signBytes);
export const pmovsxbd = widen(signBytes, signWords);
export const pmovsxbq = widen(signBytes, signWords, signDoublewords);
export const pmovsxwd = widen(signWords);
export const pmovsxwq = widen(signWords, signDoublewords);
export const pmovsxdq = widen(signDoublewords);
export const pmovzxbw = widen(zeroBytes);
export const pmovzxbd = widen(zeroBytes, zeroWords);
export const pmovzxbq = widen(zeroBytes, zeroWords, zeroDoublewords);
export const pmovzxwd = widen(zeroWords);
export const pmovzxwq = widen(zeroWords, zeroDoublewords);
export const pmovzxdq = widen(zeroDoublewords);

/** ZF = no common bit, CF = no bit of the second outside the first, of those in `selected` if given. */
export function testBits(selected?: (m: Module) => Expression): Semantics {
  return (e) => {
    const { m } = e;
    const b = e.readLanes(1);
    const a = e.readLanes(0);
    const noBits = (combine: (a: Value, b: Value) => Expression): Expression => {
      const bits = a.map((lane, i) => combine(lane, b[i] as Value)).reduce((x, y) => m.v128.or(x, y));
      return m.i32.eqz(m.v128.any_true(selected ? m.v128.and(bits, selected(m)) : bits));
    };
    const zf = noBits((x, y) => m.v128.and(x(), y()));
    const cf = noBits((x, y) => m.v128.andnot(y(), x()));
    e.flags.compare(zf, m.i32.const(0), cf);
  };
}

export const ptest = testBits();
