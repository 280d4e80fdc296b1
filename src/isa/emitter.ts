/**
 * What an instruction's semantics is written against. There are two emitters: at build time operands come from
 * the record (the result is a handler), at run time they are constants and locals (the result is compiled code).
 * Semantics never ask which one they are in.
 *
 * Values of 1, 2 and 4 bytes are i32, of 8 bytes i64, of 16 bytes v128; wider ones are lists of v128 lanes, lowest first.
 * What is read is zero-extended; of what is written only the low bytes count.
 */
import type { RuntimeFunction } from '../layout/generated/runtime-function.ts';
import type { Expression, Module } from '../wasm/builder.ts';
import type { ValueType } from '../wasm/value-types.ts';
import type { Condition } from './condition.ts';

/** A value in a local: call it for each use. */
export type Value = () => Expression;

/** A value that inline code computes, and the runtime function that computes it in rare cases. */
export interface SlowPath {
  readonly fast: Value;
  readonly type: ValueType;
  readonly name: RuntimeFunction;
  readonly args: Expression[];
}

export interface FlagWriter {
  /** r = a + b, all of the given size. r is zero-extended to the size. */
  add(size: number, a: Value, b: Value, r: Value): void;
  /** r = a + b + CF. */
  adc(size: number, a: Value, b: Value, r: Value): void;
  /** r = a - b. */
  sub(size: number, a: Value, b: Value, r: Value): void;
  /** r = a - b - CF. */
  sbb(size: number, a: Value, b: Value, r: Value): void;
  /** CF = OF = AF = 0. */
  logic(size: number, r: Value): void;
  /** r = a + 1; CF stays. */
  inc(size: number, a: Value, r: Value): void;
  dec(size: number, a: Value, r: Value): void;
  /** ZF, SF and PF from r; CF and OF are given as i32 0 or 1; AF = 0. */
  result(size: number, r: Value, cf: Expression, of: Expression): void;
  /** Like `result`, but only where `condition` (i32) is not zero; otherwise all flags stay. */
  resultIf(condition: Value, size: number, r: Value, cf: Expression, of: Expression): void;
  /** Only CF and OF change; i32 0 or 1. */
  carryAndOverflow(cf: Expression, of: Expression): void;
  /** Only CF changes. */
  carry(cf: Expression): void;
  /** ZF, PF, CF as given (i32 0 or 1); OF, SF, AF = 0: COMISD, PTEST and kin. */
  compare(zf: Expression, pf: Expression, cf: Expression): void;
  /** COMISS, COMISD and kin: ZF, PF, CF of two f32 or f64 (`size` bytes); OF, SF, AF = 0. */
  compareFloat(size: number, a: Value, b: Value): void;
  /** Only ZF changes (the others are left as they are). */
  zero(zf: Expression): void;
}

export interface Emitter {
  readonly m: Module;
  /** Operand size attribute: 2, 4 or 8. */
  readonly operandSize: number;
  readonly flags: FlagWriter;

  readonly operandCount: number;

  /** Size in bytes of an operand. */
  sizeOf(operand: number): number;
  /** True if the operand is a register in this variant. */
  isRegister(operand: number): boolean;
  read(operand: number): Expression;
  write(operand: number, value: Expression): void;
  /** Writes a general register only where `condition` (i32) holds; otherwise all of its 64 bits stay. */
  writeRegisterIf(operand: number, condition: Expression, value: Expression): void;
  /** Reads, changes and writes one operand; memory is probed for write before anything happens. */
  update(operand: number, change: (old: Value) => Expression): void;
  /** An operand of 4 or 8 bytes as f32 or f64. */
  readFloat(operand: number): Expression;
  writeFloat(operand: number, value: Expression): void;
  /** An operand of 4, 8 or 16 bytes, zero-extended to a v128. */
  readVector(operand: number): Expression;
  /** 128-bit lanes of the instruction's vectors: 1 or 2. */
  readonly lanes: 1 | 2;
  /** The low 128 bits of a vector register, of which the operand is the low end. */
  readLow(operand: number): Expression;
  /** The 128-bit lanes of an operand of 16 bytes or more, lowest first. */
  readLanes(operand: number): Value[];
  /** Writes as many lanes as are given. The rest of a register stays, or becomes zero if the encoding is VEX. */
  writeLanes(operand: number, lanes: readonly Value[]): void;
  /**
   * Runs semantics of legacy SSE instructions once for each 128-bit lane of a VEX-encoded one. `body` sees the operands of
   * the legacy encoding: where the row has an operand in VEX.vvvv behind its destination, that is what reading the
   * destination gives. Reads give the lane's part; what is written to operand 0, once a lane, is stored at the end.
   *
   * @param immediateBits bits of the immediate operand that each lane has for itself; 0: all of it is for all lanes.
   */
  eachLane(body: () => void, immediateBits?: number): void;
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
  /** Linear address of a memory operand: i64. */
  address(operand: number): Expression;
  /** Effective address before the segment base is added: i64 (LEA). */
  effectiveAddress(operand: number): Expression;
  /** Linear address of a memory operand with `displacement` (i64) added to its effective address: i64. */
  addressWith(operand: number, displacement: Expression): Expression;
  /** A general register of the instruction's address size, RCX, ECX or CX: i64. */
  addressSizeRegister(register: number): Expression;
  /** Adds `step` (i64) to a general register of the instruction's address size: RSI, ESI or SI. */
  addToAddressRegister(register: number, step: Expression): void;

