import { beforeEach, describe, expect, test } from 'vitest';
import {
  CPL,
  CR0,
  CR4,
  MSR_EFER,
  MSR_FMASK,
  MSR_LSTAR,
  MSR_STAR,
  MSR_SYSENTER_CS,
  MSR_SYSENTER_EIP,
  MSR_SYSENTER_ESP,
  NMI_BLOCKED,
  RIP,
  SEGMENT_BASE,
  SEGMENT_CS,
  SEGMENT_DS,
  SEGMENT_FS,
  SEGMENT_LIMIT,
  SEGMENT_RIGHTS,
  SEGMENT_SELECTOR,
  SEGMENT_SS,
} from '../../src/layout/cpu-state.ts';
import { TLB_BASE } from '../../src/layout/linear-memory.ts';
import { MODE_CODE_32, MODE_CODE_64, MODE_VIEW_SHIFT } from '../../src/layout/mode.ts';
import { MODE, TLB_TABLE } from '../../src/layout/runtime-state.ts';
import {
  TLB_TABLE_SIZE,
  VIEW_SUPERVISOR,
  VIEW_SUPERVISOR_AC,
  VIEW_USER,
  VIEW_USER_ALIGNED,
} from '../../src/layout/tlb.ts';
import {
  ABSENT_DATA,
  AC,
  CALL_GATE,
  CONFORMING_CODE,
  GP,
  ID,
  IF,
  INNER_STACK,
  INSTRUCTION_LENGTH,
  KERNEL_CODE,
  KERNEL_CODE_32,
  KERNEL_DATA,
  KERNEL_RIP,
  KERNEL_STACK,
  NT,
  PF,
  ProcessorRuntime,
  R11,
  RCX,
  RDX,
  RF,
  RSP,
  SS,
  UD,
  USER_CODE,
  USER_CODE_32,
  USER_DATA,
  USER_RIP,
  USER_STACK,
} from './processor-runtime.ts';

const TARGET = 0x7f00_1234_5678n;
const NON_CANONICAL = 0x8000_0000_0000n;
const NEXT = BigInt(INSTRUCTION_LENGTH);
const CF = 1;

let cpu: ProcessorRuntime;
beforeEach(() => {
  cpu = ProcessorRuntime.create();
});

/** Writes 8-byte slots at the top of the current stack. */
function pushed(...slots: (bigint | number)[]): void {
  slots.forEach((slot, i) => {
    cpu.write64(cpu.gpr(RSP) + BigInt(i * 8), BigInt(slot));
  });
}

/** The fault `action` raises, which must have changed nothing. */
function faultOf(action: () => unknown): { vector: number; error: number } | undefined {
  const before = [RIP, MODE, CPL, SEGMENT_SELECTOR, SEGMENT_SELECTOR + 4, SEGMENT_SELECTOR + 8].map((f) =>
    f === RIP ? Number(cpu.state64(f)) : cpu.state32(f),
  );
  const { flags } = cpu;
  const rsp = cpu.gpr(RSP);
  const event = cpu.event(action);
  expect(cpu.gpr(RSP)).toBe(rsp);
  expect(cpu.flags).toBe(flags);
  expect(
    [RIP, MODE, CPL, SEGMENT_SELECTOR, SEGMENT_SELECTOR + 4, SEGMENT_SELECTOR + 8].map((f) =>
      f === RIP ? Number(cpu.state64(f)) : cpu.state32(f),
    ),
  ).toEqual(before);
  return event;
}

