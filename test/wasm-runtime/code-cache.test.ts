import { beforeEach, describe, expect, test } from 'vitest';
import { RIP, SEGMENT_BASE, SEGMENT_CS, SEGMENT_LIMIT } from '../../src/layout/cpu-state.ts';
import { JUMP_SUPERVISOR, JUMP_USER, SCRATCH_RECORDS, TLB_BASE } from '../../src/layout/linear-memory.ts';
import { MODE_CODE_16, MODE_CODE_32, MODE_REAL, MODE_VIEW_SHIFT } from '../../src/layout/mode.ts';
import {
  BRANCH_SHORT_TARGET,
  HEAD_COUNT,
  HEAD_FLAGS,
  HEAD_PAGE_COUNT,
  HEAD_STALE,
  RECORD_BRANCH,
  RECORD_DISP,
  RECORD_FN,
  RECORD_HINT_TAKEN,
  RECORD_LINK_FALL,
  RECORD_LINK_TAKEN,
  RECORD_SIZE,
  SLOT_STALE,
} from '../../src/layout/record.ts';
import {
  COUNTER_LOOKUPS,
  COUNTERS,
  JUMP_GENERATION,
  MODE,
  PAGE_BASE,
} from '../../src/layout/runtime-state.ts';
import {
  TLB_ENTRIES,
  TLB_ENTRY_SIZE,
  TLB_TABLE_SIZE,
  TLB_WRITE_TAG,
  VIEW_SUPERVISOR,
  VIEW_USER,
} from '../../src/layout/tlb.ts';
import { ALL, CODE, codeMask, createWithCodePages, LA, NEXT } from './code-pages-runtime.ts';
import { CR4_SMEP, G, type MemoryRuntime, NX, P } from './memory-runtime.ts';

/** Of an instruction whose block is not known. */
const RECORD = SCRATCH_RECORDS + RECORD_SIZE;

let runtime: MemoryRuntime;
beforeEach(() => {
  runtime = createWithCodePages();
});

const mask = (pa: bigint): bigint => codeMask(runtime, pa);

function isStale(head: number): boolean {
  const flag = (runtime.view.getUint8(head + HEAD_FLAGS) & HEAD_STALE) !== 0;
  expect(runtime.view.getUint32(head + RECORD_FN, true) === SLOT_STALE).toBe(flag);
  return flag;
}

function lastRecord(head: number): number {
  return head + runtime.view.getUint16(head + HEAD_COUNT, true) * RECORD_SIZE;
}

