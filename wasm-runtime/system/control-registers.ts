/**
 * Control and debug registers (Intel SDM Vol. 3 "Control Registers", "Debug Registers"; Vol. 2 "MOV - Move
 * to/from Control Registers"). Writes that change translation flush the TLB; writes that change the mode call
 * updateMode(). The caller's handler ends its block with RIP at the next instruction.
 */

import { NO_ERROR_CODE, raiseFault, raiseGeneralProtection, raiseUndefined } from '../events/raise';
import {
  CPL,
  CPU_STATE,
  CR0,
  CR0_CD,
  CR0_ET,
  CR0_NW,
  CR0_PE,
  CR0_PG,
  CR0_TS,
  CR0_WP,
  CR2,
  CR3,
  CR4,
  CR4_DE,
  CR4_LA57,
  CR4_PAE,
  CR4_PCIDE,
  CR4_PGE,
  CR4_PKE,
  CR4_PSE,
  CR4_SMAP,
  CR4_SMEP,
  CR8,
  DR,
  DR6_BD,
  DR6_ONES,
  DR7_GD,
  DR7_ONES,
  EFER_LMA,
  EFER_LME,
  GPR,
  MSR_EFER,
  PHYSICAL_ADDRESS_MASK,
  RIGHTS_LONG,
  SEGMENT_CS,
  SEGMENT_RIGHTS,
  VECTOR_DB,
  XCR0,
} from '../generated/layout';
import { flushTlb, writeCr3Flush } from '../memory/mmu';
import { is64BitMode, isLongMode } from '../segments/descriptors';
import { updateMode } from '../segments/segments';
import { updateSseDisabled } from '../sse/availability';
import { setDebugRegister, updateBreakpoints } from './breakpoints';
import { supportedCr4, supportedXcr0 } from './cpuid';
import { componentsInUse } from './extended-state';
import { hasXgetbv1 } from './features';
import { hostReadTaskPriority, hostWriteTaskPriority } from './host';

/** PE MP EM TS ET NE WP AM NW CD PG; writes to other bits are ignored. */
const CR0_DEFINED: u32 = 0xe005_003f;

/** Those a change of which makes cached translations wrong. */
const CR4_TRANSLATION: u32 =
  CR4_PSE | CR4_PAE | CR4_PGE | CR4_LA57 | CR4_PCIDE | CR4_SMEP | CR4_SMAP | CR4_PKE;

const CR3_NO_FLUSH: u64 = (<u64>1) << 63;
/** Address bits above MAXPHYADDR (40). */
const CR3_RESERVED: u64 = ~PHYSICAL_ADDRESS_MASK;

/** #GP(0) unless CPL is 0. */
export function requirePrivilege(record: u32): void {
  if (load<u32>(CPU_STATE + CPL) !== 0) raiseGeneralProtection(record, 0);
}

/** MOV from CR0, CR2, CR3, CR4 or CR8. #UD for the others, #GP(0) unless CPL is 0. */
export function readCr(record: u32, index: i32): u64 {
  switch (index) {
    case 0:
      requirePrivilege(record);
      return load<u64>(CPU_STATE + CR0);
    case 2:
      requirePrivilege(record);
      return load<u64>(CPU_STATE + CR2);
    case 3:
      requirePrivilege(record);
      return load<u64>(CPU_STATE + CR3);
    case 4:
      requirePrivilege(record);
      return load<u64>(CPU_STATE + CR4);
    case 8:
      requirePrivilege(record);
      return hostReadTaskPriority();
    default:
      raiseUndefined(record);
      return 0;
  }
}

/** MOV to CR0, CR2, CR3, CR4 or CR8; outside 64-bit mode `value` is zero-extended. */
export function writeCr(record: u32, index: i32, value: u64): void {
  switch (index) {
    case 0:
      requirePrivilege(record);
      writeCr0(record, value);
      return;
    case 2:
      requirePrivilege(record);
      store<u64>(CPU_STATE + CR2, value);
      return;
    case 3:
      requirePrivilege(record);
      writeCr3(record, value);
      return;
    case 4:
      requirePrivilege(record);
      writeCr4(record, value);
      return;
    case 8:
      requirePrivilege(record);
      if (value > 15) raiseGeneralProtection(record, 0);
      store<u64>(CPU_STATE + CR8, value);
      hostWriteTaskPriority(<i32>value);
      return;
    default:
      raiseUndefined(record);
  }
}

