/**
 * Event delivery outside IA-32e mode: the real-mode vector table, and the protected-mode IDT with 16- and 32-bit
 * gates and task gates (Intel SDM Vol. 3 "Interrupt and Exception Handling", "8086 Emulation").
 */

import {
  CPL,
  CPU_STATE,
  EVENT_FAULT,
  EVENT_SOFTWARE_INTERRUPT,
  FLAG_AC,
  FLAG_IF,
  FLAG_NT,
  FLAG_RF,
  FLAG_TF,
  FLAG_VM,
  IDTR_BASE,
  IDTR_LIMIT,
  RIGHTS_ACCESSED,
  RIGHTS_CODE,
  RIGHTS_CODE_DATA,
  RIGHTS_CONFORMING,
  RIGHTS_PRESENT,
  RIP,
  SEGMENT_CS,
  SEGMENT_DS,
  SEGMENT_ES,
  SEGMENT_FS,
  SEGMENT_GS,
  SEGMENT_SELECTOR,
  SEGMENT_SS,
  SYSTEM_FLAGS,
  TYPE_TASK_GATE,
  VECTOR_DB,
  VECTOR_DF,
  VECTOR_GP,
  VECTOR_NP,
  VECTOR_TS,
} from '../generated/layout';
import { getFlags } from '../integer/flags';
import { readSystem32, readSystem64 } from '../memory/mmu';
import { RSP } from '../registers';
import {
  descriptorLimit,
  descriptorRights,
  externalEvent,
  fetchDescriptor,
  raiseSelectorFault,
  rightsDpl,
  setDescriptorType,
} from '../segments/descriptors';
import {
  checkStackSegment,
  setNullSegment,
  setParagraphSegment,
  setSegmentFromDescriptor,
  updateMode,
} from '../segments/segments';
import { commitStack, pushStack, useCurrentStack, useInnerStack } from '../segments/stack';
import { raiseTrapOfTask, switchThroughGate, TASK_NESTED } from '../segments/task-switch';
import { raiseFault } from './raise';
import { readLegacyTssStack, tssStackPointer, tssStackSelector } from './task-state';

function selectorOf(index: u32): u32 {
  return load<u32>(CPU_STATE + SEGMENT_SELECTOR + index * 4);
}

/** Real mode: 4-byte vectors, FLAGS, CS and IP pushed as words. */
export function deliverRealMode(vector: i32, returnRip: u64): void {
  const offset = <u32>vector * 4;
  if (offset + 3 > load<u32>(CPU_STATE + IDTR_LIMIT)) raiseFault(0, VECTOR_GP, 0);
  const entry = readSystem32(load<u64>(CPU_STATE + IDTR_BASE) + offset);
  useCurrentStack();
  pushStack(0, 2, getFlags());
  pushStack(0, 2, selectorOf(SEGMENT_CS));
  pushStack(0, 2, returnRip);
  commitStack();
  store<u64>(CPU_STATE + RIP, entry & 0xffff);
  setParagraphSegment(SEGMENT_CS, entry >>> 16);
  const cleared = FLAG_IF | FLAG_TF | FLAG_AC | FLAG_RF;
  store<u32>(CPU_STATE + SYSTEM_FLAGS, load<u32>(CPU_STATE + SYSTEM_FLAGS) & ~cleared);
  updateMode();
}

/** A fault that names an IDT entry. */
function raiseGateFault(faultVector: i32, vector: i32): void {
  raiseFault(0, faultVector, (vector << 3) | 2 | externalEvent);
}

/** Through a task gate: the error code goes onto the stack of the new task. */
function deliverToTask(gate: u64, errorCode: i32, isFault: bool, returnRip: u64): void {
  const flags = getFlags();
  const slot = switchThroughGate(0, gate, TASK_NESTED, returnRip, isFault ? flags | FLAG_RF : flags);
  if (errorCode >= 0) {
    useCurrentStack();
    pushStack(0, slot, errorCode);
    commitStack();
  }
  raiseTrapOfTask();
}

