import type { Expression } from '../../wasm/builder.ts';
import type { Value } from './values.ts';

/** Vector registers and memory operands of vectors, in lanes of 128 bits. */
export interface VectorEmitter {
  /** 128-bit lanes of the instruction's vectors: 1 or 2. */
  readonly lanes: 1 | 2;
  /** An operand of 4, 8 or 16 bytes, zero-extended to a v128. */
  readVector(operand: number): Expression;
  /** The low 128 bits of a vector register, of which the operand is the low end. */
  readLow(operand: number): Expression;
  /** The 128-bit lanes of an operand of 16 bytes or more, lowest first. */
  readLanes(operand: number): Value[];
  /** The doublewords of a register operand of 16 bytes, lowest first: i64, zero-extended. */
  readColumns(operand: number): readonly Value[];
  /** Writes them, to be read again without a way over the vector. */
  writeColumns(operand: number, columns: readonly Value[]): void;
  /** Writes as many lanes as are given. The rest of a register stays, or becomes zero if the encoding is VEX. */
  writeLanes(operand: number, lanes: readonly Value[]): void;
  /**
   * Lanes of a memory operand: elements of `width` bytes whose mask has its sign bit set, and zeros elsewhere, where nothing
   * is read.
   */
  readMasked(operand: number, width: 4 | 8, masks: readonly Value[]): Value[];
  /** Stores the elements whose mask has its sign bit set: all of them, or a fault and none. */
  writeMasked(operand: number, width: 4 | 8, masks: readonly Value[], values: readonly Value[]): void;
  /**
   * A whole VGATHER or VPGATHER: `count` elements of `width` bytes to operand 0 by indices of `indexWidth` bytes, where operand 2
   * has its sign bit set. A fault leaves it to be continued.
   */
  gather(width: 4 | 8, indexWidth: 4 | 8, count: number): void;
  /**
   * Runs semantics of legacy SSE instructions once for each 128-bit lane of a VEX-encoded one. `body` sees the operands of
   * the legacy encoding: where the row has an operand in VEX.vvvv behind its destination, that is what reading the
   * destination gives. Reads give the lane's part; what is written to operand 0, once a lane, is stored at the end.
   *
   * @param immediateBits bits of the immediate operand that each lane has for itself; 0: all of it is for all lanes.
   */
  eachLane(body: () => void, immediateBits?: number): void;
  /**
   * The lanes of one operation on numbers, one after the other: which exceptions are told, and whether one is raised, is
   * decided when all are done. `body` does not fault for another reason.
   */
  asOneOperation(body: () => void): void;
  /** v128: the sign bits of elements of `size` bytes, for code that needs them often: in a region they are in a local. */
  signBits(size: 4 | 8): Expression;
  /** v128: factorRank() of semantics/sse-exceptions.ts. */
  factorRank(size: 4 | 8): Expression;
  /** #UD or #NM unless SSE instructions are enabled. */
  requireSse(): void;
  /** #UD or #NM unless AVX instructions are enabled. */
  requireAvx(): void;
}
