/**
 * The announced processor (Intel SDM Vol. 2 "CPUID").
 *
 * GenuineIntel unless asked otherwise, because Linux takes the TSC frequency from leaf 15H only there. Family 6 model 36H (Atom
 * "Saltwell"): an in-order core that speculates on nothing, which every kernel's table of vulnerabilities knows.
 * Linux returns from cpu_set_bug_bits() before it sets any bug bit (NO_SPECULATION | NO_ITLB_MULTIHIT), so page
 * table isolation, retpolines, return thunks, SSBD, VERW clearing and the entry barriers are all off, and
 * /sys/devices/system/cpu/vulnerabilities reads "Not affected". Family 5 would do that too, but 64-bit Linux
 * assumes fast string instructions (REP_GOOD) only of family 6. Other kernels are told the same by
 * IA32_ARCH_CAPABILITIES (msr.ts). Nothing else depends on the model: features are announced by their own bits.
 *
 * AuthenticAMD is family 1AH model 2 ("Turin"), of which kernels know fewest errata. There is no such processor that speculates
 * on nothing, so Linux has its guards against Spectre there, and is slower.
 *
 * The hypervisor bit is set: it stops microcode loading and uncore drivers, which have nothing to find here. The
 * signature is of no known hypervisor; leaf 40000010H gives the frequencies to kernels that look there. At 40000100H, where a second
 * interface may be, is KVM's, which promises one thing: that port accesses need no delay. With KVM Linux does not count ticks of the timer
 * to see whether its interrupt works, 16 ms in which it waits for the clock, and has x2APIC mode without interrupt remapping. There
 * are no hypercalls, as no feature asks for one.
 */

import {
  APIC_BASE_ENABLE,
  CPU_STATE,
  CR4,
  CR4_FSGSBASE,
  CR4_LA57,
  CR4_OSXSAVE,
  CR4_PCIDE,
  CR4_PKE,
  CR4_SMAP,
  CR4_SMEP,
  CR4_UMIP,
  FEATURE_APIC,
  FEATURE_AVX,
  FEATURE_FSGSBASE,
  FEATURE_HYPERVISOR,
  FEATURE_MONITOR,
  FEATURE_PCID,
  FEATURE_PKU,
  FEATURE_SMAP,
  FEATURE_SMEP,
  FEATURE_SYSCALL,
  FEATURE_UMIP,
  FEATURE_XSAVE,
  FEATURES_1_EDX,
  FEATURES_7_1_EAX,
  FEATURES_7_EDX,
  FEATURES_80000001_ECX,
  FEATURES_80000001_EDX,
  FEATURES_80000008_EBX,
  IA32_APIC_BASE,
  LINEAR_ADDRESS_BITS,
  MSR_VALUE,
  PHYSICAL_ADDRESS_BITS,
  WITHHELD_7_1_EAX,
  WITHHELD_7_EDX,
  WITHHELD_80000001_ECX,
  WITHHELD_80000001_EDX,
  WITHHELD_80000008_EBX,
  XCR0,
} from '../generated/layout';
import { RAX, RBX, RCX, RDX } from '../registers';
import { is64BitMode } from '../segments/descriptors';
import {
  COMPACTED,
  COMPONENT_AVX,
  COMPONENT_PKRU,
  imageSize,
  PKRU_OFFSET,
  PKRU_SIZE,
  YMM_OFFSET,
  YMM_SIZE,
} from './extended-state';
import {
  features1Ecx,
  features7Ebx,
  features7Ecx,
  featuresD1Eax,
  hasCompaction,
  hasLa57,
  isAmd,
  offered,
} from './features';
import { hostReadApicMsr } from './host';

const FEATURE_OSXSAVE: u32 = 1 << 27;
const FEATURE_OSPKE: u32 = 1 << 4;

const KVM_LEAF: u32 = 0x4000_0100;
const KVM_FEATURE_NOP_IO_DELAY: u32 = 1 << 1;

