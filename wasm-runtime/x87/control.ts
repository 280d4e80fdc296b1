/** Instructions that control the FPU: words, initialisation, stack rotation. */
import { CPU_STATE, FPU_CONTROL, FPU_DP, FPU_IP, FPU_OPCODE, FPU_TAG } from '../generated/layout';
import { readData16 } from '../memory/mmu';
import {
  begin,
  checkPending,
  controlWord,
  finish,
  free,
  loadStatusWord,
  pop,
  requireAvailable,
  rotateStack,
  setControl,
  setStatusFlags,
  statusFlags,
  statusWord,
} from './status';

/** Round to nearest, 64-bit precision, all exceptions masked. */
export const CONTROL_INITIAL: u16 = 0x37f;
/** Exception flags, stack fault, ES and B. */
const STATUS_CLEARED: i32 = 0x80ff;

/** The state after FNINIT; the registers keep their contents, as empty ones. */
export function initialiseFpu(): void {
  store<u16>(CPU_STATE + FPU_CONTROL, CONTROL_INITIAL);
  loadStatusWord(0);
  store<u16>(CPU_STATE + FPU_TAG, 0xffff);
  store<u16>(CPU_STATE + FPU_OPCODE, 0);
  store<u64>(CPU_STATE + FPU_IP, 0);
  store<u64>(CPU_STATE + FPU_DP, 0);
}

/** FNINIT. */
export function fninit(record: u32): void {
  requireAvailable(record);
  initialiseFpu();
}

/** FNCLEX. */
export function fnclex(record: u32): void {
  requireAvailable(record);
  setStatusFlags(statusFlags() & ~STATUS_CLEARED);
}

/** FLDCW m16. */
export function fldcw(record: u32, la: u64): void {
  requireAvailable(record);
  checkPending(record);
  setControl(<i32>readData16(record, la));
}

/** The control word, for FNSTCW. */
export function fpuControlWord(record: u32): i32 {
  requireAvailable(record);
  return controlWord();
}

/** The status word, for FNSTSW. */
export function fpuStatusWord(record: u32): i32 {
  requireAvailable(record);
  return statusWord();
}

/** FFREE ST(i); with `pops` 1, FFREEP. */
export function ffree(record: u32, i: i32, pops: i32): void {
  begin(record);
  free(i);
  finish(record);
  if (pops !== 0) pop();
}

/** FINCSTP (`step` 1) and FDECSTP (-1): C1 is cleared, tags stay. */
export function rotateFpuStack(record: u32, step: i32): void {
  begin(record);
  rotateStack(step);
  finish(record);
}

/** FNOP. */
export function fnop(record: u32): void {
  requireAvailable(record);
  checkPending(record);
}
