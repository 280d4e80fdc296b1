/**
 * Filling and flushing the software TLB (src/layout/tlb.ts).
 *
 * 1. An entry with any valid tag describes one linear page completely; filling it replaces all tags.
 * 2. Only RAM gets tags. The write tag is present only if the page holds no translated code and is dirty, and is no ROM.
 * 3. Every entry that is not global is in TLB_NON_GLOBAL_LIST, once (TLB_LISTED); a listed entry may have been
 *    replaced by a global one since.
 * 4. Every entry with a valid tag is in a part of the tables that is noted in TLB_USED.
 * 5. Data tags of pages with a protection key other than 0 are only in entries of TLB_KEYED_LIST, unless that is full.
 */

import { clearJumpCache, clearJumpCachePage, clearLocalJumps } from '../code/jump-cache';
import {
  COUNTER_TLB_FLUSHES,
  COUNTER_TLB_MISSES,
  CPU_STATE,
  KEYED_ENTRIES,
  TLB_ADDEND,
  TLB_BASE,
  TLB_ENTRIES,
  TLB_ENTRY_SIZE,
  TLB_EXEC_TAG,
  TLB_GLOBAL,
  TLB_INVALID,
  TLB_KEYED_COUNT,
  TLB_KEYED_LIST,
  TLB_LARGE,
  TLB_LARGE_FILTER,
  TLB_LARGE_FILTER_SIZE,
  TLB_LISTED,
  TLB_NON_GLOBAL_COUNT,
  TLB_NON_GLOBAL_LIST,
  TLB_PAGE_MASK,
  TLB_PHYSICAL_PAGE,
  TLB_READ_TAG,
  TLB_TABLE_SIZE,
  TLB_USED,
  TLB_USED_ENTRIES,
  TLB_WRITABLE,
  TLB_WRITE_TAG,
} from '../generated/layout';
import { count } from '../system/counters';
import {
  ACCESS_FETCH,
  ACCESS_PEEK,
  ACCESS_READ,
  RIGHT_DIRTY,
  RIGHT_EXECUTE,
  RIGHT_GLOBAL,
  RIGHT_HUGE,
  RIGHT_KEYED,
  RIGHT_LARGE,
  RIGHT_READ,
  RIGHT_WRITE,
  walk,
  walkAddress,
  walkRights,
} from './page-walk';
import { codeMask, hostAddress, isRom } from './physical-memory';
import { isWatched } from './watch';

const PAGE_MASK: u64 = ~(<u64>0xfff);
/** The tables that may have entries. */
export const TLB_END: u32 = TLB_BASE + 3 * TLB_TABLE_SIZE;
/** Bytes of the entries that share a byte of TLB_USED, and how many such parts there are. */
const PART: u32 = TLB_USED_ENTRIES * TLB_ENTRY_SIZE;
const PARTS: u32 = (3 * TLB_TABLE_SIZE) / (TLB_USED_ENTRIES * TLB_ENTRY_SIZE);

/** Where the last successful translate() led: host offset, or 0 when it is not RAM, or ROM to be written. */
export let accessHost: u32 = 0;
/** Physical address the last successful translate() led to. */
export let accessPhysical: u64 = 0;

/** @inline */
export function tlbEntry(table: u32, la: u64): u32 {
  return table + (<u32>(la >> 12) & (TLB_ENTRIES - 1)) * TLB_ENTRY_SIZE;
}

/**
 * Translates a data access (ACCESS_READ or ACCESS_WRITE) by TLB `table`, filling the TLB. Returns false, with
 * walkError of page-walk.ts, if it is not permitted.
 */
