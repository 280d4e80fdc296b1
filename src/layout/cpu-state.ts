/**
 * The processor's state as the architecture defines it, in linear memory: byte offsets from CPU_STATE. All of it goes
 * to its reset value with the processor. What the run time needs besides is behind it (runtime-state.ts). The names are
 * generated into AssemblyScript, so this file is the only definition.
 */

/** General registers RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8-R15: i64 each. */
export const GPR = 0;
/** i64; exact only between instructions of different blocks (entry, exits, event delivery). */
export const RIP = 128;

/** Arithmetic flags: i64 and i32, see flag-words.ts. */
export const FLAG_RESULT = 136;
export const FLAG_AUX = 144;
/** EFLAGS without CF, PF, AF, ZF, SF, OF; bit 1 set. i32. */
export const SYSTEM_FLAGS = 148;
/** Current privilege level 0-3. i32. */
export const CPL = 152;
/** i32: SHADOW_* of the last instruction if the next one has to be done first. Set only where it matters. */
export const INTERRUPT_SHADOW = 156;
/** INTERRUPT_SHADOW values. STI holds off interrupts, MOV SS and POP SS debug traps as well. */
export const SHADOW_STI = 1;
export const SHADOW_STACK = 2;
/** i32: 1 after an NMI until IRET. */
export const NMI_BLOCKED = 160;

/** Segment bases ES, CS, SS, DS, FS, GS: i64 each, then an always-zero base (SEGMENT_NONE). */
export const SEGMENT_BASE = 192;
export const SEGMENT_ES = 0;
export const SEGMENT_CS = 1;
export const SEGMENT_SS = 2;
export const SEGMENT_DS = 3;
export const SEGMENT_FS = 4;
export const SEGMENT_GS = 5;
/** Index of the always-zero base. */
export const SEGMENT_NONE = 6;
/** Indices in the selector, limit and rights arrays only. */
export const SEGMENT_LDTR = 6;
export const SEGMENT_TR = 7;

/** Segment selectors ES, CS, SS, DS, FS, GS, LDTR, TR: i32 each. */
export const SEGMENT_SELECTOR = 256;
/** Segment limits in bytes, inclusive (expanded by G), same order: u32 each. */
export const SEGMENT_LIMIT = 288;
/** Descriptor access rights as in bits 40-55 of the descriptor (type, S, DPL, P, AVL, L, D/B, G; limit bits zero): i32 each. */
export const SEGMENT_RIGHTS = 320;
export const LDTR_BASE = 352;
export const TR_BASE = 360;
export const GDTR_BASE = 368;
export const IDTR_BASE = 376;
export const GDTR_LIMIT = 384;
export const IDTR_LIMIT = 388;

export const CR0 = 392;
export const CR2 = 400;
export const CR3 = 408;
export const CR4 = 416;
export const CR8 = 424;
export const XCR0 = 432;
/** DR0-DR7, i64 each. */
export const DR = 440;

/** YMM0-YMM15, 32 bytes each; XMM is the low half. 512 bytes. */
export const YMM = 512;

/** x87: eight registers of 16 bytes (80 bits used), physical order. */
export const FPU_REGISTERS = 1024;
export const FPU_CONTROL = 1152;
/**
 * The status word without TOP, which is apart so that an instruction that looks for its registers need not wait for what the one
 * before it puts into C1 and the flags.
 */
export const FPU_STATUS = 1154;
/** The six exceptions: their masks in FPU_CONTROL, their flags in FPU_STATUS. */
export const FPU_EXCEPTIONS = 0x3f;
/** FPU_STATUS: one of them is pending that is not masked. */
export const FPU_ERROR_SUMMARY = 1 << 7;
/** Two bits a register in physical order: 3 empty, 0 in use (what FSTENV tells besides is worked out when it is stored). u16 */
export const FPU_TAG = 1156;
export const FPU_OPCODE = 1158;
export const FPU_IP = 1160;
export const FPU_DP = 1168;
export const MXCSR = 1176;
/** Status flags of exceptions, which are sticky. */
export const MXCSR_FLAGS = 0x3f;
/** That of inexact results. */
export const MXCSR_PE = 0x20;
/** Denormal operands are zeros. */
export const MXCSR_DAZ = 0x40;
/** Masks of exceptions. */
export const MXCSR_MASKS = 0x1f80;
/** Rounding mode: 0 is to nearest. */
export const MXCSR_RC = 0x6000;
/** Results that are too small are zeros. */
export const MXCSR_FTZ = 0x8000;
/** All but the status flags. */
export const MXCSR_CONTROL = MXCSR_DAZ | MXCSR_MASKS | MXCSR_RC | MXCSR_FTZ;
/** After reset all exceptions are masked, and it is rounded to nearest. */
export const MXCSR_DEFAULT = MXCSR_MASKS;

/** TOP as an offset from FPU_REGISTERS: in bits 4 to 6, the others zero. i32. */
export const FPU_TOP = 1180;

export const MSR_EFER = 1184;
export const MSR_STAR = 1192;
export const MSR_LSTAR = 1200;
export const MSR_CSTAR = 1208;
export const MSR_FMASK = 1216;
export const MSR_KERNEL_GS_BASE = 1224;
export const MSR_TSC_AUX = 1232;
export const MSR_SYSENTER_CS = 1240;
export const MSR_SYSENTER_ESP = 1248;
export const MSR_SYSENTER_EIP = 1256;
export const MSR_PAT = 1264;
export const MSR_MISC_ENABLE = 1272;
/** Added to the machine time to give the TSC. i64. */
export const TSC_OFFSET = 1280;
export const MTRR_DEF_TYPE = 1288;
export const MSR_TSC_ADJUST = 1296;
export const MSR_DEBUGCTL = 1304;
/** Fixed-range MTRRs in the order of their numbers (250H, 258H, 259H, 268H-26FH): i64 each, 11 of them. */
export const MTRR_FIXED = 1312;
/** Variable-range MTRRs, base and mask of eight ranges: i64 each. */
export const MTRR_VARIABLE = 1400;

/** Two bits for each protection key: access disable, write disable. u32. */
export const PKRU = 1528;

/** AMD's performance counters: what the four count, and the counters. i64 each. */
export const AMD_PERFORMANCE = 1536;

export const CPU_STATE_SIZE = 1600;
