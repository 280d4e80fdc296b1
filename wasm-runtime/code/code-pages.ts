/**
 * Which translated blocks exist and which bytes of guest memory they came from.
 *
 * 1. A block is in the hash under its physical address and mode until it is stale.
 * 2. A block is in the list of its physical page. One that crosses into a second page also has a HEAD_CROSSING
 *    record in that page's list.
 * 3. The code mask of a page covers every block in its list. It may cover stale ones: a block of two pages that
 *    went stale through one of them stays in the other's list until that list is next walked.
 */

import {
  BLOCK_HASH,
  COUNTER_INVALIDATED_BLOCKS,
  COUNTER_INVALIDATIONS,
  CPU_STATE,
  HEAD_COUNT,
  HEAD_CROSSING,
  HEAD_FLAGS,
  HEAD_HASH_NEXT,
  HEAD_MODE,
  HEAD_PAGE_COUNT,
  HEAD_PAGE_NEXT,
  HEAD_PHYSICAL_PAGE,
  HEAD_SECOND_PAGE,
  HEAD_STALE,
  HEAD_WATCHED,
  PAGE_META_CODE_MASK,
  PAGE_META_FIRST_BLOCK,
  RECORD_ARENA,
  RECORD_FN,
  RECORD_INDEX,
  RECORD_LENGTH,
  RECORD_PAGE_OFFSET,
  RECORD_SIZE,
  RECORD_TOP,
  SLOT_STALE,
} from '../generated/layout';
import { codeMask, pageMeta } from '../memory/physical-memory';
import { clearWriteTags } from '../memory/tlb';
import { count } from '../system/counters';
import { hostBlockDropped } from '../system/host';

const PAGE_SIZE: u32 = 0x1000;

/**
 * Mask of the 64-byte granules that bytes `start` to `end` - 1 of a page touch; 0 <= start < end <= 4096.
 * @inline
 */
export function granules(start: u32, end: u32): u64 {
  const first = start >> 6;
  const last = (end - 1) >> 6;
  return (((<u64>2) << (last - first)) - 1) << first;
}

/**
 * Address of the first link of the hash chain that the block at this physical address would be in.
 * @inline
 */
export function hashBucket(physicalPage: u32, pageOffset: u32, mode: u32): u32 {
  const key = ((physicalPage << 12) | pageOffset) ^ (physicalPage >> 20) ^ (mode << 24);
  return BLOCK_HASH + ((key * 0x9e37_79b1) >> 16) * 4;
}

/**
 * Enters a finished block, whose head record and instruction records are filled in and end at RECORD_TOP. Its
 * HEAD_CROSSING record comes right after it (the arena holds one back).
 */
export function registerBlock(head: u32): void {
  const page = load<u32>(head + HEAD_PHYSICAL_PAGE);
  const start = <u32>load<u16>(head + RECORD_PAGE_OFFSET);
  const bucket = hashBucket(page, start, load<u16>(head + HEAD_MODE));
  store<u32>(head + HEAD_HASH_NEXT, load<u32>(bucket));
  store<u32>(bucket, head);

  const end = blockEnd(head);
  addToPage(page, head, granules(start, min(end, PAGE_SIZE)));
  if (load<u8>(head + HEAD_PAGE_COUNT) === 2) {
    const crossing = load<u32>(CPU_STATE + RECORD_TOP);
    store<u32>(CPU_STATE + RECORD_TOP, crossing + RECORD_SIZE);
    store<u8>(crossing + HEAD_FLAGS, HEAD_CROSSING);
    store<u32>(crossing + HEAD_HASH_NEXT, head);
    addToPage(load<u32>(head + HEAD_SECOND_PAGE), crossing, granules(0, end - PAGE_SIZE));
  }
}

function addToPage(page: u32, node: u32, mask: u64): void {
  const meta = pageMeta((<u64>page) << 12);
  // Code outside RAM cannot be overwritten.
  if (meta === 0) return;
  store<u32>(node + HEAD_PAGE_NEXT, load<u32>(meta + PAGE_META_FIRST_BLOCK));
  store<u32>(meta + PAGE_META_FIRST_BLOCK, node);
  const old = load<u64>(meta + PAGE_META_CODE_MASK);
  store<u64>(meta + PAGE_META_CODE_MASK, old | mask);
  if (old === 0) clearWriteTags(page);
}

/**
 * Offset from the start of the block's first page of the byte after its last instruction.
 * @inline
 */
function blockEnd(head: u32): u32 {
  const last = head + <u32>load<u16>(head + HEAD_COUNT) * RECORD_SIZE;
  return <u32>load<u16>(last + RECORD_PAGE_OFFSET) + <u32>load<u8>(last + RECORD_LENGTH);
}

/**
 * Whether the `length` bytes at physical address `pa`, in one page, are of a translated block. Bytes beside those of blocks, in
 * granules that have code, take a look at all blocks of the page.
 */
export function holdsCode(pa: u64, length: u32): bool {
  const offset = <u32>pa & (PAGE_SIZE - 1);
  const end = offset + length;
  if ((codeMask(pa) & granules(offset, end)) === 0) return false;
  let node = load<u32>(pageMeta(pa) + PAGE_META_FIRST_BLOCK);
  while (node !== 0) {
    if (!isStale(headOf(node)) && firstByte(node) < end && lastByte(node) > offset) return true;
    node = load<u32>(node + HEAD_PAGE_NEXT);
  }
  return false;
}

/**
 * Makes every block stale that has one of the `length` bytes at physical address `pa`. To be called before the bytes change;
 * harmless where there is no code.
 */
