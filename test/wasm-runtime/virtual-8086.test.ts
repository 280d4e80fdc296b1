/** Virtual-8086 mode with and without CR4.VME, and CR4.PVI (Intel SDM Vol. 3 "8086 Emulation"). */
import { beforeEach, describe, expect, test } from 'vitest';
import {
  CPL,
  CR0,
  CR4,
  IDTR_LIMIT,
  MSR_EFER,
  RIP,
  SEGMENT_BASE,
  SEGMENT_CS,
  SEGMENT_LIMIT,
  SEGMENT_SS,
  SEGMENT_TR,
} from '../../src/layout/cpu-state.ts';
import { PAGE_BASE } from '../../src/layout/runtime-state.ts';
import {
  GP,
  IDT,
  IF,
  INSTRUCTION_LENGTH,
  KERNEL_CODE_32,
  KERNEL_DATA,
  ProcessorRuntime,
  RSP,
  TF,
  TSS,
  USER_CODE_32,
  VM,
} from './processor-runtime.ts';

const VIF = 1 << 19;
const VIP = 1 << 20;
const IOPL = 3 << 12;
const VME = 1n;
const PVI = 2n;

const CODE = 0x1_1230;
const STACK = 0x1_8000;
const SP = 0x100;
const INNER = 0xa000;
const IO_MAP = 0x88;
const HANDLER = 0x12_3450;

let cpu: ProcessorRuntime;

function enter(flags: number): void {
  cpu.setState32(CPL, 3);
  cpu.exports.setFlags(flags | VM);
  cpu.exports.updateMode();
  for (const [index, base] of [
    [SEGMENT_CS, CODE],
    [SEGMENT_SS, STACK],
  ] as const) {
    cpu.exports.setSegment(index, base >> 4, BigInt(base), 0xffff, 0xf3);
  }
  cpu.exports.updateMode();
  cpu.setState64(PAGE_BASE, BigInt(CODE & ~0xfff));
  cpu.setState64(RIP, 0x20n);
  cpu.setGpr(RSP, BigInt(SP));
}

/** Record of the instruction at RIP. */
function record(): number {
  const rip = cpu.state64(RIP);
  cpu.setState64(RIP, BigInt(CODE) + rip);
  const address = cpu.record();
  cpu.setState64(RIP, rip);
  return address;
}

const word = (la: number): number => Number(cpu.read64(BigInt(la)) & 0xffffn);
const stacked = (count: number): number[] =>
  Array.from({ length: count }, (_, i) => word(STACK + Number(cpu.gpr(RSP) & 0xffffn) + i * 2));
const GP0 = { vector: GP, error: 0 };

beforeEach(() => {
  cpu = ProcessorRuntime.create();
  cpu.setState64(MSR_EFER, 0n);
  cpu.setState64(CR0, 0x11n);
  cpu.setState32(IDTR_LIMIT, 0x7ff);
  cpu.write64(BigInt(TSS + 4), (BigInt(KERNEL_DATA) << 32n) | BigInt(INNER));
  cpu.setState32(SEGMENT_LIMIT + SEGMENT_TR * 4, IO_MAP + 0x20);
  cpu.write32(BigInt(TSS + 0x64), IO_MAP << 16);
  for (let i = 0; i < 8; i++) cpu.write32(BigInt(TSS + IO_MAP - 32 + i * 4), 0);
  const gate = BigInt(HANDLER & 0xffff) | (BigInt(KERNEL_CODE_32) << 16n) | (0xee00n << 32n);
  for (let vector = 0; vector < 256; vector++) {
    cpu.write64(BigInt(IDT + vector * 8), gate | (BigInt(HANDLER >> 16) << 48n));
  }
  // Vector 21h of the task is 2000:0456.
  cpu.write32(0x21n * 4n, 0x2000_0456);
});

describe('without VME', () => {
  beforeEach(() => cpu.setState64(CR4, 0n));

  test('what touches IF raises #GP(0) with IOPL below 3, and works with IOPL 3', () => {
    const instructions: (() => unknown)[] = [
      () => cpu.exports.pushFlagsImage(record(), 2),
      () => cpu.exports.popFlags(record(), 2, 2),
      () => cpu.exports.iret(record(), 2),
      () => cpu.exports.softwareInterrupt(record(), 0x21),
    ];
    for (const instruction of instructions) {
      enter(2);
      expect(cpu.event(instruction)).toEqual(GP0);
    }
    for (const name of ['clearVirtualInterrupts', 'setVirtualInterrupts']) {
      enter(2);
      expect(cpu.event(() => cpu.exports[name]?.(record()))).toEqual(GP0);
    }
    enter(2 | IOPL);
    cpu.exports.popFlags(record(), IF | 2, 2);
    expect(cpu.flags & (IF | IOPL)).toBe(IF | IOPL);
  });

  test('INT n with IOPL 3 goes to level 0, with the frame of this mode', () => {
    enter(2 | IOPL);
    cpu.deliver(() => cpu.exports.softwareInterrupt(record(), 0x21));
    expect(cpu.state32(CPL)).toBe(0);
    expect(cpu.gpr(RSP)).toBe(BigInt(INNER - 36));
    expect(Number(cpu.read64(BigInt(INNER - 36)) & 0xffff_ffffn)).toBe(0x20 + INSTRUCTION_LENGTH);
    expect(cpu.flags & VM).toBe(0);
  });
});

