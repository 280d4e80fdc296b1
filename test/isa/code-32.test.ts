/** Code that is not 64-bit: the stack in every size, segment bases, and what 64-bit mode has dropped. */
import { beforeEach, describe, expect, it } from 'vitest';
import { FLAG_AF, FLAG_CF, FLAG_PF, FLAG_SF, FLAG_ZF } from '../../src/layout/architecture.ts';
import {
  SEGMENT_BASE,
  SEGMENT_CS,
  SEGMENT_DS,
  SEGMENT_ES,
  SEGMENT_GS,
  SEGMENT_SS,
} from '../../src/layout/cpu-state.ts';
import { MODE_CODE_16, MODE_CODE_32 } from '../../src/layout/mode.ts';
import { createTieredMachine, runRounds, type TieredMachine } from '../code-cache/tiered-machine.ts';
import { BACK_ENDS } from '../support/back-ends.ts';
import { linesOf } from '../support/listing.ts';
import { CODE, DATA, KERNEL_CS, KERNEL_SS, type SystemMachine } from './system-machine.ts';

const RAX = 0;
const RCX = 1;
const RSP = 4;
const RBP = 5;

const CODE_32 = 0xc09b;
const CODE_16 = 0x809b;
const DATA_32 = 0xc093;
const DATA_16 = 0x8093;

