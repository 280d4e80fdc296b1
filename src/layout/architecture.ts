/**
 * Numbers that the architecture defines: registers, bits of control, debug and flag registers, vectors, MSRs,
 * descriptors. Generated for AssemblyScript (as u32) like the rest of this folder, so that each has one definition.
 * Source: Intel SDM Vol. 3 and 4; the section is named where it is not the obvious one.
 */

/** General registers as instructions number them (Vol. 2 "ModR/M and SIB Bytes"). */
export const RAX = 0;
export const RCX = 1;
export const RDX = 2;
export const RBX = 3;
export const RSP = 4;
export const RBP = 5;
export const RSI = 6;
export const RDI = 7;
export const R11 = 11;

/** EFLAGS. */
export const FLAG_CF = 1 << 0;
export const FLAG_PF = 1 << 2;
export const FLAG_AF = 1 << 4;
export const FLAG_ZF = 1 << 6;
export const FLAG_SF = 1 << 7;
export const FLAG_TF = 1 << 8;
export const FLAG_IF = 1 << 9;
export const FLAG_DF = 1 << 10;
export const FLAG_OF = 1 << 11;
/** Two bits: the lowest privilege that may do I/O and change IF. */
export const FLAG_IOPL = 3 << 12;
export const FLAG_NT = 1 << 14;
export const FLAG_RF = 1 << 16;
export const FLAG_VM = 1 << 17;
export const FLAG_AC = 1 << 18;
export const FLAG_VIF = 1 << 19;
export const FLAG_VIP = 1 << 20;
export const FLAG_ID = 1 << 21;
export const FLAGS_ARITHMETIC = FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF;
/** Reads as 1. */
export const FLAGS_FIXED_ONE = 1 << 1;

export const CR0_PE = 1 << 0;
export const CR0_MP = 1 << 1;
export const CR0_EM = 1 << 2;
export const CR0_TS = 1 << 3;
export const CR0_ET = 1 << 4;
export const CR0_NE = 1 << 5;
export const CR0_WP = 1 << 16;
export const CR0_AM = 1 << 18;
export const CR0_NW = 1 << 29;
export const CR0_CD = 1 << 30;
export const CR0_PG = 0x8000_0000;

export const CR4_VME = 1 << 0;
export const CR4_PVI = 1 << 1;
export const CR4_TSD = 1 << 2;
export const CR4_DE = 1 << 3;
export const CR4_PSE = 1 << 4;
export const CR4_PAE = 1 << 5;
export const CR4_PGE = 1 << 7;
export const CR4_PCE = 1 << 8;
export const CR4_OSFXSR = 1 << 9;
export const CR4_OSXMMEXCPT = 1 << 10;
export const CR4_UMIP = 1 << 11;
export const CR4_LA57 = 1 << 12;
export const CR4_FSGSBASE = 1 << 16;
export const CR4_PCIDE = 1 << 17;
export const CR4_OSXSAVE = 1 << 18;
export const CR4_SMEP = 1 << 20;
export const CR4_SMAP = 1 << 21;
export const CR4_PKE = 1 << 22;

export const EFER_SCE = 1 << 0;
export const EFER_LME = 1 << 8;
export const EFER_LMA = 1 << 10;
export const EFER_NXE = 1 << 11;

/** DR6 and DR7 (Vol. 3 "Debug Registers"): bits that always read as 1, then the others. */
export const DR6_ONES = 0xffff_0ff0;
export const DR6_BD = 1 << 13;
export const DR6_BS = 1 << 14;
export const DR7_ONES = 1 << 10;
export const DR7_GD = 1 << 13;

/** IA32_DEBUGCTL: last branch records, single steps on branches only. */
export const DEBUGCTL_LBR = 1 << 0;
export const DEBUGCTL_BTF = 1 << 1;

/** IA32_APIC_BASE: global enable. */
export const APIC_BASE_ENABLE = 1 << 11;

/** Widths of addresses: MAXPHYADDR, and linear addresses with 4-level paging. */
export const PHYSICAL_ADDRESS_BITS = 40;
export const LINEAR_ADDRESS_BITS = 48;
export const PHYSICAL_ADDRESS_MASK = (1n << BigInt(PHYSICAL_ADDRESS_BITS)) - 1n;