describe('with VME', () => {
  beforeEach(() => cpu.setState64(CR4, VME));

  test('CLI and STI change VIF; STI with VIP raises #GP(0)', () => {
    enter(2 | IF);
    cpu.exports.setVirtualInterrupts(record());
    expect(cpu.flags & (IF | VIF)).toBe(IF | VIF);
    cpu.exports.clearVirtualInterrupts(record());
    expect(cpu.flags & (IF | VIF)).toBe(IF);
    enter(2 | VIP);
    expect(cpu.event(() => cpu.exports.setVirtualInterrupts(record()))).toEqual(GP0);
  });

  test('PUSHF shows VIF as IF, and IOPL 3; only with 16-bit operands', () => {
    enter(2 | IF);
    expect(cpu.exports.pushFlagsImage(record(), 2)).toBe(2 | IOPL);
    enter(2 | VIF);
    expect(Number(cpu.exports.pushFlagsImage(record(), 2)) & 0xffff).toBe(2 | IOPL | IF);
    expect(cpu.event(() => cpu.exports.pushFlagsImage(record(), 4))).toEqual(GP0);
  });

  test('POPF puts IF into VIF, and faults for TF and for IF with VIP', () => {
    enter(2 | IF);
    cpu.exports.popFlags(record(), IF | IOPL | 1, 2);
    expect(cpu.flags & (IF | VIF | IOPL | 1)).toBe(IF | VIF | 1);
    cpu.exports.popFlags(record(), 0, 2);
    expect(cpu.flags & (IF | VIF | 1)).toBe(IF);
    expect(cpu.event(() => cpu.exports.popFlags(record(), TF, 2))).toEqual(GP0);
    expect(cpu.event(() => cpu.exports.popFlags(record(), 0, 4))).toEqual(GP0);
    enter(2 | VIP);
    expect(cpu.event(() => cpu.exports.popFlags(record(), IF, 2))).toEqual(GP0);
    cpu.exports.popFlags(record(), 0, 2);
  });

  test('IRET does the same', () => {
    enter(2 | IF);
    cpu.write64(BigInt(STACK + SP), 0x0202_3000_0044n);
    cpu.exports.iret(record(), 2);
    expect(cpu.state64(RIP)).toBe(0x44n);
    expect(cpu.state64(SEGMENT_BASE + SEGMENT_CS * 8)).toBe(0x3_0000n);
    expect(cpu.flags & (IF | VIF | VM)).toBe(IF | VIF | VM);
    enter(2 | VIP);
    expect(cpu.event(() => cpu.exports.iret(record(), 2))).toEqual(GP0);
    expect(cpu.gpr(RSP)).toBe(BigInt(SP));
  });

  test.each([
    ['IOPL 0', VIF, 2 | IOPL | IF, 0],
    ['IOPL 0, interrupts off', IF, 2 | IOPL, IF],
    ['IOPL 3', IOPL | IF, 2 | IOPL | IF, IOPL],
  ])('INT n stays in the task, %s', (_name, flags, image, left) => {
    enter(2 | flags | TF);
    cpu.deliver(() => cpu.exports.softwareInterrupt(record(), 0x21));
    expect(cpu.state64(RIP)).toBe(0x456n);
    expect(cpu.state64(SEGMENT_BASE + SEGMENT_CS * 8)).toBe(0x2_0000n);
    expect(stacked(3)).toEqual([0x20 + INSTRUCTION_LENGTH, CODE >> 4, image | TF]);
    expect(cpu.flags & (IF | VIF | TF | IOPL | VM)).toBe(left | VM);
    expect(cpu.delivering).toBe(-1);
  });

  test('INT n whose bit is set goes to level 0 or raises #GP(0)', () => {
    cpu.write32(BigInt(TSS + IO_MAP - 32 + 4), 2);
    enter(2);
    expect(cpu.event(() => cpu.exports.softwareInterrupt(record(), 0x21))).toEqual(GP0);
    enter(2 | IOPL);
    cpu.deliver(() => cpu.exports.softwareInterrupt(record(), 0x21));
    expect(cpu.state64(RIP)).toBe(BigInt(HANDLER));
  });

  test('INT3 is not redirected', () => {
    enter(2);
    cpu.deliver(() => cpu.exports.softwareException(record(), 3));
    expect(cpu.state64(RIP)).toBe(BigInt(HANDLER));
  });
});

describe('with PVI', () => {
  beforeEach(() => {
    cpu.setState64(CR4, PVI);
    cpu.enterCompatibility();
    expect(cpu.selector(SEGMENT_CS)).toBe(USER_CODE_32);
  });

  test('CLI and STI at level 3 change VIF', () => {
    cpu.exports.setFlags(2 | IF);
    cpu.exports.setVirtualInterrupts(cpu.record());
    expect(cpu.flags & (IF | VIF)).toBe(IF | VIF);
    cpu.exports.clearVirtualInterrupts(cpu.record());
    expect(cpu.flags & (IF | VIF)).toBe(IF);
    cpu.exports.setFlags(2 | VIP);
    expect(cpu.event(() => cpu.exports.setVirtualInterrupts(cpu.record()))).toEqual(GP0);
  });

  test('POPF leaves VIF alone', () => {
    cpu.exports.setFlags(2 | IF | VIF);
    cpu.exports.popFlags(cpu.record(), 2, 4);
    expect(cpu.flags & (IF | VIF)).toBe(IF | VIF);
  });
});
