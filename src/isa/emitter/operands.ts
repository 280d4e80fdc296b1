import type { Expression } from '../../wasm/builder.ts';
import type { Value } from './values.ts';

/** The operands of the instruction, by their number in its row, wherever they are. */
export interface OperandEmitter {
  /** Operand size attribute: 2, 4 or 8. */
  readonly operandSize: number;
  readonly operandCount: number;
  /** Size in bytes of an operand. */
  sizeOf(operand: number): number;
  /** True if the operand is a register in this variant. */
  isRegister(operand: number): boolean;
  /** True if two operands are known to be the same register. */
  isSameRegister(a: number, b: number): boolean;
  read(operand: number): Expression;
  write(operand: number, value: Expression): void;
  /** Writes a general register only where `condition` (i32) holds; otherwise all of its 64 bits stay. */
  writeRegisterIf(operand: number, condition: Expression, value: Expression): void;
  /** Reads, changes and writes one operand; memory is probed for write before anything happens. */
  update(operand: number, change: (old: Value) => Expression): void;
  /** Writes an operand in memory, which is probed for write before `value` is worked out. */
  writeProbed(operand: number, value: () => Value): void;
  /**
   * An expression that depends on an immediate operand of one byte (0-255): `known` is used where its value is
   * known while code is made, `general` where it is not. Both must mean the same.
   */
  withImmediate(
    operand: number,
    known: (value: number) => Expression,
    general: (value: Value) => Expression,
  ): Expression;
  /** Value of an immediate operand where it is known while code is made. */
  knownImmediate(operand: number): number | undefined;
  /** Number of a segment, control or debug register operand: i32. */
  registerNumber(operand: number): Expression;
}
