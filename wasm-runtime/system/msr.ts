/**
 * Model-specific registers (Intel SDM Vol. 4): those of the announced processor (cpuid.ts). Any other number is
 * #GP(0), which kernels probe for. APIC registers, the APIC base and the TSC deadline belong to the host's APIC.
 */

import { raiseGeneralProtection } from '../events/raise';
import {
  AMD_HWCR,
  AMD_NB_CFG,
  AMD_SYSCFG,
  CPU_STATE,
  CR0,
  CR0_PG,
  EFER_LMA,
  EFER_LME,
  EFER_NXE,
  IA32_APIC_BASE,
  IA32_ARCH_CAPABILITIES,
  IA32_BIOS_SIGN_ID,
  IA32_BIOS_UPDT_TRIG,
  IA32_CSTAR,
  IA32_DEBUGCTL,
  IA32_EFER,
  IA32_FMASK,
  IA32_FS_BASE,
  IA32_GS_BASE,
  IA32_KERNEL_GS_BASE,
  IA32_LSTAR,
  IA32_MCG_CAP,
  IA32_MCG_STATUS,
  IA32_MISC_ENABLE,
  IA32_MTRRCAP,
  IA32_PAT,
  IA32_PLATFORM_ID,
  IA32_STAR,
  IA32_SYSENTER_CS,
  IA32_SYSENTER_EIP,
  IA32_SYSENTER_ESP,
  IA32_TIME_STAMP_COUNTER,
  IA32_TSC_ADJUST,
  IA32_TSC_AUX,
  IA32_TSC_DEADLINE,
  IA32_XSS,
  MSR_CSTAR,
  MSR_DEBUGCTL,
  MSR_EFER,
  MSR_FMASK,
  MSR_KERNEL_GS_BASE,
  MSR_LSTAR,
  MSR_MISC_ENABLE,
  MSR_PAT,
  MSR_STAR,
  MSR_SYSENTER_CS,
  MSR_SYSENTER_EIP,
  MSR_SYSENTER_ESP,
  MSR_TSC_ADJUST,
  MSR_TSC_AUX,
  MSR_VALUE,
  SEGMENT_BASE,
  SEGMENT_FS,
  SEGMENT_GS,
  TSC_OFFSET,
  X2APIC_FIRST,
  X2APIC_LAST,
} from '../generated/layout';
import { flushTlb } from '../memory/mmu';
import { isMtrrValue, MTRRCAP_VALUE, mtrrField } from '../memory/mtrr';
import { isCanonicalBase } from '../memory/page-walk';
import { RAX, RCX, RDX } from '../registers';
import { updateAccessBase } from '../segments/access';
import { requirePrivilege } from './control-registers';
import { hasArchCapabilities, hasXsaves, isAmd } from './features';
import { hostReadApicMsr, hostTscOffsetChanged, hostWriteApicMsr } from './host';
import { performanceField, performanceMask } from './performance-counters';
import { timeStampCounter } from './time';

/** SCE, LME, NXE. */
const EFER_WRITABLE: u64 = 1 | EFER_LME | EFER_NXE;

/** IA32_ARCH_CAPABILITIES: not vulnerable, whichever bit a kernel asks for, and no bit that offers a mitigation. */
const ARCH_CAPABILITIES: u64 =
  (1 << 0) | // RDCL_NO
  (1 << 3) | // SKIP_L1DFL_VMENTRY
  (1 << 4) | // SSB_NO
  (1 << 5) | // MDS_NO
  (1 << 6) | // IF_PSCHANGE_MC_NO
  (1 << 8) | // TAA_NO
  (1 << 13) | // SBDR_SSDP_NO
  (1 << 14) | // FBSDP_NO
  (1 << 15) | // PSDP_NO
  (1 << 20) | // BHI_NO
  (1 << 24) | // PBRSB_NO
  (1 << 26) | // GDS_NO
  (1 << 27) | // RFDS_NO
  ((<u64>1) << 62); // ITS_NO

/** Update revisions, of Intel in the upper half of IA32_BIOS_SIGN_ID: newer than any that exists. */
const MICROCODE_REVISION: u64 = 0x0100_0000;
const MICROCODE_REVISION_AMD: u64 = 0x0bff_ffff;

/** Of HWCR: the TSC has the frequency of P0. */
const HWCR_VALUE: u64 = 1 << 24;

/** Fast strings, thermal control, SpeedStep, MONITOR, CPUID limit, xTPR and execute-disable bits. */
const MISC_ENABLE_WRITABLE: u64 = 0x4_00c5_0009;

