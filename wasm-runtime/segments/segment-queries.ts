/** LAR, LSL, VERR and VERW (Intel SDM Vol. 2): questions about a selector, answered in ZF without a fault. Vendors differ (src/layout/vendor.ts). */

import { raiseUndefined } from '../events/raise';
import {
  CPL,
  CPU_STATE,
  FLAG_ZF,
  RIGHTS_CODE,
  RIGHTS_CODE_DATA,
  RIGHTS_CONFORMING,
  RIGHTS_READ_WRITE,
  TYPE_CALL_GATE,
} from '../generated/layout';
import { getFlags, setArithmeticFlags } from '../integer/flags';
import { readSystem64 } from '../memory/mmu';
import { isAmd } from '../system/features';
import {
  beginSystemInstruction,
  descriptorAddress,
  descriptorLimit,
  descriptorRights,
  is64BitMode,
  isLongMode,
  isParagraphMode,
  rightsDpl,
} from './descriptors';

const QUERY_LAR: i32 = 0;
const QUERY_LSL: i32 = 1;

function setZeroFlag(value: bool): void {
  const flags = getFlags();
  setArithmeticFlags(value ? flags | FLAG_ZF : flags & ~FLAG_ZF);
}

/** System types that LAR and LSL accept, as bit masks by type. */
function acceptedSystemTypes(query: i32): u32 {
  const tss: u32 = (1 << 9) | (1 << 11);
  const ldt: u32 = 1 << 2;
  const callGate: u32 = 1 << TYPE_CALL_GATE;
  if (isLongMode()) {
    if (query !== QUERY_LAR) return tss | ldt;
    return isAmd() ? tss | ldt | callGate : tss | callGate;
  }
  const legacyTss: u32 = (1 << 1) | (1 << 3);
  const gates: u32 = (1 << 4) | (1 << 5) | callGate;
  return query === QUERY_LAR ? tss | ldt | legacyTss | gates : tss | ldt | legacyTss;
}

/** AMD's processors look at the upper half of a system descriptor of 16 bytes: its type has to be 0. */
function isUpperHalfValid(selector: u32, type: u32): bool {
  if (!isAmd() || !isLongMode() || (type !== TYPE_CALL_GATE && !is64BitMode())) return true;
  const address = descriptorAddress(selector, 16);
  return address !== -1 && ((readSystem64(address + 8) >> 40) & 0x1f) === 0;
}

/** The descriptor of a selector that LAR or LSL may look at, or 0 (never a valid one). */
function visibleDescriptor(record: u32, selector: u32, query: i32): u64 {
  if (isParagraphMode()) raiseUndefined(record);
  beginSystemInstruction(record);
  if ((selector & 0xfffc) === 0) return 0;
  const address = descriptorAddress(selector, 8);
  if (address === -1) return 0;
  const descriptor = readSystem64(address);
  const rights = descriptorRights(descriptor);
  if ((rights & RIGHTS_CODE_DATA) === 0) {
    const type = rights & 15;
    if (((acceptedSystemTypes(query) >>> type) & 1) === 0 || !isUpperHalfValid(selector, type)) return 0;
  } else if ((rights & (RIGHTS_CODE | RIGHTS_CONFORMING)) === (RIGHTS_CODE | RIGHTS_CONFORMING)) {
    return descriptor;
  }
  const dpl = rightsDpl(rights);
  return load<u32>(CPU_STATE + CPL) > dpl || (selector & 3) > dpl ? 0 : descriptor;
}

/** LAR: sets ZF, and returns the 32-bit access rights or -1 if the destination is left alone. */
export function loadAccessRights(record: u32, selector: i32): i64 {
  const descriptor = visibleDescriptor(record, <u32>selector & 0xffff, QUERY_LAR);
  setZeroFlag(descriptor !== 0);
  return descriptor !== 0 ? <i64>((descriptor >> 32) & 0x00ff_ff00) : -1;
}

/** LSL: sets ZF, and returns the limit in bytes or -1 if the destination is left alone. */
export function loadSegmentLimit(record: u32, selector: i32): i64 {
  const descriptor = visibleDescriptor(record, <u32>selector & 0xffff, QUERY_LSL);
  setZeroFlag(descriptor !== 0);
  return descriptor !== 0 ? <i64>(<u64>descriptorLimit(descriptor)) : -1;
}

/** VERR (`forWrite` 0) and VERW (1): set ZF if the segment could be read or written at this level. */
export function verifySegment(record: u32, selector: i32, forWrite: i32): void {
  const descriptor = visibleDescriptor(record, <u32>selector & 0xffff, QUERY_LSL);
  const rights = descriptorRights(descriptor);
  let usable = false;
  if ((rights & RIGHTS_CODE_DATA) !== 0) {
    const readWrite = (rights & RIGHTS_READ_WRITE) !== 0;
    const isCode = (rights & RIGHTS_CODE) !== 0;
    usable = forWrite !== 0 ? !isCode && readWrite : !isCode || readWrite;
  }
  setZeroFlag(usable);
}
