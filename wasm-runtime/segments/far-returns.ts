/**
 * Far RET and IRET (Intel SDM Vol. 2 "RET", "IRET"): to the same or an outer privilege level, between 64-bit and
 * compatibility code, and to virtual-8086 mode. Everything is read and checked before anything is committed.
 * Returns to an outer task (EFLAGS.NT) are in task-switch.ts.
 */

import { isBeyondCode } from '../code/code-limit';
import { nextRip, raiseGeneralProtection } from '../events/raise';
import {
  CPL,
  CPU_STATE,
  FLAG_NT,
  FLAG_RF,
  FLAG_VIF,
  FLAG_VIP,
  FLAG_VM,
  GPR,
  NMI_BLOCKED,
  RIGHTS_ACCESSED,
  RIGHTS_CODE,
  RIGHTS_CODE_DATA,
  RIGHTS_CONFORMING,
  RIGHTS_DEFAULT_32,
  RIGHTS_LONG,
  RIGHTS_PRESENT,
  RIP,
  SEGMENT_CS,
  SEGMENT_DS,
  SEGMENT_ES,
  SEGMENT_FS,
  SEGMENT_GS,
  SEGMENT_SS,
  SYSTEM_FLAGS,
  VECTOR_GP,
  VECTOR_NP,
} from '../generated/layout';
import { changeableFlags, setFlags } from '../integer/flags';
import { checkVirtualMode, isVirtualAndSensitive, virtualFlags } from '../integer/virtual-interrupts';
import { hasInstructionBreakpoints } from '../system/breakpoints';
import {
  beginSystemInstruction,
  descriptorRights,
  fetchDescriptor,
  is64BitMode,
  isLongMode,
  isParagraphMode,
  raiseSelectorFault,
  rightsDpl,
  setDescriptorType,
} from './descriptors';
import { checkTarget, enterCode } from './far-transfers';
import {
  checkStackSegment,
  dropInnerSegments,
  setNullSegment,
  setParagraphSegment,
  setSegmentFromDescriptor,
  updateMode,
} from './segments';
import { peekStack, setStackPointer } from './stack';
import { returnToTask } from './task-switch';

/** Checks the code segment a return leads to and returns its descriptor. */
function checkReturnCode(record: u32, selector: u32, rip: u64): u64 {
  if ((selector & 0xfffc) === 0) raiseGeneralProtection(record, 0);
  const descriptor = fetchDescriptor(record, selector, VECTOR_GP);
  const rights = descriptorRights(descriptor);
  const rpl = selector & 3;
  const dpl = rightsDpl(rights);
  const code = RIGHTS_CODE_DATA | RIGHTS_CODE;
  const longDefault = RIGHTS_LONG | RIGHTS_DEFAULT_32;
  const badLevel = (rights & RIGHTS_CONFORMING) !== 0 ? dpl > rpl : dpl !== rpl;
  if (
    (rights & code) !== code ||
    rpl < load<u32>(CPU_STATE + CPL) ||
    badLevel ||
    (isLongMode() && (rights & longDefault) === longDefault)
  ) {
    raiseSelectorFault(record, VECTOR_GP, selector);
  }
  if ((rights & RIGHTS_PRESENT) === 0) raiseSelectorFault(record, VECTOR_NP, selector);
  checkTarget(record, descriptor, rip);
  return descriptor;
}

/** Checks the stack segment a return to level `cpl` restores; returns its descriptor, 0 for a null one. */
function checkReturnStack(record: u32, selector: u32, cpl: u32, code: u64): u64 {
  if ((selector & 0xfffc) !== 0) return checkStackSegment(record, selector, cpl, VECTOR_GP);
  const to64Bit = isLongMode() && (descriptorRights(code) & RIGHTS_LONG) !== 0;
  if (!to64Bit || cpl === 3 || (selector & 3) !== cpl) raiseGeneralProtection(record, 0);
  return 0;
}

function loadReturnStack(selector: u32, descriptor: u64): void {
  if (descriptor === 0) setNullSegment(SEGMENT_SS, selector);
  else setSegmentFromDescriptor(SEGMENT_SS, selector, descriptor);
}

/**
 * RET far; `size` is the operand size in bytes, `popBytes` the immediate: parameters dropped from this stack and,
 * on a return to an outer level, from the outer one too.
 */
export function farReturn(record: u32, size: i32, popBytes: i32): void {
  const rip = peekStack(record, 0, size);
  const selector = <u32>peekStack(record, size, size) & 0xffff;
  const rsp = load<u64>(CPU_STATE + GPR + 4 * 8);
  if (isParagraphMode()) {
    if (isBeyondCode(rip)) raiseGeneralProtection(record, 0);
    setStackPointer(rsp + size * 2 + popBytes);
    setParagraphSegment(SEGMENT_CS, selector);
    store<u64>(CPU_STATE + RIP, rip);
    updateMode();
    return;
  }
  beginSystemInstruction(record);
  const cpl = load<u32>(CPU_STATE + CPL);
  const code = checkReturnCode(record, selector, rip);
  const newCpl = selector & 3;
  if (newCpl === cpl) {
    setDescriptorType(selector, code, RIGHTS_ACCESSED);
    setStackPointer(rsp + size * 2 + popBytes);
    enterCode(selector, code, cpl, rip);
    return;
  }
  const newRsp = peekStack(record, size * 2 + popBytes, size);
  const stackSelector = <u32>peekStack(record, size * 3 + popBytes, size) & 0xffff;
  const stack = checkReturnStack(record, stackSelector, newCpl, code);
  setDescriptorType(selector, code, RIGHTS_ACCESSED);
  if (stack !== 0) setDescriptorType(stackSelector, stack, RIGHTS_ACCESSED);
  loadReturnStack(stackSelector, stack);
  enterCode(selector, code, newCpl, rip);
  setStackPointer(newRsp + popBytes);
  dropInnerSegments();
}