describe('lookup', () => {
  test('translates once, then finds the block in the jump cache or the hash', () => {
    const head = runtime.lookupAt(LA + 0x123n);
    expect(runtime.translated).toEqual([Number(CODE) + 0x123]);
    expect(runtime.state64(PAGE_BASE)).toBe(LA);
    runtime.setState64(PAGE_BASE, 0n);
    expect(runtime.lookupAt(LA + 0x123n)).toBe(head);
    expect(runtime.state64(PAGE_BASE)).toBe(LA);
    runtime.exports.flushTlb(1);
    expect(runtime.lookupAt(LA + 0x123n)).toBe(head);
    expect(runtime.translated).toHaveLength(1);
  });

  test('blocks are shared by everything that maps the page', () => {
    const head = runtime.lookupAt(LA + 0x10n);
    runtime.map(0x1000n, CODE, ALL);
    expect(runtime.lookupAt(0x1010n)).toBe(head);
    expect(runtime.state64(PAGE_BASE)).toBe(0x1000n);
  });

  test('a mapping changed before a flush shows after it', () => {
    const head = runtime.lookupAt(LA);
    runtime.map(LA, NEXT, ALL);
    expect(runtime.lookupAt(LA)).toBe(head);
    runtime.exports.flushTlbPage(LA);
    const other = runtime.lookupAt(LA);
    expect(other).not.toBe(head);
    runtime.map(LA, CODE, ALL);
    runtime.exports.flushTlb(0);
    expect(runtime.lookupAt(LA)).toBe(head);
  });

  const userGeneration = () => runtime.state32(JUMP_GENERATION + 4 * JUMP_USER);
  const supervisorGeneration = () => runtime.state32(JUMP_GENERATION + 4 * JUMP_SUPERVISOR);

  test('INVLPG of a page without jump targets leaves the jump cache alone, and of others what another privilege has', () => {
    runtime.lookupAt(LA);
    const generation = supervisorGeneration();
    runtime.exports.flushTlbPage(LA + 0x70_0000n);
    expect(supervisorGeneration()).toBe(generation);
    const other = userGeneration();
    runtime.exports.flushTlbPage(LA);
    expect(supervisorGeneration()).toBe(generation + 1);
    expect(userGeneration()).toBe(other);
  });

  test('a flush of what is not global leaves jumps to global supervisor pages alone', () => {
    runtime.map(LA, CODE, ALL | G);
    const head = runtime.lookupAt(LA);
    const generation = supervisorGeneration();
    const lookups = runtime.state64(COUNTERS + COUNTER_LOOKUPS * 8);
    runtime.exports.flushTlb(0);
    expect(runtime.lookupAt(LA)).toBe(head);
    expect(supervisorGeneration()).toBe(generation);
    expect(runtime.state64(COUNTERS + COUNTER_LOOKUPS * 8)).toBe(lookups);
    runtime.exports.flushTlb(1);
    expect(supervisorGeneration()).toBe(generation + 1);
  });

  test('and all jumps of a privilege go if one is to a page that is not global, or of a user', () => {
    runtime.map(LA, CODE, ALL | G);
    const [user, supervisor] = [userGeneration(), supervisorGeneration()];
    runtime.setView(VIEW_USER);
    runtime.lookupAt(LA);
    runtime.exports.flushTlb(0);
    expect(userGeneration()).toBe(user + 1);
    expect(supervisorGeneration()).toBe(supervisor);
    runtime.setView(VIEW_SUPERVISOR);
    runtime.map(LA + 0x1000n, NEXT, ALL);
    runtime.lookupAt(LA + 0x1000n);
    runtime.lookupAt(LA);
    runtime.exports.flushTlb(0);
    expect(supervisorGeneration()).toBe(supervisor + 1);
    runtime.lookupAt(LA);
    runtime.exports.flushTlb(0);
    expect(supervisorGeneration()).toBe(supervisor + 1);
  });

  test.each([
    ['user', JUMP_USER, VIEW_USER],
    ['supervisor', JUMP_SUPERVISOR, VIEW_SUPERVISOR],
  ])('the generation of the %s wraps', (_, privilege, view) => {
    runtime.setView(view);
    const head = runtime.lookupAt(LA);
    runtime.map(LA, NEXT, ALL);
    runtime.setState32(JUMP_GENERATION + 4 * privilege, 0xff_ffff);
    runtime.exports.flushTlb(1);
    expect(runtime.state32(JUMP_GENERATION + 4 * privilege)).toBe(1);
    expect(runtime.lookupAt(LA)).not.toBe(head);
  });

  test('each mode has its own blocks', () => {
    const supervisor = runtime.lookupAt(LA);
    runtime.setView(VIEW_USER);
    const user = runtime.lookupAt(LA);
    expect(user).not.toBe(supervisor);
    expect(runtime.lookupAt(LA)).toBe(user);
    runtime.setView(VIEW_SUPERVISOR);
    expect(runtime.lookupAt(LA)).toBe(supervisor);
  });

  test('fetch faults are raised at the target', () => {
    const { exports } = runtime;
    const missing = LA + 0x5008n;
    expect(runtime.event(() => exports.lookupJump(RECORD, missing))).toMatchObject({
      vector: 14,
      errorCode: 0x10,
      cr2: missing,
      record: 0,
    });
    expect(runtime.state64(RIP)).toBe(missing);
    runtime.map(LA, CODE, ALL | NX);
    expect(runtime.event(() => runtime.lookupAt(LA)).errorCode).toBe(0x11);
    runtime.setView(VIEW_USER);
    expect(runtime.event(() => runtime.lookupAt(LA)).errorCode).toBe(0x15);
    runtime.map(LA, CODE, ALL);
    runtime.enableLongMode(CR4_SMEP);
    runtime.lookupAt(LA);
    runtime.setView(VIEW_SUPERVISOR);
    expect(runtime.event(() => runtime.lookupAt(LA)).errorCode).toBe(0x11);
  });

  test('a jump to an address that is not canonical faults at the jump', () => {
    runtime.lookupAt(LA);
    expect(runtime.event(() => runtime.exports.lookupJump(RECORD, 0x8000_0000_0000n))).toMatchObject({
      vector: 13,
      errorCode: 0,
      record: RECORD,
    });
    expect(runtime.state64(PAGE_BASE)).toBe(LA);
    expect(runtime.state64(RIP)).toBe(LA);
  });

  test('outside 64-bit mode the CS base counts and addresses wrap at 4 GiB', () => {
    runtime.map(0x3000n, CODE, ALL);
    runtime.setState32(MODE, MODE_CODE_32 | (VIEW_SUPERVISOR << MODE_VIEW_SHIFT));
    runtime.setState64(SEGMENT_BASE + SEGMENT_CS * 8, 0x2000n);
    runtime.setState32(SEGMENT_LIMIT + SEGMENT_CS * 4, 0xffff_ffff);
    const head = runtime.exports.lookupJump(RECORD, 0x5_0000_1010n);
    expect(runtime.translated).toEqual([Number(CODE) + 0x10]);
    expect(runtime.state64(RIP)).toBe(0x1010n);
    expect(runtime.state64(PAGE_BASE)).toBe(0x3000n);
    expect(runtime.lookupAt(0x1010n)).toBe(head);
    runtime.setState64(SEGMENT_BASE + SEGMENT_CS * 8, 0xffff_f000n);
    expect(runtime.lookupAt(0x4010n)).toBe(head);
    // In 64-bit mode the base is ignored.
    runtime.setView(VIEW_SUPERVISOR);
    runtime.lookupAt(LA + 0x30n);
    expect(runtime.state64(PAGE_BASE)).toBe(LA);
  });
});