function writeCr0(record: u32, value: u64): void {
  const old = load<u32>(CPU_STATE + CR0);
  const next = (<u32>value & CR0_DEFINED) | CR0_ET;
  const cr4 = load<u32>(CPU_STATE + CR4);
  const efer = load<u32>(CPU_STATE + MSR_EFER);
  if (value > 0xffff_ffff || (next & (CR0_PG | CR0_PE)) === CR0_PG || (next & (CR0_NW | CR0_CD)) === CR0_NW) {
    raiseGeneralProtection(record, 0);
  }
  const turnsOn = (next & ~old & CR0_PG) !== 0;
  const turnsOff = (old & ~next & CR0_PG) !== 0;
  const codeIsLong = (load<u32>(CPU_STATE + SEGMENT_RIGHTS + SEGMENT_CS * 4) & RIGHTS_LONG) !== 0;
  if (turnsOn && (efer & EFER_LME) !== 0 && ((cr4 & CR4_PAE) === 0 || codeIsLong)) {
    raiseGeneralProtection(record, 0);
  }
  if (turnsOff && (is64BitMode() || (cr4 & CR4_PCIDE) !== 0)) raiseGeneralProtection(record, 0);

  if (turnsOn && (efer & EFER_LME) !== 0) store<u32>(CPU_STATE + MSR_EFER, efer | EFER_LMA);
  if (turnsOff) store<u32>(CPU_STATE + MSR_EFER, efer & ~EFER_LMA);
  store<u64>(CPU_STATE + CR0, next);
  updateSseDisabled();
  if (((old ^ next) & (CR0_PE | CR0_PG | CR0_WP)) === 0) return;
  if ((next & CR0_PE) === 0) store<u32>(CPU_STATE + CPL, 0);
  flushTlb(true);
  updateMode();
}

function writeCr3(record: u32, value: u64): void {
  const pcide = (load<u32>(CPU_STATE + CR4) & CR4_PCIDE) !== 0;
  const noFlush = pcide && (value & CR3_NO_FLUSH) !== 0;
  const next = noFlush ? value & ~CR3_NO_FLUSH : value;
  if ((next & CR3_RESERVED) !== 0) raiseGeneralProtection(record, 0);
  const old = load<u64>(CPU_STATE + CR3);
  store<u64>(CPU_STATE + CR3, next);
  writeCr3Flush(old, next, noFlush);
}

function writeCr4(record: u32, value: u64): void {
  const old = load<u32>(CPU_STATE + CR4);
  const next = <u32>value;
  const long = isLongMode();
  if ((value & ~(<u64>supportedCr4())) !== 0) raiseGeneralProtection(record, 0);
  if (long && ((old ^ next) & CR4_LA57) !== 0) raiseGeneralProtection(record, 0);
  if (long && (next & CR4_PAE) === 0) raiseGeneralProtection(record, 0);
  if ((next & ~old & CR4_PCIDE) !== 0 && (!long || (load<u32>(CPU_STATE + CR3) & 0xfff) !== 0)) {
    raiseGeneralProtection(record, 0);
  }
  store<u64>(CPU_STATE + CR4, next);
  updateSseDisabled();
  if (((old ^ next) & CR4_DE) !== 0) updateBreakpoints();
  if (((old ^ next) & CR4_TRANSLATION) === 0) return;
  flushTlb(true);
  updateMode();
}

/** CLTS. */
export function clts(record: u32): void {
  requirePrivilege(record);
  store<u32>(CPU_STATE + CR0, load<u32>(CPU_STATE + CR0) & ~CR0_TS);
  updateSseDisabled();
}

/** LMSW: changes PE, MP, EM and TS, and cannot clear PE. */
export function lmsw(record: u32, value: i32): void {
  requirePrivilege(record);
  const old = load<u32>(CPU_STATE + CR0);
  writeCr0(record, (old & ~0xe) | (<u32>value & 0xf));
}

