/**
 * What the processor reads of the task state segment: inner stacks, the interrupt stack table and the I/O
 * permission bitmap (Intel SDM Vol. 3 "Task Management").
 */

import {
  CPU_STATE,
  SEGMENT_LIMIT,
  SEGMENT_RIGHTS,
  SEGMENT_SELECTOR,
  SEGMENT_TR,
  TR_BASE,
  VECTOR_TS,
} from '../generated/layout';
import { readSystem16, readSystem32, readSystem64 } from '../memory/mmu';
import { raiseSelectorFault } from '../segments/descriptors';

/** Offsets in the 64-bit TSS. */
export const TSS64_RSP0: u32 = 4;
export const TSS64_IST1: u32 = 36;
/** Offset of the I/O map base field: the same in 32- and 64-bit TSSs. */
const TSS_IO_MAP_BASE: u32 = 0x66;

/** Stack read by the last readLegacyTssStack(). */
export let tssStackSelector: u32 = 0;
export let tssStackPointer: u32 = 0;

/** #TS(TR selector) unless `last` is the offset of a byte within the TSS. */
function checkTssLimit(record: u32, last: u32): void {
  if (last > load<u32>(CPU_STATE + SEGMENT_LIMIT + SEGMENT_TR * 4)) {
    raiseSelectorFault(record, VECTOR_TS, load<u32>(CPU_STATE + SEGMENT_SELECTOR + SEGMENT_TR * 4));
  }
}

/** A stack pointer at `offset` of the 64-bit TSS. */
export function readTss64(record: u32, offset: u32): u64 {
  checkTssLimit(record, offset + 7);
  return readSystem64(load<u64>(CPU_STATE + TR_BASE) + offset);
}

/** Reads SS and ESP (or SP) for privilege level `cpl` from a 32- or 16-bit TSS. */
export function readLegacyTssStack(record: u32, cpl: u32): void {
  const base = load<u64>(CPU_STATE + TR_BASE);
  if ((load<u32>(CPU_STATE + SEGMENT_RIGHTS + SEGMENT_TR * 4) & 8) !== 0) {
    const offset = 4 + cpl * 8;
    checkTssLimit(record, offset + 5);
    tssStackPointer = readSystem32(base + offset);
    tssStackSelector = readSystem16(base + offset + 4);
  } else {
    const offset = 2 + cpl * 4;
    checkTssLimit(record, offset + 3);
    tssStackPointer = readSystem16(base + offset);
    tssStackSelector = readSystem16(base + offset + 2);
  }
}

/** Whether the I/O permission bitmap lets `size` bytes from `port` through. A 16-bit TSS has none. */
export function ioBitmapAllows(port: u32, size: u32): bool {
  if ((load<u32>(CPU_STATE + SEGMENT_RIGHTS + SEGMENT_TR * 4) & 8) === 0) return false;
  const limit = load<u32>(CPU_STATE + SEGMENT_LIMIT + SEGMENT_TR * 4);
  if (TSS_IO_MAP_BASE + 1 > limit) return false;
  const base = load<u64>(CPU_STATE + TR_BASE);
  const offset = <u32>readSystem16(base + TSS_IO_MAP_BASE) + (port >>> 3);
  // Two bytes are read, since the bits may straddle them.
  if (offset + 1 > limit) return false;
  const bits = <u32>readSystem16(base + offset) >>> (port & 7);
  return (bits & ((1 << size) - 1)) === 0;
}

/** Whether the redirection bitmap, the 32 bytes below the I/O map, leaves INT `vector` to a virtual-8086 task. */
export function redirectionAllows(vector: i32): bool {
  if ((load<u32>(CPU_STATE + SEGMENT_RIGHTS + SEGMENT_TR * 4) & 8) === 0) return false;
  const limit = load<u32>(CPU_STATE + SEGMENT_LIMIT + SEGMENT_TR * 4);
  if (TSS_IO_MAP_BASE + 1 > limit) return false;
  const base = load<u64>(CPU_STATE + TR_BASE);
  const map = <u32>readSystem16(base + TSS_IO_MAP_BASE);
  const offset = map - 32 + (<u32>vector >>> 4) * 2;
  if (map < 32 || offset + 1 > limit) return false;
  return ((<u32>readSystem16(base + offset) >>> (vector & 15)) & 1) === 0;
}
