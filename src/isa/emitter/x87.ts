import type { RuntimeFunction } from '../../layout/generated/runtime-function.ts';
import type { Expression } from '../../wasm/builder.ts';
import type { ValueType } from '../../wasm/value-types.ts';
import type { Value } from './values.ts';

/** The memory operand that a runtime function reads or writes by itself. */
export interface X87Operand {
  readonly access: 'read' | 'write';
  readonly linearAddress: Value;
  /** In bytes. */
  readonly size: number;
}

/** The x87 FPU, whose state is in memory wherever its instructions run. */
export interface X87Emitter {
  /**
   * Calls a runtime function of wasm-runtime/x87/ with the record and `args`: nothing of the instruction has been done, and it may
   * raise #NM, #MF and what its access to `operand` raises. Compiled code leaves to the handler where it might.
   */
  x87(name: RuntimeFunction, args: Expression[], result: ValueType, operand?: X87Operand): Expression;
}
