/**
 * Moves between XMM registers, memory and general registers. Plain copies use `mov` of move.ts; the width of the
 * operands says what is kept and what is copied.
 *
 * Deviation: MASKMOVDQU ignores a segment override, and reads and writes all 16 bytes, so that it faults where
 * only bytes that are not selected are inaccessible.
 */

import type { Expression } from '../../wasm/builder.ts';
import { i32, i64, v128 } from '../../wasm/value-types.ts';
import type { Emitter, Value } from '../emitter.ts';
import type { Semantics } from '../row.ts';
import type { FloatSize } from './float-lanes.ts';
import { lanes, shuffle, splat, writeVector } from './vector.ts';

/** MOVD, MOVQ and scalar loads: the rest of the register becomes zero. */
export function loadLow(e: Emitter): void {
  e.write(0, e.readVector(1));
}

/** MOVSS and MOVSD between registers: the low element is replaced. An engine moves no lane from vector to vector but by a shuffle. */
export function mergeLow(e: Emitter): void {
  const size = e.sizeOf(0) as FloatSize;
  const order = size === 8 ? [2, 1] : [4, 1, 2, 3];
  e.writeFloatLane(0, shuffle(e.m, size, e.readFloatLane(0), e.readFloatLane(1), order));
}

/** MOVLHPS. */
export function lowToHigh(e: Emitter): void {
  e.write(0, shuffle(e.m, 8, e.read(0), e.readFloatLane(1), [0, 2]));
}

/** MOVHLPS. */
export function highToLow(e: Emitter): void {
  e.writeFloatLane(0, shuffle(e.m, 8, e.readFloatLane(0), e.read(1), [3, 1]));
}

/** MOVHPS and MOVHPD from memory: the high half is replaced. */
export function loadHigh(e: Emitter): void {
  e.write(0, e.m.i64x2.replace_lane(e.read(0), 1, e.read(1)));
}

/** MOVHPS and MOVHPD to memory. */
export function storeHigh(e: Emitter): void {
  e.write(0, e.m.i64x2.extract_lane(e.read(1), 1));
}

export function movddup(e: Emitter): void {
  const low = e.let(e.readFloatLane(1), v128);
  e.write(0, shuffle(e.m, 8, low(), low(), [0, 0]));
}

function duplicate(order: readonly number[]): Semantics {
  return (e) => {
    const value = e.let(e.read(1), v128);
    e.write(0, shuffle(e.m, 4, value(), value(), order));
  };
}

export const movsldup = duplicate([0, 0, 2, 2]);
export const movshdup = duplicate([1, 1, 3, 3]);
/** MOVDDUP of vectors that have more than one lane: from a whole lane. */
export const movddupLane = duplicate([0, 1, 0, 1]);

/** Sign bits of elements of `width` bytes, those of the lowest lane lowest. */
function signMask(width: 1 | 4 | 8): Semantics {
  return (e) => {
    const { m } = e;
    const { bitmask } = width === 1 ? m.i8x16 : width === 4 ? m.i32x4 : m.i64x2;
    const [low, high] = e.sizeOf(1) < 16 ? [() => e.readVector(1)] : e.readLanes(1);
    const mask = bitmask((low as Value)());
    if (high === undefined) e.write(0, mask);
    else e.write(0, m.i32.or(mask, m.i32.shl(bitmask(high()), m.i32.const(16 / width))));
  };
}

export const movmskps = signMask(4);
export const movmskpd = signMask(8);
export const pmovmskb = signMask(1);

export function maskmovdqu(e: Emitter): void {
  const { m } = e;
  const value = e.let(e.read(1), v128);
  const mask = e.let(m.i8x16.shr_s(e.read(2), m.i32.const(7)), v128);
  e.update(0, (old) => m.v128.bitselect(value(), old(), mask()));
}

/** Operations on lanes of `width` bytes, by their number. */
function laneOperations({ m }: Emitter, width: number) {
  switch (width) {
    case 1:
      return {
        splat: m.i8x16.splat,
        replace: m.i8x16.replace_lane,
        extract: m.i8x16.extract_lane_u,
        eq: m.i8x16.eq,
      };
    case 2:
      return {
        splat: m.i16x8.splat,
        replace: m.i16x8.replace_lane,
        extract: m.i16x8.extract_lane_u,
        eq: m.i16x8.eq,
      };
    case 4:
      return {
        splat: m.i32x4.splat,
        replace: m.i32x4.replace_lane,
        extract: m.i32x4.extract_lane,
        eq: m.i32x4.eq,
      };
    default:
      return {
        splat: m.i64x2.splat,
        replace: m.i64x2.replace_lane,
        extract: m.i64x2.extract_lane,
        eq: m.i64x2.eq,
      };
  }
}

