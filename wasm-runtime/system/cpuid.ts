/**
 * The announced processor (Intel SDM Vol. 2 "CPUID").
 *
 * GenuineIntel, because Linux takes the TSC frequency from leaf 15H only there. Family 6 model 36H (Atom
 * "Saltwell"): an in-order core that speculates on nothing, which every kernel's table of vulnerabilities knows.
 * Linux returns from cpu_set_bug_bits() before it sets any bug bit (NO_SPECULATION | NO_ITLB_MULTIHIT), so page
 * table isolation, retpolines, return thunks, SSBD, VERW clearing and the entry barriers are all off, and
 * /sys/devices/system/cpu/vulnerabilities reads "Not affected". Family 5 would do that too, but 64-bit Linux
 * assumes fast string instructions (REP_GOOD) only of family 6. Other kernels are told the same by
 * IA32_ARCH_CAPABILITIES (msr.ts). Nothing else depends on the model: features are announced by their own bits.
 *
 * The hypervisor bit is set: it stops microcode loading and uncore drivers, which have nothing to find here. The
 * signature matches no known hypervisor, so no paravirtual interface is assumed; leaf 40000010H gives the
 * frequencies to kernels that look there.
 */

import {
  APIC_BASE_ENABLE,
  CPU_STATE,
  CR4,
  CR4_LA57,
  CR4_OSXSAVE,
  IA32_APIC_BASE,
  LA57_OFFERED,
  LINEAR_ADDRESS_BITS,
  MSR_VALUE,
  PHYSICAL_ADDRESS_BITS,
  XCR0,
} from '../generated/layout';
import { RAX, RBX, RCX, RDX } from '../registers';
import { is64BitMode } from '../segments/descriptors';
import { hostReadApicMsr } from './host';

// ------------------------------------------------------------------------------------------ feature words
// Switch a bit on when its instructions exist.

/** CPUID.01H:ECX. OSXSAVE (bit 27) follows CR4. */
export const FEATURES_1_ECX: u32 =
  (1 << 0) | // SSE3
  (1 << 1) | // PCLMULQDQ
  (1 << 9) | // SSSE3
  (0 << 12) | // FMA
  (1 << 13) | // CMPXCHG16B
  (1 << 17) | // PCID: the TLB holds one address space at a time, so a change of PCID flushes what is not global
  (1 << 19) | // SSE4.1
  (1 << 20) | // SSE4.2
  (1 << 21) | // x2APIC
  (1 << 22) | // MOVBE
  (1 << 23) | // POPCNT
  (1 << 24) | // TSC deadline timer
  (1 << 25) | // AES
  (1 << 26) | // XSAVE
  (0 << 28) | // AVX
  (0 << 29) | // F16C
  (1 << 30) | // RDRAND
  (1 << 31); // hypervisor

/** CPUID.01H:EDX; APIC (bit 9) follows IA32_APIC_BASE. No machine check: Linux then sets up no MCE banks. No ACPI thermal, no hyper-threading. */
export const FEATURES_1_EDX: u32 =
  (1 << 0) | // x87
  (1 << 2) | // DE
  (1 << 3) | // PSE
  (1 << 4) | // TSC
  (1 << 5) | // MSR
  (1 << 6) | // PAE
  (1 << 8) | // CMPXCHG8B
  (1 << 9) | // APIC
  (1 << 11) | // SYSENTER
  (1 << 12) | // MTRR
  (1 << 13) | // PGE
  (1 << 15) | // CMOV
  (1 << 16) | // PAT
  (1 << 19) | // CLFLUSH
  (1 << 23) | // MMX
  (1 << 24) | // FXSAVE
  (1 << 25) | // SSE
  (1 << 26) | // SSE2
  (1 << 27); // self snoop

