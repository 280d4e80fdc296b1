import { beforeEach, describe, expect, test } from 'vitest';
import {
  CPL,
  CR0,
  CR4,
  GPR,
  IDTR_BASE,
  IDTR_LIMIT,
  MSR_EFER,
  MSR_STAR,
  RIP,
  SEGMENT_BASE,
  SEGMENT_CS,
  SEGMENT_DS,
  SEGMENT_ES,
  SEGMENT_FS,
  SEGMENT_GS,
  SEGMENT_LIMIT,
  SEGMENT_RIGHTS,
  SEGMENT_SS,
} from '../../src/layout/cpu-state.ts';
import {
  MODE_CODE_16,
  MODE_CODE_32,
  MODE_CODE_MASK,
  MODE_REAL,
  MODE_STACK_32,
} from '../../src/layout/mode.ts';
import { MODE, PAGE_BASE, VENDOR_AMD } from '../../src/layout/runtime-state.ts';
import {
  CALL_GATE,
  GP,
  IDT,
  IF,
  INSTRUCTION_LENGTH,
  KERNEL_CODE_32,
  KERNEL_DATA,
  ProcessorRuntime,
  RF,
  RSP,
  TF,
  TS,
  TSS,
  UD,
  USER_CODE_32,
  USER_DATA,
  USER_RIP,
  USER_STACK,
  VM,
} from './processor-runtime.ts';

const NEXT = INSTRUCTION_LENGTH;
const INNER = 0xa000;

let cpu: ProcessorRuntime;
beforeEach(() => {
  cpu = ProcessorRuntime.create();
  cpu.setState64(MSR_EFER, 0n);
  cpu.setState64(CR4, 0n);
});

/** The `count` dwords (or words) at linear address `la`. */
function slots(la: number, count: number, size = 4): number[] {
  return Array.from({ length: count }, (_, i) => {
    const value = cpu.read64(BigInt(la + i * size));
    return Number(value & (size === 4 ? 0xffff_ffffn : 0xffffn));
  });
}

