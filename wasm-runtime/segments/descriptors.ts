/**
 * Segment descriptors and the tables that hold them (Intel SDM Vol. 3 "Segment Descriptors"), and what kind of
 * mode the processor is in.
 */

import { instructionRip, raiseFault } from '../events/raise';
import {
  CPU_STATE,
  CURRENT_RECORD,
  EFER_LMA,
  GDTR_BASE,
  GDTR_LIMIT,
  LDTR_BASE,
  MODE,
  MODE_CODE_64,
  MODE_REAL,
  MSR_EFER,
  RIP,
  SEGMENT_LDTR,
  SEGMENT_LIMIT,
  SEGMENT_RIGHTS,
} from '../generated/layout';
import { readSystem64, writeSystem32 } from '../memory/mmu';

/** 1 while an event other than a software interrupt is being delivered: the EXT bit of selector error codes. */
export let externalEvent: i32 = 0;

export function setExternalEvent(value: i32): void {
  externalEvent = value;
}

export function isLongMode(): bool {
  return (load<u32>(CPU_STATE + MSR_EFER) & EFER_LMA) !== 0;
}

/** IA-32e mode with CS.L set. */
export function is64BitMode(): bool {
  return (load<u32>(CPU_STATE + MODE) & 3) === <u32>MODE_CODE_64;
}

/** Real or virtual-8086 mode: segment registers hold paragraphs. */
export function isParagraphMode(): bool {
  return (load<u32>(CPU_STATE + MODE) & MODE_REAL) !== 0;
}

/**
 * Makes RIP exact and names the running instruction, so that a fault of readSystem*() in what follows is
 * attributed to it, and not to an event. Harmless: RIP is recomputed by whoever ends the instruction.
 */
export function beginSystemInstruction(record: u32): void {
  store<u64>(CPU_STATE + RIP, instructionRip(record));
  store<u32>(CPU_STATE + CURRENT_RECORD, record);
  externalEvent = 0;
}

export function descriptorBase(descriptor: u64): u64 {
  return ((descriptor >> 16) & 0xff_ffff) | ((descriptor >> 32) & 0xff00_0000);
}

/** Limit in bytes, inclusive. */
export function descriptorLimit(descriptor: u64): u32 {
  const limit = <u32>(descriptor & 0xffff) | (<u32>(descriptor >> 32) & 0xf_0000);
  return (descriptor & (1 << 55)) !== 0 ? (limit << 12) | 0xfff : limit;
}

export function descriptorRights(descriptor: u64): u32 {
  return <u32>(descriptor >> 40) & 0xf0ff;
}

export function rightsDpl(rights: u32): u32 {
  return (rights >>> 5) & 3;
}

/** A fault that names a selector. */
export function raiseSelectorFault(record: u32, vector: i32, selector: u32): void {
  raiseFault(record, vector, <i32>(selector & 0xfffc) | externalEvent);
}

/** Where the descriptor table entry of `selector` is, or -1 if `bytes` bytes of it are not within the limit. */
export function descriptorAddress(selector: u32, bytes: u32): u64 {
  const offset = selector & 0xfff8;
  if ((selector & 4) !== 0) {
    if (load<u32>(CPU_STATE + SEGMENT_RIGHTS + SEGMENT_LDTR * 4) === 0) return -1;
    if (offset + bytes - 1 > load<u32>(CPU_STATE + SEGMENT_LIMIT + SEGMENT_LDTR * 4)) return -1;
    return load<u64>(CPU_STATE + LDTR_BASE) + offset;
  }
  if (offset + bytes - 1 > load<u32>(CPU_STATE + GDTR_LIMIT)) return -1;
  return load<u64>(CPU_STATE + GDTR_BASE) + offset;
}

/** The 8-byte descriptor of `selector`; `vector`(selector) if it is outside its table. */
export function fetchDescriptor(record: u32, selector: u32, vector: i32): u64 {
  const address = descriptorAddress(selector, 8);
  if (address === -1) raiseSelectorFault(record, vector, selector);
  return readSystem64(address);
}

/** The upper 8 bytes of a 16-byte system descriptor; `vector`(selector) if it is outside its table. */
export function fetchDescriptorHigh(record: u32, selector: u32, vector: i32): u64 {
  const address = descriptorAddress(selector, 16);
  if (address === -1) raiseSelectorFault(record, vector, selector);
  return readSystem64(address + 8);
}

/** Sets bits in the descriptor's type (accessed, TSS busy) in memory if they are clear. */
export function setDescriptorType(selector: u32, descriptor: u64, bits: u32): void {
  if ((<u32>(descriptor >> 40) & bits) === bits) return;
  writeSystem32(descriptorAddress(selector, 8) + 4, <u32>(descriptor >> 32) | (bits << 8));
}
