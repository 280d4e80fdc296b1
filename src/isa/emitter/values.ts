import type { Expression, Module } from '../../wasm/builder.ts';
import type { ValueType } from '../../wasm/value-types.ts';

/** A value in a local: call it for each use. */
export type Value = () => Expression;

/** Statements, and values that are used more than once. */
export interface ValueEmitter {
  readonly m: Module;
  let(value: Expression, type?: ValueType): Value;
  emit(statement: Expression): void;
  /** Statements under a condition; nothing inside may write operands or registers. */
  when(condition: Expression, then: () => void): void;
}
