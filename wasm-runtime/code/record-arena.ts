/**
 * The record arena, reclaimed by generation: it has two halves, of which one takes new blocks. When that is full
 * the other one, whose blocks are all older, is emptied and takes over.
 *
 * 1. A half holds nothing but blocks, one after the other: a head record, HEAD_COUNT instruction records, an end
 *    record if HEAD_END_RECORD is set, and a HEAD_CROSSING record if the block has two pages.
 * 2. Whatever leads to a block leads to one whose records are there: hash, page lists, jump cache, links and hints.
 *    Those of dropped blocks go with their half.
 */

import {
  ARENA_EPOCH,
  CPU_STATE,
  HEAD_COUNT,
  HEAD_CROSSING,
  HEAD_END_RECORD,
  HEAD_FALL,
  HEAD_FLAGS,
  HEAD_TAKEN,
  RECORD_ARENA,
  RECORD_HALF,
  RECORD_HALF_SIZE,
  RECORD_HINT_FALL,
  RECORD_HINT_TAKEN,
  RECORD_LINK_FALL,
  RECORD_LINK_TAKEN,
  RECORD_OLDER_TOP,
  RECORD_SIZE,
  RECORD_TOP,
} from '../generated/layout';
import { hostBeforeReuse } from '../system/host';
import { forgetBranchSites } from './branch-targets';
import { dropBlock, dropBlockAt } from './code-pages';
import { clearJumpCache } from './jump-cache';

/**
 * Address of `count` contiguous new records, or 0 when the half in use is full: then emptyOlderHalf() makes room.
 * One record is always held back for the HEAD_CROSSING record of the block.
 */
export function allocateRecords(count: u32): u32 {
  const start = load<u32>(CPU_STATE + RECORD_TOP);
  const end = load<u32>(CPU_STATE + RECORD_HALF) + load<u32>(CPU_STATE + RECORD_HALF_SIZE);
  if (start + (count + 1) * RECORD_SIZE > end) return 0;
  store<u32>(CPU_STATE + RECORD_TOP, start + count * RECORD_SIZE);
  return start;
}

/**
 * Drops the blocks of the older half and makes it the one that new blocks go to. No translated code may be running
 * except on behalf of which the next block is being looked up; ARENA_EPOCH tells it that its records may be gone.
 */
export function emptyOlderHalf(): void {
  const younger = load<u32>(CPU_STATE + RECORD_HALF);
  const youngerTop = load<u32>(CPU_STATE + RECORD_TOP);
  const older =
    younger === <u32>RECORD_ARENA
      ? <u32>RECORD_ARENA + load<u32>(CPU_STATE + RECORD_HALF_SIZE)
      : <u32>RECORD_ARENA;
  const olderTop = load<u32>(CPU_STATE + RECORD_OLDER_TOP);
  hostBeforeReuse(older, older + load<u32>(CPU_STATE + RECORD_HALF_SIZE));

  for (let node = older; node < olderTop; node = nextNode(node)) {
    if (!(load<u8>(node + HEAD_FLAGS) & HEAD_CROSSING)) dropBlock(node, older, olderTop);
  }
  for (let node = younger; node < youngerTop; node = nextNode(node)) forgetTargets(node, older, olderTop);
  clearJumpCache();
  forgetBranchSites();

  store<u32>(CPU_STATE + RECORD_HALF, older);
  store<u32>(CPU_STATE + RECORD_TOP, older);
  store<u32>(CPU_STATE + RECORD_OLDER_TOP, youngerTop);
  store<i32>(CPU_STATE + ARENA_EPOCH, load<i32>(CPU_STATE + ARENA_EPOCH) + 1);
}

/** Drops every block that has the byte at `offset` of its page, so that one made later may begin there. */
export function dropBlocksAt(offset: u32): void {
  const half = load<u32>(CPU_STATE + RECORD_HALF);
  const size = load<u32>(CPU_STATE + RECORD_HALF_SIZE);
  const other = half === <u32>RECORD_ARENA ? half + size : <u32>RECORD_ARENA;
  dropBlocksOf(half, load<u32>(CPU_STATE + RECORD_TOP), offset);
  dropBlocksOf(other, load<u32>(CPU_STATE + RECORD_OLDER_TOP), offset);
}

function dropBlocksOf(start: u32, top: u32, offset: u32): void {
  for (let node = start; node < top; node = nextNode(node)) {
    if ((load<u8>(node + HEAD_FLAGS) & HEAD_CROSSING) === 0) dropBlockAt(node, offset);
  }
}

/**
 * The head or HEAD_CROSSING record after that of `node` and its block.
 * @inline
 */
function nextNode(node: u32): u32 {
  if (load<u8>(node + HEAD_FLAGS) & HEAD_CROSSING) return node + RECORD_SIZE;
  return lastRecord(node) + RECORD_SIZE;
}

/** @inline */
function lastRecord(head: u32): u32 {
  const end = u32((load<u8>(head + HEAD_FLAGS) & HEAD_END_RECORD) !== 0);
  return head + (<u32>load<u16>(head + HEAD_COUNT) + end) * RECORD_SIZE;
}

/**
 * Clears the links and hints of a block that lead to records in `from` to `to` - 1. Also those of a stale one: it may
 * be the block that is running.
 */
function forgetTargets(head: u32, from: u32, to: u32): void {
  const flags = <u32>load<u8>(head + HEAD_FLAGS);
  if (flags & HEAD_TAKEN) {
    forgetTarget(lastRecord(head) + RECORD_LINK_TAKEN, from, to);
    forgetTarget(lastRecord(head) + RECORD_HINT_TAKEN, from, to);
  }
  if (flags & HEAD_FALL) {
    forgetTarget(lastRecord(head) + RECORD_LINK_FALL, from, to);
    forgetTarget(lastRecord(head) + RECORD_HINT_FALL, from, to);
  }
}

/** @inline */
function forgetTarget(field: u32, from: u32, to: u32): void {
  const target = load<u32>(field);
  if (target >= from && target < to) store<u32>(field, 0);
}