/** CPUID.07H.0:EBX. */
export const FEATURES_7_EBX: u32 =
  (1 << 0) | // FSGSBASE
  (1 << 1) | // IA32_TSC_ADJUST: Linux then needs no watchdog on the TSC
  (1 << 3) | // BMI1
  (0 << 5) | // AVX2
  (1 << 6) | // the x87 operand pointer is updated by unmasked exceptions only
  (1 << 7) | // SMEP
  (1 << 8) | // BMI2
  (1 << 9) | // enhanced REP MOVSB/STOSB
  (1 << 10) | // INVPCID
  (1 << 13) | // FCS and FDS are zero
  (1 << 18) | // RDSEED
  (1 << 19) | // ADX
  (1 << 20) | // SMAP
  (1 << 23) | // CLFLUSHOPT
  (1 << 24) | // CLWB
  (0 << 29); // SHA

/** CPUID.07H.0:ECX. */
export const FEATURES_7_ECX: u32 =
  (1 << 2) | // UMIP
  (1 << 22); // RDPID

/** In CPUID.07H.0:ECX, where LA57_OFFERED says so. */
const FEATURE_LA57: u32 = 1 << 16;

/** CPUID.07H.0:EDX. */
export const FEATURES_7_EDX: u32 =
  (1 << 4) | // fast short REP MOVSB
  (1 << 29); // IA32_ARCH_CAPABILITIES

/** CPUID.07H.1:EAX: fast zero-length REP MOVSB, fast short REP STOSB, fast short REP CMPSB and SCASB. */
export const FEATURES_7_1_EAX: u32 = (1 << 10) | (1 << 11) | (1 << 12);

/** CPUID.80000001H:ECX. */
export const FEATURES_EXTENDED_ECX: u32 =
  (1 << 0) | // LAHF and SAHF in 64-bit mode
  (1 << 5) | // LZCNT
  (1 << 8); // PREFETCHW

/** CPUID.80000001H:EDX; SYSCALL (bit 11) is announced in 64-bit mode only. */
export const FEATURES_EXTENDED_EDX: u32 =
  (1 << 20) | // execute disable
  (1 << 26) | // 1 GiB pages
  (1 << 27) | // RDTSCP
  (1 << 29); // Intel 64

/** CPUID.0DH.1:EAX: XSAVEOPT 0, XGETBV with ECX = 1 2; XSAVEC 1 and XSAVES 3 do not exist. */
export const FEATURES_XSAVE: u32 = 1 | (1 << 2);

const FEATURE_AVX: u32 = 1 << 28;
const FEATURE_APIC: u32 = 1 << 9;
const FEATURE_XSAVE: u32 = 1 << 26;
const FEATURE_PCID: u32 = 1 << 17;
const FEATURE_OSXSAVE: u32 = 1 << 27;
const FEATURE_SYSCALL: u32 = 1 << 11;

/** XCR0 bits that exist: x87, SSE, and AVX if announced. */
export const XCR0_SUPPORTED: u32 = (FEATURES_1_ECX & FEATURE_AVX) !== 0 ? 7 : 3;
/**
 * CR4 bits that may be set: TSD DE PSE PAE MCE PGE PCE OSFXSR OSXMMEXCPT UMIP FSGSBASE SMEP SMAP, then by feature. MCE,
 * since firmware sets it without a look at CPUID; there are no machine checks to enable.
 */
export const CR4_SUPPORTED: u32 =
  0x31_0ffc |
  ((FEATURES_1_ECX & FEATURE_XSAVE) !== 0 ? 1 << 18 : 0) |
  ((FEATURES_1_ECX & FEATURE_PCID) !== 0 ? 1 << 17 : 0);

// ---------------------------------------------------------------------------------------------- identity

/** Frequencies. The TSC counts nanoseconds: 25 MHz crystal x 40 / 1. The APIC timer runs from the crystal. */
export const CRYSTAL_HZ: u32 = 25_000_000;
export const TSC_CRYSTAL_RATIO: u32 = 40;
const TSC_MHZ: u32 = 1000;