export function translate(table: u32, la: u64, access: i32): bool {
  const entry = tlbEntry(table, la);
  const page = la & PAGE_MASK;
  const word = load<u32>(entry + TLB_PHYSICAL_PAGE);
  if (load<u64>(entry + TLB_READ_TAG) === page && (access === ACCESS_READ || (word & TLB_WRITABLE) !== 0)) {
    accessPhysical = ((<u64>(word & TLB_PAGE_MASK)) << 12) | (la & 0xfff);
    accessHost = <u32>la + load<u32>(entry + TLB_ADDEND);
    // The code that kept the write tag away may be gone.
    if (access !== ACCESS_READ && codeMask(accessPhysical) === 0 && !isWatched(la, true))
      store<u64>(entry + TLB_WRITE_TAG, page);
    return true;
  }
  count(COUNTER_TLB_MISSES, 1);
  if (!walk(la, viewOf(table), access)) return false;
  accessPhysical = walkAddress;
  accessHost = fill(entry, la);
  if (access !== ACCESS_READ && isRom(accessPhysical)) accessHost = 0;
  return true;
}

/** Translates an instruction fetch by TLB `table`; as translate(). */
export function translateFetch(table: u32, la: u64): bool {
  const entry = tlbEntry(table, la);
  if (load<u64>(entry + TLB_EXEC_TAG) === (la & PAGE_MASK)) {
    accessPhysical = ((<u64>(load<u32>(entry + TLB_PHYSICAL_PAGE) & TLB_PAGE_MASK)) << 12) | (la & 0xfff);
    return true;
  }
  count(COUNTER_TLB_MISSES, 1);
  if (!walk(la, viewOf(table), ACCESS_FETCH)) return false;
  accessPhysical = walkAddress;
  fill(entry, la);
  return true;
}

/**
 * Physical page that TLB `table` has for fetches from `la`, or -1.
 * @inline
 */
export function fetchPage(table: u32, la: u64): i32 {
  const entry = tlbEntry(table, la);
  if (load<u64>(entry + TLB_EXEC_TAG) !== (la & PAGE_MASK)) return -1;
  return load<i32>(entry + TLB_PHYSICAL_PAGE) & TLB_PAGE_MASK;
}

/** Physical page that a fetch from `la` would find if it changed nothing on its way, or -1. */
export function peekFetch(table: u32, la: u64): i32 {
  const page = fetchPage(table, la);
  if (page >= 0) return page;
  return walk(la, viewOf(table), ACCESS_PEEK) ? <i32>(walkAddress >> 12) : -1;
}

/** Whether TLB `table` has a translation for fetches from `la` that survives a change of CR3. */
export function isGlobalFetch(table: u32, la: u64): bool {
  const entry = tlbEntry(table, la);
  const isEntered = load<u64>(entry + TLB_EXEC_TAG) === (la & PAGE_MASK);
  return isEntered && (load<u32>(entry + TLB_PHYSICAL_PAGE) & TLB_GLOBAL) !== 0;
}

/** The first part of the tables from `part` on that may have entries, or TLB_END. */
function usedPart(part: u32): u32 {
  let i = (part - TLB_BASE) / PART;
  while (i < PARTS) {
    if ((i & 7) === 0 && load<u64>(TLB_USED + i) === 0) i += 8;
    else if (load<u8>(TLB_USED + i) !== 0) return TLB_BASE + i * PART;
    else i += 1;
  }
  return TLB_END;
}

/** @inline */
function viewOf(table: u32): i32 {
  return (table - TLB_BASE) / TLB_TABLE_SIZE;
}

/**
 * Enters what the last walk found for `la`; returns the host offset of `la`, or 0 and enters nothing if it is not RAM.
 * Nothing is entered for VIEW_USER_ALIGNED, and no tag that would let accesses past a data breakpoint.
 */
