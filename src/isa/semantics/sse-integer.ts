/** Packed integer arithmetic, logic, comparison and shifts. */

import type { Expression, Module } from '../../wasm/builder.ts';
import { i64, v128 } from '../../wasm/value-types.ts';
import type { Emitter, Value } from '../emitter.ts';
import type { Semantics } from '../row.ts';
import { lanes, packed, packedValues, shuffle, splat, unary, writeVector, zero } from './vector.ts';

export const paddb = packed((m, a, b) => m.i8x16.add(a, b));
export const paddw = packed((m, a, b) => m.i16x8.add(a, b));
export const paddd = packed((m, a, b) => m.i32x4.add(a, b));
export const paddq = packed((m, a, b) => m.i64x2.add(a, b));
export const psubb = packed((m, a, b) => m.i8x16.sub(a, b));
export const psubw = packed((m, a, b) => m.i16x8.sub(a, b));
export const psubd = packed((m, a, b) => m.i32x4.sub(a, b));
export const psubq = packed((m, a, b) => m.i64x2.sub(a, b));
export const paddsb = packed((m, a, b) => m.i8x16.add_saturate_s(a, b));
export const paddsw = packed((m, a, b) => m.i16x8.add_saturate_s(a, b));
export const paddusb = packed((m, a, b) => m.i8x16.add_saturate_u(a, b));
export const paddusw = packed((m, a, b) => m.i16x8.add_saturate_u(a, b));
export const psubsb = packed((m, a, b) => m.i8x16.sub_saturate_s(a, b));
export const psubsw = packed((m, a, b) => m.i16x8.sub_saturate_s(a, b));
export const psubusb = packed((m, a, b) => m.i8x16.sub_saturate_u(a, b));
export const psubusw = packed((m, a, b) => m.i16x8.sub_saturate_u(a, b));

export const pand = packed((m, a, b) => m.v128.and(a, b));
export const por = packed((m, a, b) => m.v128.or(a, b));
export const pxor = packed((m, a, b) => m.v128.xor(a, b));
/** ~first & second. */
export const pandn = packed((m, a, b) => m.v128.andnot(b, a));

export const pcmpeqb = packed((m, a, b) => m.i8x16.eq(a, b));
export const pcmpeqw = packed((m, a, b) => m.i16x8.eq(a, b));
export const pcmpeqd = packed((m, a, b) => m.i32x4.eq(a, b));
export const pcmpeqq = packed((m, a, b) => m.i64x2.eq(a, b));
export const pcmpgtb = packed((m, a, b) => m.i8x16.gt_s(a, b));
export const pcmpgtw = packed((m, a, b) => m.i16x8.gt_s(a, b));
export const pcmpgtd = packed((m, a, b) => m.i32x4.gt_s(a, b));
export const pcmpgtq = packed((m, a, b) => m.i64x2.gt_s(a, b));

export const pminub = packed((m, a, b) => m.i8x16.min_u(a, b));
export const pminsb = packed((m, a, b) => m.i8x16.min_s(a, b));
export const pminuw = packed((m, a, b) => m.i16x8.min_u(a, b));
export const pminsw = packed((m, a, b) => m.i16x8.min_s(a, b));
export const pminud = packed((m, a, b) => m.i32x4.min_u(a, b));
export const pminsd = packed((m, a, b) => m.i32x4.min_s(a, b));
export const pmaxub = packed((m, a, b) => m.i8x16.max_u(a, b));
export const pmaxsb = packed((m, a, b) => m.i8x16.max_s(a, b));
export const pmaxuw = packed((m, a, b) => m.i16x8.max_u(a, b));
export const pmaxsw = packed((m, a, b) => m.i16x8.max_s(a, b));
export const pmaxud = packed((m, a, b) => m.i32x4.max_u(a, b));
export const pmaxsd = packed((m, a, b) => m.i32x4.max_s(a, b));
export const pavgb = packed((m, a, b) => m.i8x16.avgr_u(a, b));
export const pavgw = packed((m, a, b) => m.i16x8.avgr_u(a, b));

export const pabsb = unary((m, a) => m.i8x16.abs(a));
export const pabsw = unary((m, a) => m.i16x8.abs(a));
export const pabsd = unary((m, a) => m.i32x4.abs(a));