/** XCR0 bits that exist: x87, SSE, and AVX and PKRU if the processor has them. */
export function supportedXcr0(): u32 {
  let components: u32 = 3;
  if (features1Ecx() & FEATURE_AVX) components |= <u32>COMPONENT_AVX;
  if (features7Ecx() & FEATURE_PKU) components |= <u32>COMPONENT_PKRU;
  return components;
}

/**
 * CR4 bits that every processor has: VME PVI TSD DE PSE PAE MCE PGE PCE OSFXSR OSXMMEXCPT. MCE, since firmware sets it without a
 * look at CPUID; there are no machine checks to enable.
 */
const CR4_BASE: u32 = 0x7ff;

/** The bits of CR4 that may be set. */
export function supportedCr4(): u32 {
  let bits = CR4_BASE;
  if (features7Ecx() & FEATURE_UMIP) bits |= CR4_UMIP;
  if (features7Ecx() & FEATURE_PKU) bits |= CR4_PKE;
  if (hasLa57()) bits |= CR4_LA57;
  if (features7Ebx() & FEATURE_FSGSBASE) bits |= CR4_FSGSBASE;
  if (features1Ecx() & FEATURE_PCID) bits |= CR4_PCIDE;
  if (features1Ecx() & FEATURE_XSAVE) bits |= CR4_OSXSAVE;
  if (features7Ebx() & FEATURE_SMEP) bits |= CR4_SMEP;
  if (features7Ebx() & FEATURE_SMAP) bits |= CR4_SMAP;
  return bits;
}

// ---------------------------------------------------------------------------------------------- identity

/** Frequencies. The TSC counts nanoseconds, and so does the crystal, which the APIC timer runs from. */
export const CRYSTAL_HZ: u32 = 1_000_000_000;
export const TSC_CRYSTAL_RATIO: u32 = 1;
const TSC_MHZ: u32 = 1000;

/** Family 6, model 36H, stepping 1; of AMD's family 1AH, model 2, stepping 1. */
const SIGNATURE_INTEL: u32 = 0x0003_0661;
const SIGNATURE_AMD: u32 = 0x00b0_0f21;
/** CLFLUSH line in 8-byte units, and one logical processor. */
const CLFLUSH_AND_COUNT: u32 = (8 << 8) | (1 << 16);

/** The highest basic leaf of Intel's processors and of AMD's, and the extended ones. */
const MAX_LEAF: u32 = 0x16;
const MAX_LEAF_AMD: u32 = 0xd;
const MAX_EXTENDED_LEAF: u32 = 0x8000_0008;
const MAX_EXTENDED_LEAF_AMD: u32 = 0x8000_0021;
const MAX_HYPERVISOR_LEAF: u32 = 0x4000_0010;

/** The bits of 1:EDX that AMD has in 8000_0001H:EDX as well, and extensions of MMX, which SSE has. */
const EDX_COPIED: u32 = 0x0183_f3ff;
const FEATURE_MMXEXT: u32 = 1 << 22;
/** Of leaf 8000_0021H: LFENCE serialises, a null selector clears the base. */
const FEATURES_80000021_EAX: u32 = (1 << 2) | (1 << 6);

export function signature(): u32 {
  return isAmd() ? SIGNATURE_AMD : SIGNATURE_INTEL;
}

function answer(eax: u32, ebx: u32, ecx: u32, edx: u32): void {
  store<u64>(RAX, eax);
  store<u64>(RBX, ebx);
  store<u64>(RCX, ecx);
  store<u64>(RDX, edx);
}

/** "GenuineIntel" or "AuthenticAMD", behind the highest leaf. */
function answerVendor(highest: u32): void {
  if (isAmd()) answer(highest, 0x6874_7541, 0x444d_4163, 0x6974_6e65);
  else answer(highest, 0x756e_6547, 0x6c65_746e, 0x4965_6e69);
}

