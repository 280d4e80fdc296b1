/** Task switches: JMP, CALL, IRET, interrupts, task gates (Intel SDM Vol. 3 "Task Management"). */
import { beforeEach, describe, expect, test } from 'vitest';
import {
  CPL,
  CR0,
  CR4,
  DR,
  IDTR_LIMIT,
  MSR_EFER,
  RIP,
  SEGMENT_BASE,
  SEGMENT_CS,
  SEGMENT_DS,
  SEGMENT_ES,
  SEGMENT_FS,
  SEGMENT_GS,
  SEGMENT_RIGHTS,
  SEGMENT_SS,
  SEGMENT_TR,
  TR_BASE,
} from '../../src/layout/cpu-state.ts';
import { MODE_REAL } from '../../src/layout/mode.ts';
import { MODE, PAGE_BASE } from '../../src/layout/runtime-state.ts';
import {
  ABSENT_DATA,
  CALL_GATE,
  GDT,
  GP,
  IDT,
  IF,
  INSTRUCTION_LENGTH,
  KERNEL_CODE_32,
  KERNEL_DATA,
  KERNEL_RIP,
  KERNEL_STACK,
  NP,
  NT,
  ProcessorRuntime,
  RF,
  RSP,
  SS,
  TS,
  TSS,
  TSS_SELECTOR,
  USER_CODE_32,
  USER_DATA,
  VM,
} from './processor-runtime.ts';

const NEW_TSS = 0x6000;
/** Takes the place of a segment of the fixture that these tests have no use for. */
const NEW_TASK = ABSENT_DATA;
const NEW_STACK = 0x1_8000;
const NEW_RIP = 0x1_4567;
const DB = 1;
const TS_BIT = 8n;

let cpu: ProcessorRuntime;

const tss32 = (type = 9, limit = 0x67, dpl = 0): bigint =>
  BigInt(limit) | (BigInt(NEW_TSS) << 16n) | (BigInt(0x80 | (dpl << 5) | type) << 40n);
const taskGate = (selector: number, { dpl = 0, present = true } = {}): bigint =>
  (BigInt(selector) << 16n) | (BigInt((present ? 0x80 : 0) | (dpl << 5) | 5) << 40n);

/** Fields of the new 32-bit TSS by offset. */
function fill(fields: Readonly<Record<number, number>>): void {
  for (const [offset, value] of Object.entries(fields)) cpu.write32(BigInt(NEW_TSS + Number(offset)), value);
}

const dword = (la: number): number => Number(cpu.read64(BigInt(la)) & 0xffff_ffffn);
const word = (la: number): number => dword(la) & 0xffff;
const typeOf = (selector: number): number => dword(GDT + (selector & 0xfff8) + 5) & 0x1f;

beforeEach(() => {
  cpu = ProcessorRuntime.create();
  cpu.setState64(MSR_EFER, 0n);
  cpu.setState64(CR4, 0n);
  cpu.setState64(CR0, 0x11n);
  cpu.setState32(IDTR_LIMIT, 0x7ff);
  cpu.setDescriptor(TSS_SELECTOR, 0x0000_8b00_4000_0067n | (BigInt(TSS - 0x4000) << 16n));
  cpu.setDescriptor(NEW_TASK, tss32());
  cpu.enter(0, KERNEL_CODE_32, KERNEL_DATA, KERNEL_STACK, KERNEL_RIP);
  for (let register = 0; register < 8; register++) {
    if (register !== RSP) cpu.setGpr(register, BigInt(0x1111_1111 * (register + 1)));
    fill({ [40 + register * 4]: 0xa000_0000 + register });
  }
  fill({
    32: NEW_RIP,
    36: 0x202,
    56: NEW_STACK,
    72: KERNEL_DATA,
    76: KERNEL_CODE_32,
    80: KERNEL_DATA,
    84: KERNEL_DATA,
    88: 0,
    92: USER_DATA,
    96: 0,
    100: 0,
  });
  cpu.flags = 0x46;
});

