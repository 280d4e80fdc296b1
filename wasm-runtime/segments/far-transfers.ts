/**
 * Far JMP and CALL, direct and through call gates (Intel SDM Vol. 2 "JMP", "CALL"). Everything is read and
 * checked before anything is committed. Those to a TSS or task gate are in task-switch.ts.
 */

import { isBeyondCode } from '../code/code-limit';
import { nextRip, raiseFault, raiseGeneralProtection } from '../events/raise';
import {
  readLegacyTssStack,
  readTss64,
  TSS64_RSP0,
  tssStackPointer,
  tssStackSelector,
} from '../events/task-state';
import {
  CPL,
  CPU_STATE,
  GPR,
  RIGHTS_ACCESSED,
  RIGHTS_CODE,
  RIGHTS_CODE_DATA,
  RIGHTS_CONFORMING,
  RIGHTS_DEFAULT_32,
  RIGHTS_LONG,
  RIGHTS_PRESENT,
  RIP,
  SEGMENT_CS,
  SEGMENT_SELECTOR,
  SEGMENT_SS,
  TYPE_CALL_GATE,
  TYPE_CALL_GATE_16,
  VECTOR_GP,
  VECTOR_NP,
  VECTOR_SS,
  VECTOR_TS,
} from '../generated/layout';
import { isCanonical } from '../memory/page-walk';
import {
  beginSystemInstruction,
  descriptorLimit,
  descriptorRights,
  fetchDescriptor,
  fetchDescriptorHigh,
  isLongMode,
  isParagraphMode,
  raiseSelectorFault,
  rightsDpl,
  setDescriptorType,
} from './descriptors';
import {
  checkStackSegment,
  setNullSegment,
  setParagraphSegment,
  setSegmentFromDescriptor,
  updateMode,
} from './segments';
import { commitStack, peekStack, pushStack, useCurrentStack, useInnerStack, useInnerStack64 } from './stack';
import { isTask, TASK_JUMP, TASK_NESTED, transferToTask } from './task-switch';

/** Offset, selector and descriptor of the code segment that a call gate leads to. */
let gateOffset: u64 = 0;
let gateSelector: u32 = 0;
let gateTarget: u64 = 0;
/** Slots to copy to an inner stack, and their size in bytes. */
let gateParameters: u32 = 0;
let gateSlot: u32 = 0;

/** What a code segment must be in any far transfer: code, present, and with L and D not both set. */
function checkCodeDescriptor(record: u32, selector: u32, rights: u32): void {
  const code = RIGHTS_CODE_DATA | RIGHTS_CODE;
  if ((rights & code) !== code) raiseSelectorFault(record, VECTOR_GP, selector);
  const longDefault = RIGHTS_LONG | RIGHTS_DEFAULT_32;
  if (isLongMode() && (rights & longDefault) === longDefault) raiseSelectorFault(record, VECTOR_GP, selector);
}

/** #GP(0) unless `rip` lies in the code segment: canonical for 64-bit code, within the limit otherwise. */
export function checkTarget(record: u32, descriptor: u64, rip: u64): void {
  if (isLongMode() && (descriptorRights(descriptor) & RIGHTS_LONG) !== 0) {
    if (!isCanonical(rip)) raiseGeneralProtection(record, 0);
  } else if (rip > <u64>descriptorLimit(descriptor)) {
    raiseGeneralProtection(record, 0);
  }
}

/** The code segment of a far jump or call without a gate: at the current privilege level. */
function checkDirectTarget(record: u32, selector: u32, descriptor: u64, rip: u64): void {
  const rights = descriptorRights(descriptor);
  checkCodeDescriptor(record, selector, rights);
  const cpl = load<u32>(CPU_STATE + CPL);
  const dpl = rightsDpl(rights);
  if ((rights & RIGHTS_CONFORMING) !== 0) {
    if (dpl > cpl) raiseSelectorFault(record, VECTOR_GP, selector);
  } else if ((selector & 3) > cpl || dpl !== cpl) {
    raiseSelectorFault(record, VECTOR_GP, selector);
  }
  if ((rights & RIGHTS_PRESENT) === 0) raiseSelectorFault(record, VECTOR_NP, selector);
  checkTarget(record, descriptor, rip);
}

