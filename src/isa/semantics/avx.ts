/** What only VEX encodings have: broadcasts, permutations across lanes, masked moves, variable shifts. */
import type { Expression, Module } from '../../wasm/builder.ts';
import { i32, i64, v128 } from '../../wasm/value-types.ts';
import type { Emitter, Value } from '../emitter.ts';
import type { Semantics } from '../row.ts';
import { testBits } from './sse-shuffle.ts';
import { lanes, shuffle, splat, zero } from './vector.ts';

/** Clears bits 128 and up of the first `count` registers. */
export function vzeroupper(count: number): Semantics {
  return (e) => {
    for (let i = 0; i < count; i++) e.clearUpper(i);
  };
}

export function vzeroall(count: number): Semantics {
  return (e) => {
    for (let i = 0; i < count; i++) e.setXmm(i, zero(e.m));
    vzeroupper(count)(e);
  };
}

/** The low element of operand 1, of `width` bytes, to all elements of operand 0. */
export function broadcast(width: 1 | 2 | 4 | 8): Semantics {
  return (e) => {
    const { m } = e;
    const all = { 1: m.i8x16, 2: m.i16x8, 4: m.i32x4, 8: m.i64x2 }[width];
    const value = e.let(all.splat(e.read(1)), v128);
    e.writeLanes(0, e.sizeOf(0) === 32 ? [value, value] : [value]);
  };
}

export function broadcast128(e: Emitter): void {
  const [value] = e.readLanes(1) as [Value];
  e.writeLanes(0, [value, value]);
}

/** i32, not zero if a bit of a value is set. */
function bit(m: Module, value: Value, mask: number): Expression {
  return m.i32.and(value(), m.i32.const(mask));
}

/** One of two v128, by a bit of the immediate operand. */
function byBit(e: Emitter, operand: number, set: Value, clear: Value): Value {
  const { m } = e;
  return e.let(
    e.withImmediate(
      operand,
      (control) => (control & 1 ? set() : clear()),
      (control) => m.select(bit(m, control, 1), set(), clear()),
    ),
    v128,
  );
}

export function vinsert128(e: Emitter): void {
  const [low, high] = e.readLanes(1) as [Value, Value];
  const [value] = e.readLanes(2) as [Value];
  e.writeLanes(0, [byBit(e, 3, low, value), byBit(e, 3, value, high)]);
}

export function vextract128(e: Emitter): void {
  const [low, high] = e.readLanes(1) as [Value, Value];
  e.writeLanes(0, [byBit(e, 2, high, low)]);
}

/** Each half of the result is one of the four of both sources, or zero. */
export function vperm2x128(e: Emitter): void {
  const { m } = e;
  const [a, b] = [e.readLanes(1), e.readLanes(2)];
  const [first, second, third, fourth] = [...a, ...b] as [Value, Value, Value, Value];
  const half = (shift: number): Value =>
    e.let(
      e.withImmediate(
        3,
        (control) => {
          const selector = control >> shift;
          const source = [first, second, third, fourth][selector & 3] as Value;
          return selector & 8 ? zero(m) : source();
        },
        (control) => {
          const selector = e.let(m.i32.shr_u(control(), m.i32.const(shift)));
          const odd = (set: Value, clear: Value): Expression => m.select(bit(m, selector, 1), set(), clear());
          const source = m.select(bit(m, selector, 2), odd(fourth, third), odd(second, first));
          return m.select(bit(m, selector, 8), zero(m), source);
        },
      ),
      v128,
    );
  e.writeLanes(0, [half(0), half(4)]);
}

/** Byte indices of the doublewords that bits 0 and 1 of each doubleword select, for swizzles. */
function doublewords(m: Module, selectors: Value): Expression {
  const selected = m.v128.and(selectors(), splat(m, 4, 3));
  return m.i32x4.add(m.i32x4.mul(selected, splat(m, 4, 0x0404_0404)), splat(m, 4, 0x0302_0100));
}

/** In a lane: doublewords of the first source, selected by those of the second. */
export function vpermilps(e: Emitter): void {
  const { m } = e;
  const selectors = e.let(e.read(1), v128);
  e.write(0, m.i8x16.swizzle(e.read(0), doublewords(m, selectors)));
}

/** In a lane: quadwords of the first source, selected by bit 1 of those of the second. */
export function vpermilpd(e: Emitter): void {
  const { m } = e;
  const value = e.let(e.read(0), v128);
  const high = e.let(m.i64x2.shl(e.read(1), m.i32.const(62)), v128);
  const mask = m.i64x2.shr_s(high(), m.i32.const(63));
  e.write(
    0,
    m.v128.bitselect(shuffle(m, 8, value(), value(), [1, 1]), shuffle(m, 8, value(), value(), [0, 0]), mask),
  );
}