describe('protected mode', () => {
  const HANDLER = 0x12_3450;

  function setGate32(vector: number, type: number, selector = KERNEL_CODE_32): void {
    const low = BigInt(HANDLER & 0xffff) | (BigInt(selector) << 16n);
    const high = BigInt(0x8000 | (type << 8)) | BigInt(HANDLER & ~0xffff);
    cpu.write64(BigInt(IDT + vector * 8), low | (high << 32n));
  }

  beforeEach(() => {
    cpu.setState64(CR0, 0x11n);
    cpu.enterCompatibility();
    cpu.write64(BigInt(TSS + 4), (BigInt(KERNEL_DATA) << 32n) | BigInt(INNER));
    for (let vector = 0; vector < 32; vector++) setGate32(vector, 14);
  });

  test('an interrupt at the inner level uses SS0:ESP0 and pushes dwords', () => {
    cpu.flags = IF;
    setGate32(0x20, 14);
    cpu.exports.deliverInterrupt(0x20);
    expect(cpu.gpr(RSP)).toBe(BigInt(INNER - 20));
    expect(slots(INNER - 20, 5)).toEqual([
      Number(USER_RIP),
      USER_CODE_32,
      IF | 2,
      Number(USER_STACK),
      USER_DATA,
    ]);
    expect(cpu.selector(SEGMENT_SS)).toBe(KERNEL_DATA);
    expect(cpu.selector(SEGMENT_CS)).toBe(KERNEL_CODE_32);
    expect(cpu.state64(RIP)).toBe(BigInt(HANDLER));
    expect(cpu.state32(CPL)).toBe(0);
    expect(cpu.flags).toBe(2);
    expect(cpu.state32(MODE) & (MODE_CODE_MASK | MODE_STACK_32)).toBe(MODE_CODE_32 | MODE_STACK_32);
  });

  test('IRETD returns from it', () => {
    cpu.flags = IF;
    cpu.exports.deliverInterrupt(0x10);
    cpu.exports.iret(cpu.record(), 4);
    expect(cpu.state64(RIP)).toBe(USER_RIP);
    expect(cpu.gpr(RSP)).toBe(USER_STACK);
    expect(cpu.state32(CPL)).toBe(3);
    expect(cpu.selector(SEGMENT_SS)).toBe(USER_DATA);
    expect(cpu.flags).toBe(IF | 2);
  });

  test('a fault pushes RF and an error code', () => {
    const record = cpu.record(1);
    cpu.deliver(() => cpu.exports.raiseFault(record, GP, 0x1234));
    expect(slots(INNER - 24, 4)).toEqual([0x1234, Number(USER_RIP) + NEXT, USER_CODE_32, RF | 2]);
  });

  test('a 16-bit gate pushes words, a trap gate leaves IF', () => {
    cpu.flags = IF;
    setGate32(0x20, 7);
    cpu.exports.deliverInterrupt(0x20);
    expect(cpu.gpr(RSP)).toBe(BigInt(INNER - 10));
    expect(slots(INNER - 10, 3, 2)).toEqual([Number(USER_RIP) & 0xffff, USER_CODE_32, IF | 2]);
    expect(cpu.state64(RIP)).toBe(BigInt(HANDLER & 0xffff));
    expect(cpu.flags).toBe(IF | 2);
  });

  test('an inner stack that is no writable data raises #TS', () => {
    cpu.write64(BigInt(TSS + 4), BigInt(KERNEL_CODE_32) << 32n);
    expect(cpu.event(() => cpu.exports.deliverInterrupt(0x10))).toEqual({
      vector: TS,
      error: KERNEL_CODE_32 | 1,
    });
    expect(cpu.state32(CPL)).toBe(3);
  });

  test('a call gate copies parameters to the inner stack', () => {
    cpu.setDescriptor(CALL_GATE, (0xec02n << 32n) | (BigInt(KERNEL_CODE_32) << 16n) | 0x7000n);
    cpu.write64(USER_STACK, 0x2222_2222_1111_1111n);
    cpu.exports.farCall(cpu.record(), CALL_GATE | 3, 0n, 4);
    expect(cpu.gpr(RSP)).toBe(BigInt(INNER - 24));
    expect(slots(INNER - 24, 6)).toEqual([
      Number(USER_RIP) + NEXT,
      USER_CODE_32,
      0x1111_1111,
      0x2222_2222,
      Number(USER_STACK),
      USER_DATA,
    ]);
    cpu.exports.farReturn(cpu.record(), 4, 8);
    expect(cpu.gpr(RSP)).toBe(USER_STACK + 8n);
    expect(cpu.state64(RIP)).toBe(USER_RIP + BigInt(NEXT));
  });

  test('IRETD with VM set at CPL 0 enters virtual-8086 mode, and an interrupt leaves it', () => {
    cpu.enter(0, KERNEL_CODE_32, KERNEL_DATA, 0x9000n, 0x1_0000n);
    const frame = [0x1234, 0x5000, VM | IF | 2, 0xfff0, 0x6000, 1, 2, 3, 4];
    for (const [i, value] of frame.entries()) cpu.write32(0x9000n + BigInt(i * 4), value);
    cpu.exports.iret(cpu.record(), 4);
    expect(cpu.state32(MODE) & (MODE_REAL | MODE_CODE_MASK)).toBe(MODE_REAL | MODE_CODE_16);
    expect(cpu.state32(CPL)).toBe(3);
    expect(cpu.state64(SEGMENT_BASE + SEGMENT_CS * 8)).toBe(0x5_0000n);
    expect(cpu.state64(SEGMENT_BASE + SEGMENT_GS * 8)).toBe(0x40n);
    expect(cpu.gpr(RSP)).toBe(0xfff0n);
    expect(cpu.event(() => cpu.exports.softwareInterrupt(cpu.record(), 0x21))).toEqual({
      vector: GP,
      error: 0,
    });

    cpu.setState64(RIP, 0x1234n);
    cpu.exports.deliverInterrupt(0x10);
    expect(cpu.gpr(RSP)).toBe(BigInt(INNER - 36));
    expect(slots(INNER - 36, 9)).toEqual(frame);
    for (const index of [SEGMENT_ES, SEGMENT_DS, SEGMENT_FS, SEGMENT_GS]) expect(cpu.selector(index)).toBe(0);
    expect(cpu.state32(MODE) & MODE_REAL).toBe(0);
  });

  test('SYSCALL is undefined', () => {
    expect(cpu.event(() => cpu.exports.syscall(cpu.record()))).toEqual({ vector: UD, error: -1 });
  });
});

