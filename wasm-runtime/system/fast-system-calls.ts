/**
 * SYSCALL, SYSRET, SYSENTER and SYSEXIT (Intel SDM Vol. 2): transfers between levels 3 and 0 whose segments are
 * fixed, not read from descriptors. Vendors differ (src/layout/vendor.ts).
 */

import { nextRip, raiseGeneralProtection, raiseUndefined } from '../events/raise';
import {
  CPL,
  CPU_STATE,
  CR0,
  CR0_PE,
  EFER_SCE,
  FLAG_IF,
  FLAG_RF,
  FLAG_VM,
  MSR_CSTAR,
  MSR_EFER,
  MSR_FMASK,
  MSR_LSTAR,
  MSR_STAR,
  MSR_SYSENTER_CS,
  MSR_SYSENTER_EIP,
  MSR_SYSENTER_ESP,
  RIGHTS_DEFAULT_32,
  RIGHTS_GRANULARITY,
  RIGHTS_LONG,
  RIP,
  SEGMENT_BASE,
  SEGMENT_CS,
  SEGMENT_LIMIT,
  SEGMENT_RIGHTS,
  SEGMENT_SELECTOR,
  SEGMENT_SS,
  SYSTEM_FLAGS,
} from '../generated/layout';
import { getFlags, setFlags } from '../integer/flags';
import { isCanonical } from '../memory/page-walk';
import { R11, RCX, RDX, RSP } from '../registers';
import { is64BitMode, isLongMode, isParagraphMode } from '../segments/descriptors';
import { setSegment, updateMode, updateView } from '../segments/segments';
import { isAmd } from './features';

/** Rights of the flat segments these instructions load: G, present, accessed; DPL in bits 5-6. */
const CODE_64: u32 = RIGHTS_GRANULARITY | RIGHTS_LONG | 0x9b;
const CODE_32: u32 = RIGHTS_GRANULARITY | RIGHTS_DEFAULT_32 | 0x9b;
const DATA_32: u32 = RIGHTS_GRANULARITY | RIGHTS_DEFAULT_32 | 0x93;
const DPL_3: u32 = 3 << 5;

/** What SYSRET takes from R11: every flag but RF and VM. */
const SYSRET_FLAGS: u32 = 0x3c_7fd7;

/** Loads flat CS and SS for `cpl` (0 or 3) and sets CPL, RIP and the mode. */
function enterFlat(codeSelector: u32, codeRights: u32, stackSelector: u32, cpl: u32, rip: u64): void {
  const stackRights: u32 = cpl === 3 ? DATA_32 | DPL_3 : DATA_32;
  store<u32>(CPU_STATE + CPL, cpl);
  store<u64>(CPU_STATE + RIP, rip);
  if ((codeRights & RIGHTS_LONG) !== 0 && is64BitMode()) {
    setFlat(SEGMENT_CS, codeSelector, codeRights);
    setFlat(SEGMENT_SS, stackSelector, stackRights);
    updateView();
    return;
  }
  setSegment(SEGMENT_CS, codeSelector, 0, 0xffff_ffff, codeRights);
  setSegment(SEGMENT_SS, stackSelector, 0, 0xffff_ffff, stackRights);
  updateMode();
}

/**
 * setSegment() where 64-bit mode goes on, for which the bases of these segments are zero in any case.
 * @inline
 */
function setFlat(index: u32, selector: u32, rights: u32): void {
  store<u32>(CPU_STATE + SEGMENT_SELECTOR + index * 4, selector);
  store<u64>(CPU_STATE + SEGMENT_BASE + index * 8, 0);
  store<u32>(CPU_STATE + SEGMENT_LIMIT + index * 4, 0xffff_ffff);
  store<u32>(CPU_STATE + SEGMENT_RIGHTS + index * 4, rights);
}

/**
 * #UD unless EFER.SCE is set, and on Intel's processors unless in 64-bit mode.
 * @inline
 */
function requireSystemCalls(record: u32): void {
  const exists = is64BitMode() || isAmd();
  if (!exists || (load<u32>(CPU_STATE + MSR_EFER) & EFER_SCE) === 0) raiseUndefined(record);
}