describe('instructions that cross a page', () => {
  beforeEach(() => {
    runtime.blockAt = (pa) => ((pa & 0xfff) === 0xffe ? [5] : [4]);
  });

  test('are found only while the second page is the same', () => {
    const head = runtime.lookupAt(LA + 0xffen);
    expect(runtime.view.getUint8(head + HEAD_PAGE_COUNT)).toBe(2);
    expect(runtime.lookupAt(LA + 0xffen)).toBe(head);
    runtime.map(LA + 0x1000n, 0x40_5000n, ALL);
    runtime.exports.flushTlbPage(LA + 0x1000n);
    const other = runtime.lookupAt(LA + 0xffen);
    expect(other).not.toBe(head);
    runtime.map(LA + 0x1000n, NEXT, ALL);
    runtime.exports.flushTlbPage(LA + 0x1000n);
    expect(runtime.lookupAt(LA + 0xffen)).toBe(head);
    expect(runtime.translated).toHaveLength(2);
  });

  test('are in the jump cache as long as both translations last', () => {
    runtime.map(LA, CODE, ALL | G);
    const head = runtime.lookupAt(LA + 0xffen);
    const lookups = () => runtime.state64(COUNTERS + COUNTER_LOOKUPS * 8);
    const before = lookups();
    expect(runtime.lookupAt(LA + 0xffen)).toBe(head);
    expect(lookups()).toBe(before);
    // The second page is not global.
    runtime.exports.flushTlb(0);
    expect(runtime.lookupAt(LA + 0xffen)).toBe(head);
    expect(lookups()).toBe(before + 1n);
  });

  test('fault on the second page with RIP at the instruction', () => {
    const pte = runtime.map(LA + 0x1000n, NEXT, 0n);
    const fault = { vector: 14, errorCode: 0x10, cr2: LA + 0x1000n, record: 0 };
    expect(runtime.event(() => runtime.lookupAt(LA + 0xffen))).toMatchObject(fault);
    expect(runtime.state64(RIP)).toBe(LA + 0xffen);
    runtime.exports.writePhysical64(pte, NEXT | ALL);
    runtime.lookupAt(LA + 0xffen);
    runtime.exports.writePhysical64(pte, 0n);
    runtime.exports.flushTlb(1);
    expect(runtime.event(() => runtime.lookupAt(LA + 0xffen))).toMatchObject(fault);
  });

  test.each([
    ['first', CODE + 0xffen],
    ['second', NEXT + 2n],
  ])('are invalidated through the %s page', (_name, pa) => {
    const { exports } = runtime;
    const head = runtime.lookupAt(LA + 0xffen);
    expect(mask(CODE)).toBe(1n << 63n);
    expect(mask(NEXT)).toBe(1n);
    exports.invalidateCode(pa, 1);
    expect(isStale(head)).toBe(true);
    const again = runtime.lookupAt(LA + 0xffen);
    expect(again).not.toBe(head);
    exports.invalidateCode(CODE + 0xffen, 1);
    exports.invalidateCode(NEXT, 1);
    expect(isStale(again)).toBe(true);
    expect(mask(CODE)).toBe(0n);
    expect(mask(NEXT)).toBe(0n);
  });
});

