/**
 * The x87 control and status words, the exceptions of the instruction being executed, and the register stack
 * (Intel SDM Vol. 1 "x87 FPU Execution Environment" and "x87 FPU Exception Handling").
 *
 * An instruction collects its exceptions with signal(), while it changes nothing architectural, and ends with
 * finish(): so a memory fault in between leaves no trace. Registers are stored in physical order; st(i) is
 * register (TOP + i) mod 8. The tag word keeps only empty (3) and in use (0).
 */

import { instructionRip, NO_ERROR_CODE, raiseFault } from '../events/raise';
import {
  ACCESS_BASE,
  CPU_STATE,
  CR0,
  CR0_EM,
  CR0_MP,
  CR0_NE,
  CR0_TS,
  FPU_CONTROL,
  FPU_DP,
  FPU_ERROR_SUMMARY,
  FPU_EXCEPTIONS,
  FPU_IP,
  FPU_REGISTERS,
  FPU_REST,
  FPU_STATUS,
  FPU_TAG,
  FPU_TOP,
  RECORD_SEGMENT,
  VECTOR_MF,
  VECTOR_NM,
} from '../generated/layout';
import { is64BitMode } from '../segments/descriptors';
import { INDEFINITE_HEAD, INDEFINITE_SIGNIFICAND } from './format';
import { recordOpcode } from './opcode';

/** Status word: exception flags. */
export const INVALID: i32 = 1;
export const DENORMAL: i32 = 1 << 1;
export const ZERO_DIVIDE: i32 = 1 << 2;
export const OVERFLOW: i32 = 1 << 3;
export const UNDERFLOW: i32 = 1 << 4;
export const PRECISION: i32 = 1 << 5;
export const STACK_FAULT: i32 = 1 << 6;
export const C0: i32 = 1 << 8;
export const C1: i32 = 1 << 9;
export const C2: i32 = 1 << 10;
export const C3: i32 = 1 << 14;
export const BUSY: i32 = 1 << 15;
const COMPUTED: i32 = OVERFLOW | UNDERFLOW | PRECISION;
const TOP_MASK: i32 = 7 << 11;
/** From FPU_TOP to TOP in the status word. */
const TOP_SHIFT: i32 = 7;

/** Control word: rounding control. */
export const ROUND_NEAREST: i32 = 0;
export const ROUND_DOWN: i32 = 1;
export const ROUND_UP: i32 = 2;
export const ROUND_ZERO: i32 = 3;
/** Bits of the control word that exist; bit 6 always reads as one. */
const CONTROL_DEFINED: i32 = 0x1f3f;
const CONTROL_FIXED_ONE: i32 = 0x40;

/** Precision and rounding control, and the former for 64 bits. */
export const CONTROL_ROUNDING: i32 = 0xf00;
export const PRECISION_64: i32 = 0x300;

export const EMPTY: i32 = 3;
/** Bits of the offset of a register, and from it to its bits in the tag word. */
const OFFSET_MASK: i32 = 7 << 4;
export const TAG_SHIFT: i32 = 3;

/** Exceptions, stack fault and C1 of the running instruction. */
let signalled: i32 = 0;
/** Linear address of its memory operand. */
let operandAddress: u64 = 0;
let hasOperand: bool = false;

/** @inline */
export function controlWord(): i32 {
  return load<u16>(CPU_STATE + FPU_CONTROL);
}

export function statusWord(): i32 {
  return statusFlags() | (load<i32>(CPU_STATE + FPU_TOP) << TOP_SHIFT);
}

/**
 * The status word without TOP.
 * @inline
 */
export function statusFlags(): i32 {
  return load<u16>(CPU_STATE + FPU_STATUS);
}

/** Sets a status word, TOP included, before setControl() makes ES and B fit. */
export function loadStatusWord(status: i32): void {
  store<i32>(CPU_STATE + FPU_TOP, (status & TOP_MASK) >> TOP_SHIFT);
  store<u16>(CPU_STATE + FPU_STATUS, <u16>(status & ~TOP_MASK));
}

/** Rounding control: ROUND_*. */
export function roundingControl(): i32 {
  return (controlWord() >> 10) & 3;
}

/** Whether results have 64 bits and are rounded to nearest, as after FNINIT. */
export function roundsAsUsual(): bool {
  return (controlWord() & CONTROL_ROUNDING) === PRECISION_64;
}

