import type { Expression } from '../../wasm/builder.ts';

/** Registers that the instruction uses without naming them. */
export interface RegisterEmitter {
  /** General register by number 0-15 (never AH..BH). */
  gpr(register: number, size: number): Expression;
  setGpr(register: number, size: number, value: Expression): void;
  /** Byte register AH. */
  highByte(register: number): Expression;
  setHighByte(register: number, value: Expression): void;
  /** A general register of the instruction's address size, RCX, ECX or CX: i64. */
  addressSizeRegister(register: number): Expression;
  /** Adds `step` (i64) to a general register of the instruction's address size: RSI, ESI or SI. */
  addToAddressRegister(register: number, step: Expression): void;
  xmm(register: number): Expression;
  setXmm(register: number, value: Expression): void;
  /** Clears bits 128 to 255 of a YMM register. */
  clearUpper(register: number): void;
}