describe('IRETQ', () => {
  const iret = () => cpu.exports.iret(cpu.record(), 8);

  test('to user code', () => {
    cpu.setState32(NMI_BLOCKED, 1);
    pushed(TARGET, USER_CODE, IF | CF | RF, USER_STACK, USER_DATA);
    iret();
    expect(cpu.state64(RIP)).toBe(TARGET);
    expect(cpu.gpr(RSP)).toBe(USER_STACK);
    expect(cpu.flags).toBe(IF | CF | 2);
    expect(cpu.state32(CPL)).toBe(3);
    expect(cpu.selector(SEGMENT_CS)).toBe(USER_CODE);
    expect(cpu.selector(SEGMENT_SS)).toBe(USER_DATA);
    expect(cpu.state32(MODE)).toBe(MODE_CODE_64 | (VIEW_USER << MODE_VIEW_SHIFT));
    expect(cpu.state32(NMI_BLOCKED)).toBe(0);
  });

  test('to compatibility mode takes 32 bits of RSP', () => {
    pushed(0x20_0000n, USER_CODE_32, 0, 0x1_0030_0000n, USER_DATA);
    iret();
    expect(cpu.state32(MODE) & 3).toBe(MODE_CODE_32);
    expect(cpu.gpr(RSP)).toBe(0x30_0000n);
  });

  test('to the same level pops the stack too, and accepts a null SS', () => {
    pushed(TARGET, KERNEL_CODE, 0, KERNEL_STACK + 3n, 0);
    iret();
    expect(cpu.gpr(RSP)).toBe(KERNEL_STACK + 3n);
    expect(cpu.selector(SEGMENT_SS)).toBe(0);
    expect(cpu.state32(CPL)).toBe(0);
  });

  test('makes data segments of the inner level null', () => {
    cpu.setState32(SEGMENT_SELECTOR + SEGMENT_DS * 4, KERNEL_DATA);
    cpu.setState32(SEGMENT_RIGHTS + SEGMENT_DS * 4, 0xc093);
    cpu.setState32(SEGMENT_SELECTOR, USER_DATA);
    cpu.setState32(SEGMENT_RIGHTS, 0xc0f3);
    // A null selector loses its RPL.
    cpu.setState32(SEGMENT_SELECTOR + SEGMENT_FS * 4, 3);
    cpu.setState32(SEGMENT_RIGHTS + SEGMENT_FS * 4, 0);
    pushed(TARGET, USER_CODE, 0, USER_STACK, USER_DATA);
    iret();
    expect(cpu.selector(SEGMENT_DS)).toBe(0);
    expect(cpu.selector(0)).toBe(USER_DATA);
    expect(cpu.selector(SEGMENT_FS)).toBe(0);
  });

  test('at CPL 3 cannot change IF and IOPL', () => {
    cpu.enterUser();
    cpu.flags = IF;
    pushed(TARGET, USER_CODE, 0x3000 | AC | ID, USER_STACK, USER_DATA);
    iret();
    expect(cpu.flags).toBe(IF | AC | ID | 2);
  });

  test.each([
    ['a null code segment', [TARGET, 0, 2, USER_STACK, USER_DATA], GP, 0],
    ['a data segment as code', [TARGET, USER_DATA, 2, USER_STACK, USER_DATA], GP, USER_DATA & ~3],
    ['RPL and DPL of code that differ', [TARGET, USER_CODE & ~3, 2, 0n, 0], GP, USER_CODE & ~3],
    ['code beyond the table', [TARGET, 0x100, 2, USER_STACK, USER_DATA], GP, 0x100],
    ['a return address that is not canonical', [NON_CANONICAL, USER_CODE, 2, USER_STACK, USER_DATA], GP, 0],
    ['a return address beyond 4 GiB in 32-bit code', [TARGET, USER_CODE_32, 2, USER_STACK, USER_DATA], GP, 0],
    ['a null SS for level 3', [TARGET, USER_CODE, 2, USER_STACK, 3], GP, 0],
    ['SS of another level', [TARGET, USER_CODE, 2, USER_STACK, KERNEL_DATA], GP, KERNEL_DATA],
    ['an absent SS', [TARGET, KERNEL_CODE, 2, USER_STACK, ABSENT_DATA], SS, ABSENT_DATA],
  ])('faults on %s', (_name, slots, vector, error) => {
    pushed(...slots);
    expect(faultOf(iret)).toEqual({ vector, error });
  });

  test('faults if NT is set', () => {
    cpu.flags = NT;
    pushed(TARGET, KERNEL_CODE, 2, KERNEL_STACK, 0);
    expect(faultOf(iret)).toEqual({ vector: GP, error: 0 });
  });

  test('faults on an inner level', () => {
    cpu.enterUser();
    pushed(TARGET, KERNEL_CODE, 2, KERNEL_STACK, 0);
    expect(faultOf(iret)).toEqual({ vector: GP, error: KERNEL_CODE });
  });

  test('faults on a stack that is not mapped, and names the record', () => {
    cpu.setGpr(RSP, 0x7000_0000n);
    expect(faultOf(iret)).toEqual({ vector: PF, error: 0 });
    expect(cpu.pageFaultAddress).toBe(0x7000_0000n);
    expect(cpu.faultRecord).toBe(cpu.record());
  });

  test('attributes a page fault on the descriptor table to the instruction', () => {
    cpu.setState64(368, 0x7000_0000n);
    pushed(TARGET, USER_CODE, 2, USER_STACK, USER_DATA);
    const record = cpu.record(1);
    expect(cpu.event(() => cpu.exports.iret(record, 8))).toEqual({ vector: PF, error: 0 });
    expect(cpu.faultRecord).toBe(record);
  });
});