export const pmullw = packed((m, a, b) => m.i16x8.mul(a, b));
export const pmulld = packed((m, a, b) => m.i32x4.mul(a, b));
export const pmaddwd = packed((m, a, b) => m.i32x4.dot_i16x8_s(a, b));

const HIGH_WORDS = [1, 3, 5, 7, 9, 11, 13, 15];
export const pmulhw = packedValues(({ m }, a, b) => {
  const low = m.i32x4.extmul_low_i16x8_s(a(), b());
  return shuffle(m, 2, low, m.i32x4.extmul_high_i16x8_s(a(), b()), HIGH_WORDS);
});
export const pmulhuw = packedValues(({ m }, a, b) => {
  const low = m.i32x4.extmul_low_i16x8_u(a(), b());
  return shuffle(m, 2, low, m.i32x4.extmul_high_i16x8_u(a(), b()), HIGH_WORDS);
});

/** Even doublewords in the low half. */
function evenDoublewords(m: Module, value: Value): Expression {
  return shuffle(m, 4, value(), value(), [0, 2, 0, 2]);
}

export const pmuludq = packedValues(({ m }, a, b) =>
  m.i64x2.extmul_low_i32x4_u(evenDoublewords(m, a), evenDoublewords(m, b)),
);
export const pmuldq = packedValues(({ m }, a, b) =>
  m.i64x2.extmul_low_i32x4_s(evenDoublewords(m, a), evenDoublewords(m, b)),
);

/** (a * b + 4000H) >> 15; -8000H squared wraps to 8000H, where q15mulr saturates to 7FFFH. */
export const pmulhrsw = packedValues((e, a, b) => {
  const { m } = e;
  const product = e.let(m.i16x8.q15mulr_sat_s(a(), b()), v128);
  const extreme = m.v128.and(m.i16x8.eq(a(), splat(m, 2, -0x8000)), m.i16x8.eq(b(), splat(m, 2, -0x8000)));
  return m.v128.xor(product(), extreme);
});

/** Unsigned bytes of the first times signed bytes of the second, pairs added with saturation. */
export const pmaddubsw = packedValues((e, a, b) => {
  const { m } = e;
  const even = m.i16x8.mul(
    m.v128.and(a(), splat(m, 2, 0xff)),
    m.i16x8.shr_s(m.i16x8.shl(b(), m.i32.const(8)), m.i32.const(8)),
  );
  const odd = m.i16x8.mul(m.i16x8.shr_u(a(), m.i32.const(8)), m.i16x8.shr_s(b(), m.i32.const(8)));
  return m.i16x8.add_saturate_s(even, odd);
});

/** Sums of eight bytes in the low words of both halves. */
function sumBytes(e: Emitter, bytes: Expression): Expression {
  const { m } = e;
  const words = m.i16x8.extadd_pairwise_i8x16_u(bytes);
  const sums = e.let(m.i32x4.extadd_pairwise_i16x8_u(words), v128);
  const low = m.v128.and(sums(), lanes(m, 8, [0xffff_ffff, 0xffff_ffff]));
  return m.i64x2.add(low, m.i64x2.shr_u(sums(), m.i32.const(32)));
}

export const psadbw = packedValues((e, a, b) => {
  const { m } = e;
  const difference = m.v128.or(m.i8x16.sub_saturate_u(a(), b()), m.i8x16.sub_saturate_u(b(), a()));
  return sumBytes(e, difference);
});

/** PSIGN: negates, keeps or clears lanes of the first by the sign of the second. */
function sign(width: 1 | 2 | 4): Semantics {
  return packedValues((e, a, b) => {
    const { m } = e;
    const lane = width === 1 ? m.i8x16 : width === 2 ? m.i16x8 : m.i32x4;
    const negative = e.let(lane.lt_s(b(), zero(m)), v128);
    const negated = lane.sub(m.v128.xor(a(), negative()), negative());
    return m.v128.andnot(negated, lane.eq(b(), zero(m)));
  });
}

export const psignb = sign(1);
export const psignw = sign(2);
export const psignd = sign(4);