function fill(entry: u32, la: u64): u32 {
  const pa = walkAddress;
  const host = hostAddress(pa);
  if (host === 0 || entry >= TLB_END) return host;
  const rights = walkRights;
  const page = la & PAGE_MASK;
  let word = <u32>(pa >> 12) | (load<u32>(entry + TLB_PHYSICAL_PAGE) & TLB_LISTED);
  store<u64>(entry + TLB_READ_TAG, (rights & RIGHT_READ) !== 0 && !isWatched(la, false) ? page : TLB_INVALID);
  store<u64>(entry + TLB_EXEC_TAG, rights & RIGHT_EXECUTE ? page : TLB_INVALID);
  let writeTag: u64 = TLB_INVALID;
  if ((rights & (RIGHT_WRITE | RIGHT_DIRTY)) === (RIGHT_WRITE | RIGHT_DIRTY) && !isRom(pa)) {
    word |= TLB_WRITABLE;
    if (codeMask(pa) === 0 && !isWatched(la, true)) writeTag = page;
  }
  store<u64>(entry + TLB_WRITE_TAG, writeTag);
  store<u32>(entry + TLB_ADDEND, host - <u32>la);
  store<u8>(TLB_USED + (entry - TLB_BASE) / PART, 1);
  if (rights & RIGHT_GLOBAL) word |= TLB_GLOBAL;
  else if (!(word & TLB_LISTED)) {
    word |= TLB_LISTED;
    list(entry);
  }
  if (rights & RIGHT_KEYED) listKeyed(entry);
  if (rights & (RIGHT_LARGE | RIGHT_HUGE)) {
    word |= TLB_LARGE;
    addToLargeFilter(rights & RIGHT_LARGE ? largeKey(la) : hugeKey(la));
  }
  store<u32>(entry + TLB_PHYSICAL_PAGE, word);
  return host;
}

function list(entry: u32): void {
  const length = load<u32>(CPU_STATE + TLB_NON_GLOBAL_COUNT);
  store<u16>(TLB_NON_GLOBAL_LIST + length * 2, <u16>((entry - TLB_BASE) / TLB_ENTRY_SIZE));
  store<u32>(CPU_STATE + TLB_NON_GLOBAL_COUNT, length + 1);
}

function listKeyed(entry: u32): void {
  const length = load<u32>(CPU_STATE + TLB_KEYED_COUNT);
  if (length > <u32>KEYED_ENTRIES) return;
  if (length < <u32>KEYED_ENTRIES)
    store<u16>(CPU_STATE + TLB_KEYED_LIST + length * 2, <u16>((entry - TLB_BASE) / TLB_ENTRY_SIZE));
  store<u32>(CPU_STATE + TLB_KEYED_COUNT, length + 1);
}

/** After a change of the bits `changed` of PKRU, which fetches do not heed: loads and stores look at the protection keys anew. */
export function forgetKeys(changed: u32): void {
  const length = load<u32>(CPU_STATE + TLB_KEYED_COUNT);
  if ((changed & 3) !== 0 || length > <u32>KEYED_ENTRIES) {
    for (let part = usedPart(TLB_BASE); part < TLB_END; part = usedPart(part + PART)) {
      for (let entry = part; entry < part + PART; entry += TLB_ENTRY_SIZE) clearDataTags(entry);
    }
  } else {
    for (let i: u32 = 0; i < length; i++) {
      clearDataTags(TLB_BASE + <u32>load<u16>(CPU_STATE + TLB_KEYED_LIST + i * 2) * TLB_ENTRY_SIZE);
    }
  }
  store<u32>(CPU_STATE + TLB_KEYED_COUNT, 0);
}

/** Invalidates the translations of all linear addresses, those of global pages only if asked to. */
export function flushTlb(includeGlobal: bool): void {
  count(COUNTER_TLB_FLUSHES, 1);
  if (includeGlobal) {
    clearJumpCache();
    for (let part = usedPart(TLB_BASE); part < TLB_END; part = usedPart(part + PART)) {
      for (let entry = part; entry < part + PART; entry += TLB_ENTRY_SIZE) clearEntry(entry, 0);
    }
    memory.fill(TLB_USED, 0, PARTS);
    memory.fill(TLB_LARGE_FILTER, 0, TLB_LARGE_FILTER_SIZE);
  } else {
    clearLocalJumps();
    const end: u32 = TLB_NON_GLOBAL_LIST + load<u32>(CPU_STATE + TLB_NON_GLOBAL_COUNT) * 2;
    for (let item: u32 = TLB_NON_GLOBAL_LIST; item < end; item += 2) {
      const entry: u32 = TLB_BASE + <u32>load<u16>(item) * TLB_ENTRY_SIZE;
      const word = load<u32>(entry + TLB_PHYSICAL_PAGE);
      if (word & TLB_GLOBAL) store<u32>(entry + TLB_PHYSICAL_PAGE, word & ~TLB_LISTED);
      else clearEntry(entry, 0);
    }
  }
  store<u32>(CPU_STATE + TLB_NON_GLOBAL_COUNT, 0);
}