describe('IRETD', () => {
  test('in compatibility mode at the same level pops three slots of the stack', () => {
    cpu.enterCompatibility();
    const rsp = cpu.gpr(RSP);
    cpu.write32(rsp, 0x20_1000);
    cpu.write32(rsp + 4n, USER_CODE_32);
    cpu.write32(rsp + 8n, CF);
    cpu.exports.iret(cpu.record(), 4);
    expect(cpu.state64(RIP)).toBe(0x20_1000n);
    expect(cpu.gpr(RSP)).toBe(rsp + 12n);
    expect(cpu.flags).toBe(CF | 2);
  });
});

describe('SYSCALL and SYSRET', () => {
  beforeEach(() => {
    cpu.setState64(MSR_LSTAR, 0xffff_ffff_8000_0000n);
    cpu.setState64(MSR_STAR, ((0x18n << 16n) | BigInt(KERNEL_CODE)) << 32n);
    cpu.setState64(MSR_FMASK, BigInt(IF | AC | CF));
  });

  test('SYSCALL saves RIP and flags in registers and loads fixed segments', () => {
    cpu.enterUser();
    cpu.flags = IF | CF | ID;
    cpu.exports.syscall(cpu.record(1));
    expect(cpu.gpr(RCX)).toBe(USER_RIP + 2n * NEXT);
    expect(cpu.gpr(R11)).toBe(BigInt(IF | CF | ID | 2));
    expect(cpu.state64(RIP)).toBe(0xffff_ffff_8000_0000n);
    expect(cpu.flags).toBe(ID | 2);
    expect(cpu.selector(SEGMENT_CS)).toBe(KERNEL_CODE);
    expect(cpu.selector(SEGMENT_SS)).toBe(KERNEL_CODE + 8);
    expect(cpu.state32(CPL)).toBe(0);
    expect(cpu.state32(MODE)).toBe(MODE_CODE_64 | (VIEW_SUPERVISOR << MODE_VIEW_SHIFT));
    expect(cpu.state32(TLB_TABLE)).toBe(TLB_BASE + VIEW_SUPERVISOR * TLB_TABLE_SIZE);
    expect(cpu.gpr(RSP)).toBe(USER_STACK);
  });

  test.each([
    ['SYSCALL', 0, () => cpu.exports.syscall(cpu.record(1))],
    ['SYSRET', 0x60, () => cpu.exports.sysret(cpu.record(), 8)],
  ])('%s loads flat segments, whatever there was', (name, dpl, execute) => {
    if (name === 'SYSCALL') cpu.enterUser();
    for (const segment of [SEGMENT_CS, SEGMENT_SS]) {
      cpu.setState64(SEGMENT_BASE + segment * 8, 0x1000n);
      cpu.setState32(SEGMENT_LIMIT + segment * 4, 0xfff);
    }
    cpu.setGpr(RCX, TARGET);
    execute();
    for (const [segment, rights] of [
      [SEGMENT_CS, 0xa09b | dpl],
      [SEGMENT_SS, 0xc093 | dpl],
    ] as const) {
      expect(cpu.state64(SEGMENT_BASE + segment * 8)).toBe(0n);
      expect(cpu.state32(SEGMENT_LIMIT + segment * 4) >>> 0).toBe(0xffff_ffff);
      expect(cpu.state32(SEGMENT_RIGHTS + segment * 4)).toBe(rights);
    }
  });

  test('SYSCALL that leaves AC selects the view of memory that lets the kernel at user pages', () => {
    cpu.enterUser();
    cpu.setState64(MSR_FMASK, BigInt(IF));
    cpu.setState64(CR4, cpu.state64(CR4) | (1n << 21n));
    cpu.flags = IF | AC;
    cpu.exports.syscall(cpu.record(1));
    expect(cpu.state32(MODE)).toBe(MODE_CODE_64 | (VIEW_SUPERVISOR_AC << MODE_VIEW_SHIFT));
    cpu.exports.sysret(cpu.record(), 8);
    expect(cpu.state32(MODE)).toBe(MODE_CODE_64 | (VIEW_USER << MODE_VIEW_SHIFT));
    cpu.setState64(CR0, cpu.state64(CR0) | (1n << 18n));
    cpu.exports.syscall(cpu.record(1));
    cpu.exports.sysret(cpu.record(), 8);
    expect(cpu.state32(MODE)).toBe(MODE_CODE_64 | (VIEW_USER_ALIGNED << MODE_VIEW_SHIFT));
  });

  test('SYSCALL is undefined without EFER.SCE and outside 64-bit mode', () => {
    cpu.enterCompatibility();
    expect(faultOf(() => cpu.exports.syscall(cpu.record()))).toEqual({ vector: UD, error: -1 });
    cpu.enterUser();
    cpu.setState64(MSR_EFER, 0xd00n);
    expect(faultOf(() => cpu.exports.syscall(cpu.record()))).toEqual({ vector: UD, error: -1 });
  });

  test('SYSRET returns to 64-bit code, without RF and VM', () => {
    cpu.setGpr(RCX, TARGET);
    cpu.setGpr(R11, 0xffff_ffffn);
    cpu.exports.sysret(cpu.record(), 8);
    expect(cpu.state64(RIP)).toBe(TARGET);
    expect(cpu.flags).toBe(0x3c7fd7);
    expect(cpu.selector(SEGMENT_CS)).toBe(USER_CODE);
    expect(cpu.selector(SEGMENT_SS)).toBe(USER_DATA);
    expect(cpu.state32(CPL)).toBe(3);
    expect(cpu.state32(MODE)).toBe(MODE_CODE_64 | (VIEW_USER << MODE_VIEW_SHIFT));
  });

  test('SYSRET with 32-bit operand size returns to compatibility mode', () => {
    cpu.setGpr(RCX, 0xffff_ffff_0020_0000n);
    cpu.exports.sysret(cpu.record(), 4);
    expect(cpu.state64(RIP)).toBe(0x20_0000n);
    expect(cpu.selector(SEGMENT_CS)).toBe(USER_CODE_32);
    expect(cpu.state32(MODE) & 3).toBe(MODE_CODE_32);
  });

  test('SYSRET faults at CPL 3 and on an address that is not canonical', () => {
    cpu.setGpr(RCX, NON_CANONICAL);
    expect(faultOf(() => cpu.exports.sysret(cpu.record(), 8))).toEqual({ vector: GP, error: 0 });
    cpu.enterUser();
    cpu.setGpr(RCX, TARGET);
    expect(faultOf(() => cpu.exports.sysret(cpu.record(), 8))).toEqual({ vector: GP, error: 0 });
  });
});