  /** General register by number 0-15 (never AH..BH). */
  gpr(register: number, size: number): Expression;
  setGpr(register: number, size: number, value: Expression): void;
  /** Byte register AH. */
  highByte(register: number): Expression;
  setHighByte(register: number, value: Expression): void;
  xmm(register: number): Expression;
  setXmm(register: number, value: Expression): void;

  /** Loads `size` bytes from a linear address. */
  load(size: number, linearAddress: Value): Expression;
  store(size: number, linearAddress: Value, value: Expression): void;
  /** As `update`, for a linear address. */
  updateMemory(size: number, linearAddress: Value, change: (old: Value) => Expression): void;
  /** Segment base by number: i64. Zero in 64-bit mode except FS and GS. */
  segmentBase(segment: number): Expression;

  /** Reads a field of the processor state that compiled code never keeps in a local. */
  state(offset: number, size: number): Expression;
  setState(offset: number, size: number, value: Expression): void;

  /** #UD or #NM unless SSE instructions are enabled. */
  requireSse(): void;
  /** #UD or #NM unless AVX instructions are enabled. */
  requireAvx(): void;
  /** #GP(0) unless the address is a multiple of `size`, a power of two. */
  requireAligned(linearAddress: Value, size: number): void;
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

  condition(condition: Condition, negated: boolean): Expression;
  /** CF as i32 0 or 1. */
  carry(): Expression;

  let(value: Expression, type?: ValueType): Value;
  emit(statement: Expression): void;
  /** Statements under a condition; nothing inside may write operands or registers. */
  when(condition: Expression, then: () => void): void;

  /** Address of this instruction's record: i32. */
  record(): Expression;
  /** Linear address of the next instruction: i64. */
  nextRip(): Expression;
  /** Calls a runtime function. */
  call(name: RuntimeFunction, args: Expression[], result: ValueType): Expression;
  /** Calls a runtime function that returns nothing. */
  run(name: RuntimeFunction, args: Expression[]): void;
  /**
   * Where `condition` (i32) holds, the runtime function does the whole instruction instead of what follows; it may
   * fault. Nothing may have been written before.
   */
  delegate(condition: Expression, name: RuntimeFunction, args: Expression[]): void;

  /** Ends the block: to the branch target of the relative operand. */
  jump(): void;
  /** Ends the block: to the target if the condition (i32) holds, else to the next instruction. */
  jumpIf(condition: Expression): void;
  /** Ends the block: to a RIP, which outside 64-bit code is an offset in the code segment. */
  jumpTo(target: Expression): void;
  /** Ends the block at the RIP that a runtime function has put into the processor state. */
  dispatch(): void;
  /** Leaves to the host loop with RIP = the next instruction. */
  exit(reason: number): void;
  /** Leaves to the host loop for more budget, RIP = this instruction, which is then continued, if `condition` (i32) holds. */
  resumeIf(condition: Expression): void;
  /** Leaves to the host loop, RIP = next instruction, if an interrupt or NMI can be taken (after IF may have been set). */
  leaveIfInterrupt(): void;
}