/** Protected and virtual-8086 mode. Changes nothing but memory before the last thing that may raise. */
export function deliverProtectedMode(vector: i32, errorCode: i32, kind: i32, returnRip: u64): void {
  const cpl = load<u32>(CPU_STATE + CPL);
  const gateOffset = <u32>vector * 8;
  if (gateOffset + 7 > load<u32>(CPU_STATE + IDTR_LIMIT)) raiseGateFault(VECTOR_GP, vector);
  const gate = readSystem64(load<u64>(CPU_STATE + IDTR_BASE) + gateOffset);
  // Types 6 and 7 are 16-bit, 14 and 15 32-bit interrupt and trap gates.
  const type = <u32>(gate >> 40) & 0x1f;
  if ((type & ~9) !== 6 && type !== TYPE_TASK_GATE) raiseGateFault(VECTOR_GP, vector);
  const wide = (type & 8) !== 0;
  if (kind === EVENT_SOFTWARE_INTERRUPT && (<u32>(gate >> 45) & 3) < cpl) raiseGateFault(VECTOR_GP, vector);
  if ((gate & (1 << 47)) === 0) raiseGateFault(VECTOR_NP, vector);
  const isFault = kind === EVENT_FAULT && vector !== VECTOR_DB && vector !== VECTOR_DF;
  if (type === TYPE_TASK_GATE) {
    deliverToTask(gate, errorCode, isFault, returnRip);
    return;
  }

  const selector = <u32>(gate >> 16) & 0xffff;
  if ((selector & 0xfffc) === 0) raiseFault(0, VECTOR_GP, externalEvent);
  const descriptor = fetchDescriptor(0, selector, VECTOR_GP);
  const rights = descriptorRights(descriptor);
  const dpl = rightsDpl(rights);
  const code = RIGHTS_CODE_DATA | RIGHTS_CODE;
  if ((rights & code) !== code || dpl > cpl) raiseSelectorFault(0, VECTOR_GP, selector);
  if ((rights & RIGHTS_PRESENT) === 0) raiseSelectorFault(0, VECTOR_NP, selector);

  const flags = getFlags();
  const fromVirtual = (flags & FLAG_VM) !== 0;
  const newCpl = (rights & RIGHTS_CONFORMING) !== 0 ? cpl : dpl;
  if (fromVirtual && newCpl !== 0) raiseSelectorFault(0, VECTOR_GP, selector);
  const rip = (gate & 0xffff) | (wide ? (gate >> 32) & 0xffff_0000 : 0);
  if (rip > <u64>descriptorLimit(descriptor)) raiseFault(0, VECTOR_GP, externalEvent);

  const slot: u32 = wide ? 4 : 2;
  let stackSelector: u32 = 0;
  let stackDescriptor: u64 = 0;
  if (newCpl !== cpl) {
    readLegacyTssStack(0, newCpl);
    stackSelector = tssStackSelector;
    if ((stackSelector & 0xfffc) === 0) raiseSelectorFault(0, VECTOR_TS, stackSelector);
    stackDescriptor = checkStackSegment(0, stackSelector, newCpl, VECTOR_TS);
    useInnerStack(stackSelector, stackDescriptor, tssStackPointer, newCpl);
    if (fromVirtual) {
      pushStack(0, slot, selectorOf(SEGMENT_GS));
      pushStack(0, slot, selectorOf(SEGMENT_FS));
      pushStack(0, slot, selectorOf(SEGMENT_DS));
      pushStack(0, slot, selectorOf(SEGMENT_ES));
    }
    pushStack(0, slot, selectorOf(SEGMENT_SS));
    pushStack(0, slot, load<u32>(RSP));
  } else {
    useCurrentStack();
  }
  pushStack(0, slot, isFault ? flags | FLAG_RF : flags);
  pushStack(0, slot, selectorOf(SEGMENT_CS));
  pushStack(0, slot, returnRip);
  if (errorCode >= 0) pushStack(0, slot, errorCode);
  setDescriptorType(selector, descriptor, RIGHTS_ACCESSED);

  if (newCpl !== cpl) setSegmentFromDescriptor(SEGMENT_SS, stackSelector, stackDescriptor);
  if (fromVirtual) {
    setNullSegment(SEGMENT_GS, 0);
    setNullSegment(SEGMENT_FS, 0);
    setNullSegment(SEGMENT_DS, 0);
    setNullSegment(SEGMENT_ES, 0);
  }
  setSegmentFromDescriptor(SEGMENT_CS, (selector & 0xfffc) | newCpl, descriptor);
  commitStack();
  store<u32>(CPU_STATE + CPL, newCpl);
  store<u64>(CPU_STATE + RIP, rip);
  const cleared = FLAG_TF | FLAG_NT | FLAG_RF | FLAG_VM | ((type & 1) === 0 ? FLAG_IF : 0);
  store<u32>(CPU_STATE + SYSTEM_FLAGS, load<u32>(CPU_STATE + SYSTEM_FLAGS) & ~cleared);
  updateMode();
}