/** Family 6, model 36H, stepping 1. */
export const SIGNATURE: u32 = 0x0003_0661;
/** CLFLUSH line in 8-byte units, and one logical processor. */
const CLFLUSH_AND_COUNT: u32 = (8 << 8) | (1 << 16);

const MAX_LEAF: u32 = 0x16;
const MAX_EXTENDED_LEAF: u32 = 0x8000_0008;
const MAX_HYPERVISOR_LEAF: u32 = 0x4000_0010;

/** Whether this processor is one with 5-level paging. */
function isLa57Offered(): bool {
  return load<i32>(CPU_STATE + LA57_OFFERED) !== 0;
}

/** The bits of CR4 that may be set. */
export function supportedCr4(): u32 {
  return isLa57Offered() ? CR4_SUPPORTED | CR4_LA57 : CR4_SUPPORTED;
}

function answer(eax: u32, ebx: u32, ecx: u32, edx: u32): void {
  store<u64>(RAX, eax);
  store<u64>(RBX, ebx);
  store<u64>(RCX, ecx);
  store<u64>(RDX, edx);
}

/** CPUID: leaf EAX, subleaf ECX; the answer replaces EAX, EBX, ECX and EDX. */
export function cpuid(): void {
  const leaf = load<u32>(RAX);
  const subleaf = load<u32>(RCX);
  if (leaf >= 0x8000_0000 && leaf <= MAX_EXTENDED_LEAF) extendedLeaf(leaf);
  else if (leaf >= 0x4000_0000 && leaf <= MAX_HYPERVISOR_LEAF) hypervisorLeaf(leaf);
  // A leaf that does not exist answers as the highest basic one does.
  else basicLeaf(leaf > MAX_LEAF ? MAX_LEAF : leaf, subleaf);
}

/** IA32_APIC_BASE.EN: without it the processor is one without an APIC (Intel SDM Vol. 3 "Enabling or Disabling"). */
function isApicEnabled(): bool {
  hostReadApicMsr(IA32_APIC_BASE, CPU_STATE + MSR_VALUE);
  return (load<u64>(CPU_STATE + MSR_VALUE) & APIC_BASE_ENABLE) !== 0;
}

function basicLeaf(leaf: u32, subleaf: u32): void {
  switch (leaf) {
    case 0:
      // "Genu" "ntel" "ineI"
      answer(MAX_LEAF, 0x756e_6547, 0x6c65_746e, 0x4965_6e69);
      return;
    case 1: {
      const osxsave = (load<u32>(CPU_STATE + CR4) & CR4_OSXSAVE) !== 0 ? FEATURE_OSXSAVE : 0;
      const edx = isApicEnabled() ? FEATURES_1_EDX : FEATURES_1_EDX & ~FEATURE_APIC;
      answer(SIGNATURE, CLFLUSH_AND_COUNT, FEATURES_1_ECX | osxsave, edx);
      return;
    }
    case 2:
      // Descriptor FFH: the caches are in leaf 4.
      answer(0x0000_ff01, 0, 0, 0);
      return;
    case 4:
      cacheLeaf(subleaf);
      return;
    case 6:
      // The APIC timer never stops (ARAT).
      answer(1 << 2, 0, 0, 0);
      return;
    case 7:
      if (subleaf === 0)
        answer(1, FEATURES_7_EBX, FEATURES_7_ECX | (isLa57Offered() ? FEATURE_LA57 : 0), FEATURES_7_EDX);
      else answer(subleaf === 1 ? FEATURES_7_1_EAX : 0, 0, 0, 0);
      return;
    case 0xb:
      topologyLeaf(subleaf);
      return;
    case 0xd:
      xsaveLeaf(subleaf);
      return;
    case 0x15:
      answer(1, TSC_CRYSTAL_RATIO, CRYSTAL_HZ, 0);
      return;
    case 0x16:
      // Base, maximum and bus frequency in MHz.
      answer(TSC_MHZ, TSC_MHZ, 100, 0);
      return;
    default:
      answer(0, 0, 0, 0);
  }
}

