/**
 * System instructions that are not control registers, MSRs or ports: descriptor table registers, TLB and cache
 * maintenance, EFLAGS.AC, segment bases, time, randomness (Intel SDM Vol. 2, by mnemonic).
 */

import { raiseGeneralProtection, raiseUndefined } from '../events/raise';
import {
  CPL,
  CPU_STATE,
  CR3,
  CR4,
  CR4_FSGSBASE,
  CR4_PCE,
  CR4_PCIDE,
  CR4_TSD,
  CURRENT_RECORD,
  FLAG_AC,
  GDTR_BASE,
  GDTR_LIMIT,
  IDTR_BASE,
  IDTR_LIMIT,
  MSR_TSC_AUX,
  SEGMENT_BASE,
  SYSTEM_FLAGS,
} from '../generated/layout';
import {
  flushTlb,
  flushTlbPage,
  probeDataWrite,
  readData16,
  readData32,
  readData64,
  writeData16,
  writeData32,
  writeData64,
} from '../memory/mmu';
import { isCanonical, isCanonicalBase } from '../memory/page-walk';
import { RAX, RCX, RDX } from '../registers';
import { updateAccessBase } from '../segments/access';
import { is64BitMode, isParagraphMode } from '../segments/descriptors';
import { moveFromSegment, updateMode, updateView } from '../segments/segments';
import { checkUserModeInstruction, requirePrivilege } from './control-registers';
import { hostRandom } from './host';
import { performanceCounter } from './performance-counters';
import { timeStampCounter } from './time';

// ----------------------------------------------------------------------------------- descriptor table registers

/**
 * LGDT (`table` 0) and LIDT (1) from `la`; `size` is the operand size in bytes: 2 takes 24 base bits, 4 takes 32,
 * 8 takes 64.
 */
export function loadTableRegister(record: u32, table: i32, la: u64, size: i32): void {
  requirePrivilege(record);
  const limit = readData16(record, la);
  let base: u64;
  if (size === 8) {
    base = readData64(record, la + 2);
    if (!isCanonicalBase(base)) raiseGeneralProtection(record, 0);
  } else {
    base = readData32(record, la + 2);
    if (size === 2) base &= 0xff_ffff;
  }
  store<u64>(CPU_STATE + (table === 0 ? GDTR_BASE : IDTR_BASE), base);
  store<u32>(CPU_STATE + (table === 0 ? GDTR_LIMIT : IDTR_LIMIT), limit);
}

/** SGDT (`table` 0) and SIDT (1) to `la`: 10 bytes with `size` 8, else 6. #GP(0) at CPL > 0 with CR4.UMIP. */
export function storeTableRegister(record: u32, table: i32, la: u64, size: i32): void {
  checkUserModeInstruction(record);
  const base = load<u64>(CPU_STATE + (table === 0 ? GDTR_BASE : IDTR_BASE));
  const limit = load<u32>(CPU_STATE + (table === 0 ? GDTR_LIMIT : IDTR_LIMIT));
  probeDataWrite(record, la, size === 8 ? 10 : 6);
  writeData16(record, la, limit);
  if (size === 8) writeData64(record, la + 2, base);
  else writeData32(record, la + 2, <u32>base);
}

/** SLDT (`index` 6) and STR (7): the selector. #UD in real mode, #GP(0) at CPL > 0 with CR4.UMIP. */
export function storeSystemSelector(record: u32, index: i32): u32 {
  if (isParagraphMode()) raiseUndefined(record);
  checkUserModeInstruction(record);
  return moveFromSegment(index);
}

// ------------------------------------------------------------------------------------------ TLB and caches

/** INVLPG. An address that is not canonical does nothing; no segment is checked. */
export function invlpg(record: u32, la: u64): void {
  requirePrivilege(record);
  flushTlbPage(is64BitMode() ? la : <u64>(<u32>la));
}

/**
 * INVPCID of `type` with the descriptor at `la`. The TLB holds translations of the current PCID only, so other
 * PCIDs need no work.
 */