describe.each(['interpreter', 'compiled'] as const)('%s', (tier) => {
  let machine: SystemMachine;
  let tiering: TieredMachine['tiering'];

  beforeEach(() => {
    ({ machine, tiering } = createTieredMachine(tier, undefined, BACK_ENDS.writer));
  });

  function segment(number: number, base: number, rights: number): void {
    machine.processor.runtime.setSegment(
      number,
      number === SEGMENT_CS ? KERNEL_CS : KERNEL_SS,
      BigInt(base),
      0xffff_ffff,
      rights,
    );
    machine.processor.runtime.updateMode();
  }

  /** Runs instructions at linear address CODE, up to the HLT behind them. */
  function run(bytes: readonly number[]): void {
    const { processor } = machine;
    machine.write(CODE, [...bytes, 0xf4]);
    processor.rip = BigInt(CODE) - processor.u64(SEGMENT_BASE + SEGMENT_CS * 8);
    const start = processor.rip;
    const registers = Array.from({ length: 16 }, (_, register) => processor.gpr(register));
    runRounds({ machine, tiering }, tier, () => {
      registers.forEach((value, register) => {
        processor.setGpr(register, value);
      });
      processor.rip = start;
    });
  }

  describe('a stack with a base', () => {
    const BASE = 0x2_0000;

    it.each([
      [DATA_32, 0x0004_0100n, 0x0004_0100n, 0xffff_ffffn],
      // Only SP counts on a 16-bit stack, and the upper half stays.
      [DATA_16, 0x1234_0100n, 0x0100n, 0xffffn],
    ] as const)('rights %x', (rights, esp, offset, mask) => {
      const { processor } = machine;
      segment(SEGMENT_CS, 0, CODE_32);
      segment(SEGMENT_SS, BASE, rights);
      const at = (below: bigint): bigint => machine.read64(BASE + Number(offset - below)) & 0xffff_ffffn;
      const cases: readonly (readonly [bytes: bigint, ...Parameters<typeof linesOf>[1][]])[] = [
        [4n, ['50', 'push eax']],
        [4n, ['6a 05', 'push 0x5']],
        [4n, ['68 78 56 34 12', 'push 0x12345678']],
        [4n, ['9c', 'pushfd']],
        [4n, ['1e', 'push ds']],
        [2n, ['66 50', 'push ax']],
        [2n, ['66 6a 07', 'push 0x7']],
        [32n, ['60', 'pusha']],
        [0n, ['60', 'pusha'], ['61', 'popa']],
        [0n, ['50', 'push eax'], ['59', 'pop ecx']],
        [4n, ['e8 00 00 00 00', 'call 0x5']],
        [12n, ['c8 08 00 00', 'enter 0x8,0x0']],
        [0n, ['c8 08 00 00', 'enter 0x8,0x0'], ['c9', 'leave']],
      ];
      for (const [bytes, ...instructions] of cases) {
        processor.setGpr(RAX, 0xcafe_f00dn);
        processor.setGpr(RSP, esp);
        run(linesOf(MODE_CODE_32, ...instructions));
        expect([instructions, processor.gpr(RSP)]).toEqual([
          instructions,
          (esp & ~mask) | ((esp - bytes) & mask),
        ]);
      }
      processor.setGpr(RSP, esp);
      run(linesOf(MODE_CODE_32, ['50', 'push eax']));
      expect(at(4n)).toBe(0xcafe_f00dn);
      processor.setGpr(RSP, esp);
      processor.setGpr(RBP, 0x77n);
      run(linesOf(MODE_CODE_32, ['c8 08 00 00', 'enter 0x8,0x0']));
      expect([at(4n), processor.gpr(RBP) & mask]).toEqual([0x77n, (esp - 4n) & mask]);
    });
  });

  it('POP SS takes its value from the old stack, and moves the stack pointer on it', () => {
    const { processor } = machine;
    segment(SEGMENT_CS, 0, CODE_32);
    segment(SEGMENT_SS, 0x2_0000, DATA_16);
    machine.write64(0x2_fffc, BigInt(KERNEL_SS));
    machine.write(CODE, [...linesOf(MODE_CODE_32, ['17', 'pop ss']), 0xf4]);
    processor.setGpr(RSP, 0x1234_fffcn);
    processor.rip = BigInt(CODE);
    expect(processor.run(100)).toBe('halt');
    // KERNEL_SS is a 32-bit stack: with its mask the sum would carry into the upper half.
    expect(processor.gpr(RSP)).toBe(0x1234_0000n);
    expect(processor.u64(SEGMENT_BASE + SEGMENT_SS * 8)).toBe(0n);
  });

  it('a call and a return in a code segment with a base push and pop offsets', () => {
    const { processor } = machine;
    segment(SEGMENT_CS, 0x8000, CODE_32);
    segment(SEGMENT_SS, 0, DATA_32);
    processor.setGpr(RSP, 0x3_0000n);
    // call over the HLT; pop eax; push eax; inc dword ptr [esp] ... the return address is that of the HLT.
    run(linesOf(MODE_CODE_32, ['e8 01 00 00 00', 'call 0x6'], ['f4', 'hlt'], ['c3', 'ret']));
    expect(processor.gpr(RSP)).toBe(0x3_0000n);
    expect(machine.read64(0x2_fffc) & 0xffff_ffffn).toBe(BigInt(CODE - 0x8000 + 5));
  });

  it('near calls in 16-bit code push two bytes', () => {
    const { processor } = machine;
    segment(SEGMENT_CS, CODE & ~0xffff, CODE_16);
    segment(SEGMENT_SS, 0, DATA_16);
    processor.setGpr(RSP, 0x8000n);
    run(
      linesOf(
        MODE_CODE_16,
        ['e8 01 00', 'call 0x4'],
        ['f4', 'hlt'],
        ['58', 'pop ax'],
        ['50', 'push ax'],
        ['c3', 'ret'],
      ),
    );
    expect(processor.gpr(RSP)).toBe(0x8000n);
    expect(processor.gpr(RAX) & 0xffffn).toBe(BigInt((CODE & 0xffff) + 3));
  });

  it.each([
    ['65 a1 fc ff ff ff', 'mov eax,gs:0xfffffffc'],
    ['65 8b 01', 'mov eax,DWORD PTR gs:[ecx]'],
  ] as const)('%s wraps at 4 GiB: thread-local storage of i386', (hex, text) => {
    const { processor } = machine;
    segment(SEGMENT_CS, 0, CODE_32);
    segment(SEGMENT_GS, DATA + 4, DATA_32);
    machine.write64(DATA, 0x1122_3344_5566_7788n);
    processor.setGpr(RCX, 0xffff_fffcn);
    run(linesOf(MODE_CODE_32, [hex, text]));
    expect(processor.gpr(RAX)).toBe(0x5566_7788n);
  });

  it('INVPCID has a 32-bit type', () => {
    const { processor } = machine;
    segment(SEGMENT_CS, 0, CODE_32);
    segment(SEGMENT_DS, 0, DATA_32);
    processor.setGpr(RAX, 2n);
    processor.setGpr(RCX, BigInt(DATA));
    run(linesOf(MODE_CODE_32, ['66 0f 38 82 01', 'invpcid eax,XMMWORD PTR [ecx]']));
  });

  it('string instructions use ES and wrap as well', () => {
    const { processor } = machine;
    segment(SEGMENT_CS, 0, CODE_32);
    segment(SEGMENT_ES, DATA + 4, DATA_32);
    segment(SEGMENT_DS, 0, DATA_32);
    processor.setGpr(7, 0xffff_fffcn);
    processor.setGpr(RAX, 0x0102_0304n);
    run(linesOf(MODE_CODE_32, ['ab', 'stos DWORD PTR es:[edi],eax']));
    expect(machine.read64(DATA) & 0xffff_ffffn).toBe(0x0102_0304n);
  });

  /** FNV-1a over AX and the defined flags of 3072 inputs each, as an AMD EPYC gives them. */
  it.each([
    ['27', 'daa', FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF, 0x8cceb0fd],
    ['2f', 'das', FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF, 0x127faa99],
    ['37', 'aaa', FLAG_CF | FLAG_AF, 0x0d25ad35],
    ['3f', 'aas', FLAG_CF | FLAG_AF, 0x953e25d5],
    ['d4 0a', 'aam 0xa', FLAG_PF | FLAG_ZF | FLAG_SF, 0x3d293485],
    ['d4 07', 'aam 0x7', FLAG_PF | FLAG_ZF | FLAG_SF, 0x9ce7cc75],
    ['d5 0a', 'aad 0xa', FLAG_PF | FLAG_ZF | FLAG_SF, 0xfc68e1c5],
    ['d5 13', 'aad 0x13', FLAG_PF | FLAG_ZF | FLAG_SF, 0x6e53e5c5],
  ] as const)('%s: %s', (hex, text, defined, recorded) => {
    const { processor } = machine;
    segment(SEGMENT_CS, 0, CODE_32);
    machine.write(CODE, [...linesOf(MODE_CODE_32, [hex, text]), 0xf4]);
    let hash = 0x811c_9dc5;
    const add = (value: number): void => {
      for (let shift = 0; shift < 32; shift += 8)
        hash = Math.imul(hash ^ ((value >>> shift) & 0xff), 16_777_619) >>> 0;
    };
    for (let flags = 0; flags < 4; flags++) {
      for (const high of [0, 1, 0xff]) {
        for (let low = 0; low < 256; low++) {
          processor.setGpr(RAX, BigInt(low | (high << 8)));
          processor.flags = 2 | (flags & 1) | ((flags & 2) << 3);
          processor.rip = BigInt(CODE);
          while (processor.run(100) !== 'halt');
          add(Number(processor.gpr(RAX)));
          add(processor.flags & defined);
        }
      }
    }
    expect(hash).toBe(recorded);
  });
});