/** One cache of leaf 4: type 1 data, 2 instruction, 3 unified; 64-byte lines. */
function cache(type: u32, level: u32, ways: u32, sets: u32): void {
  const selfInitializing: u32 = 1 << 8;
  answer(type | (level << 5) | selfInitializing, 63 | ((ways - 1) << 22), sets - 1, 0);
}

function cacheLeaf(subleaf: u32): void {
  switch (subleaf) {
    case 0:
      cache(1, 1, 8, 64);
      return;
    case 1:
      cache(2, 1, 8, 64);
      return;
    case 2:
      cache(3, 2, 16, 1024);
      return;
    case 3:
      cache(3, 3, 16, 16384);
      return;
    default:
      answer(0, 0, 0, 0);
  }
}

/** One processor: a level of one thread and a level of one core; EDX is the x2APIC ID. */
function topologyLeaf(subleaf: u32): void {
  if (subleaf === 0) answer(0, 1, 0x100, 0);
  else if (subleaf === 1) answer(0, 1, 0x201, 0);
  else answer(0, 0, subleaf & 0xff, 0);
}

/** Bytes of the standard-format XSAVE area for the components in `xcr0`. */
function xsaveSize(xcr0: u32): u32 {
  return (xcr0 & 4) !== 0 ? 576 + 256 : 576;
}

function xsaveLeaf(subleaf: u32): void {
  if ((FEATURES_1_ECX & FEATURE_XSAVE) === 0) answer(0, 0, 0, 0);
  else if (subleaf === 0) {
    const enabled = xsaveSize(load<u32>(CPU_STATE + XCR0));
    answer(XCR0_SUPPORTED, enabled, xsaveSize(XCR0_SUPPORTED), 0);
  } else if (subleaf === 1) answer(FEATURES_XSAVE, 0, 0, 0);
  else if (subleaf === 2 && (XCR0_SUPPORTED & 4) !== 0) answer(256, 576, 0, 0);
  else answer(0, 0, 0, 0);
}

function hypervisorLeaf(leaf: u32): void {
  // "long" "mode" and zeros.
  if (leaf === 0x4000_0000) answer(MAX_HYPERVISOR_LEAF, 0x676e_6f6c, 0x6564_6f6d, 0);
  // TSC and APIC timer frequency in kHz.
  else if (leaf === 0x4000_0010) answer(TSC_MHZ * 1000, CRYSTAL_HZ / 1000, 0, 0);
  else answer(0, 0, 0, 0);
}

function extendedLeaf(leaf: u32): void {
  switch (leaf) {
    case 0x8000_0000:
      answer(MAX_EXTENDED_LEAF, 0, 0, 0);
      return;
    case 0x8000_0001: {
      const syscall = is64BitMode() ? FEATURE_SYSCALL : 0;
      answer(0, 0, FEATURES_EXTENDED_ECX, FEATURES_EXTENDED_EDX | syscall);
      return;
    }
    // Brand string "longmode x86-64".
    case 0x8000_0002:
      answer(0x676e_6f6c, 0x6564_6f6d, 0x3638_7820, 0x0034_362d);
      return;
    case 0x8000_0006:
      // L2: 1 MiB, 16 ways, 64-byte lines.
      answer(0, 0, (1024 << 16) | (8 << 12) | 64, 0);
      return;
    case 0x8000_0007:
      // Invariant TSC.
      answer(0, 0, 0, 1 << 8);
      return;
    case 0x8000_0008:
      answer(PHYSICAL_ADDRESS_BITS | ((isLa57Offered() ? 57 : LINEAR_ADDRESS_BITS) << 8), 0, 0, 0);
      return;
    default:
      answer(0, 0, 0, 0);
  }
}