/** Enters a checked code segment at level `cpl`. */
export function enterCode(selector: u32, descriptor: u64, cpl: u32, rip: u64): void {
  setSegmentFromDescriptor(SEGMENT_CS, (selector & 0xfffc) | cpl, descriptor);
  store<u32>(CPU_STATE + CPL, cpl);
  store<u64>(CPU_STATE + RIP, rip);
  updateMode();
}

function enterParagraph(selector: u32, rip: u64): void {
  setParagraphSegment(SEGMENT_CS, selector);
  store<u64>(CPU_STATE + RIP, rip);
  updateMode();
}

/** Reads and checks the call gate `descriptor` into gate*. */
function readCallGate(record: u32, selector: u32, descriptor: u64): void {
  const rights = descriptorRights(descriptor);
  const type = rights & 0x1f;
  const long = isLongMode();
  if (type !== TYPE_CALL_GATE && (long || type !== TYPE_CALL_GATE_16)) {
    raiseSelectorFault(record, VECTOR_GP, selector);
  }
  const dpl = rightsDpl(rights);
  if (dpl < load<u32>(CPU_STATE + CPL) || dpl < (selector & 3))
    raiseSelectorFault(record, VECTOR_GP, selector);
  gateSelector = <u32>(descriptor >> 16) & 0xffff;
  gateOffset = descriptor & 0xffff;
  if (type === TYPE_CALL_GATE) gateOffset |= (descriptor >> 32) & 0xffff_0000;
  gateParameters = <u32>(descriptor >> 32) & 31;
  gateSlot = long ? 8 : type === TYPE_CALL_GATE ? 4 : 2;
  if (long) {
    const high = fetchDescriptorHigh(record, selector, VECTOR_GP);
    if (((high >> 40) & 0x1f) !== 0) raiseSelectorFault(record, VECTOR_GP, selector);
    gateOffset |= high << 32;
    gateParameters = 0;
  }
  if ((rights & RIGHTS_PRESENT) === 0) raiseSelectorFault(record, VECTOR_NP, selector);

  if ((gateSelector & 0xfffc) === 0) raiseGeneralProtection(record, 0);
  gateTarget = fetchDescriptor(record, gateSelector, VECTOR_GP);
  const code = descriptorRights(gateTarget);
  checkCodeDescriptor(record, gateSelector, code);
  if (long && (code & RIGHTS_LONG) === 0) raiseSelectorFault(record, VECTOR_GP, gateSelector);
  if (rightsDpl(code) > load<u32>(CPU_STATE + CPL)) raiseSelectorFault(record, VECTOR_GP, gateSelector);
}

/** JMP ptr16:16/32 and m16:16/32/64; `size` is the operand size in bytes. Sets RIP and the mode. */
export function farJump(record: u32, selector: i32, offset: u64, size: i32): void {
  const target = <u32>selector & 0xffff;
  const rip = size === 2 ? offset & 0xffff : offset;
  if (isParagraphMode()) {
    if (isBeyondCode(rip)) raiseGeneralProtection(record, 0);
    enterParagraph(target, rip);
    return;
  }
  beginSystemInstruction(record);
  if ((target & 0xfffc) === 0) raiseGeneralProtection(record, 0);
  const descriptor = fetchDescriptor(record, target, VECTOR_GP);
  const cpl = load<u32>(CPU_STATE + CPL);
  if ((descriptorRights(descriptor) & RIGHTS_CODE_DATA) !== 0) {
    checkDirectTarget(record, target, descriptor, rip);
    setDescriptorType(target, descriptor, RIGHTS_ACCESSED);
    enterCode(target, descriptor, cpl, rip);
    return;
  }
  if (!isLongMode() && isTask(descriptorRights(descriptor) & 0x1f)) {
    transferToTask(record, target, descriptor, TASK_JUMP, nextRip(record));
    return;
  }
  readCallGate(record, target, descriptor);
  const rights = descriptorRights(gateTarget);
  if ((rights & RIGHTS_CONFORMING) === 0 && rightsDpl(rights) !== cpl) {
    raiseSelectorFault(record, VECTOR_GP, gateSelector);
  }
  if ((rights & RIGHTS_PRESENT) === 0) raiseSelectorFault(record, VECTOR_NP, gateSelector);
  checkTarget(record, gateTarget, gateOffset);
  setDescriptorType(gateSelector, gateTarget, RIGHTS_ACCESSED);
  enterCode(gateSelector, gateTarget, cpl, gateOffset);
}

