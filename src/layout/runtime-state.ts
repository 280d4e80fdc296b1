/**
 * What the run time keeps of the processor beside its architectural state (cpu-state.ts), in linear memory: byte offsets from
 * CPU_STATE, behind that state. The names are generated into AssemblyScript, so this file is the only definition.
 */
import { CPU_STATE_SIZE } from './cpu-state.ts';
import { FEATURE_WORDS } from './features.ts';

let next = CPU_STATE_SIZE;

/** The place of a field of `bytes` bytes, behind those before it. @param alignment in bytes, a power of two. */
function field(bytes: number, alignment = bytes): number {
  const offset = (next + alignment - 1) & -alignment;
  next = offset + bytes;
  return offset;
}

/** Always zero: stands for an absent base or index register. */
export const ZERO_REGISTER = field(8);
/** Linear address of the page the current block was entered at: base register of RIP-relative operands. */
export const PAGE_BASE = field(8);

/** Instructions left in this slice; a block is entered only if all of it fits. i32. */
export const BUDGET = field(4);
/**
 * 1, or 0 once a region has found too little of the budget left: what an entry of an interpreted block takes from its countdown. Blocks that are
 * interpreted only because a slice ends are not hot. i32.
 */
export const ENTRY_COUNTS = field(4);
/** Offset of the TLB table in use (TLB_BASE + view * TLB_TABLE_SIZE). i32. */
export const TLB_TABLE = field(4);
/** Mode key (mode.ts). i32. */
export const MODE = field(4);
/** Record whose slow path is running, for precise faults. i32. */
export const CURRENT_RECORD = field(4);
/** Why run() returned: EXIT_*. i32. */
export const EXIT_REASON = field(4);
/** EXIT_REASON values. */
export const EXIT_BUDGET = 0;
export const EXIT_HLT = 1;
/** Something changed that the host loop must look at (interrupt window, device request). */
export const EXIT_EVENT = 2;
export const EXIT_TRIPLE_FAULT = 3;
/** One exactly-stepped sequence of scratch records is done. */
export const EXIT_STEPPED = 4;
/** MWAIT. */
export const EXIT_WAIT = 5;
/** What a repeated string instruction has come to (wasm-runtime/string/): all is done, the budget has ended before, or a fault has been noted. */
export const REPETITION_DONE = 0;
export const REPETITION_INTERRUPTED = 1;
export const REPETITION_FAULTED = 2;
/** Not zero: MONITOR has been executed, and no event delivered since. i32. */
export const MONITOR_ARMED = field(4);
/** Budget the current slice began with. i32. */
export const SLICE = field(4);
/** Instructions executed before the current slice. i64. */
export const INSTRUCTIONS = field(8);

/** Time that was read last, in nanoseconds since power-on (wasm-runtime/system/time.ts). u64. */
export const TIME = field(8);
/** BUDGET then. i32. */
export const TIME_BUDGET = field(4);
/** Instructions until the host has to be asked for the time, and how many there are when it has been; 0 = always. u32. */
export const TIME_LEFT = field(4);
export const TIME_TRUSTED = field(4);

/** i32: bit mask INTERRUPT_* of what waits: makes STI, POPF and IRET leave the slice. */
export const INTERRUPT_PENDING = field(4);
/** INTERRUPT_PENDING bits. */
export const INTERRUPT_MASKABLE = 1;
export const INTERRUPT_NMI = 2;
/** Event that is about to be delivered: vector, error code (-1 none), kind EVENT_*. */
export const EVENT_VECTOR = field(4);
export const EVENT_ERROR = field(4);
export const EVENT_KIND = field(4);
/** EVENT_KIND values. */
export const EVENT_FAULT = 0;
/** Trap or software interrupt: pushes the address of the next instruction. */
export const EVENT_TRAP = 1;
export const EVENT_SOFTWARE_INTERRUPT = 2;
/** Not an event: the instruction overwrote translated code and is run again alone. */
export const EVENT_CODE_WRITE = 3;
export const EVENT_EXTERNAL_INTERRUPT = 4;
export const EVENT_NMI = 5;
/** Not an event: the host has no memory for what the guest touches, so the guest cannot go on. */
export const EVENT_OUT_OF_MEMORY = 6;
/** Not an event: the instruction hits a data or I/O breakpoint and is run again alone, with a trap behind it. */
export const EVENT_BREAKPOINT = 7;
/** INT n that a virtual-8086 task handles by itself. */
export const EVENT_REDIRECTED_INTERRUPT = 8;
/** Vector of an exception whose delivery is under way, or -1: decides double and triple faults. i32 */
export const EVENT_DELIVERING = field(4);
/** Exceptions until the slice ends, whatever is left of its budget. i32. */
export const EXCEPTIONS_LEFT = field(4);
/** Not zero: the host sees every exception before it is delivered. i32. */
export const HOST_INTERCEPTS = field(4);

/**
 * Jump cache generation of each privilege (JUMP_USER, JUMP_SUPERVISOR), i32 each, 1 to 0xff_ffff: raised whenever a TLB flush
 * may have moved cached code.
 */
export const JUMP_GENERATION = field(8, 4);
/** Not zero: since its generation was raised the jump cache has got supervisor code of a page that is not global. i32. */
export const JUMP_SUPERVISOR_LOCAL = field(4);
/**
 * What follows from the mode, for code of every size, i64 each, by updateMode(): linear addresses have these bits, marks
 * (checked-address.ts) included; offsets on the stack have these; ACCESS_BASE of the stack segment. In 64-bit mode all ones,
 * all ones, zero.
 */
