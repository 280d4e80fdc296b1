import { beforeEach, describe, expect, test } from 'vitest';
import {
  CR0,
  LDTR_BASE,
  MSR_EFER,
  SEGMENT_BASE,
  SEGMENT_DS,
  SEGMENT_FS,
  SEGMENT_GS,
  SEGMENT_LIMIT,
  SEGMENT_RIGHTS,
  SEGMENT_SS,
  TR_BASE,
} from '../../src/layout/cpu-state.ts';
import { MODE_STACK_32 } from '../../src/layout/mode.ts';
import { MODE } from '../../src/layout/runtime-state.ts';
import {
  ABSENT_DATA,
  CALL_GATE,
  CONFORMING_CODE,
  GDT,
  GP,
  KERNEL_CODE,
  KERNEL_CODE_32,
  KERNEL_DATA,
  KERNEL_RIP,
  KERNEL_STACK,
  NP,
  PF,
  ProcessorRuntime,
  READ_ONLY_DATA,
  SS,
  TSS_SELECTOR,
  UD,
  USER_CODE_32,
  USER_DATA,
  USER_DATA_16,
} from './processor-runtime.ts';

const ZF = 0x40;

let cpu: ProcessorRuntime;
beforeEach(() => {
  cpu = ProcessorRuntime.create();
});

const load = (index: number, selector: number) => cpu.exports.loadSegment(cpu.record(), index, selector);

describe('MOV to a data segment register', () => {
  test('takes base, limit and rights from the descriptor and sets the accessed bit', () => {
    cpu.setDescriptor(USER_DATA, 0x12cf_f234_5678_000fn);
    load(SEGMENT_FS, USER_DATA);
    expect(cpu.selector(SEGMENT_FS)).toBe(USER_DATA);
    expect(cpu.state64(SEGMENT_BASE + SEGMENT_FS * 8)).toBe(0x1234_5678n);
    expect(cpu.state32(SEGMENT_LIMIT + SEGMENT_FS * 4) >>> 0).toBe(0xf000_ffff);
    expect(cpu.state32(SEGMENT_RIGHTS + SEGMENT_FS * 4)).toBe(0xc0f3);
    expect(cpu.read64(BigInt(GDT + (USER_DATA & ~7)))).toBe(0x12cf_f334_5678_000fn);
  });

  test('accepts null and clears the base', () => {
    cpu.setState64(SEGMENT_BASE + SEGMENT_GS * 8, 0x1234n);
    load(SEGMENT_GS, 3);
    expect(cpu.selector(SEGMENT_GS)).toBe(3);
    expect(cpu.state64(SEGMENT_BASE + SEGMENT_GS * 8)).toBe(0n);
    expect(cpu.state32(SEGMENT_RIGHTS + SEGMENT_GS * 4)).toBe(0);
  });

  test.each([
    ['a system segment', 0, TSS_SELECTOR, GP, TSS_SELECTOR],
    ['a selector beyond the table', 0, 0x80, GP, 0x80],
    ['an absent segment', 0, ABSENT_DATA, NP, ABSENT_DATA],
    ['a segment of an inner level', 3, KERNEL_DATA, GP, KERNEL_DATA],
    ['an RPL above the DPL', 0, KERNEL_DATA | 3, GP, KERNEL_DATA],
    ['a local selector without an LDT', 0, 0x0c, GP, 0x0c],
  ])('faults on %s', (_name, cpl, selector, vector, error) => {
    if (cpl === 3) cpu.enterUser();
    cpu.setState32(SEGMENT_RIGHTS + 6 * 4, 0);
    expect(cpu.event(() => load(SEGMENT_DS, selector))).toEqual({ vector, error });
    expect(cpu.selector(SEGMENT_DS)).toBe(0);
  });

  test('takes readable conforming code at any level', () => {
    cpu.enterUser();
    load(SEGMENT_DS, CONFORMING_CODE | 3);
    expect(cpu.selector(SEGMENT_DS)).toBe(CONFORMING_CODE | 3);
  });

  test('refuses code that is only executable', () => {
    cpu.setDescriptor(KERNEL_CODE_32, 0x00cf_9900_0000_ffffn);
    expect(cpu.event(() => load(SEGMENT_DS, KERNEL_CODE_32))).toEqual({ vector: GP, error: KERNEL_CODE_32 });
  });

  test('uses the LDT', () => {
    cpu.setDescriptor(CALL_GATE, 0x0000_8200_3000_000fn);
    cpu.setDescriptor(CALL_GATE + 8, 0n);
    cpu.exports.loadLdtr(cpu.record(), CALL_GATE);
    expect(cpu.state64(LDTR_BASE)).toBe(0x3000n);
    cpu.write64(0x3008n, 0x0000_9300_0042_0000n);
    load(SEGMENT_DS, 0x0c);
    expect(cpu.state64(SEGMENT_BASE + SEGMENT_DS * 8)).toBe(0x42n);
    expect(cpu.event(() => load(SEGMENT_DS, 0x14))).toEqual({ vector: GP, error: 0x14 });
  });
});

