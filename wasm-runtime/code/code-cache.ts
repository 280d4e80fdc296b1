/**
 * Finding the translated block to run next. Linear addresses here include the CS base, which counts only
 * outside 64-bit code; the RIP field never includes it.
 */

import { deliverEvent, deliversAtOnce } from '../events/events';
import { raiseFault } from '../events/raise';
import {
  ARENA_EPOCH,
  BRANCH_BYTES_MASK,
  BRANCH_POPPED_SHIFT,
  BRANCH_PUSHED_SHIFT,
  BRANCH_SHORT_TARGET,
  COUNTER_LOOKUPS,
  CPU_STATE,
  EXCEPTIONS_LEFT,
  HEAD_FLAGS,
  HEAD_HASH_NEXT,
  HEAD_MODE,
  HEAD_PAGE_COUNT,
  HEAD_PHYSICAL_PAGE,
  HEAD_SECOND_PAGE,
  HEAD_STALE,
  MODE,
  MODE_CODE_32,
  MODE_CODE_64,
  MODE_CODE_LIMITED,
  MODE_CODE_MASK,
  MODE_FLAT,
  PAGE_BASE,
  RECORD_ARENA,
  RECORD_BRANCH,
  RECORD_DISP,
  RECORD_HINT_FALL,
  RECORD_HINT_TAKEN,
  RECORD_IMM,
  RECORD_LENGTH,
  RECORD_LINK_TAKEN,
  RECORD_PAGE_OFFSET,
  RIP,
  SEGMENT_BASE,
  SEGMENT_CS,
  TLB_TABLE,
  VECTOR_GP,
} from '../generated/layout';
import { isCanonical } from '../memory/page-walk';
import { accessPhysical, fetchPage, isGlobalFetch, peekFetch, translateFetch } from '../memory/tlb';
import { moveStackPointer } from '../segments/stack';
import { count } from '../system/counters';
import { raise } from '../system/host';
import { askTheHost } from '../system/time';
import { buildBlock } from './block-builder';
import { noteTarget } from './branch-targets';
import { fetchNextCodePage, nextCodePage, noteFetch, ripOf } from './code-fetch';
import { checkNextOffset, isBeyondCode } from './code-limit';
import { blockHead, hashBucket } from './code-pages';
import { fillJumpCache, keepWithPage, probeJumpCache } from './jump-cache';

export { buildBlock } from './block-builder';
export { branchSite } from './branch-targets';
export { checkCodeLimit } from './code-limit';
export { invalidateCode, registerBlock } from './code-pages';
export { forgetSaved, noteSaved } from './saved-code';

const PAGE_MASK: u64 = ~(<u64>0xfff);

/**
 * Head record of the block at RIP in the mode of the CPU state, translating it if there is none. Sets PAGE_BASE.
 * Raises #PF, and #GP(0) for an address that is not canonical, at RIP.
 */
export function lookup(): u32 {
  const head = lookupJump(0, load<u64>(CPU_STATE + RIP));
  return load<u8>(head + HEAD_FLAGS) & HEAD_STALE ? lookupStale(head) : head;
}

/**
 * The same for a jump of the instruction `record` to RIP `target`. #GP for a target that is not canonical or beyond the
 * limit of the code segment is raised at the instruction, #PF at the target.
 */
export function lookupJump(record: u32, target: u64): u32 {
  const mode = load<i32>(CPU_STATE + MODE);
  if (hasLinearCode(mode)) {
    const head = probeJumpCache(target, mode);
    if (head !== 0) {
      store<u64>(CPU_STATE + RIP, target);
      store<u64>(CPU_STATE + PAGE_BASE, target & PAGE_MASK);
      return head;
    }
  }
  return lookupMiss(record, target, mode);
}

/** The same for an indirect jump or call: where it leads to is noted for the compiler. */
export function lookupIndirect(record: u32, target: u64): u32 {
  const from = load<u64>(CPU_STATE + PAGE_BASE);
  const before = stampOfLookups();
  const head = lookupJump(record, target);
  // Not of a copy among the scratch records.
  if (record < <u32>RECORD_ARENA || before !== stampOfLookups()) return head;
  const distance = <i64>(load<u64>(CPU_STATE + PAGE_BASE) - from) >> 12;
  if (<i64>(<i32>distance) === distance) noteTarget(record, head, <i32>distance);
  return head;
}

/**
 * What is another number where a look-up has translated its target, which may have dropped the record of the branch, or has
 * led to the handler of a fault instead.
 * @inline
 */
function stampOfLookups(): i64 {
  return ((<i64>load<i32>(CPU_STATE + ARENA_EPOCH)) << 32) | <i64>load<u32>(CPU_STATE + EXCEPTIONS_LEFT);
}

/**
 * As of src/layout/mode.ts.
 * @inline
 */
function hasLinearCode(mode: i32): bool {
  if ((mode & MODE_CODE_MASK) !== MODE_CODE_32) return (mode & MODE_CODE_64) !== 0;
  return (mode & (MODE_FLAT | MODE_CODE_LIMITED)) === MODE_FLAT;
}

