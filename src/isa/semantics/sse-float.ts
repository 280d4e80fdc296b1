/**
 * Floating-point arithmetic and comparison.
 *
 * Inline code rounds to nearest and leaves NaNs to the runtime, since wasm does not say which NaN an operation
 * gives and x86 does (Intel SDM Vol. 1 "Operating on NaNs"). The runtime (wasm-runtime/sse/) also computes
 * everything under another rounding mode, FTZ, DAZ or unmasked exceptions, and then exactly.
 *
 * Deviations: the sticky flags of MXCSR are not set by inline code; only where the runtime computes. RCP and
 * RSQRT are rounded from exact results, so they have more right bits than a processor's.
 */
import {
  SSE_ADD,
  SSE_ADD_SUBTRACT,
  SSE_COMPARE,
  SSE_DIVIDE,
  SSE_MAXIMUM,
  SSE_MINIMUM,
  SSE_MULTIPLY,
  SSE_ROUND,
  SSE_SQUARE_ROOT,
  SSE_SUBTRACT,
} from '../../layout/sse-operations.ts';
import { f32, f64, v128 } from '../../wasm/binaryen-types.ts';
import type { Expression, Module } from '../../wasm/binaryen.ts';
import type { Emitter, Value } from '../emitter.ts';
import type { Semantics } from '../row.ts';
import { shuffle, splat } from './vector.ts';

export function scalarType(size: number): number {
  return size === 8 ? f64 : f32;
}

/** The f32 or f64 instructions of scalars and of vectors. */
export function float(m: Module, size: number): Module['f32'] | Module['f64'] {
  return size === 8 ? m.f64 : m.f32;
}

export function floats(m: Module, size: number): Module['f32x4'] | Module['f64x2'] {
  return size === 8 ? m.f64x2 : m.f32x4;
}

/** A scalar result, unless it is a NaN or MXCSR is special. */
function scalarResult(e: Emitter, operation: number, a: Value, b: Value, result: Expression): Expression {
  const { m } = e;
  const size = e.sizeOf(0);
  const type = scalarType(size);
  const fast = e.let(result, type);
  const rare = m.i32.or(float(m, size).ne(fast(), fast()), e.specialMxcsr());
  const args = [e.record(), m.i32.const(operation), a(), b()];
  const [value] = e.unlessRare(rare, { fast, type, name: `sseScalar${size * 8}`, args }) as [Value];
  return value();
}

/** The same for vectors of lanes of `size` bytes. */
function packedResult(
  e: Emitter,
  size: number,
  operation: number,
  a: Value,
  b: Value,
  result: Expression,
): Expression {
  const { m } = e;
  const fast = e.let(result, v128);
  const rare = m.i32.or(m.v128.any_true(floats(m, size).ne(fast(), fast())), e.specialMxcsr());
  const args = [e.record(), m.i32.const(operation), a(), b()];
  const [value] = e.unlessRare(rare, { fast, type: v128, name: `ssePacked${size * 8}`, args }) as [Value];
  return value();
}

export interface FloatSemantics {
  readonly ss: Semantics;
  readonly sd: Semantics;
  readonly ps: Semantics;
  readonly pd: Semantics;
}

function arithmetic(name: 'add' | 'sub' | 'mul' | 'div', operation: number): FloatSemantics {
  const scalar: Semantics = (e) => {
    const type = scalarType(e.sizeOf(0));
    const b = e.let(e.readFloat(1), type);
    const a = e.let(e.readFloat(0), type);
    e.writeFloat(0, scalarResult(e, operation, a, b, float(e.m, e.sizeOf(0))[name](a(), b())));
  };
  const packed = (size: number): Semantics => {
    return (e) => {
      const b = e.let(e.read(1), v128);
      const a = e.let(e.read(0), v128);
      e.write(0, packedResult(e, size, operation, a, b, floats(e.m, size)[name](a(), b())));
    };
  };
  return { ss: scalar, sd: scalar, ps: packed(4), pd: packed(8) };
}

export const add = arithmetic('add', SSE_ADD);
export const sub = arithmetic('sub', SSE_SUBTRACT);
export const mul = arithmetic('mul', SSE_MULTIPLY);
export const div = arithmetic('div', SSE_DIVIDE);