export function invpcid(record: u32, type: u64, la: u64): void {
  requirePrivilege(record);
  const pcid = readData64(record, la);
  const address = readData64(record, la + 8);
  const usesPcids = (load<u32>(CPU_STATE + CR4) & CR4_PCIDE) !== 0;
  if (type > 3) raiseGeneralProtection(record, 0);
  if (type < 2 && (pcid > 0xfff || (!usesPcids && pcid !== 0))) raiseGeneralProtection(record, 0);
  if (type === 0 && !isCanonical(address)) raiseGeneralProtection(record, 0);
  const current: u64 = usesPcids ? load<u64>(CPU_STATE + CR3) & 0xfff : 0;
  if (type >= 2) flushTlb(type === 2);
  else if (pcid === current) {
    if (type === 0) flushTlbPage(address);
    else flushTlb(false);
  }
}

// ---------------------------------------------------------------------------------------- flags of the system

/** STAC (`value` 1) and CLAC (0). #UD unless CPL is 0. Changes the mode key. */
export function setAlignmentCheck(record: u32, value: i32): void {
  if (load<u32>(CPU_STATE + CPL) !== 0) raiseUndefined(record);
  const flags = load<u32>(CPU_STATE + SYSTEM_FLAGS) & ~FLAG_AC;
  store<u32>(CPU_STATE + SYSTEM_FLAGS, value !== 0 ? flags | FLAG_AC : flags);
  if (is64BitMode()) updateView();
  else updateMode();
}

// --------------------------------------------------------------------------------------------- segment bases

function requireBaseInstructions(record: u32): void {
  if (!is64BitMode() || (load<u32>(CPU_STATE + CR4) & CR4_FSGSBASE) === 0) raiseUndefined(record);
}

/** RDFSBASE and RDGSBASE (`segment` SEGMENT_FS or SEGMENT_GS); the caller truncates. */
export function readSegmentBase(record: u32, segment: i32): u64 {
  requireBaseInstructions(record);
  return load<u64>(CPU_STATE + SEGMENT_BASE + segment * 8);
}

/** WRFSBASE and WRGSBASE of a zero-extended `value`. #GP(0) if it is not canonical. */
export function writeSegmentBase(record: u32, segment: i32, value: u64): void {
  requireBaseInstructions(record);
  if (!isCanonicalBase(value)) raiseGeneralProtection(record, 0);
  store<u64>(CPU_STATE + SEGMENT_BASE + segment * 8, value);
  updateAccessBase(segment);
}

// ------------------------------------------------------------------------------------------------------ time

function requireTimeStamp(record: u32): void {
  if ((load<u32>(CPU_STATE + CR4) & CR4_TSD) !== 0) requirePrivilege(record);
}

/** RDTSC into EDX:EAX. #GP(0) at CPL > 0 with CR4.TSD. May ask the host, which may ask how far the block has come. */
export function rdtsc(record: u32): void {
  requireTimeStamp(record);
  store<u32>(CPU_STATE + CURRENT_RECORD, record);
  const value = timeStampCounter();
  store<u64>(RAX, value & 0xffff_ffff);
  store<u64>(RDX, value >> 32);
}

/** RDTSCP: RDTSC, and IA32_TSC_AUX into ECX. */
export function rdtscp(record: u32): void {
  rdtsc(record);
  store<u64>(RCX, load<u32>(CPU_STATE + MSR_TSC_AUX));
}

/** RDPMC: performance counter ECX into EDX:EAX. #GP(0) at CPL > 0 without CR4.PCE, and for a counter that there is not. */
export function rdpmc(record: u32): void {
  if ((load<u32>(CPU_STATE + CR4) & CR4_PCE) === 0) requirePrivilege(record);
  const counter = performanceCounter(load<u32>(RCX));
  if (counter === 0) raiseGeneralProtection(record, 0);
  const value = load<u64>(CPU_STATE + counter);
  store<u64>(RAX, value & 0xffff_ffff);
  store<u64>(RDX, value >> 32);
}

// ------------------------------------------------------------------------------------------------ randomness

/** 64 random bits, for RDRAND and RDSEED. */
export function randomBits(): u64 {
  const low = <u64>hostRandom();
  return ((<u64>hostRandom()) << 32) | low;
}