export function invalidateCode(pa: u64, length: u32): void {
  while (length > 0) {
    const offset = <u32>pa & (PAGE_SIZE - 1);
    const piece = min(length, PAGE_SIZE - offset);
    if (codeMask(pa) & granules(offset, offset + piece)) {
      count(COUNTER_INVALIDATIONS, 1);
      dropFromPage(pageMeta(pa), offset, offset + piece, 0, 0);
    }
    pa += piece;
    length -= piece;
  }
}

/**
 * After invalidateCode() for a store of the instruction `record`, by its handler: whether its own block may be among those that are
 * gone, so that what follows it must not be executed. Of a copy (scratch records) and where there is no record, as where a
 * region calls the runtime, that is not known.
 */
export function mayBeStale(record: u32): bool {
  if (record < <u32>RECORD_ARENA) return true;
  return isStale(blockHead(record));
}

/**
 * Head of the block that an instruction's record is in.
 * @inline
 */
export function blockHead(record: u32): u32 {
  return record - (<u32>load<u8>(record + RECORD_INDEX) + 1) * RECORD_SIZE;
}

/**
 * Makes the blocks of a page stale that have one of its bytes `start` to `end` - 1 or whose records are in `from` to
 * `to` - 1, and takes all that are stale out of the page's list.
 */
function dropFromPage(meta: u32, start: u32, end: u32, from: u32, to: u32): void {
  let link = meta + PAGE_META_FIRST_BLOCK;
  let node = load<u32>(link);
  let remaining: u64 = 0;
  while (node !== 0) {
    const next = load<u32>(node + HEAD_PAGE_NEXT);
    const head = headOf(node);
    let keep = false;
    if (!isStale(head)) {
      const first = firstByte(node);
      const last = lastByte(node);
      const dies = head >= from && head < to;
      keep = !dies && (first >= end || last <= start);
      if (keep) remaining |= granules(first, last);
      else {
        if (!dies) count(COUNTER_INVALIDATED_BLOCKS, 1);
        makeStale(head);
      }
    }
    if (keep) link = node + HEAD_PAGE_NEXT;
    else store<u32>(link, next);
    node = next;
  }
  store<u64>(meta + PAGE_META_CODE_MASK, remaining);
}

/** Whether a record of a page's list stands for a block that begins in the page before. */
function isCrossing(node: u32): bool {
  return (load<u8>(node + HEAD_FLAGS) & HEAD_CROSSING) !== 0;
}

/**
 * Head of the block that a record of a page's list stands for.
 * @inline
 */
function headOf(node: u32): u32 {
  return isCrossing(node) ? load<u32>(node + HEAD_HASH_NEXT) : node;
}

/** Offset of the first byte that the block of a record in a page's list has in that page. */
function firstByte(node: u32): u32 {
  return isCrossing(node) ? 0 : <u32>load<u16>(node + RECORD_PAGE_OFFSET);
}

/** Offset behind the last. */
function lastByte(node: u32): u32 {
  return isCrossing(node) ? blockEnd(headOf(node)) - PAGE_SIZE : min(blockEnd(node), PAGE_SIZE);
}

/** Takes a block out of the hash and lets everything linked to it run the stale handler. */
function makeStale(head: u32): void {
  store<u32>(head + RECORD_FN, SLOT_STALE);
  if (load<u8>(head + HEAD_FLAGS) & HEAD_WATCHED) hostBlockDropped(head);
  store<u8>(head + HEAD_FLAGS, load<u8>(head + HEAD_FLAGS) | HEAD_STALE);
  let link = hashBucket(
    load<u32>(head + HEAD_PHYSICAL_PAGE),
    load<u16>(head + RECORD_PAGE_OFFSET),
    load<u16>(head + HEAD_MODE),
  );
  while (load<u32>(link) !== head) link = load<u32>(link) + HEAD_HASH_NEXT;
  store<u32>(link, load<u32>(head + HEAD_HASH_NEXT));
}

/**
 * Makes the block `head`, one of those whose records are in `from` to `to` - 1, ready to be overwritten: stale, and
 * in no list. Takes all of them out of the pages it visits, so that each page is visited once for all of its blocks.
 */
export function dropBlock(head: u32, from: u32, to: u32): void {
  const crosses = load<u8>(head + HEAD_PAGE_COUNT) === 2;
  // A stale block of two pages may still be in the list of one of them.
  if (isStale(head) && !crosses) return;
  dropFromPageNumber(load<u32>(head + HEAD_PHYSICAL_PAGE), from, to);
  if (crosses) dropFromPageNumber(load<u32>(head + HEAD_SECOND_PAGE), from, to);
  // Code outside RAM is in no page's list.
  if (!isStale(head)) makeStale(head);
}

/** Makes a block stale that has the byte at `offset` of its first page. */
export function dropBlockAt(head: u32, offset: u32): void {
  if (isStale(head) || offset < <u32>load<u16>(head + RECORD_PAGE_OFFSET) || offset >= blockEnd(head)) return;
  const pa = ((<u64>load<u32>(head + HEAD_PHYSICAL_PAGE)) << 12) | offset;
  if (pageMeta(pa) !== 0) invalidateCode(pa, 1);
  else makeStale(head);
}

function dropFromPageNumber(page: u32, from: u32, to: u32): void {
  const meta = pageMeta((<u64>page) << 12);
  if (meta !== 0) dropFromPage(meta, 0, 0, from, to);
}

/** @inline */
function isStale(head: u32): bool {
  return (load<u8>(head + HEAD_FLAGS) & HEAD_STALE) !== 0;
}
