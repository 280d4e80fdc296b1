/**
 * The processor's architectural state in linear memory: byte offsets from CPU_STATE. The names are
 * generated into AssemblyScript, so this file is the only definition.
 */

/** General registers RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8-R15: i64 each. */
export const GPR = 0;
/** Always zero: stands for an absent base or index register. */
export const ZERO_REGISTER = 128;
/** Linear address of the page the current block was entered at: base register of RIP-relative operands. */
export const PAGE_BASE = 136;
/** i64; exact only between instructions of different blocks (entry, exits, event delivery). */
export const RIP = 144;

/** Arithmetic flags: i64 and i32, see flag-words.ts. */
export const FLAG_RESULT = 152;
export const FLAG_AUX = 160;
/** EFLAGS without CF, PF, AF, ZF, SF, OF; bit 1 set. i32. */
export const SYSTEM_FLAGS = 164;

/** Instructions left in this slice; a block is entered only if all of it fits. i32. */
export const BUDGET = 168;
/** Offset of the TLB table in use (TLB_BASE + view * TLB_TABLE_SIZE). i32. */
export const TLB_TABLE = 172;
/** Mode key (mode.ts). i32. */
export const MODE = 176;
/** Current privilege level 0-3. i32. */
export const CPL = 180;
/** Record whose slow path is running, for precise faults. i32. */
export const CURRENT_RECORD = 184;
/** Why run() returned: EXIT_*. i32. */
export const EXIT_REASON = 188;

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
export const FPU_STATUS = 1154;
/** Two bits a register in physical order: 3 empty, 0 in use (what FSTENV tells besides is worked out when it is stored). u16 */
export const FPU_TAG = 1156;
export const FPU_OPCODE = 1158;
export const FPU_IP = 1160;
export const FPU_DP = 1168;
export const MXCSR = 1176;
/** The bits of MXCSR that are not status flags: DAZ, exception masks, RC, FTZ. */
export const MXCSR_CONTROL = 0xffc0;
/** Their value after reset: all exceptions masked, round to nearest. */
export const MXCSR_DEFAULT = 0x1f80;
/** The sticky flag that says a result was inexact. */
export const MXCSR_PE = 0x20;

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

/** Event that is about to be delivered: vector, error code (-1 none), kind EVENT_*. */
export const EVENT_VECTOR = 1296;
export const EVENT_ERROR = 1300;
export const EVENT_KIND = 1304;
/** Vector of an exception whose delivery is under way, or -1: decides double and triple faults. i32 */
export const EVENT_DELIVERING = 1308;
/** i32: SHADOW_* of the last instruction if the next one has to be done first. Set only where it matters. */
export const INTERRUPT_SHADOW = 1312;
/** i32: bit mask INTERRUPT_* of what waits: makes STI, POPF and IRET leave the slice. */
export const INTERRUPT_PENDING = 1316;
/** i32: 1 after an NMI until IRET. */
export const NMI_BLOCKED = 1320;
/** i32: jump cache generation, 1 to 0xff_ffff: raised whenever a TLB flush may have moved cached code. */
export const JUMP_GENERATION = 1324;
/** Instructions executed before the current slice. i64. */
export const INSTRUCTIONS = 1328;
/** Budget the current slice began with. i32. */
export const SLICE = 1336;
/** Bytes of wasm memory handed out so far (allocation pointer of guest RAM). u32. */
export const HEAP_TOP = 1340;
/** Next free record. u32. */
export const RECORD_TOP = 1344;
/** Table slot of the handler that stands in for overwritten or dropped blocks. u32, written by the host. */
export const STALE_SLOT = 1348;
/** Raised when half of the record arena is emptied: addresses of records kept from before may be dangling. i32. */
export const ARENA_EPOCH = 1352;
/** Entries in TLB_NON_GLOBAL_LIST. i32. */
export const TLB_NON_GLOBAL_COUNT = 1356;
/** Not zero: SSE instructions raise #UD or #NM (CR0.EM, CR0.TS or CR4.OSFXSR). i32, by updateSseDisabled(). */
export const SSE_DISABLED = 1360;

/** First record of the half of the record arena that new blocks go to. u32. */
export const RECORD_HALF = 1364;
/** Bytes of each half: what follows RECORD_ARENA twice. Changed only while there are no blocks. u32. */
export const RECORD_HALF_SIZE = 1368;
/** End of the records in the other, older half; 0 before there are any. u32. */
export const RECORD_OLDER_TOP = 1372;