describe('invalidation', () => {
  test('takes the blocks that have one of the bytes only', () => {
    runtime.blockAt = () => [10, 10];
    const first = runtime.lookupAt(LA + 0x00n);
    const across = runtime.lookupAt(LA + 0x7an);
    const last = runtime.lookupAt(LA + 0xc0n);
    expect(mask(CODE)).toBe(0b1111n);
    const behind = runtime.lookupAt(LA + 0x8en);
    runtime.exports.invalidateCode(CODE + 0x79n, 1);
    expect(isStale(across)).toBe(false);
    runtime.exports.invalidateCode(CODE + 0x8dn, 1);
    expect([first, across, behind, last].map(isStale)).toEqual([false, true, false, false]);
    expect(mask(CODE)).toBe(0b1101n);
    runtime.exports.invalidateCode(CODE + 0x80n, 0x40);
    expect([first, behind, last].map(isStale)).toEqual([false, true, false]);
    expect(mask(CODE)).toBe(0b1001n);
    expect(runtime.lookupAt(LA)).toBe(first);
    expect(runtime.lookupAt(LA + 0xc0n)).toBe(last);
    runtime.exports.invalidateCode(CODE - 0x100n, 0x2000);
    expect([first, last].map(isStale)).toEqual([true, true]);
    expect(mask(CODE)).toBe(0n);
  });

  test('the stale handler finds the replacement', () => {
    const head = runtime.lookupAt(LA + 0x20n);
    runtime.exports.invalidateCode(CODE + 0x20n, 1);
    // The jump cache still leads to the stale head.
    const replacement = runtime.exports.lookupStale(head);
    expect(replacement).not.toBe(head);
    expect(isStale(replacement)).toBe(false);
    expect(runtime.lookupAt(LA + 0x20n)).toBe(replacement);
    expect(runtime.exports.lookupStale(head)).toBe(replacement);
    expect(runtime.translated).toHaveLength(2);
    expect(runtime.state64(RIP)).toBe(LA + 0x20n);
  });

  test('translating a page takes its write permission away from the TLB, for all its aliases', () => {
    const { exports } = runtime;
    runtime.map(0x9000n, CODE, ALL);
    exports.writeData32(RECORD, 0x9080n, 1);
    exports.writeData32(RECORD, LA + 0x80n, 2);
    const head = runtime.lookupAt(LA + 0x80n);
    expect(exports.fillWrite(0x9080n, 4)).toBe(0);
    expect(runtime.isCodeWrite(() => exports.writeData32(RECORD, 0x9080n, 3))).toBe(true);
    expect(isStale(head)).toBe(true);
    expect(runtime.read32(CODE + 0x80n)).toBe(2);
    exports.writeData32(RECORD, 0x9080n, 3);
    expect(runtime.read32(CODE + 0x80n)).toBe(3);
  });

  test('a write beside the code goes through and does not enter the write tag', () => {
    const { exports } = runtime;
    const head = runtime.lookupAt(LA + 0x80n);
    expect(exports.fillWrite(LA + 0xc0n, 4)).toBe(exports.hostAddress(CODE + 0xc0n));
    expect(exports.fillWrite(LA + 0xc0n, 64)).not.toBe(0);
    expect(exports.fillWrite(LA + 0x84n, 4)).toBe(exports.hostAddress(CODE + 0x84n));
    exports.writeData32(RECORD, LA + 0x84n, 5);
    expect(exports.fillWrite(LA + 0x83n, 4)).toBe(0);
    exports.writeData32(RECORD, LA + 0x7cn, 5);
    expect(isStale(head)).toBe(false);
    expect(exports.fillWrite(LA + 0x7en, 4)).toBe(0);
    expect(runtime.isCodeWrite(() => exports.slowWrite(RECORD, LA + 0x7en, 4))).toBe(true);
    expect(isStale(head)).toBe(true);
  });

  test('the write tag is entered only while the page holds no code', () => {
    const { exports } = runtime;
    const tag = () => {
      const slot = Number((LA >> 12n) & BigInt(TLB_ENTRIES - 1));
      const entry = TLB_BASE + VIEW_SUPERVISOR * TLB_TABLE_SIZE + slot * TLB_ENTRY_SIZE;
      return runtime.view.getBigUint64(entry + TLB_WRITE_TAG, true);
    };
    runtime.lookupAt(LA + 0x80n);
    exports.fillWrite(LA, 4);
    expect(tag()).not.toBe(LA);
    exports.flushTlb(1);
    exports.fillWrite(LA, 4);
    expect(tag()).not.toBe(LA);
    exports.invalidateCode(CODE + 0x80n, 1);
    exports.fillWrite(LA, 4);
    expect(tag()).toBe(LA);
  });

  test('a page-crossing write invalidates in both pages before it is raised', () => {
    const { exports } = runtime;
    const first = runtime.lookupAt(LA + 0xffcn);
    const second = runtime.lookupAt(LA + 0x1000n);
    expect(runtime.isCodeWrite(() => exports.slowWrite(RECORD, LA + 0xffen, 4))).toBe(true);
    expect([first, second].map(isStale)).toEqual([true, true]);
    exports.writeData32(RECORD, LA + 0xffen, 0x0403_0201);
    expect(runtime.read32(NEXT)).toBe(0x0403);
  });

  test('a page-crossing write finds code in the second page alone', () => {
    const head = runtime.lookupAt(LA + 0x1000n);
    expect(runtime.isCodeWrite(() => runtime.exports.slowWrite(RECORD, LA + 0xffen, 4))).toBe(true);
    expect(isStale(head)).toBe(true);
  });

  test('a write that faults invalidates nothing', () => {
    const head = runtime.lookupAt(LA + 0xff0n);
    runtime.map(LA + 0x1000n, NEXT, P);
    runtime.exports.flushTlb(1);
    expect(runtime.event(() => runtime.exports.slowWrite(RECORD, LA + 0xffen, 4)).vector).toBe(14);
    expect(isStale(head)).toBe(false);
  });

  test('system writes over code are not interrupted', () => {
    const head = runtime.lookupAt(LA + 0x80n);
    runtime.exports.writeSystem64(LA + 0x80n, 9n);
    expect(isStale(head)).toBe(true);
    expect(runtime.read64(CODE + 0x80n)).toBe(9n);
  });
});