/** CPUID: leaf EAX, subleaf ECX; the answer replaces EAX, EBX, ECX and EDX. */
export function cpuid(): void {
  const leaf = load<u32>(RAX);
  const subleaf = load<u32>(RCX);
  const amd = isAmd();
  const highest = amd ? MAX_LEAF_AMD : MAX_LEAF;
  const highestExtended = amd ? MAX_EXTENDED_LEAF_AMD : MAX_EXTENDED_LEAF;
  if (leaf >= 0x8000_0000 && leaf <= highestExtended) extendedLeaf(leaf, subleaf);
  else if (isHypervisorLeaf(leaf)) hypervisorLeaf(leaf);
  else if (leaf <= highest) basicLeaf(leaf, subleaf);
  else if (amd) answer(0, 0, 0, 0);
  else basicLeaf(highest, subleaf);
}

/** IA32_APIC_BASE.EN: without it the processor is one without an APIC (Intel SDM Vol. 3 "Enabling or Disabling"). */
function isApicEnabled(): bool {
  hostReadApicMsr(IA32_APIC_BASE, CPU_STATE + MSR_VALUE);
  return (load<u64>(CPU_STATE + MSR_VALUE) & APIC_BASE_ENABLE) !== 0;
}

/** 1:EDX at the moment. */
function announced1Edx(): u32 {
  return isApicEnabled() ? FEATURES_1_EDX : FEATURES_1_EDX & ~FEATURE_APIC;
}

