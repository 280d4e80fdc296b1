import type { RuntimeFunction } from '../../layout/generated/runtime-function.ts';
import type { Expression } from '../../wasm/builder.ts';
import type { ValueType } from '../../wasm/value-types.ts';

/** The processor state in memory, and the runtime functions that work on it. */
export interface RuntimeEmitter {
  /** Reads a field of the processor state that compiled code never keeps in a local. */
  state(offset: number, size: number): Expression;
  setState(offset: number, size: number, value: Expression): void;
  /** Address of this instruction's record: i32. */
  record(): Expression;
  /** Calls a runtime function. */
  call(name: RuntimeFunction, args: Expression[], result: ValueType): Expression;
  /** Calls a runtime function that returns nothing. */
  run(name: RuntimeFunction, args: Expression[]): void;
  /**
   * Where `condition` (i32) holds, the runtime function does the whole instruction instead of what follows; it may
   * fault. Nothing may have been written before.
   */
  delegate(condition: Expression, name: RuntimeFunction, args: Expression[]): void;
}