/** SMSW: CR0; the caller truncates. #GP(0) at CPL > 0 with CR4.UMIP. */
export function smsw(record: u32): u64 {
  checkUserModeInstruction(record);
  return load<u64>(CPU_STATE + CR0);
}

/** The condition of SGDT, SIDT, SLDT, SMSW and STR: #GP(0) at CPL > 0 with CR4.UMIP set. */
export function checkUserModeInstruction(record: u32): void {
  if ((load<u32>(CPU_STATE + CR4) & (1 << 11)) !== 0) requirePrivilege(record);
}

/** Number of the debug register that DRn means: DR4 and DR5 are DR6 and DR7, or #UD with CR4.DE. */
function debugRegister(record: u32, index: i32): i32 {
  if (index > 7) raiseUndefined(record);
  if (index === 4 || index === 5) {
    if ((load<u32>(CPU_STATE + CR4) & CR4_DE) !== 0) raiseUndefined(record);
    return index + 2;
  }
  return index;
}

/** With DR7.GD any access is #DB; the handler finds DR6.BD set. */
function checkGeneralDetect(record: u32): void {
  const dr6 = CPU_STATE + DR + 6 * 8;
  const dr7 = CPU_STATE + DR + 7 * 8;
  if ((load<u64>(dr7) & DR7_GD) === 0) return;
  store<u64>(dr6, load<u64>(dr6) | DR6_BD);
  raiseFault(record, VECTOR_DB, NO_ERROR_CODE);
}

/** MOV from DRn. */
export function readDr(record: u32, index: i32): u64 {
  const register = debugRegister(record, index);
  requirePrivilege(record);
  checkGeneralDetect(record);
  return load<u64>(CPU_STATE + DR + register * 8);
}

/** MOV to DRn. #GP(0) for upper bits of DR6 and DR7. */
export function writeDr(record: u32, index: i32, value: u64): void {
  const register = debugRegister(record, index);
  requirePrivilege(record);
  checkGeneralDetect(record);
  if (register >= 6 && value > 0xffff_ffff) raiseGeneralProtection(record, 0);
  if (register === 6) store<u64>(CPU_STATE + DR + 6 * 8, (value & 0xe00f) | DR6_ONES);
  else setDebugRegister(register, register === 7 ? (value & 0xffff_23ff) | DR7_ONES : value);
}

/**
 * XGETBV of XCR0, and with ECX = 1 of its components that are in use. #UD without CR4.OSXSAVE, #GP(0) for other ECX.
 */
export function xgetbv(record: u32): void {
  requireXsave(record);
  const index = load<u32>(CPU_STATE + GPR + 8);
  if (index > (hasXgetbv1() ? 1 : 0)) raiseGeneralProtection(record, 0);
  const enabled = <u64>load<u32>(CPU_STATE + XCR0);
  store<u64>(CPU_STATE + GPR, index === 0 ? enabled : enabled & componentsInUse());
  store<u64>(CPU_STATE + GPR + 16, 0);
}

/** XSETBV. #UD without CR4.OSXSAVE; #GP(0) unless CPL is 0, ECX is 0 and the value is a possible XCR0. */
export function xsetbv(record: u32): void {
  requireXsave(record);
  requirePrivilege(record);
  const value = load<u32>(CPU_STATE + GPR);
  const high = load<u32>(CPU_STATE + GPR + 16);
  const avxWithoutSse = (value & 6) === 4;
  if (
    load<u32>(CPU_STATE + GPR + 8) !== 0 ||
    high !== 0 ||
    (value & ~supportedXcr0()) !== 0 ||
    (value & 1) === 0 ||
    avxWithoutSse
  ) {
    raiseGeneralProtection(record, 0);
  }
  store<u64>(CPU_STATE + XCR0, value);
  updateSseDisabled();
}

function requireXsave(record: u32): void {
  if ((load<u32>(CPU_STATE + CR4) & (1 << 18)) === 0) raiseUndefined(record);
}