/** PHADD and PHSUB: pairs of the first, then of the second. */
function horizontal(
  width: 2 | 4,
  operation: (m: Module, even: Expression, odd: Expression) => Expression,
): Semantics {
  const even = Array.from({ length: 16 / width }, (_, i) => 2 * i);
  return packedValues(({ m }, a, b) =>
    operation(
      m,
      shuffle(m, width, a(), b(), even),
      shuffle(
        m,
        width,
        a(),
        b(),
        even.map((lane) => lane + 1),
      ),
    ),
  );
}

export const phaddw = horizontal(2, (m, even, odd) => m.i16x8.add(even, odd));
export const phaddd = horizontal(4, (m, even, odd) => m.i32x4.add(even, odd));
export const phaddsw = horizontal(2, (m, even, odd) => m.i16x8.add_saturate_s(even, odd));
export const phsubw = horizontal(2, (m, even, odd) => m.i16x8.sub(even, odd));
export const phsubd = horizontal(4, (m, even, odd) => m.i32x4.sub(even, odd));
export const phsubsw = horizontal(2, (m, even, odd) => m.i16x8.sub_saturate_s(even, odd));

export type ShiftOperation = 'shl' | 'shr_u' | 'shr_s';

/** Shift of lanes of `width` bytes by an i32 count below 8 * width. */
function shiftLanes(
  m: Module,
  width: number,
  operation: ShiftOperation,
  value: Expression,
  count: Expression,
) {
  const lane = width === 2 ? m.i16x8 : width === 4 ? m.i32x4 : m.i64x2;
  return lane[operation](value, count);
}

/** By the low 64 bits of the second operand: too large a count clears, or fills with the sign. */
export function shiftByRegister(width: 2 | 4 | 8, operation: ShiftOperation): Semantics {
  const last = width * 8 - 1;
  return (e) => {
    const { m } = e;
    const count = e.let(m.i64x2.extract_lane(e.readVector(1), 0), i64);
    const large = e.let(m.i64.gt_u(count(), m.i64.const(BigInt(last))));
    if (operation === 'shr_s') {
      const limited = m.select(large(), m.i32.const(last), m.i32.wrap(count()));
      writeVector(e, 0, shiftLanes(m, width, operation, e.readVector(0), limited));
    } else {
      const shifted = shiftLanes(m, width, operation, e.readVector(0), m.i32.wrap(count()));
      writeVector(e, 0, m.select(large(), zero(m), shifted));
    }
  };
}

export function shiftByImmediate(width: 2 | 4 | 8, operation: ShiftOperation): Semantics {
  const last = width * 8 - 1;
  return (e) => {
    const { m } = e;
    const value = e.let(e.readVector(0), v128);
    const result = e.withImmediate(
      1,
      (count) => {
        if (count > last && operation !== 'shr_s') return zero(m);
        return shiftLanes(m, width, operation, value(), m.i32.const(Math.min(count, last)));
      },
      (count) => {
        const large = m.i32.gt_u(count(), m.i32.const(last));
        if (operation === 'shr_s') {
          return shiftLanes(m, width, operation, value(), m.select(large, m.i32.const(last), count()));
        }
        return m.select(large, zero(m), shiftLanes(m, width, operation, value(), count()));
      },
    );
    writeVector(e, 0, result);
  };
}

/** PSLLDQ and PSRLDQ: by bytes; `direction` 1 shifts left. */
function shiftBytes(direction: 1 | -1): Semantics {
  return (e) => {
    const { m } = e;
    const value = e.let(e.read(0), v128);
    const numbers = Array.from({ length: 16 }, (_, i) => i);
    const result = e.withImmediate(
      1,
      (count) => {
        if (count > 15) return zero(m);
        const order = numbers.map((i) => i - direction * count).map((i) => (i >= 0 && i < 16 ? i : 16));
        return m.i8x16.shuffle(value(), zero(m), order);
      },
      (count) => {
        const limited = m.select(m.i32.gt_u(count(), m.i32.const(16)), m.i32.const(16), count());
        const distance = m.i8x16.splat(limited);
        const indices = lanes(m, 1, numbers);
        // Indices from 16 up, and negative ones, give zero.
        return m.i8x16.swizzle(
          value(),
          direction === 1 ? m.i8x16.sub(indices, distance) : m.i8x16.add(indices, distance),
        );
      },
    );
    e.write(0, result);
  };
}

export const pslldq = shiftBytes(1);
export const psrldq = shiftBytes(-1);
