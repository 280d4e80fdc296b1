/**
 * The short way of x87 instructions, which they go nearly always: operands that are in use, numbers that are normal or zero, all
 * exceptions masked, results of 64 bits rounded to nearest. Functions of usual-*.ts do a whole instruction and return true; or
 * they change nothing and return false, and the general way, which knows everything, starts from the beginning. The only
 * exception that comes from here is an inexact result. This file has what they share: when it may be gone, and how it ends.
 */
import { instructionRip } from '../events/raise';
import {
  CPU_STATE,
  CR0,
  CR0_EM,
  CR0_TS,
  FPU_ERROR_SUMMARY,
  FPU_EXCEPTIONS,
  FPU_IP,
  FPU_REGISTERS,
  FPU_STATUS,
  FPU_TAG,
  FPU_TOP,
  RIP,
} from '../generated/layout';
import { EXPONENT_MAX, isNormal } from './format';
import {
  BUSY,
  C0,
  C1,
  C2,
  C3,
  CONTROL_ROUNDING,
  controlWord,
  EMPTY,
  offsetOf,
  PRECISION,
  PRECISION_64,
  pop,
  statusFlags,
  TAG_SHIFT,
} from './status';

export const HALF: u64 = 1 << 63;
const USUAL_MASK: i32 = CONTROL_ROUNDING | FPU_EXCEPTIONS;
const USUAL_CONTROL: i32 = PRECISION_64 | FPU_EXCEPTIONS;
/**
 * Whether the control word is the usual one and the instruction raises nothing before it starts. Record 0 is a region, which has
 * looked itself.
 * @inline
 */
export function isUsual(record: u32): bool {
  if ((controlWord() & USUAL_MASK) !== USUAL_CONTROL) return false;
  if (record === 0) return true;
  return (load<u32>(CPU_STATE + CR0) & (CR0_EM | CR0_TS)) === 0 && (statusFlags() & FPU_ERROR_SUMMARY) === 0;
}

/** @inline */
export function significandAt(offset: i32): u64 {
  return load<u64>(CPU_STATE + FPU_REGISTERS + offset);
}

/** @inline */
export function headAt(offset: i32): i32 {
  return <i32>load<u16>(CPU_STATE + FPU_REGISTERS + offset + 8);
}

/** @inline */
export function setAt(offset: i32, head: i32, significand: u64): void {
  store<u64>(CPU_STATE + FPU_REGISTERS + offset, significand);
  store<u16>(CPU_STATE + FPU_REGISTERS + offset + 8, <u16>head);
}

/** @inline */
export function isInUse(offset: i32): bool {
  return ((load<u16>(CPU_STATE + FPU_TAG) >> (offset >> TAG_SHIFT)) & 1) === 0;
}

/** @inline */
export function areInUse(offset: i32, other: i32): bool {
  const tag = <i32>load<u16>(CPU_STATE + FPU_TAG);
  return (((tag >> (offset >> TAG_SHIFT)) | (tag >> (other >> TAG_SHIFT))) & 1) === 0;
}

/** @inline */
export function markInUse(offset: i32): void {
  const tag = <i32>load<u16>(CPU_STATE + FPU_TAG);
  store<u16>(CPU_STATE + FPU_TAG, <u16>(tag & ~(EMPTY << (offset >> TAG_SHIFT))));
}

/** @inline */
export function isNormalOrZero(head: i32, significand: u64): bool {
  return isNormal(head, significand) || (significand | <u64>(head & EXPONENT_MAX)) === 0;
}

/**
 * Ends the instruction, whose `flags` are added to the status word: C1 is theirs.
 * @inline
 */
export function end(record: u32, flags: i32): void {
  setFlags(0, flags);
  noteInstruction(record);
}

/** @inline */
function noteInstruction(record: u32): void {
  // A region has stored its RIP.
  const rip = record === 0 ? load<u64>(CPU_STATE + RIP) : instructionRip(record);
  store<u64>(CPU_STATE + FPU_IP, rip);
}

/** Replaces the flags of the status word that are in `mask`, and C1. @inline */
function setFlags(mask: i32, flags: i32): void {
  const kept = statusFlags() & ~(mask | C1 | FPU_ERROR_SUMMARY | BUSY);
  store<u16>(CPU_STATE + FPU_STATUS, <u16>(kept | flags));
}

/** @inline */
export function endPopping(record: u32, flags: i32, pops: i32): void {
  end(record, flags);
  if (pops !== 0) pop();
}

/** FCOM. @inline */
export function endComparing(record: u32, codes: i32, pops: i32): void {
  setFlags(C0 | C2 | C3, codes);
  noteInstruction(record);
  if (pops !== 0) pop();
}

/**
 * Pushes a number, if there is room, and ends the instruction.
 * @inline
 */
export function endPushing(record: u32, head: i32, significand: u64): bool {
  const offset = offsetOf(-1);
  if (isInUse(offset)) return false;
  setAt(offset, head, significand);
  markInUse(offset);
  store<i32>(CPU_STATE + FPU_TOP, offset);
  end(record, 0);
  return true;
}

/** Whether what is cut off, in units of 2^-64 of the last place, rounds the rest up. @inline */
export function roundsUp(rest: u64, cut: u64): i32 {
  return i32(cut > HALF - (rest & 1));
}

/**
 * Exception flags and C1 of a rounded result.
 * @inline
 */
export function roundingFlags(up: i32, cut: u64): i32 {
  return up * C1 + i32(cut !== 0) * PRECISION;
}