function expectNewTask(): void {
  expect(cpu.state64(RIP)).toBe(BigInt(NEW_RIP));
  expect(cpu.gpr(0)).toBe(0xa000_0000n);
  expect(cpu.gpr(7)).toBe(0xa000_0007n);
  expect(cpu.gpr(RSP)).toBe(BigInt(NEW_STACK));
  expect(
    [SEGMENT_ES, SEGMENT_CS, SEGMENT_SS, SEGMENT_DS, SEGMENT_FS, SEGMENT_GS].map((index) =>
      cpu.selector(index),
    ),
  ).toEqual([KERNEL_DATA, KERNEL_CODE_32, KERNEL_DATA, KERNEL_DATA, 0, USER_DATA]);
  expect(cpu.selector(SEGMENT_TR)).toBe(NEW_TASK);
  expect(cpu.state64(TR_BASE)).toBe(BigInt(NEW_TSS));
  expect(typeOf(NEW_TASK)).toBe(11);
  expect(cpu.state64(CR0) & TS_BIT).toBe(TS_BIT);
}

function expectSaved(rip: bigint, flags: number): void {
  expect(dword(TSS + 32)).toBe(Number(rip));
  expect(dword(TSS + 36)).toBe(flags);
  expect(dword(TSS + 40)).toBe(0x1111_1111);
  expect(dword(TSS + 56)).toBe(Number(KERNEL_STACK));
  expect(dword(TSS + 68)).toBe(0x8888_8888);
  expect(word(TSS + 76)).toBe(KERNEL_CODE_32);
  expect(word(TSS + 80)).toBe(KERNEL_DATA);
}

const AFTER = KERNEL_RIP + BigInt(INSTRUCTION_LENGTH);

describe('a 32-bit TSS', () => {
  test('JMP saves the old task, loads the new one and moves the busy bit', () => {
    cpu.exports.farJump(cpu.record(), NEW_TASK, 0n, 4);
    expectNewTask();
    expectSaved(AFTER, 0x46);
    expect(cpu.flags).toBe(0x202);
    expect(typeOf(TSS_SELECTOR)).toBe(9);
  });

  test('CALL nests, and IRET with NT returns', () => {
    cpu.exports.farCall(cpu.record(), NEW_TASK, 0n, 4);
    expectNewTask();
    expectSaved(AFTER, 0x46);
    expect(cpu.flags).toBe(0x202 | NT);
    expect(word(NEW_TSS)).toBe(TSS_SELECTOR);
    expect(typeOf(TSS_SELECTOR)).toBe(11);

    cpu.setState64(PAGE_BASE, BigInt(NEW_RIP & ~0xfff));
    cpu.setGpr(0, 0x77n);
    cpu.exports.iret(cpu.record(), 4);
    expect(cpu.state64(RIP)).toBe(AFTER);
    expect(cpu.gpr(0)).toBe(0x1111_1111n);
    expect(cpu.gpr(RSP)).toBe(KERNEL_STACK);
    expect(cpu.flags).toBe(0x46);
    expect(cpu.selector(SEGMENT_TR)).toBe(TSS_SELECTOR);
    expect([typeOf(TSS_SELECTOR), typeOf(NEW_TASK)]).toEqual([11, 9]);
    // Without NT, and behind the IRET.
    expect(dword(NEW_TSS + 36)).toBe(0x202);
    expect(dword(NEW_TSS + 32)).toBe(NEW_RIP + INSTRUCTION_LENGTH);
    expect(dword(NEW_TSS + 40)).toBe(0x77);
  });

  test('through a task gate, which has a privilege of its own', () => {
    cpu.setDescriptor(CALL_GATE, taskGate(NEW_TASK));
    cpu.exports.farCall(cpu.record(), CALL_GATE, 0n, 4);
    expectNewTask();
  });

  test('an interrupt through a task gate nests; a fault pushes its error code there', () => {
    cpu.write64(BigInt(IDT + GP * 8), taskGate(NEW_TASK));
    const record = cpu.record(1);
    cpu.deliver(() => cpu.exports.raiseFault(record, GP, 0x1234));
    expect(cpu.state64(RIP)).toBe(BigInt(NEW_RIP));
    expect(cpu.gpr(RSP)).toBe(BigInt(NEW_STACK - 4));
    expect(dword(NEW_STACK - 4)).toBe(0x1234);
    expectSaved(AFTER, 0x46 | RF);
    expect(cpu.flags).toBe(0x202 | NT);
    expect(cpu.delivering).toBe(-1);
  });

  test('to virtual-8086 mode', () => {
    fill({ 36: VM | IF | 2, 76: 0x1234, 80: 0x2000, 84: 0x40, 32: 0x100 });
    cpu.exports.farJump(cpu.record(), NEW_TASK, 0n, 4);
    expect(cpu.state32(MODE) & MODE_REAL).toBe(MODE_REAL);
    expect(cpu.state32(CPL)).toBe(3);
    expect(cpu.state64(SEGMENT_BASE + SEGMENT_CS * 8)).toBe(0x1_2340n);
    expect(cpu.state64(SEGMENT_BASE + SEGMENT_DS * 8)).toBe(0x400n);
  });

  test('to an outer level', () => {
    fill({ 76: USER_CODE_32, 80: USER_DATA, 72: USER_DATA, 84: USER_DATA });
    cpu.exports.farJump(cpu.record(), NEW_TASK, 0n, 4);
    expect(cpu.state32(CPL)).toBe(3);
    expect(cpu.selector(SEGMENT_SS)).toBe(USER_DATA);
  });

  test('the T bit traps before the first instruction, and local breakpoints end', () => {
    cpu.setState64(DR + 7 * 8, 0x400n | 0x155n | 2n);
    fill({ 100: 1 });
    expect(cpu.event(() => cpu.exports.farJump(cpu.record(), NEW_TASK, 0n, 4))).toEqual({
      vector: DB,
      error: -1,
    });
    expectNewTask();
    expect(cpu.state64(DR + 6 * 8) & 0x8000n).toBe(0x8000n);
    expect(cpu.state64(DR + 7 * 8)).toBe(0x402n);
  });
});