function lookupMiss(record: u32, target: u64, mode: i32): u32 {
  if (mode & MODE_CODE_64) {
    if (!isCanonical(target)) raiseBadTarget(record);
    store<u64>(CPU_STATE + RIP, target);
    store<u64>(CPU_STATE + PAGE_BASE, target & PAGE_MASK);
    return findBlock(target, mode);
  }
  const rip = target & 0xffff_ffff;
  if (isBeyondCode(rip)) raiseBadTarget(record);
  const la = (rip + load<u64>(CPU_STATE + SEGMENT_BASE + SEGMENT_CS * 8)) & 0xffff_ffff;
  store<u64>(CPU_STATE + RIP, rip);
  store<u64>(CPU_STATE + PAGE_BASE, la & PAGE_MASK);
  const head = probeJumpCache(la, mode);
  return head !== 0 ? head : findBlock(la, mode);
}

/** #GP(0) at a branch that cannot be taken. A call or return has moved the stack pointer: that is taken back. */
function raiseBadTarget(record: u32): void {
  if (record !== 0) {
    const moves = <u32>load<u16>(record + RECORD_BRANCH);
    const pushed = (moves >> BRANCH_PUSHED_SHIFT) & BRANCH_BYTES_MASK;
    let popped = (moves >> BRANCH_POPPED_SHIFT) & BRANCH_BYTES_MASK;
    if (popped !== 0) popped += load<u32>(record + RECORD_IMM);
    moveStackPointer(<i64>pushed - <i64>popped);
  }
  raiseFault(record, VECTOR_GP, 0);
}

/** The block at linear address `la`, past the jump cache. RIP and PAGE_BASE are set. */
function findBlock(la: u64, mode: i32): u32 {
  count(COUNTER_LOOKUPS, 1);
  if (!translateFetch(load<u32>(CPU_STATE + TLB_TABLE), la)) return enterFetchFault(la);
  const pa = accessPhysical;
  const page = <u32>(pa >> 12);
  const offset = <u32>pa & 0xfff;
  let secondPage: i64 = -1;
  let head = load<u32>(hashBucket(page, offset, mode));
  while (head !== 0) {
    if (
      load<u32>(head + HEAD_PHYSICAL_PAGE) === page &&
      <u32>load<u16>(head + RECORD_PAGE_OFFSET) === offset &&
      <i32>load<u16>(head + HEAD_MODE) === mode
    ) {
      if (load<u8>(head + HEAD_PAGE_COUNT) === 1) break;
      // The same first page may be followed by different pages in different address spaces.
      if (secondPage < 0) secondPage = <i64>fetchNextCodePage();
      if (<i64>load<u32>(head + HEAD_SECOND_PAGE) === secondPage) break;
    }
    head = load<u32>(head + HEAD_HASH_NEXT);
  }
  if (head === 0) {
    askTheHost();
    head = buildBlock(page, offset);
  }
  const table = load<u32>(CPU_STATE + TLB_TABLE);
  fillJumpCache(la, mode, head, isGlobalFetch(table, la));
  if (load<u8>(head + HEAD_PAGE_COUNT) === 2) {
    const next = nextCodePage();
    keepWithPage(next, mode, isGlobalFetch(table, next));
  }
  return head;
}

/** A fault of a fetch is being delivered: that of its handler is thrown, so that there is an end of calls. To throw another is not wrong. */
let isFetchFaulting: bool = false;

/**
 * Delivers the fault that the last walk found for a fetch at RIP that reaches `la`, without a throw where that can be, and returns the head
 * record of its handler's block. Callers that keep where a branch has led to see from the exceptions that it is not there.
 */
function enterFetchFault(la: u64): u32 {
  const isNested = isFetchFaulting;
  isFetchFaulting = false;
  noteFetch(la);
  if (isNested || !deliversAtOnce()) raise();
  isFetchFaulting = true;
  deliverEvent();
  const head = lookup();
  isFetchFaulting = false;
  return head;
}

/**
 * For the compiler: head record of the block at a physical address, or 0 if it has never been run. One of two pages may be
 * one of several, with different second pages.
 */
export function findRegistered(page: u32, offset: u32, mode: i32): u32 {
  let head = load<u32>(hashBucket(page, offset, mode));
  while (head !== 0) {
    if (
      load<u32>(head + HEAD_PHYSICAL_PAGE) === page &&
      <u32>load<u16>(head + RECORD_PAGE_OFFSET) === offset &&
      <i32>load<u16>(head + HEAD_MODE) === mode
    ) {
      return head;
    }
    head = load<u32>(head + HEAD_HASH_NEXT);
  }
  return 0;
}

/** For compiled code on its way into another page: whether code at `la` comes from physical page `page`. */
export function fetchesFrom(la: u64, page: u32): i32 {
  return <i32>(translateFetch(load<u32>(CPU_STATE + TLB_TABLE), la) && <u32>(accessPhysical >> 12) === page);
}

