/**
 * Floating-point arithmetic and comparison.
 *
 * Inline code rounds to nearest and leaves NaNs to the runtime, since wasm does not say which NaN an operation
 * gives and x86 does (Intel SDM Vol. 1 "Operating on NaNs"). The runtime (wasm-runtime/sse/) also computes
 * everything under another rounding mode or unmasked exceptions, and what may set a sticky flag of MXCSR, or is denormal
 * (sse-exceptions.ts): so FTZ and DAZ matter only there.
 */
import { MXCSR_DAZ, MXCSR_PE } from '../../layout/cpu-state.ts';
import {
  SSE_ADD,
  SSE_ADD_SUBTRACT,
  SSE_DIVIDE,
  SSE_MAXIMUM,
  SSE_MINIMUM,
  SSE_MULTIPLY,
  SSE_ROUND,
  SSE_SQUARE_ROOT,
  SSE_SUBTRACT,
} from '../../layout/sse-operations.ts';
import type { Expression } from '../../wasm/builder.ts';
import { v128 } from '../../wasm/value-types.ts';
import type { Emitter, SlowPath, Underflow, Value } from '../emitter.ts';
import type { Semantics } from '../row.ts';
import { type FloatSize, float, floatBits, floats, scalarType } from './float-lanes.ts';
import { orSpecial } from './sse-exceptions.ts';
import { shuffle } from './vector.ts';

/** The operands of an operation. A root has one. */
type Operands = readonly [Value] | readonly [Value, Value];

/**
 * Operand 0 with the result of scalars in its low lane.
 *
 * @param operands vectors with the numbers in their low lanes. @param compute the result, of f32 or f64.
 */
function writeScalar(
  e: Emitter,
  operation: number,
  underflow: Underflow,
  destination: Value,
  operands: Operands,
  places: readonly number[],
  compute: (a: Expression, b: Expression) => Expression,
): void {
  const { m } = e;
  const size = e.sizeOf(0) as FloatSize;
  const type = scalarType(size);
  const lanes = floats(m, size);
  const [a, b] = [operands[0], operands[1] ?? operands[0]].map(
    (vector) => (): Expression => lanes.extract_lane(vector(), 0),
  ) as [Value, Value];
  const toVector = (value: Expression): Expression => lanes.replace_lane(destination(), 0, value);
  const result = e.let(toVector(compute(a(), b())), v128);
  const args = [e.record(), m.i32.const(operation), a(), b()];
  const value = e.rounded({
    size,
    isScalar: true,
    operands,
    result,
    places,
    underflow,
    call: { type, name: `sseScalar${floatBits(size)}`, args },
    toVector,
  });
  e.writeFloatLane(0, value());
}

/** The result of vectors with lanes of `size` bytes. */
function packedResult(
  e: Emitter,
  size: FloatSize,
  operation: number,
  underflow: Underflow,
  operands: Operands,
  places: readonly number[],
  result: Expression,
): Expression {
  const { m } = e;
  const [a, b = a] = operands;
  const args = [e.record(), m.i32.const(operation), a(), b()];
  return e.rounded({
    size,
    isScalar: false,
    operands,
    result: e.let(result, v128),
    places,
    underflow,
    call: { type: v128, name: `ssePacked${floatBits(size)}`, args },
    toVector: (vector) => vector,
  })();
}

export interface FloatSemantics {
  readonly ss: Semantics;
  readonly sd: Semantics;
  readonly ps: Semantics;
  readonly pd: Semantics;
}

function arithmetic(
  name: 'add' | 'sub' | 'mul' | 'div',
  operation: number,
  underflow: Underflow,
): FloatSemantics {
  const scalar: Semantics = (e) => {
    const b = e.let(e.readFloatLane(1), v128);
    const a = e.let(e.readFloatLane(0), v128);
    writeScalar(e, operation, underflow, a, [a, b], [0, 1], float(e.m, e.sizeOf(0))[name]);
  };
  const packed = (size: FloatSize): Semantics => {
    return (e) => {
      const b = e.let(e.read(1), v128);
      const a = e.let(e.read(0), v128);
      e.write(
        0,
        packedResult(e, size, operation, underflow, [a, b], [0, 1], floats(e.m, size)[name](a(), b())),
      );
    };
  };
  return { ss: scalar, sd: scalar, ps: packed(4), pd: packed(8) };
}

export const add = arithmetic('add', SSE_ADD, 'exact');
export const sub = arithmetic('sub', SSE_SUBTRACT, 'exact');
export const mul = arithmetic('mul', SSE_MULTIPLY, 'product');
export const div = arithmetic('div', SSE_DIVIDE, 'quotient');

function squareRoot(): FloatSemantics {
  const scalar: Semantics = (e) => {
    const b = e.let(e.readFloatLane(1), v128);
    const a = e.let(e.readFloatLane(0), v128);
    writeScalar(e, SSE_SQUARE_ROOT, 'never', a, [b], [1], float(e.m, e.sizeOf(0)).sqrt);
  };
  const packed = (size: FloatSize): Semantics => {
    return (e) => {
      const b = e.let(e.read(1), v128);
      e.write(0, packedResult(e, size, SSE_SQUARE_ROOT, 'never', [b], [1], floats(e.m, size).sqrt(b())));
    };
  };
  return { ss: scalar, sd: scalar, ps: packed(4), pd: packed(8) };
}