describe('SYSENTER and SYSEXIT', () => {
  beforeEach(() => {
    cpu.setState64(MSR_SYSENTER_CS, BigInt(KERNEL_CODE));
    cpu.setState64(MSR_SYSENTER_ESP, KERNEL_STACK);
    cpu.setState64(MSR_SYSENTER_EIP, TARGET);
  });

  test('SYSENTER enters 64-bit code from compatibility mode with IF clear', () => {
    cpu.enterCompatibility();
    cpu.flags = IF | CF;
    cpu.exports.sysenter(cpu.record());
    expect(cpu.state64(RIP)).toBe(TARGET);
    expect(cpu.gpr(RSP)).toBe(KERNEL_STACK);
    expect(cpu.flags).toBe(CF | 2);
    expect(cpu.state32(MODE) & 3).toBe(MODE_CODE_64);
  });

  test('SYSENTER faults with a null selector', () => {
    cpu.setState64(MSR_SYSENTER_CS, 3n);
    expect(faultOf(() => cpu.exports.sysenter(cpu.record()))).toEqual({ vector: GP, error: 0 });
  });

  test('SYSEXIT returns to RDX with RCX as the stack', () => {
    cpu.setGpr(RDX, TARGET);
    cpu.setGpr(RCX, USER_STACK);
    cpu.exports.sysexit(cpu.record(), 8);
    expect(cpu.state64(RIP)).toBe(TARGET);
    expect(cpu.gpr(RSP)).toBe(USER_STACK);
    expect(cpu.selector(SEGMENT_CS)).toBe(KERNEL_CODE + 32 + 3);
    expect(cpu.selector(SEGMENT_SS)).toBe(KERNEL_CODE + 40 + 3);
    expect(cpu.state32(CPL)).toBe(3);
  });
});