function basicLeaf(leaf: u32, subleaf: u32): void {
  switch (leaf) {
    case 0:
      answerVendor(isAmd() ? MAX_LEAF_AMD : MAX_LEAF);
      return;
    case 1: {
      const osxsave = (load<u32>(CPU_STATE + CR4) & CR4_OSXSAVE) !== 0 ? FEATURE_OSXSAVE : 0;
      answer(signature(), CLFLUSH_AND_COUNT, features1Ecx() | osxsave, announced1Edx());
      return;
    }
    case 2:
      // Descriptor FFH: the caches are in leaf 4.
      answer(isAmd() ? 0 : 0x0000_ff01, 0, 0, 0);
      return;
    case 4:
      if (isAmd()) answer(0, 0, 0, 0);
      else cacheLeaf(subleaf);
      return;
    case 5:
      // Lines of 64 bytes; extensions are told of, among them interrupts that are disabled; C1 has one substate.
      if ((features1Ecx() & FEATURE_MONITOR) !== 0) answer(64, 64, 3, 0x10);
      else answer(0, 0, 0, 0);
      return;
    case 6:
      // The APIC timer never stops (ARAT).
      answer(1 << 2, 0, 0, 0);
      return;
    case 7:
      if (subleaf === 0) {
        const ospke = (load<u32>(CPU_STATE + CR4) & CR4_PKE) !== 0 ? FEATURE_OSPKE : 0;
        answer(1, features7Ebx(), features7Ecx() | ospke, offered(FEATURES_7_EDX, WITHHELD_7_EDX));
      } else answer(subleaf === 1 ? offered(FEATURES_7_1_EAX, WITHHELD_7_1_EAX) : 0, 0, 0, 0);
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

/** One cache of leaf 4 or 8000_001DH: type 1 data, 2 instruction, 3 unified; 64-byte lines. */
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

function xsaveLeaf(subleaf: u32): void {
  const enabled = <u64>load<u32>(CPU_STATE + XCR0);
  const supported = supportedXcr0();
  if ((features1Ecx() & FEATURE_XSAVE) === 0) answer(0, 0, 0, 0);
  else if (subleaf === 0) answer(supported, imageSize(enabled), imageSize(supported), 0);
  else if (subleaf === 1) {
    answer(featuresD1Eax(), hasCompaction() ? imageSize(enabled | COMPACTED) : 0, 0, 0);
  }
  // ECX: user components, which a compacted image does not align.
  else if (subleaf === 2 && (supported & <u32>COMPONENT_AVX) !== 0) answer(YMM_SIZE, YMM_OFFSET, 0, 0);
  else if (subleaf === 9 && (supported & <u32>COMPONENT_PKRU) !== 0) answer(PKRU_SIZE, PKRU_OFFSET, 0, 0);
  else answer(0, 0, 0, 0);
}

/** Without the feature there are none of them, as on hardware. */
function isHypervisorLeaf(leaf: u32): bool {
  if ((features1Ecx() & FEATURE_HYPERVISOR) === 0) return false;
  return (leaf >= 0x4000_0000 && leaf <= MAX_HYPERVISOR_LEAF) || (leaf >= KVM_LEAF && leaf <= KVM_LEAF + 1);
}

function hypervisorLeaf(leaf: u32): void {
  if (leaf >= KVM_LEAF) kvmLeaf(leaf);
  // "long" "mode" and zeros.
  else if (leaf === 0x4000_0000) answer(MAX_HYPERVISOR_LEAF, 0x676e_6f6c, 0x6564_6f6d, 0);
  // TSC and APIC timer frequency in kHz.
  else if (leaf === 0x4000_0010) answer(TSC_MHZ * 1000, CRYSTAL_HZ / 1000, 0, 0);
  else answer(0, 0, 0, 0);
}

/** KVM's interface (Linux, Documentation/virt/kvm/x86/cpuid.rst): the signature, then features and hints. */
function kvmLeaf(leaf: u32): void {
  if (leaf === KVM_LEAF) answer(KVM_LEAF + 1, 0x4b4d_564b, 0x564b_4d56, 0x4d);
  else answer(KVM_FEATURE_NOP_IO_DELAY, 0, 0, 0);
}

function extendedLeaf(leaf: u32, subleaf: u32): void {
  const amd = isAmd();
  switch (leaf) {
    case 0x8000_0000:
      if (amd) answerVendor(MAX_EXTENDED_LEAF_AMD);
      else answer(MAX_EXTENDED_LEAF, 0, 0, 0);
      return;
    case 0x8000_0001: {
      const edx = offered(FEATURES_80000001_EDX, WITHHELD_80000001_EDX);
      const ecx = offered(FEATURES_80000001_ECX, WITHHELD_80000001_ECX);
      if (amd) answer(SIGNATURE_AMD, 0, ecx, edx | (announced1Edx() & EDX_COPIED) | FEATURE_MMXEXT);
      else answer(0, 0, ecx, is64BitMode() ? edx : edx & ~FEATURE_SYSCALL);
      return;
    }
    // Brand string "longmode x86-64".
    case 0x8000_0002:
      answer(0x676e_6f6c, 0x6564_6f6d, 0x3638_7820, 0x0034_362d);
      return;
    case 0x8000_0005: {
      // L1 of data and of instructions: 32 KiB, 8 ways, one line a tag, 64-byte lines.
      const level1: u32 = amd ? (32 << 24) | (8 << 16) | (1 << 8) | 64 : 0;
      answer(0, 0, level1, level1);
      return;
    }
    case 0x8000_0006:
      // L2: 1 MiB, 16 ways, 64-byte lines. L3: 16 MiB, in units of 512 KiB, the same.
      if (amd) answer(0, 0, (1024 << 16) | (8 << 12) | (1 << 8) | 64, (32 << 18) | (8 << 12) | (1 << 8) | 64);
      else answer(0, 0, (1024 << 16) | (8 << 12) | 64, 0);
      return;
    case 0x8000_0007:
      // Invariant TSC.
      answer(0, 0, 0, 1 << 8);
      return;
    case 0x8000_0008:
      answer(
        PHYSICAL_ADDRESS_BITS | ((hasLa57() ? 57 : LINEAR_ADDRESS_BITS) << 8),
        offered(FEATURES_80000008_EBX, WITHHELD_80000008_EBX),
        0,
        0,
      );
      return;
    case 0x8000_001d:
      cacheLeaf(subleaf);
      return;
    case 0x8000_0021:
      answer(FEATURES_80000021_EAX, 0, 0, 0);
      return;
    // Among them 8000_001EH: APIC ID 0, of one thread of one core of one node.
    default:
      answer(0, 0, 0, 0);
  }
}