test('translating takes the write permission away that came back when the code before went', () => {
  const { exports } = runtime;
  const write = () => exports.writeData32(RECORD, LA + 0x80n, 1);
  for (let turn = 0; turn < 3; turn++) {
    write();
    const head = runtime.lookupAt(LA + 0x80n);
    expect(runtime.isCodeWrite(write)).toBe(true);
    expect(isStale(head)).toBe(true);
  }
});

describe('resolveLink', () => {
  function link(record: number, offset: number): number {
    return runtime.view.getUint32(record + offset, true);
  }

  test('links targets in the same page', () => {
    runtime.blockAt = () => [4, 6];
    const record = lastRecord(runtime.lookupAt(LA + 0x100n));
    const fall = runtime.exports.resolveLink(record, RECORD_LINK_FALL);
    expect(runtime.state64(RIP)).toBe(LA + 0x10an);
    expect(link(record, RECORD_LINK_FALL)).toBe(fall);
    runtime.view.setInt32(record + RECORD_DISP, 0x40, true);
    const taken = runtime.exports.resolveLink(record, RECORD_LINK_TAKEN);
    expect(runtime.state64(RIP)).toBe(LA + 0x40n);
    expect(link(record, RECORD_LINK_TAKEN)).toBe(taken);
  });

  test('does not link to other pages, but finds them', () => {
    const record = lastRecord(runtime.lookupAt(LA + 0x1100n));
    runtime.view.setInt32(record + RECORD_DISP, -0x1000, true);
    const head = runtime.exports.resolveLink(record, RECORD_LINK_TAKEN);
    expect(runtime.state64(RIP)).toBe(LA);
    expect(runtime.state64(PAGE_BASE)).toBe(LA);
    expect(runtime.lookupAt(LA)).toBe(head);
    expect(link(record, RECORD_LINK_TAKEN)).toBe(0);
    // The second time the jump cache has it.
    runtime.setState64(PAGE_BASE, LA + 0x1000n);
    runtime.view.setUint32(record + RECORD_HINT_TAKEN, 0, true);
    expect(runtime.exports.resolveLink(record, RECORD_LINK_TAKEN)).toBe(head);
    expect(runtime.state64(PAGE_BASE)).toBe(LA);
    expect(link(record, RECORD_HINT_TAKEN)).toBe(head);
    expect(link(record, RECORD_LINK_TAKEN)).toBe(0);
  });

  test('finds a block of another page where it was, as long as the page is there and the block is not stale', () => {
    const record = lastRecord(runtime.lookupAt(LA + 0x1100n));
    runtime.view.setInt32(record + RECORD_DISP, -0x1000, true);
    const counter = COUNTERS + COUNTER_LOOKUPS * 8;
    /** @returns the block, and how many were looked up by their physical address. */
    const follow = () => {
      // The jump cache knows nothing.
      const generation = JUMP_GENERATION + 4 * JUMP_SUPERVISOR;
      runtime.setState32(generation, runtime.state32(generation) + 1);
      runtime.setState64(PAGE_BASE, LA + 0x1000n);
      const before = runtime.state64(counter);
      const head = runtime.exports.resolveLink(record, RECORD_LINK_TAKEN);
      expect(runtime.state64(PAGE_BASE)).toBe(LA);
      expect(link(record, RECORD_HINT_TAKEN)).toBe(head);
      return { head, lookups: runtime.state64(counter) - before };
    };
    const { head } = follow();
    expect(follow()).toEqual({ head, lookups: 0n });
    runtime.map(LA, NEXT, ALL);
    expect(follow()).toEqual({ head, lookups: 0n });
    runtime.exports.flushTlbPage(LA);
    const moved = follow();
    expect(moved.lookups).toBe(1n);
    expect(moved.head).not.toBe(head);
    // Now the TLB has the page.
    runtime.view.setUint32(record + RECORD_HINT_TAKEN, head, true);
    expect(follow()).toEqual(moved);
    expect(follow()).toEqual({ head: moved.head, lookups: 0n });
    runtime.exports.invalidateCode(NEXT, 1);
    expect(isStale(moved.head)).toBe(true);
    const anew = follow();
    expect(anew.lookups).toBe(1n);
    expect(isStale(anew.head)).toBe(false);
    // What reaches into another page depends on that, too.
    runtime.view.setUint8(anew.head + HEAD_PAGE_COUNT, 2);
    expect(follow().lookups).toBe(1n);
  });

  test('does not link blocks that cross a page', () => {
    const record = lastRecord(runtime.lookupAt(LA));
    runtime.blockAt = () => [4];
    runtime.view.setInt32(record + RECORD_DISP, 0xffe, true);
    runtime.exports.resolveLink(record, RECORD_LINK_TAKEN);
    expect(link(record, RECORD_LINK_TAKEN)).toBe(0);
  });

  test('does not link when the page was mapped elsewhere meanwhile', () => {
    const record = lastRecord(runtime.lookupAt(LA));
    runtime.map(LA, NEXT, ALL);
    runtime.exports.flushTlb(1);
    const head = runtime.exports.resolveLink(record, RECORD_LINK_FALL);
    expect(runtime.translated.at(-1)).toBe(Number(NEXT) + 4);
    expect(runtime.lookupAt(LA + 4n)).toBe(head);
    expect(link(record, RECORD_LINK_FALL)).toBe(0);
  });

  test('links nothing when the translation has emptied half of the arena', () => {
    const record = lastRecord(runtime.lookupAt(LA));
    runtime.blockAt = () => {
      runtime.exports.emptyOlderHalf();
      return [4];
    };
    runtime.exports.resolveLink(record, RECORD_LINK_FALL);
    expect(link(record, RECORD_LINK_FALL)).toBe(0);
    runtime.view.setInt32(record + RECORD_DISP, 0x1000, true);
    runtime.setState64(PAGE_BASE, LA);
    runtime.exports.resolveLink(record, RECORD_LINK_TAKEN);
    expect(link(record, RECORD_HINT_TAKEN)).toBe(0);
  });

  test('faults at the target', () => {
    runtime.map(LA + 0x1000n, NEXT, P | NX);
    const record = lastRecord(runtime.lookupAt(LA + 0xffcn));
    expect(runtime.event(() => runtime.exports.resolveLink(record, RECORD_LINK_FALL))).toMatchObject({
      vector: 14,
      errorCode: 0x11,
      cr2: LA + 0x1000n,
      record: 0,
    });
    expect(runtime.state64(RIP)).toBe(LA + 0x1000n);
  });

  test('jumps with 16-bit targets wrap at 64 KiB of the segment, and execution stops at its limit', () => {
    runtime.map(0x1_0000n, CODE, ALL);
    runtime.map(0x1_f000n, NEXT, ALL);
    runtime.setState32(MODE, MODE_CODE_16 | MODE_REAL | (VIEW_SUPERVISOR << MODE_VIEW_SHIFT));
    runtime.setState64(SEGMENT_BASE + SEGMENT_CS * 8, 0x1_0000n);
    runtime.setState32(SEGMENT_LIMIT + SEGMENT_CS * 4, 0xffff);
    const record = lastRecord(runtime.lookupAt(0xfffcn));
    const beyond = runtime.event(() => runtime.exports.resolveLink(record, RECORD_LINK_FALL));
    expect(beyond).toMatchObject({ vector: 13, errorCode: 0, record: 0 });
    expect(runtime.state64(RIP)).toBe(0x1_0000n);

    runtime.setState64(PAGE_BASE, 0x1_f000n);
    runtime.view.setInt32(record + RECORD_DISP, 0x1004, true);
    expect(runtime.event(() => runtime.exports.resolveLink(record, RECORD_LINK_TAKEN))).toMatchObject({
      vector: 13,
      record,
    });
    runtime.view.setUint16(record + RECORD_BRANCH, BRANCH_SHORT_TARGET, true);
    runtime.exports.resolveLink(record, RECORD_LINK_TAKEN);
    expect(runtime.state64(RIP)).toBe(4n);
    expect(runtime.state64(PAGE_BASE)).toBe(0x1_0000n);
  });
});