describe('far JMP, CALL and RET', () => {
  test('JMP changes between 64-bit and compatibility code', () => {
    cpu.exports.farJump(cpu.record(), KERNEL_CODE_32, 0x1_2345n, 4);
    expect(cpu.state64(RIP)).toBe(0x1_2345n);
    expect(cpu.state32(MODE) & 3).toBe(MODE_CODE_32);
    cpu.exports.farJump(cpu.record(), KERNEL_CODE, 0x1_0000n, 4);
    expect(cpu.state32(MODE) & 3).toBe(MODE_CODE_64);
  });

  test.each([
    ['a null selector', 0, 0],
    ['a segment of another level', USER_CODE, USER_CODE & ~3],
    ['a data segment', KERNEL_DATA, KERNEL_DATA],
    ['a TSS', 0x40, 0x40],
  ])('JMP faults on %s', (_name, selector, error) => {
    expect(faultOf(() => cpu.exports.farJump(cpu.record(), selector, 0n, 8))).toEqual({ vector: GP, error });
  });

  test('JMP to conforming code keeps the level', () => {
    cpu.enterUser();
    cpu.exports.farJump(cpu.record(), CONFORMING_CODE, 0x20_0000n, 8);
    expect(cpu.state32(CPL)).toBe(3);
    expect(cpu.selector(SEGMENT_CS)).toBe(CONFORMING_CODE | 3);
  });

  test('loading a code segment sets its accessed bit in memory', () => {
    cpu.setDescriptor(KERNEL_CODE_32, 0x00cf_9a00_0000_ffffn);
    cpu.exports.farJump(cpu.record(), KERNEL_CODE_32, 0n, 4);
    expect(cpu.read64(0x1030n)).toBe(0x00cf_9b00_0000_ffffn);
  });

  test('CALL pushes CS and RIP, and RET comes back and drops parameters', () => {
    cpu.exports.farCall(cpu.record(), KERNEL_CODE, 0x1_4000n, 8);
    expect(cpu.gpr(RSP)).toBe(KERNEL_STACK - 16n);
    expect(cpu.frame(2)).toEqual([KERNEL_RIP + NEXT, BigInt(KERNEL_CODE)]);
    expect(cpu.state64(RIP)).toBe(0x1_4000n);
    cpu.exports.farReturn(cpu.record(), 8, 0x18);
    expect(cpu.state64(RIP)).toBe(KERNEL_RIP + NEXT);
    expect(cpu.gpr(RSP)).toBe(KERNEL_STACK + 0x18n);
  });

  test('CALL through a 64-bit gate changes to the inner stack; RET returns to the outer level', () => {
    const low =
      (TARGET & 0xffffn) |
      (BigInt(KERNEL_CODE) << 16n) |
      (0xecn << 40n) |
      (((TARGET >> 16n) & 0xffffn) << 48n);
    cpu.setDescriptor(CALL_GATE, low);
    cpu.setDescriptor(CALL_GATE + 8, TARGET >> 32n);
    cpu.enterUser();
    cpu.exports.farCall(cpu.record(), CALL_GATE | 3, 0x1111n, 8);
    expect(cpu.state64(RIP)).toBe(TARGET);
    expect(cpu.state32(CPL)).toBe(0);
    expect(cpu.gpr(RSP)).toBe(INNER_STACK - 32n);
    expect(cpu.frame(4)).toEqual([USER_RIP + NEXT, BigInt(USER_CODE), USER_STACK, BigInt(USER_DATA)]);
    expect(cpu.selector(SEGMENT_SS)).toBe(0);
    cpu.exports.farReturn(cpu.record(), 8, 0);
    expect(cpu.state64(RIP)).toBe(USER_RIP + NEXT);
    expect(cpu.state32(CPL)).toBe(3);
    expect(cpu.gpr(RSP)).toBe(USER_STACK);
    expect(cpu.selector(SEGMENT_SS)).toBe(USER_DATA);
  });

  test('CALL through a gate of an inner level faults', () => {
    cpu.setDescriptor(CALL_GATE, (0x8cn << 40n) | (BigInt(KERNEL_CODE) << 16n));
    cpu.setDescriptor(CALL_GATE + 8, 0n);
    cpu.enterUser();
    expect(faultOf(() => cpu.exports.farCall(cpu.record(), CALL_GATE, 0n, 8))).toEqual({
      vector: GP,
      error: CALL_GATE,
    });
  });

  test('RET to an inner level faults', () => {
    cpu.enterUser();
    pushed(TARGET, KERNEL_CODE);
    expect(faultOf(() => cpu.exports.farReturn(cpu.record(), 8, 0))).toEqual({
      vector: GP,
      error: KERNEL_CODE,
    });
  });
});
