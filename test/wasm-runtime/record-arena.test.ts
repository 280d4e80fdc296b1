/** The record arena with halves so small that a few blocks fill one. */
import { beforeEach, describe, expect, test } from 'vitest';
import { PAGE_META_FIRST_BLOCK, RECORD_ARENA, RECORD_ARENA_END } from '../../src/layout/linear-memory.ts';
import {
  HEAD_FLAGS,
  HEAD_PAGE_NEXT,
  HEAD_STALE,
  HEAD_WATCHED,
  MAX_BLOCK_INSTRUCTIONS,
  RECORD_A,
  RECORD_DISP,
  RECORD_FN,
  RECORD_HINT_FALL,
  RECORD_HINT_TAKEN,
  RECORD_IMM,
  RECORD_LINK_FALL,
  RECORD_LINK_TAKEN,
  RECORD_SIZE,
  SLOT_STALE,
} from '../../src/layout/record.ts';
import { ARENA_EPOCH, PAGE_BASE, RECORD_HALF_SIZE, RECORD_TOP } from '../../src/layout/runtime-state.ts';
import { ALL, CODE, codeMask, createWithCodePages, LA, NEXT } from './code-pages-runtime.ts';
import { MemoryRuntime, RAM_SIZE } from './memory-runtime.ts';

const RECORDS = 72;
const OLDER = RECORD_ARENA;
const YOUNGER = RECORD_ARENA + RECORDS * RECORD_SIZE;

let runtime: MemoryRuntime;
beforeEach(() => {
  runtime = createWithCodePages();
  runtime.setState32(RECORD_HALF_SIZE, RECORDS * RECORD_SIZE);
});

function u32(address: number): number {
  return runtime.view.getUint32(address, true);
}

const mask = (pa: bigint): bigint => codeMask(runtime, pa);

/** Nodes in the list of the page. */
function list(pa: bigint): number[] {
  const nodes: number[] = [];
  for (
    let at = u32(runtime.exports.pageMeta(pa) + PAGE_META_FIRST_BLOCK);
    at !== 0;
    at = u32(at + HEAD_PAGE_NEXT)
  ) {
    nodes.push(at);
  }
  return nodes;
}

/** Head of the block at an offset from LA. */
function block(offset: number): number {
  return runtime.lookupAt(LA + BigInt(offset));
}

/** Fills what is left of the half with blocks of one instruction that nothing else uses: at least one. */
function fillHalf(from: number): void {
  const epoch = runtime.state32(ARENA_EPOCH);
  for (let at = from; ; at += 0x40) {
    const top = runtime.state32(RECORD_TOP);
    block(at);
    if (runtime.state32(ARENA_EPOCH) !== epoch) throw new Error('the arena was emptied too early');
    const end = (top < YOUNGER ? OLDER : YOUNGER) + RECORDS * RECORD_SIZE;
    if (runtime.state32(RECORD_TOP) + (MAX_BLOCK_INSTRUCTIONS + 3) * RECORD_SIZE > end) return;
  }
}

test('records are handed out until the half is full; one is held back', () => {
  const { exports } = runtime;
  expect(exports.allocateRecords(3)).toBe(OLDER);
  expect(exports.allocateRecords(1)).toBe(OLDER + 3 * RECORD_SIZE);
  expect(exports.allocateRecords(RECORDS - 4)).toBe(0);
  expect(exports.allocateRecords(RECORDS - 5)).not.toBe(0);
  expect(exports.allocateRecords(1)).toBe(0);
});

test('the halves are those of the whole arena', () => {
  const { exports } = MemoryRuntime.create();
  const half = (RECORD_ARENA_END - RECORD_ARENA) / RECORD_SIZE / 2;
  expect(exports.allocateRecords(half)).toBe(0);
  expect(exports.allocateRecords(half - 1)).toBe(RECORD_ARENA);
});

test('the first half survives the second becoming the current one, and is emptied after it', () => {
  const first = block(0);
  fillHalf(0x800);
  const second = block(0x100);
  expect([first, second]).toEqual([OLDER, YOUNGER]);
  expect(runtime.state32(ARENA_EPOCH)).toBe(1);
  expect(block(0)).toBe(first);
  fillHalf(0xc00);
  const third = block(0x200);
  expect(third).toBe(OLDER);
  expect(runtime.state32(ARENA_EPOCH)).toBe(2);
  expect(block(0x100)).toBe(second);
  const { length } = runtime.translated;
  expect(block(0)).not.toBe(first);
  expect(runtime.translated.slice(length)).toEqual([Number(CODE)]);
});

test('blocks that are dropped leave the page lists and the code mask', () => {
  block(0);
  fillHalf(0x1000);
  const young = block(0x100);
  expect(mask(CODE)).toBe(0b10001n);
  runtime.exports.emptyOlderHalf();
  expect(mask(CODE)).toBe(0b10000n);
  expect(list(CODE)).toEqual([young]);
  expect(mask(NEXT)).toBe(0n);
  expect(list(NEXT)).toEqual([]);
  // The page can be written to without the processor noticing.
  expect(runtime.exports.fillWrite(LA + 0x1000n, 8)).not.toBe(0);
  runtime.exports.invalidateCode(CODE, 0x2000);
  expect(mask(CODE)).toBe(0n);
});