/** For code of earlier runs: physical page of the code at `la`, or -1 if it cannot yet be told. */
export function peekCodePage(la: u64): i32 {
  return peekFetch(load<u32>(CPU_STATE + TLB_TABLE), la);
}

/**
 * For the stale handler, entered through `head`: the block that replaces it. The jump cache and links still
 * lead to stale heads, so a hit counts only if it is not one.
 */
export function lookupStale(head: u32): u32 {
  const mode = load<i32>(CPU_STATE + MODE);
  const la = load<u64>(CPU_STATE + PAGE_BASE) + <u64>load<u16>(head + RECORD_PAGE_OFFSET);
  store<u64>(CPU_STATE + RIP, ripOf(la, mode));
  const cached = probeJumpCache(la, mode);
  if (cached !== 0 && !(load<u8>(cached + HEAD_FLAGS) & HEAD_STALE)) return cached;
  return findBlock(la, mode);
}

/**
 * Head record of the target of the direct branch `record`: of its displacement for RECORD_LINK_TAKEN, of the
 * next instruction for RECORD_LINK_FALL. The target becomes the record's link if it is in the same page, where
 * the link stays true as long as the block itself does. Neither link nor hint is stored when the translation of the
 * target has emptied half of the arena: the record itself may be gone. Also of a link to a block that has gone stale since.
 */
export function resolveLink(record: u32, linkOffset: i32): u32 {
  const mode = load<i32>(CPU_STATE + MODE);
  const pageBase = load<u64>(CPU_STATE + PAGE_BASE);
  let la =
    linkOffset === RECORD_LINK_TAKEN
      ? pageBase + <u64>(<i64>load<i32>(record + RECORD_DISP))
      : pageBase + <u64>load<u16>(record + RECORD_PAGE_OFFSET) + <u64>load<u8>(record + RECORD_LENGTH);
  const leavesPage = ((la ^ pageBase) & PAGE_MASK) !== 0;
  if (leavesPage && (mode & MODE_CODE_64) !== 0 && record >= <u32>RECORD_ARENA) {
    // The commonest cases by far: nothing to check, nothing to translate.
    const hint = load<u32>(
      record + (linkOffset === RECORD_LINK_TAKEN ? RECORD_HINT_TAKEN : RECORD_HINT_FALL),
    );
    if (hint !== 0 && isStillAt(hint, la)) {
      store<u64>(CPU_STATE + PAGE_BASE, la & PAGE_MASK);
      return hint;
    }
    const cached = probeJumpCache(la, mode);
    if (cached !== 0) {
      store<u64>(CPU_STATE + PAGE_BASE, la & PAGE_MASK);
      storeHint(record, linkOffset, cached);
      return cached;
    }
  }
  let target = ripOf(la, mode);
  if ((mode & MODE_CODE_64) === 0) {
    if (linkOffset !== RECORD_LINK_TAKEN) checkNextOffset(target);
    else if ((load<u16>(record + RECORD_BRANCH) & BRANCH_SHORT_TARGET) !== 0) target &= 0xffff;
    la = (target + load<u64>(CPU_STATE + SEGMENT_BASE + SEGMENT_CS * 8)) & 0xffff_ffff;
    if ((mode & MODE_CODE_LIMITED) !== 0) return lookupJump(record, target);
  }
  if (record < <u32>RECORD_ARENA) return lookupJump(record, target);
  if ((la ^ pageBase) & PAGE_MASK) {
    const before = stampOfLookups();
    const head = lookupJump(record, target);
    if (before === stampOfLookups()) storeHint(record, linkOffset, head);
    return head;
  }

  const before = stampOfLookups();
  const physicalPage = load<u32>(blockHead(record) + HEAD_PHYSICAL_PAGE);
  const head = lookupJump(record, target);
  if (
    before === stampOfLookups() &&
    load<u64>(CPU_STATE + PAGE_BASE) === pageBase &&
    load<u32>(head + HEAD_PHYSICAL_PAGE) === physicalPage &&
    load<u8>(head + HEAD_PAGE_COUNT) === 1 &&
    !(load<u8>(head + HEAD_FLAGS) & HEAD_STALE)
  ) {
    store<u32>(record + linkOffset, head);
  }
  return head;
}

/**
 * Whether the block `head`, which a branch to `la` has led to, is what is there now, as far as the TLB can tell: its line is in
 * the host's caches more often than that of a jump cache's entry.
 * @inline
 */
function isStillAt(head: u32, la: u64): bool {
  const page = fetchPage(load<u32>(CPU_STATE + TLB_TABLE), la);
  return (
    page === load<i32>(head + HEAD_PHYSICAL_PAGE) &&
    load<u8>(head + HEAD_PAGE_COUNT) === 1 &&
    !(load<u8>(head + HEAD_FLAGS) & HEAD_STALE)
  );
}

/** Notes where a branch to another page has led to, also for the compiler. */
function storeHint(record: u32, linkOffset: i32, head: u32): void {
  store<u32>(record + (linkOffset === RECORD_LINK_TAKEN ? RECORD_HINT_TAKEN : RECORD_HINT_FALL), head);
}