describe('a 16-bit TSS', () => {
  const word16 = (offset: number, value: number): void => {
    const la = BigInt(NEW_TSS + offset);
    cpu.write64(la, (cpu.read64(la) & ~0xffffn) | BigInt(value));
  };

  test('has words, no FS, GS and CR3', () => {
    cpu.setDescriptor(NEW_TASK, tss32(1, 0x2b));
    word16(14, 0x4567);
    word16(16, 0x202);
    for (let register = 0; register < 8; register++) word16(18 + register * 2, 0xb000 + register);
    [KERNEL_DATA, KERNEL_CODE_32, KERNEL_DATA, USER_DATA].forEach((selector, index) => {
      word16(34 + index * 2, selector);
    });
    word16(42, 0);
    cpu.exports.farCall(cpu.record(), NEW_TASK, 0n, 4);
    expect(cpu.state64(RIP)).toBe(0x4567n);
    expect(cpu.gpr(0)).toBe(0xb000n);
    expect(cpu.gpr(RSP)).toBe(0xb004n);
    expect([cpu.selector(SEGMENT_DS), cpu.selector(SEGMENT_FS)]).toEqual([USER_DATA, 0]);
    expect(typeOf(NEW_TASK)).toBe(3);
    expect(word(NEW_TSS)).toBe(TSS_SELECTOR);

    cpu.setState64(PAGE_BASE, 0x4000n);
    cpu.exports.iret(cpu.record(), 2);
    expect(cpu.state64(RIP)).toBe(AFTER);
    expect(word(NEW_TSS + 14)).toBe(0x4567 + INSTRUCTION_LENGTH);
    expect(word(NEW_TSS + 18)).toBe(0xb000);
    expect(typeOf(NEW_TASK)).toBe(1);
  });
});

