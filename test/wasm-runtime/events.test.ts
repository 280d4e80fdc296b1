import { beforeEach, describe, expect, test } from 'vitest';
import {
  CPL,
  DR,
  IDTR_LIMIT,
  INTERRUPT_SHADOW,
  NMI_BLOCKED,
  RIP,
  SEGMENT_CS,
  SEGMENT_SS,
} from '../../src/layout/cpu-state.ts';
import { MODE_CODE_64, MODE_VIEW_SHIFT } from '../../src/layout/mode.ts';
import {
  BUDGET,
  EVENT_CODE_WRITE,
  EVENT_KIND,
  EVENT_TRAP,
  EVENT_VECTOR,
  EXIT_REASON,
  EXIT_TRIPLE_FAULT,
  MODE,
} from '../../src/layout/runtime-state.ts';
import { VIEW_SUPERVISOR } from '../../src/layout/tlb.ts';
import {
  AC,
  CONFORMING_CODE,
  DF,
  GP,
  handlerOf,
  IF,
  INNER_STACK,
  INSTRUCTION_LENGTH,
  IST_STACK,
  KERNEL_CODE,
  KERNEL_DATA,
  KERNEL_RIP,
  KERNEL_STACK,
  NP,
  NT,
  PF,
  ProcessorRuntime,
  RF,
  RSP,
  SS,
  TF,
  TS,
  TSS,
  UD,
  USER_CODE,
  USER_CODE_32,
  USER_DATA,
  USER_RIP,
  USER_STACK,
} from './processor-runtime.ts';

let cpu: ProcessorRuntime;
beforeEach(() => {
  cpu = ProcessorRuntime.create();
});

describe('external interrupts', () => {
  test('from user code: stack of the TSS, frame, CPL 0, IF clear', () => {
    cpu.enterUser();
    cpu.flags = IF | 0xd7;
    cpu.exports.deliverInterrupt(0x31);
    expect(cpu.gpr(RSP)).toBe(INNER_STACK - 40n);
    const flags = BigInt(IF | 0xd7);
    expect(cpu.frame(5)).toEqual([USER_RIP, BigInt(USER_CODE), flags, USER_STACK, BigInt(USER_DATA)]);
    expect(cpu.state64(RIP)).toBe(handlerOf(0x31));
    expect(cpu.state32(CPL)).toBe(0);
    expect(cpu.selector(SEGMENT_CS)).toBe(KERNEL_CODE);
    expect(cpu.selector(SEGMENT_SS)).toBe(0);
    expect(cpu.flags).toBe(0xd7);
    expect(cpu.state32(MODE)).toBe(MODE_CODE_64 | (VIEW_SUPERVISOR << MODE_VIEW_SHIFT));
    expect(cpu.delivering).toBe(-1);
  });

  test('from compatibility code go through the 64-bit gate too', () => {
    cpu.enterCompatibility();
    cpu.exports.deliverInterrupt(0x31);
    expect(cpu.frame(2)).toEqual([USER_RIP, BigInt(USER_CODE_32)]);
    expect(cpu.state32(MODE) & 3).toBe(MODE_CODE_64);
  });

  test('at the same level stay on the stack, aligned down to 16 bytes; SS does not change', () => {
    cpu.setGpr(RSP, KERNEL_STACK - 3n);
    cpu.exports.deliverInterrupt(0x31);
    expect(cpu.gpr(RSP)).toBe(KERNEL_STACK - 16n - 40n);
    expect(cpu.frame(5)).toEqual([
      KERNEL_RIP,
      BigInt(KERNEL_CODE),
      2n,
      KERNEL_STACK - 3n,
      BigInt(KERNEL_DATA),
    ]);
    expect(cpu.selector(SEGMENT_SS)).toBe(KERNEL_DATA);
  });

  test('a trap gate leaves IF; both clear TF and NT', () => {
    cpu.setGate(0x32, handlerOf(0x32), { type: 15 });
    cpu.flags = IF | TF | NT | AC;
    cpu.exports.deliverInterrupt(0x32);
    expect(cpu.flags).toBe(IF | AC | 2);
    expect(cpu.frame(3)[2]).toBe(BigInt(IF | TF | NT | AC | 2));
  });

  test('the interrupt stack table applies at any level', () => {
    cpu.setGate(0x33, handlerOf(0x33), { ist: 1 });
    cpu.exports.deliverInterrupt(0x33);
    expect(cpu.gpr(RSP)).toBe(IST_STACK - 40n);
  });

  test('a conforming handler runs at the level of the interrupted code', () => {
    cpu.setDescriptor(CONFORMING_CODE, 0x0020_9f00_0000_0000n);
    cpu.setGate(0x34, handlerOf(0x34), { selector: CONFORMING_CODE });
    cpu.enterUser();
    cpu.exports.deliverInterrupt(0x34);
    expect(cpu.state32(CPL)).toBe(3);
    expect(cpu.selector(SEGMENT_CS)).toBe(CONFORMING_CODE | 3);
    expect(cpu.gpr(RSP)).toBe(USER_STACK - 40n);
  });

  test('end the interrupt shadow', () => {
    cpu.setState32(INTERRUPT_SHADOW, 1);
    cpu.exports.deliverInterrupt(0x31);
    expect(cpu.state32(INTERRUPT_SHADOW)).toBe(0);
  });

  test('a bad gate raises a fault with the EXT and IDT bits, without anything changed', () => {
    cpu.enterUser();
    cpu.setGate(0x35, handlerOf(0x35), { type: 12 });
    expect(cpu.event(() => cpu.exports.deliverInterrupt(0x35))).toEqual({ vector: GP, error: 0x35 * 8 + 3 });
    expect(cpu.state64(RIP)).toBe(USER_RIP);
    expect(cpu.gpr(RSP)).toBe(USER_STACK);
    expect(cpu.state32(CPL)).toBe(3);
  });

  test('a handler segment that is not 64-bit code raises #GP with its selector and EXT', () => {
    cpu.setGate(0x36, handlerOf(0x36), { selector: KERNEL_DATA });
    expect(cpu.event(() => cpu.exports.deliverInterrupt(0x36))).toEqual({
      vector: GP,
      error: KERNEL_DATA | 1,
    });
    cpu.setGate(0x36, handlerOf(0x36), { selector: USER_CODE_32 & ~3 });
    expect(cpu.event(() => cpu.exports.deliverInterrupt(0x36))?.vector).toBe(GP);
  });

  test('an absent gate raises #NP, a vector beyond the limit #GP', () => {
    cpu.setGate(0x37, 0n, { present: false });
    expect(cpu.event(() => cpu.exports.deliverInterrupt(0x37))).toEqual({ vector: NP, error: 0x37 * 8 + 3 });
    cpu.setState32(IDTR_LIMIT, 0x37 * 16 + 14);
    expect(cpu.event(() => cpu.exports.deliverInterrupt(0x37))).toEqual({ vector: GP, error: 0x37 * 8 + 3 });
  });

  test('a stack pointer in the TSS that is not canonical raises #SS, one beyond its limit #TS', () => {
    cpu.enterUser();
    cpu.write64(BigInt(TSS + 4), 0x8000_0000_0000n);
    expect(cpu.event(() => cpu.exports.deliverInterrupt(0x31))).toEqual({ vector: SS, error: 1 });
    cpu.setGate(0x38, handlerOf(0x38), { ist: 7 });
    cpu.setState32(288 + 7 * 4, 36 + 6 * 8 + 6);
    expect(cpu.event(() => cpu.exports.deliverInterrupt(0x38))).toEqual({ vector: TS, error: 0x41 });
  });
});