/** SYSCALL. The target is LSTAR, from compatibility mode CSTAR, in legacy mode EIP in STAR. */
export function syscall(record: u32): void {
  requireSystemCalls(record);
  const flags = getFlags();
  const selector = load<u32>(CPU_STATE + MSR_STAR + 4) & 0xfffc;
  store<u64>(RCX, nextRip(record));
  if (!isLongMode()) {
    setFlags(flags & ~(FLAG_IF | FLAG_RF | FLAG_VM));
    enterFlat(selector, CODE_32, selector + 8, 0, load<u32>(CPU_STATE + MSR_STAR));
    return;
  }
  const target = load<u64>(CPU_STATE + (is64BitMode() ? MSR_LSTAR : MSR_CSTAR));
  store<u64>(R11, flags);
  setFlags(flags & ~load<u32>(CPU_STATE + MSR_FMASK));
  enterFlat(selector, CODE_64, selector + 8, 0, target);
}

/**
 * SYSRET to 64-bit code (`size` 8) or compatibility mode (4). #GP(0) unless at CPL 0 of protected mode, and on Intel's
 * processors for a return address that is not canonical: on AMD's that is found behind the instruction. Those keep base,
 * limit and rights of SS.
 */
export function sysret(record: u32, size: i32): void {
  requireSystemCalls(record);
  if (isParagraphMode() || load<u32>(CPU_STATE + CPL) !== 0) raiseGeneralProtection(record, 0);
  const base = load<u32>(CPU_STATE + MSR_STAR + 4) >>> 16;
  const rcx = load<u64>(RCX);
  if (size === 8 && !isAmd() && !isCanonical(rcx)) raiseGeneralProtection(record, 0);
  setFlags(isLongMode() ? load<u32>(R11) & SYSRET_FLAGS : getFlags() | FLAG_IF);
  const stackSelector = ((base + 8) & 0xffff) | 3;
  const stackBase = load<u64>(CPU_STATE + SEGMENT_BASE + SEGMENT_SS * 8);
  const stackLimit = load<u32>(CPU_STATE + SEGMENT_LIMIT + SEGMENT_SS * 4);
  const stackRights = load<u32>(CPU_STATE + SEGMENT_RIGHTS + SEGMENT_SS * 4);
  if (size === 8) enterFlat(((base + 16) & 0xffff) | 3, CODE_64 | DPL_3, stackSelector, 3, rcx);
  else enterFlat(base | 3, CODE_32 | DPL_3, stackSelector, 3, rcx & 0xffff_ffff);
  if (!isAmd()) return;
  setSegment(SEGMENT_SS, stackSelector, stackBase, stackLimit, stackRights);
  updateMode();
}

/** #UD in long mode of AMD's processors; #GP(0) in real mode or if IA32_SYSENTER_CS is null; returns the selector in that. */
function requireSysenter(record: u32): u32 {
  if (isAmd() && isLongMode()) raiseUndefined(record);
  const selector = load<u32>(CPU_STATE + MSR_SYSENTER_CS) & 0xfffc;
  if ((load<u32>(CPU_STATE + CR0) & CR0_PE) === 0 || selector === 0) raiseGeneralProtection(record, 0);
  return selector;
}

export function sysenter(record: u32): void {
  const selector = requireSysenter(record);
  const long = isLongMode();
  const mask: u64 = long ? ~(<u64>0) : 0xffff_ffff;
  const cleared = FLAG_VM | FLAG_IF | FLAG_RF;
  store<u32>(CPU_STATE + SYSTEM_FLAGS, load<u32>(CPU_STATE + SYSTEM_FLAGS) & ~cleared);
  store<u64>(RSP, load<u64>(CPU_STATE + MSR_SYSENTER_ESP) & mask);
  const rip = load<u64>(CPU_STATE + MSR_SYSENTER_EIP) & mask;
  enterFlat(selector, long ? CODE_64 : CODE_32, selector + 8, 0, rip);
}

/**
 * SYSEXIT to 64-bit code (`size` 8) or 32-bit code (4): RIP from RDX, RSP from RCX. #GP(0) also unless at CPL 0, and for
 * 64-bit addresses that are not canonical.
 */
export function sysexit(record: u32, size: i32): void {
  const selector = requireSysenter(record);
  if (load<u32>(CPU_STATE + CPL) !== 0) raiseGeneralProtection(record, 0);
  const rip = load<u64>(RDX);
  const rsp = load<u64>(RCX);
  if (size === 8) {
    if (!isCanonical(rip) || !isCanonical(rsp)) raiseGeneralProtection(record, 0);
    store<u64>(RSP, rsp);
    enterFlat((selector + 32) | 3, CODE_64 | DPL_3, (selector + 40) | 3, 3, rip);
  } else {
    store<u64>(RSP, rsp & 0xffff_ffff);
    enterFlat((selector + 16) | 3, CODE_32 | DPL_3, (selector + 24) | 3, 3, rip & 0xffff_ffff);
  }
}