describe('MOV to SS', () => {
  test('accepts null of its own level in 64-bit mode below CPL 3', () => {
    load(SEGMENT_SS, 0);
    expect(cpu.selector(SEGMENT_SS)).toBe(0);
    expect(cpu.event(() => load(SEGMENT_SS, 3))).toEqual({ vector: GP, error: 0 });
    cpu.enterUser();
    expect(cpu.event(() => load(SEGMENT_SS, 3))).toEqual({ vector: GP, error: 0 });
  });

  test('needs present writable data of exactly the current level', () => {
    expect(cpu.event(() => load(SEGMENT_SS, READ_ONLY_DATA))).toEqual({ vector: GP, error: READ_ONLY_DATA });
    expect(cpu.event(() => load(SEGMENT_SS, USER_DATA))).toEqual({ vector: GP, error: USER_DATA & ~3 });
    expect(cpu.event(() => load(SEGMENT_SS, KERNEL_DATA | 1))).toEqual({ vector: GP, error: KERNEL_DATA });
    expect(cpu.event(() => load(SEGMENT_SS, KERNEL_CODE))).toEqual({ vector: GP, error: KERNEL_CODE });
    expect(cpu.event(() => load(SEGMENT_SS, ABSENT_DATA))).toEqual({ vector: SS, error: ABSENT_DATA });
  });

  test('selects the stack width of compatibility code', () => {
    cpu.enterCompatibility();
    expect(cpu.state32(MODE) & MODE_STACK_32).toBe(MODE_STACK_32);
    load(SEGMENT_SS, USER_DATA_16);
    expect(cpu.state32(MODE) & MODE_STACK_32).toBe(0);
  });
});

test('a page fault on the descriptor table belongs to the instruction', () => {
  cpu.setState64(368, 0x7000_0000n);
  const record = cpu.record(1);
  expect(cpu.event(() => cpu.exports.loadSegment(record, SEGMENT_DS, KERNEL_DATA))).toEqual({
    vector: PF,
    error: 0,
  });
  expect(cpu.faultRecord).toBe(record);
});

test('in real mode a segment register is its base divided by 16', () => {
  cpu.setState64(MSR_EFER, 0n);
  cpu.setState64(CR0, 0x10n);
  cpu.exports.updateMode();
  load(SEGMENT_DS, 0x1234);
  expect(cpu.state64(SEGMENT_BASE + SEGMENT_DS * 8)).toBe(0x1_2340n);
  expect(cpu.event(() => cpu.exports.loadLdtr(cpu.record(), 0))).toEqual({ vector: UD, error: -1 });
});

describe('LTR', () => {
  test('marks a 64-bit TSS busy and takes its 64-bit base', () => {
    cpu.setDescriptor(TSS_SELECTOR + 8, 0xffff_8000n);
    cpu.exports.loadTr(cpu.record(), TSS_SELECTOR);
    expect(cpu.state64(TR_BASE)).toBe(0xffff_8000_0000_4000n);
    expect(cpu.read64(BigInt(GDT + TSS_SELECTOR))).toBe(0x0000_8b00_4000_0067n);
    expect(cpu.event(() => cpu.exports.loadTr(cpu.record(), TSS_SELECTOR))).toEqual({
      vector: GP,
      error: TSS_SELECTOR,
    });
  });

  test('faults at CPL 3, on null and on other types', () => {
    expect(cpu.event(() => cpu.exports.loadTr(cpu.record(), 0))).toEqual({ vector: GP, error: 0 });
    expect(cpu.event(() => cpu.exports.loadTr(cpu.record(), KERNEL_DATA))?.error).toBe(KERNEL_DATA);
    cpu.enterUser();
    expect(cpu.event(() => cpu.exports.loadTr(cpu.record(), TSS_SELECTOR))).toEqual({ vector: GP, error: 0 });
  });
});

describe('questions about selectors', () => {
  test('LAR gives the second dword of the descriptor, masked, and ZF', () => {
    expect(cpu.exports.loadAccessRights(cpu.record(), USER_DATA)).toBe(0xcff300n);
    expect(cpu.flags & ZF).toBe(ZF);
    expect(cpu.exports.loadAccessRights(cpu.record(), TSS_SELECTOR)).toBe(0x8900n);
  });

  test('LSL gives the limit in bytes', () => {
    expect(cpu.exports.loadSegmentLimit(cpu.record(), USER_DATA)).toBe(0xffff_ffffn);
    expect(cpu.exports.loadSegmentLimit(cpu.record(), TSS_SELECTOR)).toBe(0x67n);
  });

  test('answer no for what is invisible, and clear ZF only', () => {
    cpu.enterUser();
    cpu.exports.setFlags(0x8d5 | 2);
    for (const selector of [0, 0x80, KERNEL_DATA, TSS_SELECTOR]) {
      expect(cpu.exports.loadAccessRights(cpu.record(), selector)).toBe(-1n);
      expect(cpu.flags).toBe((0x8d5 & ~ZF) | 2);
    }
    cpu.enter(0, KERNEL_CODE, KERNEL_DATA, KERNEL_STACK, KERNEL_RIP);
    // A call gate has rights but no limit.
    cpu.setDescriptor(CALL_GATE, 0x0000_8c00_0000_0000n);
    expect(cpu.exports.loadAccessRights(cpu.record(), CALL_GATE)).toBe(0x8c00n);
    expect(cpu.exports.loadSegmentLimit(cpu.record(), CALL_GATE)).toBe(-1n);
  });

  test.each([
    ['VERR data', USER_DATA, 0, ZF],
    ['VERW data', USER_DATA, 1, ZF],
    ['VERW read-only data', READ_ONLY_DATA, 1, 0],
    ['VERR read-only data', READ_ONLY_DATA, 0, ZF],
    ['VERR readable code', USER_CODE_32, 0, ZF],
    ['VERW code', USER_CODE_32, 1, 0],
    ['VERR a system segment', TSS_SELECTOR, 0, 0],
  ])('%s', (_name, selector, forWrite, zero) => {
    cpu.exports.verifySegment(cpu.record(), selector, forWrite);
    expect(cpu.flags & ZF).toBe(zero);
  });
});