describe('NMI', () => {
  test('uses vector 2 and is blocked until IRET', () => {
    cpu.exports.deliverNmi();
    expect(cpu.state64(RIP)).toBe(handlerOf(2));
    expect(cpu.state32(NMI_BLOCKED)).toBe(1);
    cpu.exports.iret(cpu.record(), 8);
    expect(cpu.state32(NMI_BLOCKED)).toBe(0);
    expect(cpu.state64(RIP)).toBe(KERNEL_RIP);
  });
});

describe('faults', () => {
  test('push the address of the instruction, RF and the error code', () => {
    cpu.enterUser();
    const record = cpu.record(1);
    cpu.deliver(() => cpu.exports.raisePageFault(record, 0x7000_1234n, 6));
    const rip = USER_RIP + BigInt(INSTRUCTION_LENGTH);
    expect(cpu.gpr(RSP)).toBe(INNER_STACK - 48n);
    expect(cpu.frame(6)).toEqual([6n, rip, BigInt(USER_CODE), BigInt(RF | 2), USER_STACK, BigInt(USER_DATA)]);
    expect(cpu.pageFaultAddress).toBe(0x7000_1234n);
    expect(cpu.state64(RIP)).toBe(handlerOf(PF));
    expect(cpu.flags & RF).toBe(0);
  });

  test('give back what has not run, and cost one instruction', () => {
    for (const [index, budget] of [
      [0, 99],
      [1, 98],
      [2, 97],
    ]) {
      cpu.enterUser();
      const record = cpu.record(index);
      cpu.deliver(() => cpu.exports.raiseFault(record, UD, -1));
      expect(cpu.state32(BUDGET)).toBe(budget);
    }
  });

  test('without a record take RIP as it is', () => {
    cpu.enterUser();
    cpu.record();
    cpu.deliver(() => cpu.exports.raiseFault(0, GP, 0));
    expect(cpu.frame(2)).toEqual([0n, USER_RIP]);
    expect(cpu.state32(BUDGET)).toBe(96);
  });

  test('a code write makes RIP and the budget exact, and enters no handler', () => {
    cpu.enterUser();
    const record = cpu.record(2);
    expect(() => cpu.exports.raiseCodeWrite(record)).toThrow();
    expect(cpu.state32(EVENT_KIND)).toBe(EVENT_CODE_WRITE);
    cpu.exports.deliverEvent();
    expect(cpu.state64(RIP)).toBe(USER_RIP + 2n * BigInt(INSTRUCTION_LENGTH));
    expect(cpu.state32(BUDGET)).toBe(98);
    expect(cpu.state32(CPL)).toBe(3);
  });

  test('RIP excludes the code segment base outside 64-bit mode', () => {
    cpu.enterCompatibility();
    const record = cpu.record();
    cpu.setState64(192 + SEGMENT_CS * 8, 0x1000n);
    cpu.deliver(() => cpu.exports.raiseFault(record, UD, -1));
    expect(cpu.frame(1)).toEqual([USER_RIP - 0x1000n]);
  });
});