function squareRoot(): FloatSemantics {
  const scalar: Semantics = (e) => {
    const b = e.let(e.readFloat(1), scalarType(e.sizeOf(0)));
    e.writeFloat(0, scalarResult(e, SSE_SQUARE_ROOT, b, b, float(e.m, e.sizeOf(0)).sqrt(b())));
  };
  const packed = (size: number): Semantics => {
    return (e) => {
      const b = e.let(e.read(1), v128);
      e.write(0, packedResult(e, size, SSE_SQUARE_ROOT, b, b, floats(e.m, size).sqrt(b())));
    };
  };
  return { ss: scalar, sd: scalar, ps: packed(4), pd: packed(8) };
}

export const sqrt = squareRoot();

/** MIN and MAX give the second operand if one is a NaN or both are zero: pmin and pmax with exchanged operands. */
function extremum(name: 'pmin' | 'pmax', operation: number): FloatSemantics {
  const scalar: Semantics = (e) => {
    const { m } = e;
    const size = e.sizeOf(0);
    const type = scalarType(size);
    const b = e.let(e.readFloat(1), type);
    const a = e.let(e.readFloat(0), type);
    const vector = floats(m, size);
    const fast = e.let(vector.extract_lane(vector[name](vector.splat(b()), vector.splat(a())), 0), type);
    const args = [e.record(), m.i32.const(operation), a(), b()];
    const path = { fast, type, name: `sseScalar${size * 8}`, args };
    const [value] = e.unlessRare(e.specialMxcsr(), path) as [Value];
    e.writeFloat(0, value());
  };
  const packed = (size: number): Semantics => {
    return (e) => {
      const { m } = e;
      const b = e.let(e.read(1), v128);
      const a = e.let(e.read(0), v128);
      const fast = e.let(floats(m, size)[name](b(), a()), v128);
      const args = [e.record(), m.i32.const(operation), a(), b()];
      const path = { fast, type: v128, name: `ssePacked${size * 8}`, args };
      const [value] = e.unlessRare(e.specialMxcsr(), path) as [Value];
      e.write(0, value());
    };
  };
  return { ss: scalar, sd: scalar, ps: packed(4), pd: packed(8) };
}

export const min = extremum('pmin', SSE_MINIMUM);
export const max = extremum('pmax', SSE_MAXIMUM);

/** Even lanes of a then b, and odd lanes: what HADDPS and HSUBPS combine. */
function horizontal(size: 4 | 8, name: 'add' | 'sub', operation: number): Semantics {
  const even = size === 4 ? [0, 2, 4, 6] : [0, 2];
  return (e) => {
    const { m } = e;
    const b = e.let(e.read(1), v128);
    const a = e.let(e.read(0), v128);
    const left = e.let(shuffle(m, size, a(), b(), even), v128);
    const odd = even.map((lane) => lane + 1);
    const right = e.let(shuffle(m, size, a(), b(), odd), v128);
    e.write(0, packedResult(e, size, operation, left, right, floats(m, size)[name](left(), right())));
  };
}

export const haddps = horizontal(4, 'add', SSE_ADD);
export const haddpd = horizontal(8, 'add', SSE_ADD);
export const hsubps = horizontal(4, 'sub', SSE_SUBTRACT);
export const hsubpd = horizontal(8, 'sub', SSE_SUBTRACT);

/** Even lanes subtracted, odd lanes added. */
function addSubtract(size: 4 | 8): Semantics {
  const order = size === 4 ? [0, 5, 2, 7] : [0, 3];
  return (e) => {
    const { m } = e;
    const vector = floats(m, size);
    const b = e.let(e.read(1), v128);
    const a = e.let(e.read(0), v128);
    const result = shuffle(m, size, vector.sub(a(), b()), vector.add(a(), b()), order);
    e.write(0, packedResult(e, size, SSE_ADD_SUBTRACT, a, b, result));
  };
}

export const addsubps = addSubtract(4);
export const addsubpd = addSubtract(8);

/** Predicate 0-7 of CMPcc: EQ, LT, LE, UNORD, NEQ, NLT, NLE, ORD. */
function predicateOfLanes(m: Module, size: number, predicate: number, a: Value, b: Value): Expression {
  const vector = floats(m, size);
  switch (predicate) {
    case 0:
      return vector.eq(a(), b());
    case 1:
      return vector.lt(a(), b());
    case 2:
      return vector.le(a(), b());
    case 3:
      return m.v128.or(vector.ne(a(), a()), vector.ne(b(), b()));
    case 4:
      return vector.ne(a(), b());
    case 5:
      return m.v128.not(vector.lt(a(), b()));
    case 6:
      return m.v128.not(vector.le(a(), b()));
    default:
      return m.v128.and(vector.eq(a(), a()), vector.eq(b(), b()));
  }
}

