import type { RuntimeFunction } from '../../layout/generated/runtime-function.ts';
import type { Expression } from '../../wasm/builder.ts';
import type { ValueType } from '../../wasm/value-types.ts';
import type { Value } from './values.ts';

/** A value that a runtime function computes. */
export interface Computation {
  readonly type: ValueType;
  readonly name: RuntimeFunction;
  readonly args: Expression[];
}

/** A value that inline code computes, and the runtime function that computes it in rare cases. */
export interface SlowPath extends Computation {
  readonly fast: Value;
}

/**
 * Whether a result can be too small. A product is zero without that if a factor is, a quotient if the dividend is. A sum of ordinary
 * numbers ('exact') is not. Of a product and an addend ('fused') both are asked.
 */
export type Underflow = 'never' | 'exact' | 'product' | 'quotient' | 'fused';

/**
 * An operation that rounds, in inline code. That is right where all numbers are ordinary, zero or normal, and MXCSR is as
 * usual (semantics/sse-exceptions.ts). The result goes to operand 0.
 */
export interface Rounding {
  /** Bytes of a number. */
  readonly size: 4 | 8;
  /** Only the lowest lane of the vectors counts. */
  readonly isScalar: boolean;
  /** Vectors. */
  readonly operands: readonly [Value] | readonly [Value, Value] | readonly [Value, Value, Value];
  /** Numbers of the operands that they are, in the same order; none if they are parts of them. */
  readonly places: readonly number[];
  /** 128-bit lane of the instruction's vectors, if not the one that eachLane() is at. */
  readonly lane?: number;
  /** What inline code computes, as a vector. */
  readonly result: Value;
  readonly underflow: Underflow;
  /** What computes it in rare cases, and the vector that this is the result as. */
  readonly call: Computation;
  toVector(result: Expression): Expression;
}

/**
 * An operation that tells only of operands that are NaNs or denormal, whatever MXCSR says, and is right in inline code for all
 * others. The result goes to operand 0.
 */
export interface Selection extends Pick<Rounding, 'size' | 'isScalar' | 'operands' | 'places'> {
  /** Bytes of a number of the result, none of which is a NaN or denormal; undefined if it has no numbers. */
  readonly resultSize: 4 | 8 | undefined;
  readonly path: SlowPath;
}

/** Numbers of f32 and f64, and what MXCSR makes of them. */
export interface FloatEmitter {
  /** Whether relaxed_madd() rounds once where the code will run. */
  readonly fusesMultiplyAdd: boolean;
  /** An operand of 4 or 8 bytes as f32 or f64. */
  readFloat(operand: number): Expression;
  writeFloat(operand: number, value: Expression): void;
  /** v128: an operand of 4 or 8 bytes at its low end. Above it is what its register has there, or zeros. */
  readFloatLane(operand: number): Expression;
  /** Writes the low lane of a vector, whose upper lanes are those of operand 0. */
  writeFloatLane(operand: number, value: Expression): void;
  /** The value, with the sticky flags that the function sets; it may raise #XM. Nothing may have been written before. */
  computed(computation: Computation): Value;
  /** The result of an operation, a vector, with the sticky flags it sets; it may raise #XM. Nothing may have been written before. */
  rounded(rounding: Rounding): Value;
  /** The same of an operation that does not round. */
  selected(selection: Selection): Value;
  /**
   * i32, not zero if MXCSR asks for what plain wasm arithmetic does not do: another rounding mode than to
   * nearest, or an unmasked exception; or if, of `bits`, PE is not set yet, or FTZ or DAZ is set: these make no difference where all
   * numbers are ordinary.
   */
  specialMxcsr(bits?: number): Expression;
  /**
   * The values of `paths`: the fast ones, unless `rare` (i32) holds; then what the runtime functions give, which set
   * sticky flags of MXCSR and may raise #XM. Where an exception is unmasked, compiled code leaves to the handler instead, so
   * nothing may have been written before.
   */
  unlessRare(rare: Expression, ...paths: SlowPath[]): Value[];
}
