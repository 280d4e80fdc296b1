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

/** A local that is set on several ways. */
export interface Place {
  get(): Expression;
  set(value: Expression): Expression;
}

/** A number of 80 bits. What is not normal has other exponents than in memory (semantics/x87-numbers.ts). */
export interface X87Number {
  /** i32: bit 15 and those above it are the sign, others may be anything. */
  readonly sign: Value;
  /** i32, biased. */
  readonly exponent: Value;
  /** i64, with the explicit integer bit. */
  readonly significand: Value;
}

/**
 * The register stack where it is in locals, for instructions that can do without a call. All exceptions are masked. What may leave
 * comes before anything of the instruction is done.
 */
export interface X87Stack {
  /**
   * Begins an instruction that reads st(i) of `used` and pushes as many numbers. False if it is known to find the stack otherwise: it
   * is to be called.
   */
  begin(used: readonly number[], pushes: 0 | 1): boolean;
  get(i: number): X87Number;
  set(i: number, number: X87Number): void;
  push(number: X87Number): void;
  pop(): void;
  /** Number of the stack register that is an operand. */
  numberOf(operand: number): number;
  leaveIf(condition: Expression): void;
  /** Where in the host's memory so many bytes are, all of which can be read or written. i32. */
  host(access: X87Operand['access'], linearAddress: Value, size: number): Value;
  /** A local for this instruction, and one for as long as the stack is in locals. */
  local(type: ValueType): Place;
  keep(type: ValueType): Place;
  /** i32: `exponents` if results have 64 bits and are rounded to nearest, or else zero. */
  usually(exponents: number): Expression;
  /** Emits a way that may go over to another one. */
  either(fast: (fail: () => Expression) => void, slow: () => void): void;
  choose(condition: Expression, then: () => void, otherwise: () => void): void;
  /** A runtime function that only signals. */
  call(name: RuntimeFunction, args: Expression[], result: ValueType): Expression;
  /** What call() left besides its result: the head in bits 0 to 15, and bit 16 if it rounded up. i32. */
  rest(): Expression;
  /**
   * Ends the instruction. @param up i32, whether it has rounded up: C1; 'same' leaves C1. @param lost i64, not zero if the result is
   * inexact.
   */
  end(up?: Value | 'same', lost?: Expression): void;
}

/** The x87 FPU. */
export interface X87Emitter {
  /**
   * Calls a runtime function of wasm-runtime/x87/ with the record and `args`: nothing of the instruction has been done, and it may
   * raise #NM, #MF and what its access to `operand` raises. Compiled code leaves to the handler where it might.
   */
  x87(name: RuntimeFunction, args: Expression[], result: ValueType, operand?: X87Operand): Expression;
  /** In compiled code. */
  readonly x87Stack: X87Stack | undefined;
}
