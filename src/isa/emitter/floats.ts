import type { RuntimeFunction } from '../../layout/generated/runtime-function.ts';
import type { Expression } from '../../wasm/builder.ts';
import type { ValueType } from '../../wasm/value-types.ts';
import type { Value } from './values.ts';

/** A value that inline code computes, and the runtime function that computes it in rare cases. */
export interface SlowPath {
  readonly fast: Value;
  readonly type: ValueType;
  readonly name: RuntimeFunction;
  readonly args: Expression[];
}

/** Numbers of f32 and f64, and what MXCSR makes of them. */
export interface FloatEmitter {
  /** An operand of 4 or 8 bytes as f32 or f64. */
  readFloat(operand: number): Expression;
  writeFloat(operand: number, value: Expression): void;
  /**
   * i32, not zero if MXCSR asks for what plain wasm arithmetic does not do: another rounding mode than to
   * nearest, FTZ, DAZ, or an unmasked exception; or if the sticky flags `wanted` are not all set yet.
   */
  specialMxcsr(wanted?: number): Expression;
  /**
   * The values of `paths`: the fast ones, unless `rare` (i32) holds; then what the runtime functions give, which set
   * sticky flags of MXCSR and may raise #XM. Where an exception is unmasked, or MXCSR special otherwise, compiled code
   * leaves to the handler instead, so nothing may have been written before.
   */
  unlessRare(rare: Expression, ...paths: SlowPath[]): Value[];
}