export const sqrt = squareRoot();

/**
 * Operand 0 with the low lane of `result`, an operation (Selection) of vectors whose low lanes count.
 *
 * @param operation as the runtime knows it: i32.
 */
export function writeSelectedScalar(
  e: Emitter,
  size: FloatSize,
  operation: Expression,
  operands: readonly [Value, Value],
  result: Expression,
  resultSize: FloatSize | undefined,
): void {
  const type = scalarType(size);
  const lanes = floats(e.m, size);
  const [destination] = operands;
  const [a, b] = operands.map((vector) => lanes.extract_lane(vector(), 0)) as [Expression, Expression];
  const fast = e.let(lanes.extract_lane(result, 0), type);
  const args = [e.record(), operation, a, b];
  const path: SlowPath = { fast, type, name: `sseScalar${floatBits(size)}`, args };
  const value = e.selected({ size, isScalar: true, operands, places: [0, 1], resultSize, path });
  e.writeFloatLane(0, lanes.replace_lane(destination(), 0, value()));
}

/** The same of all lanes. */
export function selectedPacked(
  e: Emitter,
  size: FloatSize,
  operation: Expression,
  operands: readonly [Value, Value],
  result: Expression,
  resultSize: FloatSize | undefined,
): Expression {
  const [a, b] = operands;
  const args = [e.record(), operation, a(), b()];
  const path: SlowPath = { fast: e.let(result, v128), type: v128, name: `ssePacked${floatBits(size)}`, args };
  return e.selected({ size, isScalar: false, operands, places: [0, 1], resultSize, path })();
}

/** MIN and MAX give the second operand if one is a NaN or both are zero: pmin and pmax with exchanged operands. */
function extremum(name: 'pmin' | 'pmax', operation: number): FloatSemantics {
  const scalar: Semantics = (e) => {
    const size = e.sizeOf(0) as FloatSize;
    const b = e.let(e.readFloatLane(1), v128);
    const a = e.let(e.readFloatLane(0), v128);
    const result = floats(e.m, size)[name](b(), a());
    writeSelectedScalar(e, size, e.m.i32.const(operation), [a, b], result, size);
  };
  const packed = (size: FloatSize): Semantics => {
    return (e) => {
      const b = e.let(e.read(1), v128);
      const a = e.let(e.read(0), v128);
      const result = floats(e.m, size)[name](b(), a());
      e.write(0, selectedPacked(e, size, e.m.i32.const(operation), [a, b], result, size));
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
    e.write(
      0,
      packedResult(e, size, operation, 'exact', [left, right], [], floats(m, size)[name](left(), right())),
    );
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
    e.write(0, packedResult(e, size, SSE_ADD_SUBTRACT, 'exact', [a, b], [0, 1], result));
  };
}

export const addsubps = addSubtract(4);
export const addsubpd = addSubtract(8);

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
        m.if(bit(2), m.if(bit(1), make('trunc'), make('ceil')), m.if(bit(1), make('floor'), make('nearest'))),
      );
    },
  );
}

/** Bit 3 of the immediate keeps a rounding from being told as inexact. */
function roundingFlags(e: Emitter): number {
  const control = e.knownImmediate(2);
  return control !== undefined && control & 8 ? 0 : MXCSR_PE;
}

function roundScalar(e: Emitter): void {
  const { m } = e;
  const size = e.sizeOf(0);
  const type = scalarType(size);
  const b = e.let(e.readFloat(1), type);
  const fast = e.let(
    byRounding(e, (name) => float(m, size)[name](b())),
    type,
  );
  const rare = orSpecial(e, roundingFlags(e) | MXCSR_DAZ, float(m, size).ne(fast(), fast()));
  const args = [e.record(), roundOperation(e), b(), b()];
  const [value] = e.unlessRare(rare, { fast, type, name: `sseScalar${floatBits(size)}`, args }) as [Value];
  e.writeFloat(0, value());
}

function roundPacked(size: FloatSize): Semantics {
  return (e) => {
    const { m } = e;
    const b = e.let(e.read(1), v128);
    const fast = e.let(
      byRounding(e, (name) => floats(m, size)[name](b())),
      v128,
    );
    const unordered = m.v128.any_true(floats(m, size).ne(fast(), fast()));
    const rare = orSpecial(e, roundingFlags(e) | MXCSR_DAZ, unordered);
    const args = [e.record(), roundOperation(e), b(), b()];
    const [value] = e.unlessRare(rare, { fast, type: v128, name: `ssePacked${floatBits(size)}`, args }) as [
      Value,
    ];
    e.write(0, value());
  };
}

export const round: FloatSemantics = {
  ss: roundScalar,
  sd: roundScalar,
  ps: roundPacked(4),
  pd: roundPacked(8),
};

/** DPPS and DPPD. */
export function dotProduct(size: 4 | 8): Semantics {
  return (e) => {
    const b = e.let(e.read(1), v128);
    const args = [e.record(), e.read(0), b(), e.read(2)];
    e.write(0, e.computed({ name: `sseDotProduct${floatBits(size)}`, args, type: v128 })());
  };
}
