import { beforeEach, describe, expect, test } from 'vitest';
import { CPL, FLAG_AUX, FLAG_RESULT, NMI_BLOCKED } from '../../src/layout/cpu-state.ts';
import { MODE_VIEW_SHIFT } from '../../src/layout/mode.ts';
import {
  INTERRUPT_MASKABLE,
  INTERRUPT_NMI,
  INTERRUPT_PENDING,
  MODE,
} from '../../src/layout/runtime-state.ts';
import { VIEW_SUPERVISOR, VIEW_SUPERVISOR_AC } from '../../src/layout/tlb.ts';
import { AC, GP, ID, IF, NT, ProcessorRuntime, RF, TF, VM } from './processor-runtime.ts';

const CF = 1;
const PF = 4;
const AF = 0x10;
const ZF = 0x40;
const SF = 0x80;
const DF = 0x400;
const OF = 0x800;
const IOPL = 0x3000;
const VIP = 1 << 20;

let cpu: ProcessorRuntime;
beforeEach(() => {
  cpu = ProcessorRuntime.create();
});

describe('composition', () => {
  test('every combination of the arithmetic flags survives', () => {
    const bits = [CF, PF, AF, ZF, SF, OF];
    for (let i = 0; i < 64; i++) {
      const value = bits.reduce((sum, bit, n) => ((i >> n) & 1 ? sum | bit : sum), 2);
      cpu.exports.setFlags(value);
      expect(cpu.flags).toBe(value);
    }
  });

  // The encoding of src/layout/cpu-state.ts, written as arithmetic leaves it.
  test.each([
    ['0 - 0', 0n, 0, ZF | PF],
    ['0 - 1 in 64 bits', -1n, (1 << 31) | (1 << 30) | 8, CF | PF | AF | SF],
    ['7f + 1 in 8 bits', -0x80n, (1 << 30) | 8, AF | SF | OF],
    ['80 + 80 in 8 bits', 0n, 1 << 31, CF | PF | ZF | OF],
    ['1 + 2', 3n, 0, PF],
  ])('reads what %s left', (_name, result, aux, flags) => {
    cpu.setState64(FLAG_RESULT, result);
    cpu.setState32(FLAG_AUX, aux);
    expect(cpu.flags).toBe(flags | 2);
  });

  test('reserved bits read as the architecture fixes them', () => {
    cpu.exports.setFlags(-1);
    expect(cpu.flags).toBe(0x3f7fd7);
  });
});

describe('POPF', () => {
  const everything = 0x3f7fd7;

  test('at CPL 0 changes IOPL and IF, but not VM, VIF and VIP, and clears RF', () => {
    cpu.exports.popFlags(cpu.record(), everything, 8);
    expect(cpu.flags).toBe(everything & ~(VM | RF | VIP | (1 << 19)));
  });

  test('at CPL 3 leaves IOPL and, with IOPL 0, IF', () => {
    cpu.enterUser();
    cpu.exports.popFlags(cpu.record(), everything, 8);
    expect(cpu.flags & (IOPL | IF)).toBe(0);
    expect(cpu.flags & (TF | DF | NT | AC | ID | OF)).toBe(TF | DF | NT | AC | ID | OF);
  });

  test('at CPL 3 with IOPL 3 changes IF', () => {
    cpu.enterUser();
    cpu.flags = IOPL;
    cpu.exports.popFlags(cpu.record(), IF, 8);
    expect(cpu.flags).toBe(IF | IOPL | 2);
  });

  test('of 16 bits leaves the upper half', () => {
    cpu.flags = AC | ID;
    cpu.exports.popFlags(cpu.record(), CF, 2);
    expect(cpu.flags).toBe(AC | ID | CF | 2);
  });

  test('that changes AC changes the view when SMAP is on', () => {
    cpu.exports.writeCr(0, 4, 0x20_0020n);
    cpu.exports.popFlags(cpu.record(), AC, 8);
    expect(cpu.state32(MODE) >> MODE_VIEW_SHIFT).toBe(VIEW_SUPERVISOR_AC);
    cpu.exports.popFlags(cpu.record(), 0, 8);
    expect(cpu.state32(MODE) >> MODE_VIEW_SHIFT).toBe(VIEW_SUPERVISOR);
  });

  test('and PUSHF fault in virtual-8086 mode with IOPL below 3', () => {
    cpu.exports.setFlags(VM);
    cpu.setState32(CPL, 3);
    expect(cpu.event(() => cpu.exports.popFlags(cpu.record(), 0, 2))).toEqual({ vector: GP, error: 0 });
    expect(cpu.event(() => cpu.exports.pushFlagsImage(cpu.record(), 2))).toEqual({ vector: GP, error: 0 });
  });

  test('PUSHF shows RF and VM as zero', () => {
    cpu.exports.setFlags(VM | RF | IOPL | CF);
    expect(cpu.exports.pushFlagsImage(cpu.record(), 8)).toBe(IOPL | CF | 2);
  });
});

describe('the interrupt window', () => {
  test('is open for a maskable interrupt only with IF', () => {
    cpu.setState32(INTERRUPT_PENDING, INTERRUPT_MASKABLE);
    cpu.flags = 0;
    expect(cpu.exports.eventsDue()).toBe(0);
    cpu.flags = IF;
    expect(cpu.exports.eventsDue()).toBe(1);
  });

  test('is open for an NMI unless one is being handled', () => {
    cpu.setState32(INTERRUPT_PENDING, INTERRUPT_NMI);
    expect(cpu.exports.eventsDue()).toBe(1);
    cpu.setState32(NMI_BLOCKED, 1);
    expect(cpu.exports.eventsDue()).toBe(0);
  });

  test('is always open while single-stepping', () => {
    cpu.flags = TF;
    expect(cpu.exports.eventsDue()).toBe(1);
  });
});
