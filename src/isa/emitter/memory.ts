import type { Expression } from '../../wasm/builder.ts';
import type { Value } from './values.ts';

/** Guest memory: addresses, and accesses to linear addresses. */
export interface MemoryEmitter {
  /** Linear address of a memory operand: i64. */
  address(operand: number): Expression;
  /** Effective address before the segment base is added: i64 (LEA). */
  effectiveAddress(operand: number): Expression;
  /** Linear address of a memory operand with `displacement` (i64) added to its effective address: i64. */
  addressWith(operand: number, displacement: Expression): Expression;
  /** Segment base by number: i64. Zero in 64-bit mode except FS and GS. */
  segmentBase(segment: number): Expression;
  /**
   * Bytes of an offset on the stack, 8 or 4, where that is the linear address and RSP has nothing above it; undefined if
   * that is not known while code is made.
   */
  readonly stackSize: number | undefined;
  /** Says that a value is what a general register has now: what is known of where the one is, is true of the other. */
  sameAddress(value: Value, register: number): void;
  /** Says that a value is `bytes` behind another. */
  nearAddress(value: Value, from: Value, bytes: number): void;
  /** Loads `size` bytes from a linear address. */
  load(size: number, linearAddress: Value): Expression;
  store(size: number, linearAddress: Value, value: Expression): void;
  /** As `update`, for a linear address. */
  updateMemory(size: number, linearAddress: Value, change: (old: Value) => Expression): void;
  /** #GP(0) unless the address is a multiple of `size`, a power of two. */
  requireAligned(linearAddress: Value, size: number): void;
}