function isApicMsr(msr: u32): bool {
  return msr === IA32_APIC_BASE || msr === IA32_TSC_DEADLINE || (msr >= X2APIC_FIRST && msr <= X2APIC_LAST);
}

/** Offset in the CPU state of an MSR that is read as it is stored, or 0. */
function plainField(msr: u32): u32 {
  switch (msr) {
    case IA32_TSC_ADJUST:
      return MSR_TSC_ADJUST;
    case IA32_SYSENTER_CS:
      return MSR_SYSENTER_CS;
    case IA32_SYSENTER_ESP:
      return MSR_SYSENTER_ESP;
    case IA32_SYSENTER_EIP:
      return MSR_SYSENTER_EIP;
    case IA32_MISC_ENABLE:
      return isAmd() ? 0 : MSR_MISC_ENABLE;
    case IA32_DEBUGCTL:
      return MSR_DEBUGCTL;
    case IA32_PAT:
      return MSR_PAT;
    case IA32_EFER:
      return MSR_EFER;
    case IA32_STAR:
      return MSR_STAR;
    case IA32_LSTAR:
      return MSR_LSTAR;
    case IA32_CSTAR:
      return MSR_CSTAR;
    case IA32_FMASK:
      return MSR_FMASK;
    case IA32_FS_BASE:
      return SEGMENT_BASE + SEGMENT_FS * 8;
    case IA32_GS_BASE:
      return SEGMENT_BASE + SEGMENT_GS * 8;
    case IA32_KERNEL_GS_BASE:
      return MSR_KERNEL_GS_BASE;
    case IA32_TSC_AUX:
      return MSR_TSC_AUX;
    default: {
      const field = performanceField(msr);
      return field !== 0 ? field : mtrrField(msr);
    }
  }
}

/** RDMSR: MSR ECX into EDX:EAX. #GP(0) unless CPL is 0, and for an MSR that does not exist. */
export function readMsr(record: u32): void {
  requirePrivilege(record);
  const value = msrValue(record, load<u32>(RCX));
  store<u64>(RAX, value & 0xffff_ffff);
  store<u64>(RDX, value >> 32);
}

function msrValue(record: u32, msr: u32): u64 {
  if (isApicMsr(msr)) {
    if (hostReadApicMsr(msr, CPU_STATE + MSR_VALUE) === 0) raiseGeneralProtection(record, 0);
    return load<u64>(CPU_STATE + MSR_VALUE);
  }
  const field = plainField(msr);
  if (field !== 0) return load<u64>(CPU_STATE + field);
  switch (msr) {
    case IA32_TIME_STAMP_COUNTER:
      return timeStampCounter();
    case IA32_ARCH_CAPABILITIES:
      if (!hasArchCapabilities()) raiseGeneralProtection(record, 0);
      return ARCH_CAPABILITIES;
    case IA32_BIOS_SIGN_ID:
      return isAmd() ? MICROCODE_REVISION_AMD : MICROCODE_REVISION << 32;
    case AMD_HWCR:
    case AMD_SYSCFG:
    case AMD_NB_CFG:
      if (!isAmd()) raiseGeneralProtection(record, 0);
      return msr === AMD_HWCR ? HWCR_VALUE : 0;
    case IA32_MTRRCAP:
      return MTRRCAP_VALUE;
    case IA32_XSS:
      if (!hasXsaves()) raiseGeneralProtection(record, 0);
      return 0;
    case IA32_PLATFORM_ID:
      if (isAmd()) raiseGeneralProtection(record, 0);
      return 0;
    case IA32_MCG_CAP:
    case IA32_MCG_STATUS:
      return 0;
    default:
      raiseGeneralProtection(record, 0);
      return 0;
  }
}

/** PAT: eight entries of UC 0, WC 1, WT 4, WP 5, WB 6 or UC- 7. */
function isPatValue(value: u64): bool {
  for (let shift: u64 = 0; shift < 64; shift += 8) {
    const type = (value >> shift) & 0xff;
    if (type > 7 || type === 2 || type === 3) return false;
  }
  return true;
}