/** The mask that predicate `immediate` & 7 gives for all lanes. */
function comparison(e: Emitter, size: number, a: Value, b: Value): Expression {
  const { m } = e;
  return e.withImmediate(
    2,
    (immediate) => predicateOfLanes(m, size, immediate & 7, a, b),
    (immediate) => {
      const bit = (mask: number): Expression => m.i32.and(immediate(), m.i32.const(mask));
      const mask = m.if(
        bit(2),
        m.if(bit(1), predicateOfLanes(m, size, 3, a, b), predicateOfLanes(m, size, 2, a, b)),
        m.if(bit(1), predicateOfLanes(m, size, 1, a, b), predicateOfLanes(m, size, 0, a, b)),
      );
      const negated = m.select(bit(4), splat(m, 4, -1), splat(m, 4, 0));
      return m.v128.xor(mask, negated);
    },
  );
}

function compareOperation(e: Emitter): Expression {
  const { m } = e;
  return m.i32.add(m.i32.and(e.read(2), m.i32.const(7)), m.i32.const(SSE_COMPARE));
}

function compareScalar(e: Emitter): void {
  const { m } = e;
  const size = e.sizeOf(0);
  const type = scalarType(size);
  const vector = floats(m, size);
  const b = e.let(e.readFloat(1), type);
  const a = e.let(e.readFloat(0), type);
  const lanesA = e.let(vector.splat(a()), v128);
  const lanesB = e.let(vector.splat(b()), v128);
  const mask = comparison(e, size, lanesA, lanesB);
  const fast = e.let(vector.extract_lane(mask, 0), type);
  const args = [e.record(), compareOperation(e), a(), b()];
  const path = { fast, type, name: `sseScalar${size * 8}`, args };
  const [value] = e.unlessRare(e.specialMxcsr(), path) as [Value];
  e.writeFloat(0, value());
}

function comparePacked(size: number): Semantics {
  return (e) => {
    const b = e.let(e.read(1), v128);
    const a = e.let(e.read(0), v128);
    const fast = e.let(comparison(e, size, a, b), v128);
    const args = [e.record(), compareOperation(e), a(), b()];
    const path = { fast, type: v128, name: `ssePacked${size * 8}`, args };
    const [value] = e.unlessRare(e.specialMxcsr(), path) as [Value];
    e.write(0, value());
  };
}

export const cmp: FloatSemantics = {
  ss: compareScalar,
  sd: compareScalar,
  ps: comparePacked(4),
  pd: comparePacked(8),
};

/** COMISS and COMISD; UCOMISS and UCOMISD accept QNaNs without an invalid operation exception. */
function compareFlags(quietly: boolean): Semantics {
  return (e) => {
    const { m } = e;
    const size = e.sizeOf(0);
    const type = scalarType(size);
    const b = e.let(e.readFloat(1), type);
    const a = e.let(e.readFloat(0), type);
    const bits = size * 8;
    const args = [e.record(), a(), b(), m.i32.const(quietly ? 1 : 0)];
    const [x, y] = e.unlessRare(
      e.specialMxcsr(),
      { fast: a, type, name: `sseOrdered${bits}`, args },
      { fast: b, type, name: `sseFlushed${bits}`, args: [b()] },
    ) as [Value, Value];
    e.flags.compareFloat(size, x, y);
  };
}

export const comi = compareFlags(false);
export const ucomi = compareFlags(true);

/** Smallest normal f32. */
const MINIMUM_NORMAL = 0x0080_0000;
const SIGN_32 = -0x8000_0000;
const QUIET_32 = 0x0040_0000;

/** Denormal lanes become zeros of the same sign, whatever MXCSR says. */
function flushLanes(e: Emitter, value: Value): Value {
  const { m } = e;
  const tiny = m.f32x4.lt(m.f32x4.abs(value()), splat(m, 4, MINIMUM_NORMAL));
  const kept = m.v128.or(m.v128.not(tiny), splat(m, 4, SIGN_32));
  return e.let(m.v128.and(value(), kept), v128);
}

