/** Helpers shared by the SSE families and MMX. */

import type { Expression, Module } from '../../wasm/builder.ts';
import { i64, v128 } from '../../wasm/value-types.ts';
import type { Emitter, Value } from '../emitter.ts';
import type { Semantics } from '../row.ts';

/** An SSE instruction: #UD or #NM come before everything else. */
export function sse(semantics: Semantics): Semantics {
  return (e) => {
    e.requireSse();
    semantics(e);
  };
}

/** An AVX instruction: the same. */
export function avx(semantics: Semantics): Semantics {
  return (e) => {
    e.requireAvx();
    semantics(e);
  };
}

/** Semantics of a legacy SSE instruction for the VEX-encoded one, lane by lane. */
export function byLanes(semantics: Semantics, immediateBits?: number): Semantics {
  return (e) => {
    e.eachLane(() => semantics(e), immediateBits);
  };
}

/** A v128 constant from the bytes of lanes of `width` bytes, lowest first. */
export function lanes(m: Module, width: number, values: readonly number[]): Expression {
  const bytes = new Uint8Array(16);
  for (let i = 0; i < 16; i++) {
    const value = BigInt.asUintN(64, BigInt(values[Math.floor(i / width)] as number));
    bytes[i] = Number((value >> BigInt((i % width) * 8)) & 0xffn);
  }
  return m.v128.const(bytes);
}

/** The same value in all lanes. */
export function splat(m: Module, width: number, value: number): Expression {
  return lanes(m, width, Array<number>(16 / width).fill(value));
}

export function zero(m: Module): Expression {
  return m.v128.const(new Uint8Array(16));
}

/** Shuffle of lanes of `width` bytes: numbers from 0 are lanes of `left`, then come those of `right`. */
export function shuffle(
  m: Module,
  width: number,
  left: Expression,
  right: Expression,
  order: readonly number[],
): Expression {
  const bytes = order.flatMap((lane) => Array.from({ length: width }, (_, i) => lane * width + i));
  return m.i8x16.shuffle(left, right, bytes);
}

/** Writes the low lanes of a v128 to an operand of 8 (MMX) or 16 bytes. */
export function writeVector(e: Emitter, operand: number, value: Expression): void {
  e.write(operand, e.sizeOf(operand) === 16 ? value : e.m.i64x2.extract_lane(value, 0));
}

/** first = op(first, second). Whatever is above the operands is zero, and not written. */
export function packed(operation: (m: Module, a: Expression, b: Expression) => Expression): Semantics {
  return (e) => writeVector(e, 0, operation(e.m, e.readVector(0), e.readVector(1)));
}

/** The same for operations that use an operand more than once. */
export function packedValues(operation: (e: Emitter, a: Value, b: Value) => Expression): Semantics {
  return (e) => {
    const b = e.let(e.readVector(1), v128);
    writeVector(e, 0, operation(e, e.let(e.readVector(0), v128), b));
  };
}

/** first = op(second). */
export function unary(operation: (m: Module, a: Expression) => Expression): Semantics {
  return (e) => writeVector(e, 0, operation(e.m, e.readVector(1)));
}

/** The doublewords of a vector, lowest first: i64, zero-extended. */
export function doublewords(m: Module, vector: Value): readonly Value[] {
  const half = (at: number): Expression => m.i64x2.extract_lane(vector(), at);
  return [0, 1].flatMap((at) => [
    () => m.i64.and(half(at), m.i64.const(0xffff_ffff)),
    () => m.i64.shr_u(half(at), m.i64.const(32)),
  ]);
}

/** Those of an operand, each worked out once. */
export function columnsOf(e: Emitter, operand: number): readonly Value[] {
  return doublewords(e.m, e.let(e.read(operand), v128)).map((column) => e.let(column(), i64));
}

/** The vector that they make. */
export function joinDoublewords(m: Module, words: readonly Value[]): Expression {
  const half = (at: number): Expression => {
    const [low, high] = words.slice(2 * at) as [Value, Value];
    return m.i64.or(low(), m.i64.shl(high(), m.i64.const(32)));
  };
  return m.i64x2.replace_lane(m.i64x2.splat(half(0)), 1, half(1));
}