export function vpermilpdByImmediate(e: Emitter): void {
  const { m } = e;
  const value = e.let(e.read(1), v128);
  const result = e.withImmediate(
    2,
    (control) => shuffle(m, 8, value(), value(), [control & 1, (control >> 1) & 1]),
    (control) => {
      const quadword = (mask: number): Expression =>
        m.select(bit(m, control, mask), m.i64x2.extract_lane(value(), 1), m.i64x2.extract_lane(value(), 0));
      return m.i64x2.replace_lane(m.i64x2.splat(quadword(1)), 1, quadword(2));
    },
  );
  e.write(0, result);
}

/** VPERMD and VPERMPS: doublewords of the second source, by the indices in the first. */
export function vpermd(e: Emitter): void {
  const { m } = e;
  const [low, high] = e.readLanes(2) as [Value, Value];
  const results = e.readLanes(1).map((indices) => {
    const bytes = e.let(doublewords(m, indices), v128);
    const upper = m.i32x4.shr_s(m.i32x4.shl(indices(), m.i32.const(29)), m.i32.const(31));
    return e.let(
      m.v128.bitselect(m.i8x16.swizzle(high(), bytes()), m.i8x16.swizzle(low(), bytes()), upper),
      v128,
    );
  });
  e.writeLanes(0, results);
}

/** VPERMQ and VPERMPD: quadwords by two bits of the immediate each. */
export function vpermq(e: Emitter): void {
  const { m } = e;
  const [low, high] = e.readLanes(1) as [Value, Value];
  const lane = (shift: number): Value =>
    e.let(
      e.withImmediate(
        2,
        (control) => shuffle(m, 8, low(), high(), [(control >> shift) & 3, (control >> (shift + 2)) & 3]),
        (control) => {
          const quadword = (at: number): Expression => {
            const source = e.let(m.select(bit(m, control, 2 << at), high(), low()), v128);
            const halves = [1, 0].map((half) => m.i64x2.extract_lane(source(), half)) as [
              Expression,
              Expression,
            ];
            return m.select(bit(m, control, 1 << at), ...halves);
          };
          return m.i64x2.replace_lane(m.i64x2.splat(quadword(shift)), 1, quadword(shift + 2));
        },
      ),
      v128,
    );
  e.writeLanes(0, [lane(0), lane(4)]);
}

/** Shifts of each element by that of the second source: too large a count clears, or fills with the sign. */
export function shiftVariable(width: 4 | 8, operation: 'shl' | 'shr_u' | 'shr_s'): Semantics {
  return (e) => {
    const { m } = e;
    const counts = e.let(e.read(1), v128);
    const value = e.let(e.read(0), v128);
    const [integer, vector] = width === 4 ? [m.i32, m.i32x4] : [m.i64, m.i64x2];
    const constant = (number: number): Expression =>
      width === 4 ? m.i32.const(number) : m.i64.const(BigInt(number));
    const last = width * 8 - 1;
    let result = vector.splat(constant(0));
    for (let i = 0; i < 16 / width; i++) {
      const count = e.let(vector.extract_lane(counts(), i), width === 4 ? i32 : i64);
      const large = integer.gt_u(count(), constant(last));
      const element = vector.extract_lane(value(), i);
      const shifted =
        operation === 'shr_s'
          ? integer.shr_s(element, m.select(large, constant(last), count()))
          : m.select(large, constant(0), integer[operation](element, count()));
      result = vector.replace_lane(result, i, shifted);
    }
    e.write(0, result);
  };
}

export const vtestps = testBits((m) => splat(m, 4, -0x8000_0000));
export const vtestpd = testBits((m) => lanes(m, 4, [0, -0x8000_0000, 0, -0x8000_0000]));

/** `count` elements of `width` bytes by indices of `indexWidth` bytes, for vectors of 16 bytes. */
export function gather(width: 4 | 8, indexWidth: 4 | 8): Semantics {
  return (e) => {
    const perLane = 16 / Math.max(width, indexWidth);
    e.gather(width, indexWidth, perLane * e.lanes);
  };
}

/** Elements of memory where the mask in operand 1 has its sign bit set. */
export function loadMasked(width: 4 | 8): Semantics {
  return (e) => e.writeLanes(0, e.readMasked(2, width, e.readLanes(1)));
}

/** Stores elements of operand 2 where the mask in operand 1 has its sign bit set. */
export function storeMasked(width: 4 | 8): Semantics {
  return (e) => {
    const values = e.readLanes(2);
    e.writeMasked(0, width, e.readLanes(1), values);
  };
}