/** Flags of an IRET at the level before it. RF only where it matters (events.ts); VM is never changed here. */
function restoreFlags(record: u32, value: u32, size: i32): void {
  let mask = changeableFlags();
  if (load<u32>(CPU_STATE + CPL) === 0) mask |= FLAG_VIF | FLAG_VIP;
  if (hasInstructionBreakpoints()) mask |= FLAG_RF;
  if (size === 2) mask &= 0xffff;
  // Every arithmetic flag is replaced, so the old ones need not be composed.
  const flags = (value & mask) | (load<u32>(CPU_STATE + SYSTEM_FLAGS) & ~mask);
  setFlags(isVirtualAndSensitive() ? virtualFlags(record, value, flags) : flags);
}

/** IRET in real mode, and in virtual-8086 mode. */
function iretParagraph(record: u32, size: i32): void {
  checkVirtualMode(record, size);
  const rip = peekStack(record, 0, size);
  const selector = <u32>peekStack(record, size, size) & 0xffff;
  const flags = <u32>peekStack(record, size * 2, size);
  if (isBeyondCode(rip)) raiseGeneralProtection(record, 0);
  // May raise.
  restoreFlags(record, flags, size);
  setStackPointer(load<u64>(CPU_STATE + GPR + 4 * 8) + size * 3);
  setParagraphSegment(SEGMENT_CS, selector);
  store<i32>(CPU_STATE + NMI_BLOCKED, 0);
  store<u64>(CPU_STATE + RIP, rip);
  updateMode();
}

/** IRETD at CPL 0 to virtual-8086 mode: EIP, CS, EFLAGS, ESP, SS, ES, DS, FS, GS. */
function iretToVirtualMode(record: u32, rip: u64, selector: u32, flags: u32): void {
  const esp = peekStack(record, 12, 4);
  const ss = <u32>peekStack(record, 16, 4);
  const es = <u32>peekStack(record, 20, 4);
  const ds = <u32>peekStack(record, 24, 4);
  const fs = <u32>peekStack(record, 28, 4);
  const gs = <u32>peekStack(record, 32, 4);
  if (rip > 0xffff) raiseGeneralProtection(record, 0);
  setFlags(flags & ~FLAG_RF);
  store<u32>(CPU_STATE + CPL, 3);
  setParagraphSegment(SEGMENT_CS, selector);
  setParagraphSegment(SEGMENT_SS, ss & 0xffff);
  setParagraphSegment(SEGMENT_ES, es & 0xffff);
  setParagraphSegment(SEGMENT_DS, ds & 0xffff);
  setParagraphSegment(SEGMENT_FS, fs & 0xffff);
  setParagraphSegment(SEGMENT_GS, gs & 0xffff);
  store<u64>(CPU_STATE + GPR + 4 * 8, esp);
  store<i32>(CPU_STATE + NMI_BLOCKED, 0);
  store<u64>(CPU_STATE + RIP, rip);
  updateMode();
}

/** IRET, IRETD and IRETQ; `size` is the operand size in bytes. Sets RIP, RSP, flags and the mode. */
export function iret(record: u32, size: i32): void {
  if (isParagraphMode()) {
    iretParagraph(record, size);
    return;
  }
  beginSystemInstruction(record);
  if ((load<u32>(CPU_STATE + SYSTEM_FLAGS) & FLAG_NT) !== 0) {
    if (isLongMode()) raiseGeneralProtection(record, 0);
    store<i32>(CPU_STATE + NMI_BLOCKED, 0);
    returnToTask(record, nextRip(record));
    return;
  }
  const cpl = load<u32>(CPU_STATE + CPL);
  const rip = peekStack(record, 0, size);
  const selector = <u32>peekStack(record, size, size) & 0xffff;
  const flags = <u32>peekStack(record, size * 2, size);
  if (size === 4 && cpl === 0 && (flags & FLAG_VM) !== 0 && !isLongMode()) {
    iretToVirtualMode(record, rip, selector, flags);
    return;
  }
  const code = checkReturnCode(record, selector, rip);
  const newCpl = selector & 3;
  setDescriptorType(selector, code, RIGHTS_ACCESSED);
  let newRsp = load<u64>(CPU_STATE + GPR + 4 * 8) + size * 3;
  if (newCpl !== cpl || is64BitMode()) {
    newRsp = peekStack(record, size * 3, size);
    const stackSelector = <u32>peekStack(record, size * 4, size) & 0xffff;
    const stack = checkReturnStack(record, stackSelector, newCpl, code);
    if (stack !== 0) setDescriptorType(stackSelector, stack, RIGHTS_ACCESSED);
    loadReturnStack(stackSelector, stack);
  }
  restoreFlags(record, flags, size);
  store<i32>(CPU_STATE + NMI_BLOCKED, 0);
  enterCode(selector, code, newCpl, rip);
  setStackPointer(newRsp);
  if (newCpl !== cpl) dropInnerSegments();
}
