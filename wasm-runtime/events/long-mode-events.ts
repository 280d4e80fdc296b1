/**
 * Event delivery through the 64-bit IDT (Intel SDM Vol. 3 "Exception and Interrupt Handling in 64-bit Mode"):
 * 16-byte gates, a 64-bit TSS with RSP0-2 and the interrupt stack table, and a fixed frame of 8-byte slots.
 *
 *     SS  RSP  RFLAGS  CS  RIP  [error code]      pushed in this order below a 16-byte boundary
 */

import {
  CPL,
  CPU_STATE,
  EVENT_FAULT,
  EVENT_SOFTWARE_INTERRUPT,
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
  RIGHTS_DEFAULT_32,
  RIGHTS_LONG,
  RIGHTS_PRESENT,
  RIP,
  SEGMENT_CS,
  SEGMENT_SELECTOR,
  SEGMENT_SS,
  SYSTEM_FLAGS,
  TYPE_INTERRUPT_GATE,
  TYPE_TRAP_GATE,
  VECTOR_DB,
  VECTOR_DF,
  VECTOR_GP,
  VECTOR_NP,
  VECTOR_SS,
} from '../generated/layout';
import { getFlags } from '../integer/flags';
import { probeDataWrite, readSystem64, writeSystem64 } from '../memory/mmu';
import { isCanonical } from '../memory/page-walk';
import { RSP } from '../registers';
import {
  descriptorRights,
  externalEvent,
  fetchDescriptor,
  raiseSelectorFault,
  rightsDpl,
  setDescriptorType,
} from '../segments/descriptors';
import { setNullSegment, setSegmentFromDescriptor, updateMode } from '../segments/segments';
import { raiseFault } from './raise';
import { readTss64, TSS64_IST1, TSS64_RSP0 } from './task-state';

/** A fault that names an IDT entry. */
function raiseGateFault(faultVector: i32, vector: i32): void {
  raiseFault(0, faultVector, (vector << 3) | 2 | externalEvent);
}

/** A stack slot written at the privilege level of the handler. */
function push(cpl: u32, address: u64, value: u64): void {
  if (cpl === 3) probeDataWrite(0, address, 8);
  writeSystem64(address, value);
}

/** Enters the handler of `vector`; may raise, and changes nothing but memory before that. */
export function deliverLongMode(vector: i32, errorCode: i32, kind: i32, returnRip: u64): void {
  const cpl = load<u32>(CPU_STATE + CPL);
  const gateOffset = <u32>vector * 16;
  if (gateOffset + 15 > load<u32>(CPU_STATE + IDTR_LIMIT)) raiseGateFault(VECTOR_GP, vector);
  const gateAddress = load<u64>(CPU_STATE + IDTR_BASE) + gateOffset;
  const gate = readSystem64(gateAddress);
  const gateHigh = readSystem64(gateAddress + 8);
  const type = <u32>(gate >> 40) & 0x1f;
  if (type !== TYPE_INTERRUPT_GATE && type !== TYPE_TRAP_GATE) raiseGateFault(VECTOR_GP, vector);
  if (kind === EVENT_SOFTWARE_INTERRUPT && (<u32>(gate >> 45) & 3) < cpl) raiseGateFault(VECTOR_GP, vector);
  if ((gate & (1 << 47)) === 0) raiseGateFault(VECTOR_NP, vector);

  const selector = <u32>(gate >> 16) & 0xffff;
  if ((selector & 0xfffc) === 0) raiseFault(0, VECTOR_GP, externalEvent);
  const descriptor = fetchDescriptor(0, selector, VECTOR_GP);
  const rights = descriptorRights(descriptor);
  const dpl = rightsDpl(rights);
  const code = RIGHTS_CODE_DATA | RIGHTS_CODE;
  if ((rights & code) !== code || dpl > cpl || (rights & (RIGHTS_LONG | RIGHTS_DEFAULT_32)) !== RIGHTS_LONG) {
    raiseSelectorFault(0, VECTOR_GP, selector);
  }
  if ((rights & RIGHTS_PRESENT) === 0) raiseSelectorFault(0, VECTOR_NP, selector);

  const newCpl = (rights & RIGHTS_CONFORMING) !== 0 ? cpl : dpl;
  const ist = <u32>(gate >> 32) & 7;
  let stack: u64;
  if (ist !== 0) stack = readTss64(0, TSS64_IST1 + (ist - 1) * 8);
  else if (newCpl !== cpl) stack = readTss64(0, TSS64_RSP0 + newCpl * 8);
  else stack = load<u64>(RSP);
  if (!isCanonical(stack)) raiseFault(0, VECTOR_SS, externalEvent);
  const rip = (gate & 0xffff) | ((gate >> 32) & 0xffff_0000) | (gateHigh << 32);
  if (!isCanonical(rip)) raiseFault(0, VECTOR_GP, externalEvent);

  const flags = getFlags();
  // Faults push RF set, except debug exceptions; a double fault is an abort.
  const isFault = kind === EVENT_FAULT && vector !== VECTOR_DB && vector !== VECTOR_DF;
  stack &= ~0xf;
  push(newCpl, stack - 8, load<u32>(CPU_STATE + SEGMENT_SELECTOR + SEGMENT_SS * 4));
  push(newCpl, stack - 16, load<u64>(RSP));
  push(newCpl, stack - 24, isFault ? flags | FLAG_RF : flags);
  push(newCpl, stack - 32, load<u32>(CPU_STATE + SEGMENT_SELECTOR + SEGMENT_CS * 4));
  push(newCpl, stack - 40, returnRip);
  stack -= 40;
  if (errorCode >= 0) {
    stack -= 8;
    push(newCpl, stack, errorCode);
  }
  setDescriptorType(selector, descriptor, RIGHTS_ACCESSED);

  if (newCpl !== cpl) setNullSegment(SEGMENT_SS, newCpl);
  setSegmentFromDescriptor(SEGMENT_CS, (selector & 0xfffc) | newCpl, descriptor);
  store<u32>(CPU_STATE + CPL, newCpl);
  store<u64>(RSP, stack);
  store<u64>(CPU_STATE + RIP, rip);
  const cleared = FLAG_TF | FLAG_NT | FLAG_RF | FLAG_VM | (type === TYPE_INTERRUPT_GATE ? FLAG_IF : 0);
  store<u32>(CPU_STATE + SYSTEM_FLAGS, load<u32>(CPU_STATE + SYSTEM_FLAGS) & ~cleared);
  updateMode();
}