describe('software interrupts', () => {
  test('push the next instruction and count as executed', () => {
    cpu.setGate(0x80, handlerOf(0x80), { dpl: 3 });
    cpu.enterUser();
    const record = cpu.record(1);
    cpu.deliver(() => cpu.exports.softwareInterrupt(record, 0x80));
    expect(cpu.frame(1)).toEqual([USER_RIP + 2n * BigInt(INSTRUCTION_LENGTH)]);
    expect(cpu.frame(3)[2]).toBe(2n);
    expect(cpu.state32(BUDGET)).toBe(98);
  });

  test('need a gate of their level: else #GP at the instruction, with EXT clear', () => {
    cpu.enterUser();
    const record = cpu.record(1);
    cpu.deliver(() => cpu.exports.softwareInterrupt(record, 0x81));
    expect(cpu.state64(RIP)).toBe(handlerOf(GP));
    expect(cpu.frame(2)).toEqual([0x81n * 8n + 2n, USER_RIP + BigInt(INSTRUCTION_LENGTH)]);
  });

  test('INT1 does not', () => {
    cpu.enterUser();
    const record = cpu.record();
    cpu.deliver(() => cpu.exports.softwareDebugTrap(record));
    expect(cpu.state64(RIP)).toBe(handlerOf(1));
    expect(cpu.frame(1)).toEqual([USER_RIP + BigInt(INSTRUCTION_LENGTH)]);
    expect(cpu.state32(EVENT_KIND)).toBe(EVENT_TRAP);
    expect(cpu.state32(EVENT_VECTOR)).toBe(1);
  });

  test('single step sets DR6.BS and pushes the flags without RF', () => {
    cpu.flags = TF;
    cpu.exports.deliverDebugTrap(1 << 14);
    expect(cpu.state64(DR + 48)).toBe(0xffff_4ff0n);
    expect(cpu.frame(3)).toEqual([KERNEL_RIP, BigInt(KERNEL_CODE), BigInt(TF | 2)]);
    expect(cpu.flags & TF).toBe(0);
  });
});

describe('nested faults', () => {
  /** Makes delivery of `vector` fail with #GP, #NP or #PF. */
  function breakGate(vector: number, fault: number): void {
    if (fault === GP) cpu.setGate(vector, 0n, { type: 12 });
    else if (fault === NP) cpu.setGate(vector, 0n, { present: false });
    else {
      cpu.setGate(vector, handlerOf(vector), { ist: 2 });
      cpu.write64(BigInt(TSS + 44), 0x7fff_f000n);
    }
  }

  // Intel SDM Vol. 3, table "Conditions for Generating a Double Fault".
  test.each([
    ['#NP in #GP', GP, NP, DF],
    ['#PF in #GP', GP, PF, PF],
    ['#NP in #PF', PF, NP, DF],
    ['#PF in #PF', PF, PF, DF],
    ['#GP in #UD', UD, GP, GP],
    ['#PF in #UD', UD, PF, PF],
    ['#NP in #DE', 0, NP, DF],
  ])('%s', (_name, first, second, expected) => {
    breakGate(first, second);
    cpu.enterUser();
    const record = cpu.record();
    cpu.deliver(() => cpu.exports.raiseFault(record, first, first === UD || first === 0 ? -1 : 0));
    expect(cpu.state64(RIP)).toBe(handlerOf(expected));
    expect(cpu.frame(2)[1]).toBe(USER_RIP);
    if (expected === DF) expect(cpu.frame(1)).toEqual([0n]);
    expect(cpu.delivering).toBe(-1);
  });

  test('a fault while an interrupt is delivered is no double fault, whatever its vector', () => {
    breakGate(GP, NP);
    cpu.deliver(() => cpu.exports.deliverInterrupt(GP));
    expect(cpu.state64(RIP)).toBe(handlerOf(NP));
    expect(cpu.frame(1)).toEqual([BigInt(GP * 8 + 3)]);
  });

  test('a fault in the double fault handler shuts the processor down', () => {
    breakGate(GP, GP);
    breakGate(DF, GP);
    const record = cpu.record();
    cpu.deliver(() => cpu.exports.raiseFault(record, GP, 0));
    expect(cpu.state32(EXIT_REASON)).toBe(EXIT_TRIPLE_FAULT);
  });
});