/** WRMSR: EDX:EAX into MSR ECX. #GP(0) unless CPL is 0, for an MSR that does not exist and for reserved bits. */
export function writeMsr(record: u32): void {
  requirePrivilege(record);
  const msr = load<u32>(RCX);
  const value = <u64>load<u32>(RAX) | ((<u64>load<u32>(RDX)) << 32);
  if (isApicMsr(msr)) {
    if (hostWriteApicMsr(msr, load<u32>(RAX), load<u32>(RDX)) === 0) raiseGeneralProtection(record, 0);
    return;
  }
  switch (msr) {
    case IA32_EFER:
      writeEfer(record, value);
      return;
    case IA32_TIME_STAMP_COUNTER:
      adjustTimeStamp(value - timeStampCounter());
      return;
    case IA32_TSC_ADJUST:
      adjustTimeStamp(value - load<u64>(CPU_STATE + MSR_TSC_ADJUST));
      return;
    // There is no supervisor state.
    case IA32_XSS:
      if (!hasXsaves() || value !== 0) raiseGeneralProtection(record, 0);
      return;
    // Microcode updates are accepted and have no effect; the revision is not writable, but kernels clear it.
    case IA32_BIOS_UPDT_TRIG:
      if (isAmd()) raiseGeneralProtection(record, 0);
      return;
    case IA32_BIOS_SIGN_ID:
    case IA32_MCG_STATUS:
      return;
    // There is nothing to configure.
    case AMD_HWCR:
    case AMD_SYSCFG:
    case AMD_NB_CFG:
      if (!isAmd()) raiseGeneralProtection(record, 0);
      return;
    default:
      writePlain(record, msr, value);
  }
}

function writePlain(record: u32, msr: u32, value: u64): void {
  const field = plainField(msr);
  if (field === 0 || !isAcceptable(msr, value)) raiseGeneralProtection(record, 0);
  store<u64>(CPU_STATE + field, value & writable(msr));
  if (msr === IA32_FS_BASE) updateAccessBase(SEGMENT_FS);
  else if (msr === IA32_GS_BASE) updateAccessBase(SEGMENT_GS);
}

/** Those bits of an MSR of plainField() that WRMSR changes, without a fault for others. */
function writable(msr: u32): u64 {
  // As on most processors, without the upper halves.
  if (msr === IA32_SYSENTER_CS || msr === IA32_FMASK) return 0xffff_ffff;
  return performanceField(msr) !== 0 ? performanceMask(msr) : u64.MAX_VALUE;
}

/** Whether WRMSR takes `value` for an MSR of plainField(). */
function isAcceptable(msr: u32, value: u64): bool {
  switch (msr) {
    case IA32_SYSENTER_ESP:
    case IA32_SYSENTER_EIP:
    case IA32_LSTAR:
    case IA32_CSTAR:
    case IA32_FS_BASE:
    case IA32_GS_BASE:
    case IA32_KERNEL_GS_BASE:
      return isCanonicalBase(value);
    case IA32_TSC_AUX:
      return value <= 0xffff_ffff;
    case IA32_PAT:
      return isPatValue(value);
    case IA32_DEBUGCTL:
      // LBR is stored, but records nothing; BTF makes single steps stop at branches.
      return (value & ~3) === 0;
    case IA32_MISC_ENABLE:
      return ((value ^ load<u64>(CPU_STATE + MSR_MISC_ENABLE)) & ~MISC_ENABLE_WRITABLE) === 0;
    case IA32_SYSENTER_CS:
    case IA32_STAR:
    case IA32_FMASK:
      return true;
    default:
      return performanceField(msr) !== 0 || isMtrrValue(msr, value);
  }
}

/** LMA is read-only and ignored; LME cannot change while paging is on. */
function writeEfer(record: u32, value: u64): void {
  const old = load<u64>(CPU_STATE + MSR_EFER);
  if ((value & ~(EFER_WRITABLE | EFER_LMA)) !== 0) raiseGeneralProtection(record, 0);
  if (((old ^ value) & EFER_LME) !== 0 && (load<u32>(CPU_STATE + CR0) & CR0_PG) !== 0) {
    raiseGeneralProtection(record, 0);
  }
  store<u64>(CPU_STATE + MSR_EFER, (value & EFER_WRITABLE) | (old & EFER_LMA));
  if (((old ^ value) & EFER_NXE) !== 0) flushTlb(true);
}

/** Moves the TSC by `delta`; IA32_TSC_ADJUST keeps the sum of all such moves. */
function adjustTimeStamp(delta: u64): void {
  store<u64>(CPU_STATE + TSC_OFFSET, load<u64>(CPU_STATE + TSC_OFFSET) + delta);
  store<u64>(CPU_STATE + MSR_TSC_ADJUST, load<u64>(CPU_STATE + MSR_TSC_ADJUST) + delta);
  hostTscOffsetChanged();
}
