/**
 * Raising events out of the middle of an instruction.
 *
 * Handlers run with RIP out of date; what they carry is their record. A helper that finds a fault stores what
 * happened and throws through JavaScript; the host loop then calls deliverEvent() (events.ts), which works out
 * RIP from the record. Nothing architectural may have been changed before one of these is called, and no code
 * runs after it. note*() only store what happened: their callers say so to a handler, which ends in the event's
 * delivery without a throw (deliverNoted()).
 */
import {
  CPU_STATE,
  CR2,
  CURRENT_RECORD,
  EVENT_BREAKPOINT,
  EVENT_CODE_WRITE,
  EVENT_ERROR,
  EVENT_FAULT,
  EVENT_KIND,
  EVENT_VECTOR,
  MODE,
  MODE_CODE_64,
  MODE_CODE_MASK,
  PAGE_BASE,
  RECORD_LENGTH,
  RECORD_PAGE_OFFSET,
  RIP,
  SEGMENT_BASE,
  SEGMENT_CS,
  VECTOR_GP,
  VECTOR_PF,
  VECTOR_UD,
} from '../generated/layout';
import { raise } from '../system/host';

/** No error code is pushed. */
export const NO_ERROR_CODE: i32 = -1;

/**
 * RIP of the instruction of `record`; record 0 means that the RIP field is exact. PAGE_BASE is linear, so
 * outside 64-bit code the CS base is taken off again.
 */
export function instructionRip(record: u32): u64 {
  if (record === 0) return load<u64>(CPU_STATE + RIP);
  const linear = load<u64>(CPU_STATE + PAGE_BASE) + <u64>load<u16>(record + RECORD_PAGE_OFFSET);
  if ((load<i32>(CPU_STATE + MODE) & MODE_CODE_MASK) === MODE_CODE_64) return linear;
  return (linear - load<u64>(CPU_STATE + SEGMENT_BASE + SEGMENT_CS * 8)) & 0xffff_ffff;
}

/** RIP of the instruction after `record`, wrapped to 32 bits outside 64-bit code. `record` is not 0. */
export function nextRip(record: u32): u64 {
  const next = instructionRip(record) + <u64>load<u8>(record + RECORD_LENGTH);
  if ((load<i32>(CPU_STATE + MODE) & MODE_CODE_MASK) === MODE_CODE_64) return next;
  return next & 0xffff_ffff;
}

/** Stores an event of kind EVENT_* that the running instruction is to be left with. `errorCode` -1 = none. */
function noteEvent(record: u32, vector: i32, errorCode: i32, kind: i32): void {
  store<i32>(CPU_STATE + EVENT_VECTOR, vector);
  store<i32>(CPU_STATE + EVENT_ERROR, errorCode);
  store<i32>(CPU_STATE + EVENT_KIND, kind);
  store<u32>(CPU_STATE + CURRENT_RECORD, record);
}

/** A fault is what the running instruction is to be left with. `errorCode` -1 = none; record 0 = RIP is exact. */
export function noteFault(record: u32, vector: i32, errorCode: i32): void {
  noteEvent(record, vector, errorCode, EVENT_FAULT);
}

/** The same for #PF at linear address `la`. */
export function notePageFault(record: u32, la: u64, errorCode: i32): void {
  store<u64>(CPU_STATE + CR2, la);
  noteFault(record, VECTOR_PF, errorCode);
}

/** Leaves the running instruction with an event of kind EVENT_*. `errorCode` -1 = none. Never returns. */
export function raiseEvent(record: u32, vector: i32, errorCode: i32, kind: i32): void {
  noteEvent(record, vector, errorCode, kind);
  raise();
}

/** Leaves the running instruction with a fault. `errorCode` -1 = none; record 0 = RIP is exact. Never returns. */
export function raiseFault(record: u32, vector: i32, errorCode: i32): void {
  raiseEvent(record, vector, errorCode, EVENT_FAULT);
}

/** #PF at linear address `la`. Never returns. */
export function raisePageFault(record: u32, la: u64, errorCode: i32): void {
  notePageFault(record, la, errorCode);
  raise();
}

/** The store of `record` would overwrite translated code: the host loop runs the instruction again alone. Never returns. */
export function raiseCodeWrite(record: u32): void {
  raiseEvent(record, 0, NO_ERROR_CODE, EVENT_CODE_WRITE);
}

/** The instruction of `record` hits a data or I/O breakpoint: the host loop runs it again alone. Never returns. */
export function raiseBreakpoint(record: u32): void {
  raiseEvent(record, 0, NO_ERROR_CODE, EVENT_BREAKPOINT);
}

/** #GP(errorCode). Never returns. */
export function raiseGeneralProtection(record: u32, errorCode: i32): void {
  raiseEvent(record, VECTOR_GP, errorCode, EVENT_FAULT);
}

/** #UD. Never returns. */
export function raiseUndefined(record: u32): void {
  raiseEvent(record, VECTOR_UD, NO_ERROR_CODE, EVENT_FAULT);
}
