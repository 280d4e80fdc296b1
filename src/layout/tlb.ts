/**
 * One entry of the software TLB, 32 bytes. There is a direct-mapped table for each way of looking
 * at memory, so that permission checks are part of the tag compare.
 *
 *     offset 0   readTag   i64  linear page address, or TLB_INVALID
 *     offset 8   writeTag  i64  same, for stores; invalid where the page holds translated code or is not dirty
 *     offset 16  execTag   i64  same, for instruction fetch
 *     offset 24  addend    i32  host offset of the page minus the low 32 bits of its linear address
 *     offset 28  physicalPage u32  guest-physical page number (physical address >> 12) and flags:
 *
 *     31 30 29 28 27                                    0
 *      W  L  G  P  physical page number, TLB_PAGE_MASK
 *
 *     P TLB_LISTED    the entry is in TLB_NON_GLOBAL_LIST
 *     G TLB_GLOBAL    survives a CR3 write
 *     L TLB_LARGE     made from a 2 MiB, 4 MiB or 1 GiB page
 *     W TLB_WRITABLE  stores are permitted and the page is dirty, whether or not it holds code
 *
 * The inline probe is: entry = table + ((la >> 12) & (entries - 1)) * 32, then
 * ((la + size - 1) & ~0xfff) == tag, then host = (i32)la + addend. A page crossing, a missing page, a missing
 * permission, MMIO and a store to translated code all fail that one compare.
 */
export const TLB_ENTRY_SIZE = 32;
/**
 * What runs often uses some 20 pages of a kernel, whose place changes with each boot (KASLR). With 2048 entries two of them had the same
 * one in each eighth boot, and a system call took 1.4 times as long there. What goes over 64 MiB has an entry for each page.
 */
export const TLB_ENTRIES = 16384;
export const TLB_TABLE_SIZE = TLB_ENTRIES * TLB_ENTRY_SIZE;
export const TLB_READ_TAG = 0;
export const TLB_WRITE_TAG = 8;
export const TLB_EXEC_TAG = 16;
export const TLB_ADDEND = 24;
export const TLB_PHYSICAL_PAGE = 28;
/** Mask of the page number in the word at TLB_PHYSICAL_PAGE. */
export const TLB_PAGE_MASK = 0x0fff_ffff;
export const TLB_LISTED = 1 << 28;
export const TLB_GLOBAL = 1 << 29;
export const TLB_LARGE = 1 << 30;
export const TLB_WRITABLE = 1 << 31;
/** Written to invalidate a tag. No page address, because low bits are set. */
export const TLB_INVALID = 0x5afe_1a57_0000_0001n;

/** Index of a table: TLB_BASE + view * TLB_TABLE_SIZE. */
export const VIEW_USER = 0;
/** CPL 0-2, EFLAGS.AC clear: with CR4.SMAP set, user pages are never entered for data. */
export const VIEW_SUPERVISOR = 1;
/** CPL 0-2, EFLAGS.AC set: user pages are accessible. */
export const VIEW_SUPERVISOR_AC = 2;
/**
 * CPL 3 with alignment checks (EFLAGS.AC and CR0.AM). Its table stays empty: no probe finds anything there, and the slow
 * paths, which look at the alignment, do every access.
 */
export const VIEW_USER_ALIGNED = 3;