describe('real mode', () => {
  beforeEach(() => {
    cpu.setState64(CR0, 0x10n);
    cpu.setState64(IDTR_BASE, 0n);
    cpu.setState32(IDTR_LIMIT, 0x3ff);
    for (const [index, selector] of [
      [SEGMENT_CS, 0x1000],
      [SEGMENT_SS, 0x800],
    ]) {
      cpu.exports.updateMode();
      cpu.setState32(SEGMENT_RIGHTS + index * 4, 0x93);
      cpu.setState32(SEGMENT_LIMIT + index * 4, 0xffff);
      cpu.setState32(256 + index * 4, selector);
      cpu.setState64(SEGMENT_BASE + index * 8, BigInt(selector << 4));
    }
    cpu.setState64(RIP, 0x123n);
    cpu.setState64(PAGE_BASE, 0x1_0000n);
    cpu.setGpr(RSP, 0xabcd_0100n);
    cpu.exports.updateMode();
    cpu.write32(0x10n * 4n, 0xf000_4567);
  });

  test('an interrupt pushes FLAGS, CS and IP and goes through the vector table', () => {
    cpu.flags = IF | TF | 0xd5;
    cpu.exports.deliverInterrupt(0x10);
    expect(cpu.state64(RIP)).toBe(0x4567n);
    expect(cpu.state64(SEGMENT_BASE + SEGMENT_CS * 8)).toBe(0xf_0000n);
    expect(cpu.gpr(RSP)).toBe(0xabcd_00fan);
    expect(slots(0x80fa, 3, 2)).toEqual([0x123, 0x1000, IF | TF | 0xd7]);
    expect(cpu.flags).toBe(0xd7);
    expect(cpu.state32(MODE) & (MODE_REAL | MODE_CODE_MASK)).toBe(MODE_REAL | MODE_CODE_16);
  });

  test('INT n pushes the next instruction, a fault its own address and no error code', () => {
    const record = cpu.record(1);
    cpu.deliver(() => cpu.exports.softwareInterrupt(record, 0x10));
    expect(slots(0x80fa, 1, 2)).toEqual([0x123 + 2 * NEXT]);
    expect(cpu.state64(RIP)).toBe(0x4567n);
  });

  test('a fault pushes its own address and no error code', () => {
    cpu.write32(BigInt(GP * 4), 0x2000_0010);
    const record = cpu.record(1);
    cpu.deliver(() => cpu.exports.raiseFault(record, GP, 0));
    expect(slots(0x80fa, 2, 2)).toEqual([0x123 + NEXT, 0x1000]);
    expect(cpu.state64(SEGMENT_BASE + SEGMENT_CS * 8)).toBe(0x2_0000n);
  });

  test('IRET undoes it', () => {
    cpu.flags = IF | 1;
    cpu.exports.deliverInterrupt(0x10);
    cpu.setState64(PAGE_BASE, 0xf_4000n);
    cpu.exports.iret(cpu.record(), 2);
    expect(cpu.state64(RIP)).toBe(0x123n);
    expect(cpu.selector(SEGMENT_CS)).toBe(0x1000);
    expect(cpu.gpr(RSP)).toBe(0xabcd_0100n);
    expect(cpu.flags).toBe(IF | 3);
  });

  test('far CALL and RET move CS and IP', () => {
    cpu.exports.farCall(cpu.record(), 0x2345, 0x10n, 2);
    expect(slots(0x80fc, 2, 2)).toEqual([0x123 + NEXT, 0x1000]);
    expect(cpu.state64(SEGMENT_BASE + SEGMENT_CS * 8)).toBe(0x2_3450n);
    expect(cpu.state64(RIP)).toBe(0x10n);
    cpu.exports.farReturn(cpu.record(), 2, 4);
    expect(cpu.state64(RIP)).toBe(BigInt(0x123 + NEXT));
    expect(cpu.gpr(RSP)).toBe(0xabcd_0104n);
  });

  test('entering protected mode: CR0.PE, then a far jump into 32-bit code', () => {
    cpu.exports.writeCr(cpu.record(), 0, 0x11n);
    expect(cpu.state32(MODE) & (MODE_REAL | MODE_CODE_MASK)).toBe(MODE_CODE_16);
    cpu.exports.farJump(cpu.record(), KERNEL_CODE_32, 0x1_0000n, 4);
    expect(cpu.state32(MODE) & MODE_CODE_MASK).toBe(MODE_CODE_32);
    expect(cpu.state64(GPR + RSP * 8)).toBe(0xabcd_0100n);
  });
});

describe("SYSCALL and SYSRET of AMD's processors (src/layout/vendor.ts)", () => {
  beforeEach(() => {
    cpu.setState64(CR0, 0x11n);
    cpu.enterCompatibility();
    cpu.setState32(VENDOR_AMD, 1);
    cpu.setState64(MSR_EFER, 1n);
    cpu.setState64(MSR_STAR, (BigInt((USER_CODE_32 << 16) | KERNEL_CODE_32) << 32n) | 0x4567n);
  });

  test('SYSCALL goes to the EIP in STAR, with interrupts off', () => {
    cpu.flags = IF | 2;
    cpu.setGpr(1, -1n);
    cpu.setGpr(11, 5n);
    cpu.exports.syscall(cpu.record());
    expect(cpu.state64(RIP)).toBe(0x4567n);
    expect(cpu.gpr(11)).toBe(5n);
    expect(cpu.flags).toBe(2);
    expect(cpu.selector(SEGMENT_CS)).toBe(KERNEL_CODE_32 & 0xfffc);
    expect(cpu.state32(CPL)).toBe(0);
    expect(cpu.state32(MODE) & MODE_CODE_MASK).toBe(MODE_CODE_32);
  });

  test('SYSRET returns with interrupts on', () => {
    cpu.exports.syscall(cpu.record());
    cpu.setGpr(1, 0x1_0000_1234n);
    cpu.exports.sysret(cpu.record(), 4);
    expect(cpu.state64(RIP)).toBe(0x1234n);
    expect(cpu.flags & IF).toBe(IF);
    expect(cpu.selector(SEGMENT_CS)).toBe(USER_CODE_32 | 3);
    expect(cpu.state32(CPL)).toBe(3);
  });
});