/** CALL ptr16:16/32 and m16:16/32/64; `size` is the operand size in bytes. Sets RIP, RSP and the mode. */
export function farCall(record: u32, selector: i32, offset: u64, size: i32): void {
  const target = <u32>selector & 0xffff;
  const rip = size === 2 ? offset & 0xffff : offset;
  const returnRip = nextRip(record);
  const oldSelector = load<u32>(CPU_STATE + SEGMENT_SELECTOR + SEGMENT_CS * 4);
  beginSystemInstruction(record);
  useCurrentStack();
  if (isParagraphMode()) {
    if (isBeyondCode(rip)) raiseGeneralProtection(record, 0);
    pushStack(record, size, oldSelector);
    pushStack(record, size, returnRip);
    commitStack();
    enterParagraph(target, rip);
    return;
  }
  if ((target & 0xfffc) === 0) raiseGeneralProtection(record, 0);
  const descriptor = fetchDescriptor(record, target, VECTOR_GP);
  if (!isLongMode() && isTask(descriptorRights(descriptor) & 0x1f)) {
    transferToTask(record, target, descriptor, TASK_NESTED, returnRip);
    return;
  }
  if ((descriptorRights(descriptor) & RIGHTS_CODE_DATA) === 0) {
    callThroughGate(record, target, descriptor, oldSelector, returnRip);
    return;
  }
  checkDirectTarget(record, target, descriptor, rip);
  pushStack(record, size, oldSelector);
  pushStack(record, size, returnRip);
  setDescriptorType(target, descriptor, RIGHTS_ACCESSED);
  commitStack();
  enterCode(target, descriptor, load<u32>(CPU_STATE + CPL), rip);
}

function callThroughGate(record: u32, selector: u32, gate: u64, oldSelector: u32, returnRip: u64): void {
  readCallGate(record, selector, gate);
  const rights = descriptorRights(gateTarget);
  if ((rights & RIGHTS_PRESENT) === 0) raiseSelectorFault(record, VECTOR_NP, gateSelector);
  const cpl = load<u32>(CPU_STATE + CPL);
  const level = (rights & RIGHTS_CONFORMING) !== 0 ? cpl : rightsDpl(rights);
  checkTarget(record, gateTarget, gateOffset);
  const inner = level !== cpl;
  let stackSelector = level;
  let stackDescriptor: u64 = 0;
  if (inner) {
    const oldStackSelector = load<u32>(CPU_STATE + SEGMENT_SELECTOR + SEGMENT_SS * 4);
    const oldPointer = load<u64>(CPU_STATE + GPR + 4 * 8);
    if (isLongMode()) {
      const pointer = readTss64(record, TSS64_RSP0 + level * 8);
      if (!isCanonical(pointer)) raiseFault(record, VECTOR_SS, 0);
      useInnerStack64(pointer, level);
    } else {
      readLegacyTssStack(record, level);
      stackSelector = tssStackSelector;
      if ((stackSelector & 0xfffc) === 0) raiseSelectorFault(record, VECTOR_TS, stackSelector);
      stackDescriptor = checkStackSegment(record, stackSelector, level, VECTOR_TS);
      useInnerStack(stackSelector, stackDescriptor, tssStackPointer, level);
    }
    pushStack(record, gateSlot, oldStackSelector);
    pushStack(record, gateSlot, oldPointer);
    for (let i = gateParameters; i > 0; i--) {
      pushStack(record, gateSlot, peekStack(record, (i - 1) * gateSlot, gateSlot));
    }
  }
  pushStack(record, gateSlot, oldSelector);
  pushStack(record, gateSlot, returnRip);
  setDescriptorType(gateSelector, gateTarget, RIGHTS_ACCESSED);
  if (inner && isLongMode()) setNullSegment(SEGMENT_SS, stackSelector);
  else if (inner) setSegmentFromDescriptor(SEGMENT_SS, stackSelector, stackDescriptor);
  commitStack();
  enterCode(gateSelector, gateTarget, level, gateOffset);
}