/** Lanes that are NaNs, quieted; the other lanes of `result`. */
function keepNaNs(m: Module, value: Value, result: Expression): Expression {
  const nan = m.f32x4.ne(value(), value());
  return m.v128.bitselect(m.v128.or(value(), splat(m, 4, QUIET_32)), result, nan);
}

const ONE_32 = 0x3f80_0000;

function reciprocal(e: Emitter, value: Value): Expression {
  const { m } = e;
  const x = flushLanes(e, value);
  const quotient = e.let(m.f32x4.div(splat(m, 4, ONE_32), x()), v128);
  return keepNaNs(m, value, flushLanes(e, quotient)());
}

function reciprocalRoot(e: Emitter, value: Value): Expression {
  const { m } = e;
  const x = flushLanes(e, value);
  const root = m.f32x4.div(splat(m, 4, ONE_32), m.f32x4.sqrt(x()));
  // Negative numbers give the default NaN.
  const negative = m.f32x4.lt(x(), splat(m, 4, 0));
  return keepNaNs(m, value, m.v128.bitselect(splat(m, 4, SIGN_32 + 0x7fc0_0000), root, negative));
}

function approximation(compute: (e: Emitter, value: Value) => Expression): Pick<FloatSemantics, 'ss' | 'ps'> {
  return {
    ss: (e) => e.write(0, e.m.i32x4.extract_lane(compute(e, e.let(e.readVector(1), v128)), 0)),
    ps: (e) => e.write(0, compute(e, e.let(e.read(1), v128))),
  };
}

export const rcp = approximation(reciprocal);
export const rsqrt = approximation(reciprocalRoot);

/** ROUNDPS and kin; nearest, down, up, truncate by bits 0-1 of the immediate, bit 2: as MXCSR.RC, nearest if not special. */
const ROUNDINGS = ['nearest', 'floor', 'ceil', 'trunc'] as const;

function roundOperation(e: Emitter): Expression {
  const { m } = e;
  return m.i32.add(m.i32.and(e.read(2), m.i32.const(15)), m.i32.const(SSE_ROUND));
}

/** One of four expressions, by the rounding mode of the immediate operand. */
function byRounding(e: Emitter, make: (name: (typeof ROUNDINGS)[number]) => Expression): Expression {
  const { m } = e;
  return e.withImmediate(
    2,
    (control) => make(ROUNDINGS[control & 4 ? 0 : control & 3] as (typeof ROUNDINGS)[number]),
    (control) => {
      const bit = (mask: number): Expression => m.i32.and(control(), m.i32.const(mask));
      return m.if(
        bit(4),
        make('nearest'),
        m.if(
          bit(2),
          m.if(bit(1), make('trunc'), make('ceil')),
          m.if(bit(1), make('floor'), make('nearest')),
        ),
      );
    },
  );
}

function roundScalar(e: Emitter): void {
  const { m } = e;
  const size = e.sizeOf(0);
  const type = scalarType(size);
  const b = e.let(e.readFloat(1), type);
  const fast = e.let(byRounding(e, (name) => float(m, size)[name](b())), type);
  const rare = m.i32.or(float(m, size).ne(fast(), fast()), e.specialMxcsr());
  const args = [e.record(), roundOperation(e), b(), b()];
  const [value] = e.unlessRare(rare, { fast, type, name: `sseScalar${size * 8}`, args }) as [Value];
  e.writeFloat(0, value());
}

function roundPacked(size: number): Semantics {
  return (e) => {
    const { m } = e;
    const b = e.let(e.read(1), v128);
    const fast = e.let(byRounding(e, (name) => floats(m, size)[name](b())), v128);
    const rare = m.i32.or(m.v128.any_true(floats(m, size).ne(fast(), fast())), e.specialMxcsr());
    const args = [e.record(), roundOperation(e), b(), b()];
    const [value] = e.unlessRare(rare, { fast, type: v128, name: `ssePacked${size * 8}`, args }) as [Value];
    e.write(0, value());
  };
}

export const round: FloatSemantics = { ss: roundScalar, sd: roundScalar, ps: roundPacked(4), pd: roundPacked(8) };

/** DPPS and DPPD. */
export function dotProduct(size: 4 | 8): Semantics {
  return (e) => {
    const b = e.let(e.read(1), v128);
    const name = `sseDotProduct${size * 8}`;
    e.write(0, e.call(name, [e.record(), e.read(0), b(), e.read(2)], v128));
  };
}