/** INVLPG: invalidates the translation of the page of `la`, and everything made from the same large page. */
export function flushTlbPage(la: u64): void {
  for (let table: u32 = TLB_BASE; table < TLB_END; table += TLB_TABLE_SIZE) {
    const entry = tlbEntry(table, la);
    clearEntry(entry, load<u32>(entry + TLB_PHYSICAL_PAGE) & TLB_LISTED);
  }
  if (inLargeFilter(largeKey(la)) || inLargeFilter(hugeKey(la))) {
    flushLargePages(la);
    clearJumpCache();
  } else {
    clearJumpCachePage(la);
  }
}

/**
 * After MOV to CR3 of `newCr3`: `noFlush` is bit 63 of the operand with CR4.PCIDE set. The TLB has no PCIDs, so
 * translations are kept only when neither the PCID nor the tables changed.
 */
export function writeCr3Flush(oldCr3: u64, newCr3: u64, noFlush: bool): void {
  if (noFlush && oldCr3 === newCr3) return;
  flushTlb(false);
}

/** Takes the write tags away from every entry of physical page `physicalPage`, which now holds translated code. */
export function clearWriteTags(physicalPage: u32): void {
  for (let part = usedPart(TLB_BASE); part < TLB_END; part = usedPart(part + PART)) {
    for (let entry = part; entry < part + PART; entry += TLB_ENTRY_SIZE) {
      if ((load<u32>(entry + TLB_PHYSICAL_PAGE) & TLB_PAGE_MASK) === physicalPage) {
        store<u64>(entry + TLB_WRITE_TAG, TLB_INVALID);
      }
    }
  }
}

/** @inline */
function clearDataTags(entry: u32): void {
  store<u64>(entry + TLB_READ_TAG, TLB_INVALID);
  store<u64>(entry + TLB_WRITE_TAG, TLB_INVALID);
}

/** @inline */
function clearEntry(entry: u32, word: u32): void {
  clearDataTags(entry);
  store<u64>(entry + TLB_EXEC_TAG, TLB_INVALID);
  store<u32>(entry + TLB_PHYSICAL_PAGE, word);
}

/** Drops the entries made from large pages in the GiB of `la`. */
function flushLargePages(la: u64): void {
  for (let part = usedPart(TLB_BASE); part < TLB_END; part = usedPart(part + PART)) {
    for (let entry = part; entry < part + PART; entry += TLB_ENTRY_SIZE) {
      const word = load<u32>(entry + TLB_PHYSICAL_PAGE);
      if (!(word & TLB_LARGE)) continue;
      const readTag = load<u64>(entry + TLB_READ_TAG);
      const tag = readTag === TLB_INVALID ? load<u64>(entry + TLB_EXEC_TAG) : readTag;
      if (tag >> 30 === la >> 30) clearEntry(entry, word & TLB_LISTED);
    }
  }
}

/**
 * The 2 MiB page of `la` as a bit number of the filter.
 * @inline
 */
function largeKey(la: u64): u32 {
  const page = <u32>(la >> 21);
  return (page ^ (page >> 15)) & (TLB_LARGE_FILTER_SIZE * 8 - 1);
}

/**
 * The GiB of `la` as a bit number of the filter.
 * @inline
 */
function hugeKey(la: u64): u32 {
  return (<u32>(la >> 30) * 0x9e37_79b1) >> 17;
}

function addToLargeFilter(bit: u32): void {
  const byte = TLB_LARGE_FILTER + (bit >> 3);
  store<u8>(byte, <u8>(<u32>load<u8>(byte) | ((<u32>1) << (bit & 7))));
}

function inLargeFilter(bit: u32): bool {
  return (<u32>load<u8>(TLB_LARGE_FILTER + (bit >> 3)) & ((<u32>1) << (bit & 7))) !== 0;
}
