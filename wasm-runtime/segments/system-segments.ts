/** LLDT and LTR (Intel SDM Vol. 2). */

import { raiseGeneralProtection, raiseUndefined } from '../events/raise';
import {
  CPL,
  CPU_STATE,
  LDTR_BASE,
  RIGHTS_PRESENT,
  SEGMENT_LDTR,
  SEGMENT_LIMIT,
  SEGMENT_RIGHTS,
  SEGMENT_SELECTOR,
  SEGMENT_TR,
  TR_BASE,
  TYPE_LDT,
  TYPE_TSS_16_AVAILABLE,
  TYPE_TSS_AVAILABLE,
  VECTOR_GP,
  VECTOR_NP,
} from '../generated/layout';
import { isCanonicalBase } from '../memory/page-walk';
import {
  beginSystemInstruction,
  descriptorBase,
  descriptorLimit,
  descriptorRights,
  fetchDescriptor,
  fetchDescriptorHigh,
  isLongMode,
  isParagraphMode,
  raiseSelectorFault,
  setDescriptorType,
} from './descriptors';

function requirePrivilegedProtectedMode(record: u32): void {
  if (isParagraphMode()) raiseUndefined(record);
  if (load<u32>(CPU_STATE + CPL) !== 0) raiseGeneralProtection(record, 0);
}

/** Base of an LDT or TSS: 64 bits wide in IA-32e mode, where it must be canonical. */
function systemSegmentBase(record: u32, selector: u32, descriptor: u64): u64 {
  if (!isLongMode()) return descriptorBase(descriptor);
  const high = fetchDescriptorHigh(record, selector, VECTOR_GP);
  const base = descriptorBase(descriptor) | (high << 32);
  if (((high >> 40) & 0x1f) !== 0 || !isCanonicalBase(base)) raiseSelectorFault(record, VECTOR_GP, selector);
  return base;
}

/** LLDT. */
export function loadLdtr(record: u32, selector: i32): void {
  requirePrivilegedProtectedMode(record);
  beginSystemInstruction(record);
  const value = <u32>selector & 0xffff;
  if ((value & 0xfffc) === 0) {
    store<u32>(CPU_STATE + SEGMENT_SELECTOR + SEGMENT_LDTR * 4, value);
    store<u32>(CPU_STATE + SEGMENT_RIGHTS + SEGMENT_LDTR * 4, 0);
    return;
  }
  if ((value & 4) !== 0) raiseSelectorFault(record, VECTOR_GP, value);
  const descriptor = fetchDescriptor(record, value, VECTOR_GP);
  const rights = descriptorRights(descriptor);
  if ((rights & 0x1f) !== TYPE_LDT) raiseSelectorFault(record, VECTOR_GP, value);
  if ((rights & RIGHTS_PRESENT) === 0) raiseSelectorFault(record, VECTOR_NP, value);
  const base = systemSegmentBase(record, value, descriptor);
  store<u32>(CPU_STATE + SEGMENT_SELECTOR + SEGMENT_LDTR * 4, value);
  store<u32>(CPU_STATE + SEGMENT_LIMIT + SEGMENT_LDTR * 4, descriptorLimit(descriptor));
  store<u32>(CPU_STATE + SEGMENT_RIGHTS + SEGMENT_LDTR * 4, rights);
  store<u64>(CPU_STATE + LDTR_BASE, base);
}

/** LTR: marks the TSS busy in its descriptor. */
export function loadTr(record: u32, selector: i32): void {
  requirePrivilegedProtectedMode(record);
  beginSystemInstruction(record);
  const value = <u32>selector & 0xffff;
  if ((value & 0xfffc) === 0 || (value & 4) !== 0) raiseSelectorFault(record, VECTOR_GP, value);
  const descriptor = fetchDescriptor(record, value, VECTOR_GP);
  const rights = descriptorRights(descriptor);
  const type = rights & 0x1f;
  if (type !== TYPE_TSS_AVAILABLE && (isLongMode() || type !== TYPE_TSS_16_AVAILABLE)) {
    raiseSelectorFault(record, VECTOR_GP, value);
  }
  if ((rights & RIGHTS_PRESENT) === 0) raiseSelectorFault(record, VECTOR_NP, value);
  const base = systemSegmentBase(record, value, descriptor);
  setDescriptorType(value, descriptor, 2);
  store<u32>(CPU_STATE + SEGMENT_SELECTOR + SEGMENT_TR * 4, value);
  store<u32>(CPU_STATE + SEGMENT_LIMIT + SEGMENT_TR * 4, descriptorLimit(descriptor));
  store<u32>(CPU_STATE + SEGMENT_RIGHTS + SEGMENT_TR * 4, rights | 2);
  store<u64>(CPU_STATE + TR_BASE, base);
}