test('blocks of two pages that are stale leave the page they are still in', () => {
  runtime.blockAt = () => [5];
  const head = block(0xffe);
  const crossing = head + 2 * RECORD_SIZE;
  runtime.exports.invalidateCode(CODE + 0xffen, 1);
  expect(list(CODE)).toEqual([]);
  expect(list(NEXT)).toEqual([crossing]);
  runtime.exports.emptyOlderHalf();
  runtime.exports.emptyOlderHalf();
  expect(list(NEXT)).toEqual([]);
  expect(mask(NEXT)).toBe(0n);
});

test('blocks of two pages leave both', () => {
  runtime.blockAt = (pa) => ((pa & 0xfff) === 0xffe ? [5] : [4]);
  const head = block(0xffe);
  expect(list(CODE)).toEqual([head]);
  expect(list(NEXT)).toEqual([head + 2 * RECORD_SIZE]);
  runtime.exports.emptyOlderHalf();
  const young = block(0x1000);
  runtime.exports.emptyOlderHalf();
  expect(list(CODE)).toEqual([]);
  expect(mask(CODE)).toBe(0n);
  expect(list(NEXT)).toEqual([young]);
  expect(mask(NEXT)).toBe(1n);
  expect(block(0x1000)).toBe(young);
});

test('blocks outside RAM are dropped too', () => {
  runtime.map(LA + 0x2000n, RAM_SIZE + 0x1000n, ALL);
  const head = block(0x2000);
  runtime.exports.emptyOlderHalf();
  runtime.exports.emptyOlderHalf();
  expect(u32(head + RECORD_FN)).toBe(SLOT_STALE);
  block(0x2000);
  expect(runtime.translated).toHaveLength(2);
});

test('the host hears of the blocks it watches, once', () => {
  const [watched, stale, other] = [block(0), block(0x100), block(0x200)] as const;
  for (const head of [watched, stale]) runtime.view.setUint8(head + HEAD_FLAGS, HEAD_WATCHED);
  runtime.exports.invalidateCode(CODE + 0x100n, 1);
  runtime.exports.emptyOlderHalf();
  expect(runtime.dropped).toEqual([stale]);
  runtime.exports.emptyOlderHalf();
  expect(runtime.dropped).toEqual([stale, watched]);
  expect(runtime.view.getUint8(other + HEAD_FLAGS) & HEAD_STALE).toBe(HEAD_STALE);
});

describe('links and hints', () => {
  /** Fields of the branch of a block of one instruction. */
  function fields(head: number): number[] {
    return [RECORD_LINK_TAKEN, RECORD_HINT_TAKEN, RECORD_LINK_FALL, RECORD_HINT_FALL].map((field) =>
      u32(head + RECORD_SIZE + field),
    );
  }

  function follow(head: number, offset: number, displacement: number): number {
    runtime.view.setInt32(head + RECORD_SIZE + RECORD_DISP, displacement, true);
    runtime.setState64(PAGE_BASE, LA);
    return runtime.exports.resolveLink(head + RECORD_SIZE, offset);
  }

  test('to dropped blocks are cleared, others stay', () => {
    const old = block(0x10);
    block(0x1000);
    runtime.exports.emptyOlderHalf();
    const head = block(0x0c);
    expect(follow(head, RECORD_LINK_FALL, 0)).toBe(old);
    const far = follow(head, RECORD_LINK_TAKEN, 0x1000);
    const other = block(0x20);
    const near = follow(other, RECORD_LINK_TAKEN, 0x0c);
    expect(near).toBe(head);
    expect(fields(head)).toEqual([0, far, old, 0]);
    runtime.exports.emptyOlderHalf();
    expect(fields(head)).toEqual([0, 0, 0, 0]);
    expect(fields(other)).toEqual([near, 0, 0, 0]);
    expect(follow(head, RECORD_LINK_FALL, 0)).toBe(old);
    expect(runtime.translated.at(-1)).toBe(Number(CODE) + 0x10);
  });

  test('of a stale block are cleared: it may be running', () => {
    block(0x10);
    runtime.exports.emptyOlderHalf();
    const head = block(0x0c);
    follow(head, RECORD_LINK_FALL, 0);
    runtime.exports.invalidateCode(CODE + 0x0cn, 1);
    runtime.exports.emptyOlderHalf();
    expect(fields(head)).toEqual([0, 0, 0, 0]);
  });

  test('are not looked for where records have operands', () => {
    block(0x10);
    runtime.exports.emptyOlderHalf();
    const head = block(0x0c);
    runtime.view.setUint8(head + HEAD_FLAGS, 0);
    for (const field of [RECORD_A, RECORD_IMM]) {
      runtime.view.setUint32(head + RECORD_SIZE + field, OLDER, true);
      runtime.view.setUint32(head + RECORD_SIZE + field + 4, OLDER, true);
    }
    runtime.exports.emptyOlderHalf();
    expect(fields(head)).toEqual([OLDER, OLDER, OLDER, OLDER]);
  });
});