/** Exceptions (Vol. 3 "Exceptions and Interrupts Reference"). */
export const VECTOR_DE = 0;
export const VECTOR_DB = 1;
export const VECTOR_NMI = 2;
export const VECTOR_BP = 3;
export const VECTOR_OF = 4;
export const VECTOR_BR = 5;
export const VECTOR_UD = 6;
export const VECTOR_NM = 7;
export const VECTOR_DF = 8;
export const VECTOR_TS = 10;
export const VECTOR_NP = 11;
export const VECTOR_SS = 12;
export const VECTOR_GP = 13;
export const VECTOR_PF = 14;
export const VECTOR_MF = 16;
export const VECTOR_AC = 17;
export const VECTOR_MC = 18;
export const VECTOR_XM = 19;

/** MSRs (Vol. 4). */
export const IA32_TIME_STAMP_COUNTER = 0x10;
export const IA32_PLATFORM_ID = 0x17;
export const IA32_APIC_BASE = 0x1b;
export const IA32_TSC_ADJUST = 0x3b;
export const IA32_BIOS_UPDT_TRIG = 0x79;
export const IA32_BIOS_SIGN_ID = 0x8b;
export const IA32_MTRRCAP = 0xfe;
export const IA32_ARCH_CAPABILITIES = 0x10a;
export const IA32_SYSENTER_CS = 0x174;
export const IA32_SYSENTER_ESP = 0x175;
export const IA32_SYSENTER_EIP = 0x176;
export const IA32_MCG_CAP = 0x179;
export const IA32_MCG_STATUS = 0x17a;
export const IA32_MISC_ENABLE = 0x1a0;
export const IA32_DEBUGCTL = 0x1d9;
/** Supervisor components of XSAVES. */
export const IA32_XSS = 0xda0;
export const IA32_MTRR_PHYSBASE0 = 0x200;
export const IA32_MTRR_PHYSMASK7 = 0x20f;
export const IA32_MTRR_FIX64K = 0x250;
export const IA32_MTRR_FIX16K = 0x258;
export const IA32_MTRR_FIX4K = 0x268;
export const IA32_MTRR_FIX4K_LAST = 0x26f;
export const IA32_PAT = 0x277;
export const IA32_MTRR_DEF_TYPE = 0x2ff;
export const IA32_TSC_DEADLINE = 0x6e0;
export const X2APIC_FIRST = 0x800;
export const X2APIC_LAST = 0x8ff;
export const IA32_EFER = 0xc000_0080;
export const IA32_STAR = 0xc000_0081;
export const IA32_LSTAR = 0xc000_0082;
export const IA32_CSTAR = 0xc000_0083;
export const IA32_FMASK = 0xc000_0084;
export const IA32_FS_BASE = 0xc000_0100;
export const IA32_GS_BASE = 0xc000_0101;
export const IA32_KERNEL_GS_BASE = 0xc000_0102;
export const IA32_TSC_AUX = 0xc000_0103;
/** Configuration of AMD's processors: of the system, of the core, of the northbridge. */
export const AMD_SYSCFG = 0xc001_0010;
export const AMD_HWCR = 0xc001_0015;
export const AMD_NB_CFG = 0xc001_001f;
/** AMD's four performance counters: what each counts, and behind these the counters. */
export const AMD_PERF_EVT_SEL0 = 0xc001_0000;
export const AMD_PERF_CTR0 = 0xc001_0004;
export const AMD_PERF_CTR3 = 0xc001_0007;

/** Access rights of a descriptor, bits 40-55 of it (Vol. 3 "Segment Descriptors"). */
export const RIGHTS_ACCESSED = 1 << 0;
/** Data: writable. Code: readable. */
export const RIGHTS_READ_WRITE = 1 << 1;
/** Code. */
export const RIGHTS_CONFORMING = 1 << 2;
/** Data: offsets are above the limit. */
export const RIGHTS_EXPAND_DOWN = 1 << 2;
export const RIGHTS_CODE = 1 << 3;
/** Set in code and data segments, clear in system segments and gates. */
export const RIGHTS_CODE_DATA = 1 << 4;
export const RIGHTS_PRESENT = 1 << 7;
export const RIGHTS_LONG = 1 << 13;
/** D/B: 32-bit operands and addresses, or stack. */
export const RIGHTS_DEFAULT_32 = 1 << 14;
export const RIGHTS_GRANULARITY = 1 << 15;

/** Types of system segments and gates (Vol. 3 "System Descriptor Types"). */
export const TYPE_TSS_16_AVAILABLE = 1;
export const TYPE_LDT = 2;
export const TYPE_CALL_GATE_16 = 4;
export const TYPE_TASK_GATE = 5;
export const TYPE_TSS_AVAILABLE = 9;
export const TYPE_TSS_BUSY = 11;
export const TYPE_CALL_GATE = 12;
export const TYPE_INTERRUPT_GATE = 14;
export const TYPE_TRAP_GATE = 15;