/** Significand bits that precision control asks for: 24, 53 or 64. The reserved encoding means 64. */
export function precisionControl(): i32 {
  const control = (controlWord() >> 8) & 3;
  if (control === 0) return 24;
  return control === 2 ? 53 : 64;
}

/** Stores the status word without TOP, with ES and B following from its flags and the control word's masks. */
export function setStatusFlags(status: i32): void {
  status &= ~(FPU_ERROR_SUMMARY | BUSY);
  if ((status & FPU_EXCEPTIONS & ~controlWord()) !== 0) status |= FPU_ERROR_SUMMARY | BUSY;
  store<u16>(CPU_STATE + FPU_STATUS, <u16>status);
}

/** Stores the control word: exceptions that are pending may become unmasked or masked by it. */
export function setControl(control: i32): void {
  store<u16>(CPU_STATE + FPU_CONTROL, <u16>((control & CONTROL_DEFINED) | CONTROL_FIXED_ONE));
  setStatusFlags(statusFlags());
}

/**
 * Every x87 instruction: #NM if CR0.EM or CR0.TS.
 * @inline
 */
export function requireAvailable(record: u32): void {
  if ((load<u32>(CPU_STATE + CR0) & (CR0_EM | CR0_TS)) !== 0) raiseFault(record, VECTOR_NM, NO_ERROR_CODE);
}

/**
 * #MF if an unmasked exception is pending and CR0.NE is set. With NE clear the error would go to an external
 * interrupt controller; here the instruction just goes on, as with IGNNE# asserted.
 * @inline
 */
export function checkPending(record: u32): void {
  if ((statusFlags() & FPU_ERROR_SUMMARY) !== 0 && (load<u32>(CPU_STATE + CR0) & CR0_NE) !== 0) {
    raiseFault(record, VECTOR_MF, NO_ERROR_CODE);
  }
}

/** FWAIT: #NM if both CR0.MP and CR0.TS are set, then #MF if an unmasked exception is pending. */
export function fwait(record: u32): void {
  const both = CR0_MP | CR0_TS;
  if ((load<u32>(CPU_STATE + CR0) & both) === both) raiseFault(record, VECTOR_NM, NO_ERROR_CODE);
  checkPending(record);
}

/**
 * Starts a waiting instruction without a memory operand. Record 0 is a region, which has looked itself.
 * @inline
 */
export function begin(record: u32): void {
  if (record !== 0) {
    requireAvailable(record);
    checkPending(record);
  }
  signalled = 0;
  hasOperand = false;
}

/** Starts a waiting instruction whose memory operand is at `la`. */
export function beginMemory(record: u32, la: u64): void {
  begin(record);
  operandAddress = la;
  hasOperand = true;
}

/** Adds exceptions, or C1, to those of the running instruction. */
export function signal(flags: i32): void {
  signalled |= flags;
}

/** Whether `flag` of the control word's masks is clear. */
export function unmasked(flag: i32): bool {
  return (controlWord() & flag) === 0;
}

/**
 * Whether one of `flags` was signalled and is unmasked.
 * @inline
 */
export function trapped(flags: i32): bool {
  return (signalled & flags & ~controlWord()) !== 0;
}

/**
 * Whether the result must not be stored: an unmasked exception that is found before computing.
 * @inline
 */
export function suppressed(): bool {
  return trapped(INVALID | DENORMAL | ZERO_DIVIDE);
}

/**
 * Ends the instruction: adds its exceptions to the status word, where C1 is what was signalled. The operand
 * pointer and the opcode are updated by unmasked exceptions only (CPUID.7.EBX[6], FDP_EXCPTN_ONLY).
 */
export function finish(record: u32): void {
  if ((signalled & FPU_EXCEPTIONS & ~controlWord()) !== 0) noteUnmasked(record);
  setStatusFlags((statusFlags() & ~C1) | signalled);
  store<u64>(CPU_STATE + FPU_IP, instructionRip(record));
}

/** Ends an operation on numbers in a region: no exception is unmasked. */
export function finishNumber(head: i32): void {
  store<u16>(CPU_STATE + FPU_STATUS, <u16>(statusFlags() | (signalled & FPU_EXCEPTIONS)));
  store<u32>(CPU_STATE + FPU_REST, head | (i32((signalled & C1) !== 0) << 16));
}

