/** CMPcc, COMI and UCOMI. */
import { SSE_COMPARE } from '../../layout/sse-operations.ts';
import type { Expression, Module } from '../../wasm/builder.ts';
import { v128 } from '../../wasm/value-types.ts';
import type { Emitter, SlowPath, Value } from '../emitter.ts';
import type { Semantics } from '../row.ts';
import { type FloatSize, floatBits, floats, scalarType } from './float-lanes.ts';
import { signalsOperands } from './sse-exceptions.ts';
import type { FloatSemantics } from './sse-float.ts';
import { splat } from './vector.ts';

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
  const size = e.sizeOf(0) as FloatSize;
  const type = scalarType(size);
  const vector = floats(m, size);
  const b = e.let(e.readFloat(1), type);
  const a = e.let(e.readFloat(0), type);
  const lanesA = e.let(vector.splat(a()), v128);
  const lanesB = e.let(vector.splat(b()), v128);
  const mask = comparison(e, size, lanesA, lanesB);
  const fast = e.let(vector.extract_lane(mask, 0), type);
  const args = [e.record(), compareOperation(e), a(), b()];
  const path: SlowPath = { fast, type, name: `sseScalar${floatBits(size)}`, args };
  const both = e.let(vector.replace_lane(lanesA(), 1, b()), v128);
  const rare = m.i32.or(signalsOperands(e, size, both), e.specialMxcsr());
  const [value] = e.unlessRare(rare, path) as [Value];
  e.writeFloat(0, value());
}

function comparePacked(size: FloatSize): Semantics {
  return (e) => {
    const b = e.let(e.read(1), v128);
    const a = e.let(e.read(0), v128);
    const fast = e.let(comparison(e, size, a, b), v128);
    const args = [e.record(), compareOperation(e), a(), b()];
    const path: SlowPath = { fast, type: v128, name: `ssePacked${floatBits(size)}`, args };
    const rare = e.m.i32.or(signalsOperands(e, size, a, b), e.specialMxcsr());
    const [value] = e.unlessRare(rare, path) as [Value];
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
    const size = e.sizeOf(0) as FloatSize;
    const type = scalarType(size);
    const b = e.let(e.readFloat(1), type);
    const a = e.let(e.readFloat(0), type);
    const vector = floats(m, size);
    const both = e.let(vector.replace_lane(vector.splat(a()), 1, b()), v128);
    const rare = m.i32.or(signalsOperands(e, size, both), e.specialMxcsr());
    const bits = floatBits(size);
    const args = [e.record(), a(), b(), m.i32.const(quietly ? 1 : 0)];
    const [x, y] = e.unlessRare(
      rare,
      { fast: a, type, name: `sseOrdered${bits}`, args },
      { fast: b, type, name: `sseFlushed${bits}`, args: [b()] },
    ) as [Value, Value];
    e.flags.compareFloat(size, x, y);
  };
}

export const comi = compareFlags(false);
export const ucomi = compareFlags(true);
