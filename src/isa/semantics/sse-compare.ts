/** CMPcc, COMI and UCOMI. */
import { SSE_COMPARE } from '../../layout/sse-operations.ts';
import type { Expression, Module } from '../../wasm/builder.ts';
import { v128 } from '../../wasm/value-types.ts';
import type { Emitter, Value } from '../emitter.ts';
import type { Semantics } from '../row.ts';
import { type FloatSize, floatBits, floats, scalarType } from './float-lanes.ts';
import { orSpecial, signalsOperands } from './sse-exceptions.ts';
import { type FloatSemantics, selectedPacked, writeSelectedScalar } from './sse-float.ts';
import { splat, zero } from './vector.ts';

/** Bits of the immediate operand that are a predicate. */
type PredicateBits = 7 | 31;

/** Bits 0, 1 and 3 of the predicate: EQ, LT, LE, UNORD, and with bit 3 EQ or unordered, not GE, not GT, FALSE. */
function relationOfLanes(m: Module, size: number, relation: number, a: Value, b: Value): Expression {
  const vector = floats(m, size);
  const unordered = (): Expression => m.v128.or(vector.ne(a(), a()), vector.ne(b(), b()));
  switch (relation) {
    case 0:
      return vector.eq(a(), b());
    case 1:
      return vector.lt(a(), b());
    case 2:
      return vector.le(a(), b());
    case 3:
      return unordered();
    case 8:
      return m.v128.or(vector.eq(a(), b()), unordered());
    case 9:
      return m.v128.not(vector.le(b(), a()));
    case 10:
      return m.v128.not(vector.lt(b(), a()));
    default:
      return zero(m);
  }
}

/** Predicate 0-31 of CMPcc. Bit 2 negates the relation, bit 4 is about exceptions. */
function predicateOfLanes(m: Module, size: number, predicate: number, a: Value, b: Value): Expression {
  if ((predicate & 15) === 4) return floats(m, size).ne(a(), b());
  const mask = relationOfLanes(m, size, predicate & 11, a, b);
  return predicate & 4 ? m.v128.not(mask) : mask;
}

/** The mask that the predicate in `bits` of the immediate gives for all lanes. */
function comparison(e: Emitter, size: number, bits: PredicateBits, a: Value, b: Value): Expression {
  const { m } = e;
  return e.withImmediate(
    2,
    (immediate) => predicateOfLanes(m, size, immediate & bits, a, b),
    (immediate) => {
      const bit = (mask: number): Expression => m.i32.and(immediate(), m.i32.const(mask));
      const relations = (first: number): Expression =>
        m.if(
          bit(2),
          m.if(bit(1), relationOfLanes(m, size, first + 3, a, b), relationOfLanes(m, size, first + 2, a, b)),
          m.if(bit(1), relationOfLanes(m, size, first + 1, a, b), relationOfLanes(m, size, first, a, b)),
        );
      const mask = bits === 7 ? relations(0) : m.if(bit(8), relations(8), relations(0));
      const negated = m.select(bit(4), splat(m, 4, -1), splat(m, 4, 0));
      return m.v128.xor(mask, negated);
    },
  );
}

function compareOperation(e: Emitter, bits: PredicateBits): Expression {
  const { m } = e;
  return m.i32.add(m.i32.and(e.read(2), m.i32.const(bits)), m.i32.const(SSE_COMPARE));
}

function compareScalar(e: Emitter, bits: PredicateBits): void {
  const size = e.sizeOf(0) as FloatSize;
  const b = e.let(e.readFloatLane(1), v128);
  const a = e.let(e.readFloatLane(0), v128);
  const mask = comparison(e, size, bits, a, b);
  writeSelectedScalar(e, size, compareOperation(e, bits), [a, b], mask, undefined);
}

function comparePacked(size: FloatSize, bits: PredicateBits): Semantics {
  return (e) => {
    const b = e.let(e.read(1), v128);
    const a = e.let(e.read(0), v128);
    const mask = comparison(e, size, bits, a, b);
    e.write(0, selectedPacked(e, size, compareOperation(e, bits), [a, b], mask, undefined));
  };
}

function compare(bits: PredicateBits): FloatSemantics {
  return {
    ss: (e) => compareScalar(e, bits),
    sd: (e) => compareScalar(e, bits),
    ps: comparePacked(4, bits),
    pd: comparePacked(8, bits),
  };
}

/** With 8 predicates, and with the 32 of the VEX encodings. */
export const cmp = compare(7);
export const vcmp = compare(31);

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
    const rare = orSpecial(e, 0, signalsOperands(e, size, both));
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
