/**
 * The decoded instruction: a 32-byte record in linear memory. A block is one head record followed by its
 * instruction records, contiguous, in program order.
 *
 *     Instruction record                          Head record
 *     0   fn          u32 table slot              0   fn         u32 table slot (enter, compiled region, stale)
 *     4   pageOffset  u16 RIP within its page     4   pageOffset u16 of the first instruction
 *     6   length      u8  bytes                   6   flags      u8  HEAD_*
 *     7   index       u8  0-based in the block    7   pageCount  u8  1, or 2 when the instruction crosses a page
 *     8   a           u16 first register operand  8   count      u16 instructions in the block
 *     10  b           u16 second                  10  mode       u16 mode key (mode.ts)
 *     12  base        u16 memory base register    12  countdown  i32 entries left before a compile request
 *     14  indexReg    u16 memory index register   16  physicalPage u32
 *     16  disp        i32 displacement / target   20  hashNext   u32 head record, 0 = end
 *     20  scale       u8  bits 0-1 log2 scale,    24  pageNext   u32 head record, 0 = end
 *                         bits 4-5 address size   28  secondPage u32 physical page of the crossing part / region entry
 *     21  segment     u8  index of segment base
 *     22  c           u16 third register operand
 *     24  imm         i64 immediate               (branches: 24 taken link u32, 28 fall-through link u32)
 *
 * Register operands are byte offsets into the CPU state, so AH is RAX's offset + 1 and an absent base or index
 * is the offset of the always-zero register. A branch's `disp` is its target relative to the start of its page.
 */
export const RECORD_SIZE = 32;
export const RECORD_FN = 0;
export const RECORD_PAGE_OFFSET = 4;
export const RECORD_LENGTH = 6;
export const RECORD_INDEX = 7;
export const RECORD_A = 8;
export const RECORD_B = 10;
export const RECORD_BASE = 12;
export const RECORD_INDEX_REG = 14;
export const RECORD_DISP = 16;
export const RECORD_SCALE = 20;
export const RECORD_SEGMENT = 21;
export const RECORD_C = 22;
export const RECORD_IMM = 24;
/**
 * Direct branches have no register operands (but for the base of a call's push): in their place is where they last
 * led when that was in another page, which is no link (the page may come to be mapped elsewhere) but tells the
 * compiler what to follow. HEAD_TAKEN and HEAD_FALL say which of these fields a block's last record has.
 */
export const RECORD_HINT_TAKEN = 8;
export const RECORD_HINT_FALL = 12;
/**
 * Of a branch, BRANCH_*: what else its target and a fault at it depend on.
 *
 *     bit 0     direct, outside 64-bit code: only the low 16 bits of its target count
 *     bit 4-7   bytes that a call pushes
 *     bit 8-11  bytes that a return pops, besides its immediate
 */
export const RECORD_BRANCH = RECORD_C;
export const BRANCH_SHORT_TARGET = 1;
export const BRANCH_PUSHED_SHIFT = 4;
export const BRANCH_POPPED_SHIFT = 8;
export const BRANCH_BYTES_MASK = 15;
/**
 * Of an instruction that has no third register operand and is no branch: not 0 if its access has kept finding another page
 * (compile/region/page-changes.ts).
 */
export const RECORD_SCATTERED = RECORD_C;
export const RECORD_LINK_TAKEN = 24;
export const RECORD_LINK_FALL = 28;

export const HEAD_FLAGS = 6;
export const HEAD_PAGE_COUNT = 7;
export const HEAD_COUNT = 8;
export const HEAD_MODE = 10;
export const HEAD_COUNTDOWN = 12;
export const HEAD_PHYSICAL_PAGE = 16;
export const HEAD_HASH_NEXT = 20;
export const HEAD_PAGE_NEXT = 24;
export const HEAD_SECOND_PAGE = 28;

/** Set on a head whose code was overwritten or dropped; its fn is the stale handler. */
export const HEAD_STALE = 1;
/**
 * Set on a record that is no block but stands for one in the page list of the second page it crosses into:
 * its HEAD_HASH_NEXT is the real head.
 */