/** Operand 0 with the lane that the immediate operand 2 selects replaced. */
function insertLane(e: Emitter, width: number, value: Value): Expression {
  const { m } = e;
  const vector = e.let(e.readVector(0), v128);
  const count = e.sizeOf(0) / width;
  const operations = laneOperations(e, width);
  return e.withImmediate(
    2,
    (number) => operations.replace(vector(), number & (count - 1), value()),
    (number) => {
      const selected = m.i32.and(number(), m.i32.const(count - 1));
      const index = operations.splat(width === 8 ? m.i64.extend_u(selected) : selected);
      const numbers = lanes(
        m,
        width,
        Array.from({ length: 16 / width }, (_, i) => i),
      );
      return m.v128.bitselect(operations.splat(value()), vector(), operations.eq(numbers, index));
    },
  );
}

/** The lane of operand 1 that the immediate operand 2 selects, zero-extended. */
function extractLane(e: Emitter, width: number): Expression {
  const { m } = e;
  const vector = e.let(e.readVector(1), v128);
  const count = e.sizeOf(1) / width;
  const operations = laneOperations(e, width);
  return e.withImmediate(
    2,
    (number) => operations.extract(vector(), number & (count - 1)),
    (number) => {
      const first = m.i32.mul(m.i32.and(number(), m.i32.const(count - 1)), m.i32.const(width));
      const offsets = lanes(
        m,
        1,
        Array.from({ length: 16 }, (_, i) => i % width),
      );
      const indices = m.i8x16.add(m.i8x16.splat(first), offsets);
      return operations.extract(m.i8x16.swizzle(vector(), indices), 0);
    },
  );
}

/** PINSRB, PINSRW, PINSRD, PINSRQ: `width` 0 is the width of the source operand. */
export function pinsr(width: number): Semantics {
  return (e) => {
    const size = width || e.sizeOf(1);
    const value = e.let(e.read(1), e.sizeOf(1) === 8 ? i64 : i32);
    writeVector(e, 0, insertLane(e, size, value));
  };
}

/** PEXTRB, PEXTRW, PEXTRD, PEXTRQ, EXTRACTPS. */
export function pextr(width: number): Semantics {
  return (e) => e.write(0, extractLane(e, width || e.sizeOf(0)));
}

/** INSERTPS: source lane from a register, destination lane and zeroed lanes by the immediate. */
export function insertps(e: Emitter): void {
  const { m } = e;
  const memory = !e.isRegister(1);
  const source = e.let(memory ? m.i32x4.splat(e.read(1)) : e.read(1), v128);
  const target = e.let(e.read(0), v128);
  const result = e.withImmediate(
    2,
    (control) => {
      const from = memory ? 0 : control >> 6;
      const order = [0, 1, 2, 3];
      order[(control >> 4) & 3] = 4 + from;
      const inserted = shuffle(m, 4, target(), source(), order);
      const kept = [0, 1, 2, 3].map((lane) => (control & (1 << lane) ? 0 : -1));
      return (control & 15) === 0 ? inserted : m.v128.and(inserted, lanes(m, 4, kept));
    },
    (control) => {
      const from = m.i32.mul(m.i32.shr_u(control(), m.i32.const(6)), m.i32.const(4));
      const offsets = lanes(
        m,
        1,
        Array.from({ length: 16 }, (_, i) => i % 4),
      );
      const value = m.i8x16.swizzle(source(), m.i8x16.add(m.i8x16.splat(from), offsets));
      const to = m.i32x4.splat(m.i32.and(m.i32.shr_u(control(), m.i32.const(4)), m.i32.const(3)));
      const place = m.i32x4.eq(lanes(m, 4, [0, 1, 2, 3]), to);
      const inserted = m.v128.bitselect(value, target(), place);
      const zeroed = m.v128.and(m.i32x4.splat(control()), lanes(m, 4, [1, 2, 4, 8]));
      return m.v128.and(inserted, m.i32x4.eq(zeroed, splat(m, 4, 0)));
    },
  );
  e.write(0, result);
}
