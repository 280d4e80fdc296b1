/** Where indirect branches have led to is noted by the branch's record, as long as that is there. */
import { beforeEach, expect, test } from 'vitest';
import {
  BRANCH_SITE_HEAD,
  BRANCH_SITE_PAGE,
  BRANCH_SITE_RECORD,
  BRANCH_SITE_SIZE,
  BRANCH_SITE_TARGET_SIZE,
  BRANCH_SITE_TARGETS,
  SCRATCH_RECORDS,
} from '../../src/layout/linear-memory.ts';
import { RECORD_SIZE } from '../../src/layout/record.ts';
import { PAGE_BASE } from '../../src/layout/runtime-state.ts';
import { createWithCodePages, LA } from './code-pages-runtime.ts';
import type { MemoryRuntime } from './memory-runtime.ts';

let runtime: MemoryRuntime;
beforeEach(() => {
  runtime = createWithCodePages();
});

/** Goes from the block at LA to an offset from LA. @returns the head of the block there. */
function jump(record: number, offset: number): number {
  runtime.setState64(PAGE_BASE, LA);
  return runtime.exports.lookupIndirect(record, LA + BigInt(offset));
}

/** What has been noted of a branch: heads and pages; undefined if another one has its place. */
function noted(record: number): [number, number][] | undefined {
  const site = runtime.exports.branchSite(record);
  if (runtime.view.getUint32(site + BRANCH_SITE_RECORD, true) !== record) return undefined;
  const targets: [number, number][] = [];
  for (let at = site + BRANCH_SITE_TARGETS; at < site + BRANCH_SITE_SIZE; at += BRANCH_SITE_TARGET_SIZE) {
    const head = runtime.view.getUint32(at + BRANCH_SITE_HEAD, true);
    if (head !== 0) targets.push([head, runtime.view.getInt32(at + BRANCH_SITE_PAGE, true)]);
  }
  return targets;
}

test('each target once, with its page relative to that of the branch', () => {
  const record = runtime.lookupAt(LA) + RECORD_SIZE;
  const near = jump(record, 0x40);
  const far = jump(record, 0x1080);
  expect(jump(record, 0x40)).toBe(near);
  expect(noted(record)).toEqual([
    [near, 0],
    [far, 1],
  ]);
});

test('no more targets than there is room for', () => {
  const record = runtime.lookupAt(LA) + RECORD_SIZE;
  const heads = Array.from({ length: 40 }, (_, index) => jump(record, 0x40 + index * 0x20));
  const room = (BRANCH_SITE_SIZE - BRANCH_SITE_TARGETS) / BRANCH_SITE_TARGET_SIZE;
  expect(noted(record)).toEqual(heads.slice(0, room).map((head) => [head, 0]));
});

test('the latest of the branches that have one place', () => {
  const record = runtime.lookupAt(LA) + RECORD_SIZE;
  const { branchSite } = runtime.exports;
  let other = record + RECORD_SIZE;
  while (branchSite(other) !== branchSite(record)) other += RECORD_SIZE;
  jump(record, 0x40);
  const head = jump(other, 0x80);
  expect(noted(record)).toBeUndefined();
  expect(noted(other)).toEqual([[head, 0]]);
});

test('nothing of a copy that a slice ends in, and nothing when records are dropped', () => {
  const record = runtime.lookupAt(LA) + RECORD_SIZE;
  jump(SCRATCH_RECORDS + RECORD_SIZE, 0x40);
  expect(noted(SCRATCH_RECORDS + RECORD_SIZE)).toBeUndefined();
  jump(record, 0x40);
  expect(noted(record)).toHaveLength(1);
  runtime.exports.emptyOlderHalf();
  expect(noted(record)).toBeUndefined();
});