export const LINEAR_MASK = field(8);
export const STACK_MASK = field(8);
export const STACK_BASE = field(8);
/**
 * What is added to effective addresses, in the order of SEGMENT_BASE: the base, outside 64-bit mode with a mark where
 * accesses are checked (checked-address.ts); in 64-bit mode zero but for FS and GS. i64 each, by updateAccessBase().
 */
export const ACCESS_BASE = field(64, 8);
/** Features that this processor does not have: u32 bits for each of FEATURE_WORDS (features.ts). Written by the host before the reset. */
export const CPUID_WITHHELD = field(4 * FEATURE_WORDS.length, 4);
/** Not zero: the processor is AMD's (vendor.ts). i32, written by the host before the reset. */
export const VENDOR_AMD = field(4);
/** Not zero: SSE instructions raise #UD or #NM (CR0.EM, CR0.TS or CR4.OSFXSR). i32, by updateSseDisabled(). */
export const SSE_DISABLED = field(4);
/** Not zero: AVX instructions raise #UD or #NM (CR4.OSXSAVE, XCR0 or CR0.TS). i32, by updateSseDisabled(). */
export const AVX_DISABLED = field(4);
/** SSE exceptions that are held back within an instruction (wasm-runtime/sse/status.ts); zero between instructions. u32. */
export const HELD_EXCEPTIONS = field(4);
/**
 * What the functions of x87 numbers (wasm-runtime/x87/numbers.ts) leave besides a significand: the head in bits 0 to 15, and bit 16 if
 * it was rounded up. u32.
 */
export const FPU_REST = field(4);
/** Tables of the AES instructions, written by the host (isa/semantics/sse-aes.ts). */
export const AES_TABLES = field(4096, 64);
/** Entries in TLB_NON_GLOBAL_LIST. i32. */
export const TLB_NON_GLOBAL_COUNT = field(4);
/**
 * The TLB entries of pages with a protection key other than 0: how many, i32, more than KEYED_ENTRIES if not all are listed; and their
 * numbers, u16 each.
 */
export const TLB_KEYED_COUNT = field(4);
export const KEYED_ENTRIES = 64;
export const TLB_KEYED_LIST = field(2 * KEYED_ENTRIES, 2);
/** Bytes of wasm memory handed out so far (allocation pointer of guest RAM). u32. */
export const HEAP_TOP = field(4);
/** Next free record. u32. */
export const RECORD_TOP = field(4);
/** First record of the half of the record arena that new blocks go to. u32. */
export const RECORD_HALF = field(4);
/** Bytes of each half: what follows RECORD_ARENA twice. Changed only while there are no blocks. u32. */
export const RECORD_HALF_SIZE = field(4);
/** End of the records in the other, older half; 0 before there are any. u32. */
export const RECORD_OLDER_TOP = field(4);
/** Raised when half of the record arena is emptied: addresses of records kept from before may be dangling. i32. */
export const ARENA_EPOCH = field(4);
/** HEAD_COUNTDOWN of new blocks: entries after which they ask to be compiled; 0 = never. u32, written by the host. */
export const HOTNESS = field(4);
/** Where the bytes of an instruction are put together that are not all in one page of RAM. */
export const CODE_BYTES = field(32);
/** Guest-physical addresses of the ROM, first and behind the last: reads find RAM there, writes go to the bus. u64 each. */
export const ROM_START = field(8);
export const ROM_END = field(8);

/** i32: DR7's enabled breakpoints by kind, bit n for DRn: ARMED_* of breakpoints.ts in the runtime. */
export const BREAKPOINTS = field(4);
/** i32: DR6 bits of the data and I/O breakpoints that the running instruction has hit. */
export const BREAKPOINT_HITS = field(4);
/** i32: 1 while an instruction that hits a data or I/O breakpoint is run alone. */
export const BREAKPOINT_STEP = field(4);
/** i32: 1 until the first instruction after one with EFLAGS.RF: its instruction breakpoints do not count. */
export const BREAKPOINT_RESUME = field(4);

/**
 * Offsets in pages at which there may be instruction breakpoints, and how many: blocks that begin there are guarded, none goes past.
 * u16 each, and u32.
 */
export const MOST_GUARDED_OFFSETS = 8;
export const GUARDED_OFFSETS = field(2 * MOST_GUARDED_OFFSETS, 2);
export const GUARDED_COUNT = field(4);

/** How far code of earlier runs is from where it was then, in bytes (code-cache/saved-regions.ts). i32. */
export const CODE_MOVED = field(4);

/** Where the host leaves the value of an MSR it reads. i64. */
export const MSR_VALUE = field(8);
/** Read-modify-write slow path: staging buffer (64 bytes) and what to do with it. */
export const BOUNCE = field(64);
export const BOUNCE_RECORD = field(4);
export const BOUNCE_ADDRESS = field(8);

/**
 * Pages that accesses of the running region led to last (compile/region/last-page.ts), most of them by a pair of base and
 * index register: the tag of each, i64, its addend, i32, and when its next change is due, i32 (compile/region/page-changes.ts).
 */
export const LAST_PAGE_SIZE = 16;
export const LAST_PAGE_COUNT = 8;
export const LAST_PAGES = field(LAST_PAGE_SIZE * LAST_PAGE_COUNT, 8);

/** Addends of two neighbouring pages, i32, that of the one with an even number first (compile/region/split-window.ts). */
export const SPLIT_WINDOW_SIZE = 8;
export const SPLIT_WINDOW_COUNT = 16;
export const SPLIT_WINDOWS = field(SPLIT_WINDOW_SIZE * SPLIT_WINDOW_COUNT, 8);

/** Counters for statistics, i64 each; see COUNTER_* . */
export const COUNTERS = field(8 * 16, 8);
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
/** Blocks that have been translated, and the instructions in them. */
export const COUNTER_BLOCKS = 13;
export const COUNTER_BLOCK_INSTRUCTIONS = 14;