/** i32: not zero where the processor has LA57, 5-level paging. Written by the host before the reset. */
export const LA57_OFFERED = 1376;

/**
 * What follows from the mode, for code of every size, i64 each, by updateMode(): linear addresses have these bits, marks
 * (checked-address.ts) included; offsets on the stack have these; ACCESS_BASE of the stack segment. In 64-bit mode all ones,
 * all ones, zero.
 */
export const LINEAR_MASK = 1384;
export const STACK_MASK = 1392;
export const STACK_BASE = 1400;

/** Read-modify-write slow path: staging buffer (64 bytes) and what to do with it. */
export const BOUNCE = 1408;
export const BOUNCE_ADDRESS = 1472;
export const BOUNCE_RECORD = 1480;

export const MSR_TSC_ADJUST = 1488;
export const MSR_DEBUGCTL = 1496;
/** Where the host leaves the value of an MSR it reads. i64. */
export const MSR_VALUE = 1504;

/** i32: DR7's enabled breakpoints by kind, bit n for DRn: ARMED_* of breakpoints.ts in the runtime. */
export const BREAKPOINTS = 1512;
/** i32: DR6 bits of the data and I/O breakpoints that the running instruction has hit. */
export const BREAKPOINT_HITS = 1516;
/** i32: 1 while an instruction that hits a data or I/O breakpoint is run alone. */
export const BREAKPOINT_STEP = 1520;
/** i32: 1 until the first instruction after one with EFLAGS.RF: its instruction breakpoints do not count. */
export const BREAKPOINT_RESUME = 1524;

/** Counters for statistics, i64 each; see COUNTER_* . */
export const COUNTERS = 1536;
export const COUNTER_TLB_MISSES = 0;
export const COUNTER_PAGE_WALKS = 1;
export const COUNTER_TLB_FLUSHES = 2;
export const COUNTER_INVALIDATIONS = 3;
export const COUNTER_INVALIDATED_BLOCKS = 4;
export const COUNTER_LOOKUPS = 5;
export const COUNTER_EXCEPTIONS = 6;
export const COUNTER_INTERRUPTS = 7;
/** Instructions run by handlers; all others ran compiled. */
export const COUNTER_INTERPRETED_INSTRUCTIONS = 8;
export const COUNTER_MMIO = 9;
export const COUNTER_PORT = 10;
export const COUNTER_CODE_WRITES = 11;
export const COUNTER_UNIMPLEMENTED = 12;

/**
 * What is added to effective addresses, in the order of SEGMENT_BASE: the base, outside 64-bit mode with a mark where
 * accesses are checked (checked-address.ts); in 64-bit mode zero but for FS and GS. i64 each, by updateAccessBase().
 */
export const ACCESS_BASE = 1728;

/** Fixed-range MTRRs in the order of their numbers (250H, 258H, 259H, 268H-26FH): i64 each, 11 of them. */
export const MTRR_FIXED = 1792;
/** Variable-range MTRRs, base and mask of eight ranges: i64 each. */
export const MTRR_VARIABLE = 1880;

export const CPU_STATE_SIZE = 2048;

/** EXIT_REASON values. */
export const EXIT_BUDGET = 0;
export const EXIT_HLT = 1;
/** Something changed that the host loop must look at (interrupt window, device request). */
export const EXIT_EVENT = 2;
export const EXIT_TRIPLE_FAULT = 3;
/** One exactly-stepped sequence of scratch records is done. */
export const EXIT_STEPPED = 4;

/** EVENT_KIND values. */
export const EVENT_FAULT = 0;
/** Trap or software interrupt: pushes the address of the next instruction. */
export const EVENT_TRAP = 1;
export const EVENT_SOFTWARE_INTERRUPT = 2;
/** Not an event: the instruction overwrote translated code and is run again alone. */
export const EVENT_CODE_WRITE = 3;
export const EVENT_EXTERNAL_INTERRUPT = 4;
export const EVENT_NMI = 5;
/** Not an event: the instruction hits a data or I/O breakpoint and is run again alone, with a trap behind it. */
export const EVENT_BREAKPOINT = 7;
/** Not an event: the host has no memory for what the guest touches, so the guest cannot go on. */
export const EVENT_OUT_OF_MEMORY = 6;

/** INTERRUPT_SHADOW values. STI holds off interrupts, MOV SS and POP SS debug traps as well. */
export const SHADOW_STI = 1;
export const SHADOW_STACK = 2;

/** INTERRUPT_PENDING bits. */
export const INTERRUPT_MASKABLE = 1;
export const INTERRUPT_NMI = 2;