describe('faults before the switch leave the old task', () => {
  test.each<[string, () => void, number, number]>([
    ['a busy TSS', () => cpu.setDescriptor(NEW_TASK, tss32(11)), GP, NEW_TASK],
    ['a TSS that is not present', () => cpu.setDescriptor(NEW_TASK, tss32() & ~(0x80n << 40n)), NP, NEW_TASK],
    ['a TSS that is too short', () => cpu.setDescriptor(NEW_TASK, tss32(9, 0x66)), TS, NEW_TASK],
    ['a gate to no TSS', () => cpu.setDescriptor(NEW_TASK, taskGate(KERNEL_DATA)), GP, KERNEL_DATA],
    [
      'a gate that is not present',
      () => cpu.setDescriptor(NEW_TASK, taskGate(NEW_TASK, { present: false })),
      NP,
      NEW_TASK,
    ],
  ])('%s', (_name, change, vector, error) => {
    change();
    const record = cpu.record();
    expect(cpu.event(() => cpu.exports.farJump(record, NEW_TASK, 0n, 4))).toEqual({ vector, error });
    expect(cpu.faultRecord).toBe(record);
    expect(cpu.selector(SEGMENT_TR)).toBe(TSS_SELECTOR);
    expect(cpu.gpr(0)).toBe(0x1111_1111n);
  });

  test('privilege', () => {
    cpu.enterCompatibility();
    expect(cpu.event(() => cpu.exports.farJump(cpu.record(), NEW_TASK | 3, 0n, 4))).toEqual({
      vector: GP,
      error: NEW_TASK,
    });
    cpu.setDescriptor(NEW_TASK, tss32(9, 0x67, 3));
    cpu.exports.farJump(cpu.record(), NEW_TASK | 3, 0n, 4);
    expectNewTaskAtLevel0();
  });

  function expectNewTaskAtLevel0(): void {
    expect([cpu.state32(CPL), cpu.state64(RIP)]).toEqual([0, BigInt(NEW_RIP)]);
  }

  test('IRET to a task that is not busy', () => {
    cpu.flags = NT | 2;
    fill({});
    cpu.write32(BigInt(TSS), NEW_TASK);
    expect(cpu.event(() => cpu.exports.iret(cpu.record(), 4))).toEqual({ vector: TS, error: NEW_TASK });
  });
});

describe("faults in the middle are the new task's, before its first instruction", () => {
  test.each<[string, Readonly<Record<number, number>>, number, number]>([
    ['CS is data', { 76: KERNEL_DATA }, TS, KERNEL_DATA],
    ['CS has another RPL', { 76: KERNEL_CODE_32 | 3 }, TS, KERNEL_CODE_32],
    ['CS is null', { 76: 0 }, TS, 0],
    ['SS is code', { 80: KERNEL_CODE_32 }, TS, KERNEL_CODE_32],
    ['SS is null', { 80: 0 }, TS, 0],
    ['DS is a system segment', { 84: TSS_SELECTOR }, TS, TSS_SELECTOR & ~3],
    ['DS is beyond the table', { 84: 0xff0 }, TS, 0xff0],
    ['the LDT is none', { 96: KERNEL_DATA }, TS, KERNEL_DATA],
  ])('%s', (_name, fields, vector, error) => {
    fill(fields);
    expect(cpu.event(() => cpu.exports.farCall(cpu.record(), NEW_TASK, 0n, 4))).toEqual({ vector, error });
    expect(cpu.faultRecord).toBe(0);
    expect(cpu.state64(RIP)).toBe(BigInt(NEW_RIP));
    expect(cpu.gpr(0)).toBe(0xa000_0000n);
    expect(cpu.selector(SEGMENT_TR)).toBe(NEW_TASK);
    expect(cpu.state32(SEGMENT_RIGHTS + SEGMENT_GS * 4)).toBe(0);
  });

  test('a stack without room for the error code', () => {
    fill({ 56: 0 });
    cpu.setDescriptor(KERNEL_DATA, 0x0040_9300_0000_ffffn);
    cpu.write64(BigInt(IDT + GP * 8), taskGate(NEW_TASK));
    expect(cpu.event(() => cpu.exports.raiseFault(cpu.record(), GP, 8))).toEqual({ vector: GP, error: 8 });
    expect(cpu.event(() => cpu.exports.deliverEvent())).toEqual({ vector: SS, error: 1 });
    expect(cpu.selector(SEGMENT_TR)).toBe(NEW_TASK);
  });
});