export const HEAD_CROSSING = 2;
/** The host keeps the block's address (a compile request, a compiled region): it is told when the block goes stale. */
export const HEAD_WATCHED = 4;
/** An end record follows the last instruction. It is then the block's last record. */
export const HEAD_END_RECORD = 8;
/** The last record has RECORD_LINK_TAKEN and RECORD_HINT_TAKEN: a direct jump, call or conditional branch. */
export const HEAD_TAKEN = 16;
/** The last record has RECORD_LINK_FALL and RECORD_HINT_FALL: a conditional branch or an end record. */
export const HEAD_FALL = 32;

/** Most instructions in one block. */
export const MAX_BLOCK_INSTRUCTIONS = 64;

/** Bits 4-5 of `scale`: how the effective address is truncated. */
export const ADDRESS_64 = 0;
export const ADDRESS_32 = 1;
export const ADDRESS_16 = 2;

/**
 * What follows opcode, ModRM and SIB of an instruction:
 *
 *     bits 0-2   bytes of the displacement: 0, 1 or 4
 *     bits 3-6   bytes of the immediate or of a branch's displacement: 0, 1, 2, 4 or 8
 *     bit  7     the immediate is sign-extended
 *     bit  8     it is a branch's displacement
 *     bit  9     the displacement is relative to the next instruction
 *     bits 10-11 SHAPE_ENDS: the block ends with the instruction, SHAPE_STOPS: and an end record is due
 *     bits 12-13 HEAD_TAKEN and HEAD_FALL of a block that ends with it, shifted
 *     bit  14    always set
 */
export const SHAPE_DISPLACEMENT = 7;
export const SHAPE_IMMEDIATE_SHIFT = 3;
export const SHAPE_IMMEDIATE = 15;
export const SHAPE_SIGNED = 1 << 7;
export const SHAPE_RELATIVE = 1 << 8;
export const SHAPE_RIP = 1 << 9;
export const SHAPE_AFTER_SHIFT = 10;
export const SHAPE_AFTER = 3;
export const SHAPE_ENDS = 1;
export const SHAPE_STOPS = 2;
/** From HEAD_TAKEN and HEAD_FALL to bits 12-13. */
export const SHAPE_TARGETS_SHIFT = 8;
export const SHAPE_DECODED = 1 << 14;
/**
 * What the decoder tells of an instruction besides, if those bits say all that is to be known of it:
 *
 *     bit  15     set
 *     bits 16-19  SHAPE_FIELD of RECORD_A, 20-23 of RECORD_B, 24-27 of RECORD_C
 *     bit  28     base, index and scale are those of ModRM and SIB
 */
export const SHAPE_COMPLETE = 1 << 15;
export const SHAPE_A_SHIFT = 16;
export const SHAPE_B_SHIFT = 20;
export const SHAPE_C_SHIFT = 24;
export const SHAPE_MEMORY = 1 << 28;
/**
 * Whether a field is a register that ModRM names, and which, or 0: bit 0 is set if it is that of ModRM.rm, not ModRM.reg, and bits 1-3 tell the
 * registers.
 */
export const SHAPE_FIELD = 15;
export const SHAPE_FIELD_RM = 1;
export const SHAPE_FIELD_FILE_SHIFT = 1;
export const SHAPE_GENERAL = 1;
/** Bytes without REX: AL, CL, DL, BL, AH, CH, DH, BH. */
export const SHAPE_BYTE = 2;
export const SHAPE_VECTOR = 3;
export const SHAPE_MMX = 4;

/**
 * Slots of the shared function table before the first instruction handler.
 * 0 null, 1 enter block, 2 stale head, 3 end of block, 4 end of scratch records, 5 not implemented (#UD),
 * 6 longer than 15 bytes (#GP), 7 enter a block behind an instruction breakpoint.
 */
export const SLOT_ENTER = 1;
export const SLOT_STALE = 2;
export const SLOT_END = 3;
export const SLOT_STEPPED = 4;
export const SLOT_UNDEFINED = 5;
export const SLOT_TOO_LONG = 6;
export const SLOT_GUARDED = 7;
export const FIRST_HANDLER_SLOT = 8;