function noteUnmasked(record: u32): void {
  // What was found while computing does not count if the computation should not have happened.
  if (suppressed()) signalled &= (signalled & STACK_FAULT) !== 0 ? ~COMPUTED : ~(COMPUTED | C1);
  recordOpcode(record);
  if (!hasOperand) return;
  const segment: u32 = record === 0 ? 0 : load<u8>(record + RECORD_SEGMENT);
  const base = record === 0 ? 0 : load<u64>(CPU_STATE + ACCESS_BASE + segment * 8);
  const offset = operandAddress - base;
  store<u64>(CPU_STATE + FPU_DP, is64BitMode() ? offset : <u64>(<u32>offset));
}

/** Replaces the condition codes C0, C2 and C3, and leaves C1 for finish(). */
export function setConditionCodes(codes: i32): void {
  const mask = C0 | C2 | C3;
  signal(codes & C1);
  store<u16>(CPU_STATE + FPU_STATUS, <u16>((statusFlags() & ~mask) | (codes & mask)));
}

/**
 * Offset of st(i) among the registers.
 * @inline
 */
export function offsetOf(i: i32): i32 {
  return (load<i32>(CPU_STATE + FPU_TOP) + (i << 4)) & OFFSET_MASK;
}

/**
 * Address of st(i): significand at 0, head at 8.
 * @inline
 */
function register(i: i32): u32 {
  return CPU_STATE + FPU_REGISTERS + offsetOf(i);
}

/** @inline */
export function significandOf(i: i32): u64 {
  return load<u64>(register(i));
}

/** @inline */
export function headOf(i: i32): i32 {
  return load<u16>(register(i) + 8);
}

/** @inline */
export function isEmpty(i: i32): bool {
  return ((load<u16>(CPU_STATE + FPU_TAG) >> (offsetOf(i) >> TAG_SHIFT)) & EMPTY) === EMPTY;
}

/**
 * Marks st(i) empty.
 * @inline
 */
export function free(i: i32): void {
  const tag = load<u16>(CPU_STATE + FPU_TAG);
  store<u16>(CPU_STATE + FPU_TAG, tag | <u16>(EMPTY << (offsetOf(i) >> TAG_SHIFT)));
}

/**
 * Writes st(i) and leaves its tag.
 * @inline
 */
export function loadRegister(i: i32, head: i32, significand: u64): void {
  const address = register(i);
  store<u64>(address, significand);
  store<u16>(address + 8, <u16>head);
}

/**
 * Writes st(i) and marks it in use.
 * @inline
 */
export function setRegister(i: i32, head: i32, significand: u64): void {
  loadRegister(i, head, significand);
  const tag = load<u16>(CPU_STATE + FPU_TAG);
  store<u16>(CPU_STATE + FPU_TAG, tag & <u16>~(EMPTY << (offsetOf(i) >> TAG_SHIFT)));
}

/**
 * Adds `step` to TOP, modulo 8.
 * @inline
 */
export function rotateStack(step: i32): void {
  store<i32>(CPU_STATE + FPU_TOP, offsetOf(step));
}

/** @inline */
export function push(head: i32, significand: u64): void {
  rotateStack(-1);
  setRegister(0, head, significand);
}

/** @inline */
export function pop(): void {
  free(0);
  rotateStack(1);
}

export function setIndefinite(i: i32): void {
  setRegister(i, INDEFINITE_HEAD, INDEFINITE_SIGNIFICAND);
}

/** Signals stack underflow (C1 clear). Returns whether it is masked: then the result is the indefinite. */
export function stackUnderflow(): bool {
  signal(INVALID | STACK_FAULT);
  return !unmasked(INVALID);
}

/**
 * Before a push: if st(7) is in use, signals stack overflow (C1 set), with the masked response of pushing the
 * indefinite, ends the instruction and returns true.
 */
export function stackOverflow(record: u32): bool {
  if (isEmpty(7)) return false;
  signal(INVALID | STACK_FAULT | C1);
  if (!unmasked(INVALID)) push(INDEFINITE_HEAD, INDEFINITE_SIGNIFICAND);
  finish(record);
  return true;
}

/** If st(i) is empty, does the same for an instruction that replaces it, and returns true. */
export function operandMissing(record: u32, i: i32): bool {
  if (!isEmpty(i)) return false;
  if (stackUnderflow()) setIndefinite(i);
  finish(record);
  return true;
}
