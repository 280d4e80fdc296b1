/**
 * Where everything lives in the one WebAssembly memory. All values are byte offsets.
 *
 *     0x0000_1000  CPU state (cpu-state.ts, runtime-state.ts)
 *     0x0001_0000  static data of the AssemblyScript runtime
 *     0x0002_0000  TLB bookkeeping: what a flush has to visit
 *     0x0008_0000  scratch records (exact single-stepping)
 *     0x000a_0000  targets of indirect branches: record -> head records
 *     0x000c_0000  block hash: physical address and mode -> head record
 *     0x0010_0000  chunk map: guest-physical 2 MiB chunk -> host offset, page metadata
 *     0x0018_0000  jump cache: linear address and mode -> head record
 *     0x0020_0000  shapes: instructions that have been decoded before
 *     0x0024_0000  software TLBs: user, supervisor, supervisor with EFLAGS.AC, user with alignment checks (tlb.ts)
 *     0x0044_0000  record arena, in two halves (wasm-runtime/code/record-arena.ts)
 *     0x0640_0000  page metadata arena, then guest RAM chunks as they are touched
 */
export const CPU_STATE = 0x1000;
export const RUNTIME_DATA = 0x1_0000;
export const TLB_BASE = 0x24_0000;

/** Entry numbers (u16, (entry - TLB_BASE) / 32) of the TLB entries marked TLB_LISTED, so that a CR3 write need not scan. */
export const TLB_NON_GLOBAL_LIST = 0x2_0000;
/** For each 16 entries of the TLB tables that may have any a byte: not zero if one of them has been filled since the last flush of all. */
export const TLB_USED = 0x6_0000;
export const TLB_USED_ENTRIES = 16;
/** Bit set over hashed large pages that TLB entries were made from, so that INVLPG knows when to scan for the others. */
export const TLB_LARGE_FILTER = 0x6_4000;
export const TLB_LARGE_FILTER_SIZE = 4096;
/** Bit set for each privilege (JUMP_USER, JUMP_SUPERVISOR) over hashed linear pages that the jump cache has targets in, so that INVLPG of data leaves it alone. */
export const JUMP_PAGE_FILTER = 0x6_5000;
export const JUMP_PAGE_FILTER_SIZE = 1024;

/** For each opcode of the first two maps a byte: 0 nothing is known of it, else OPCODE_*. */
export const OPCODE_KEYS = 0x6_5800;
export const OPCODE_KEYS_SIZE = 512;
/** Set. */
export const OPCODE_KNOWN = 1;
/** It may have a ModRM byte. */
export const OPCODE_MODRM = 2;
/** ModRM.reg does not tell instructions apart: if anything, it names a register. */
export const OPCODE_ANY_REG = 4;
/** Nor does ModRM.rm with SIB. */
export const OPCODE_ANY_RM = 8;
/** Where there may be a block of an earlier run (wasm-runtime/code/saved-code.ts): 2^SAVED_CODE_BITS bits. */
export const SAVED_CODE = 0x6_6000;
export const SAVED_CODE_BITS = 16;
/** 2^SHAPES_BITS entries as large as a record (wasm-runtime/code/shapes.ts). */
export const SHAPES = 0x20_0000;
export const SHAPES_BITS = 11;

export const JUMP_CACHE = 0x18_0000;
export const JUMP_CACHE_ENTRIES = 32768;
/** Jump cache entry: linear RIP (i64), head record (i32), mode | generation << JUMP_GENERATION_SHIFT (i32). */
export const JUMP_CACHE_ENTRY_SIZE = 16;
export const JUMP_ADDRESS = 0;
export const JUMP_HEAD = 8;
export const JUMP_TAG = 12;
export const JUMP_GENERATION_SHIFT = 8;
/** What has a generation of its own: the entries of user modes, and of all others. */
export const JUMP_USER = 0;
export const JUMP_SUPERVISOR = 1;

/** Sites of indirect branches (wasm-runtime/code/branch-targets.ts): 2^BRANCH_SITES_BITS of them. */
export const BRANCH_SITES = 0xa_0000;
export const BRANCH_SITES_BITS = 9;
export const BRANCH_SITE_SIZE = 256;
/** The branch's record (u32, 0 = none), and from BRANCH_SITE_TARGETS on the targets, each with its head (u32, 0 = none) and its linear page relative to the branch's (i32). */
export const BRANCH_SITE_RECORD = 0;
export const BRANCH_SITE_TARGETS = 8;
export const BRANCH_SITE_TARGET_SIZE = 8;
export const BRANCH_SITE_HEAD = 0;
export const BRANCH_SITE_PAGE = 4;

export const BLOCK_HASH = 0xc_0000;
/** Buckets of 4 bytes: first head record; chained through HeadRecord.hashNext. */
export const BLOCK_HASH_BUCKETS = 65536;

export const CHUNK_MAP = 0x10_0000;
/** log2 of the bytes of guest-physical memory in one chunk. */
export const CHUNK_SHIFT = 21;
/** Chunk map entry: host offset of the chunk (u32: 0 = RAM not touched yet, 1 = not RAM), page metadata offset (u32, 0 = none yet). */
export const CHUNK_ENTRY_SIZE = 8;
/** Chunks in the map: 128 GiB of guest-physical address space; everything above is not RAM. */
export const CHUNK_COUNT = 65536;

export const SCRATCH_RECORDS = 0x8_0000;
export const RECORD_ARENA = 0x44_0000;
export const RECORD_ARENA_END = 0x640_0000;
/** Pages of 64 KiB that are there from the beginning, whatever the guest's memory. */
export const FIXED_PAGES = RECORD_ARENA_END >> 16;
/** First byte handed out for page metadata and guest RAM chunks; grows with memory.grow. */
export const HEAP_BASE = RECORD_ARENA_END;

/**
 * Page metadata, 16 bytes for each 4 KiB page of a chunk (512 of them):
 * code mask (i64, bit n set: bytes n*64..n*64+63 hold translated code), first head record of the page (u32), padding.
 */
export const PAGE_META_SIZE = 16;
export const PAGE_META_CODE_MASK = 0;
export const PAGE_META_FIRST_BLOCK = 8;
