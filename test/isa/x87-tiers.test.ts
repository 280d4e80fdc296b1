/** x87 instructions in regions: what the runtime functions find there instead of a record, and the faults that they leave to handlers. */
import { beforeEach, describe, expect, it } from 'vitest';
import {
  CR0,
  FPU_CONTROL,
  FPU_IP,
  FPU_REGISTERS,
  FPU_STATUS,
  FPU_TAG,
  FPU_TOP,
  SEGMENT_CS,
  SEGMENT_SS,
} from '../../src/layout/cpu-state.ts';
import { CPU_STATE } from '../../src/layout/linear-memory.ts';
import { MODE_CODE_32, MODE_CODE_64 } from '../../src/layout/mode.ts';
import { createTieredMachine, ROUNDS, runToHalt, type TieredMachine } from '../code-cache/tiered-machine.ts';
import { assemble } from '../support/assembler.ts';
import { BACK_ENDS } from '../support/back-ends.ts';
import { linesOf } from '../support/listing.ts';
import { CODE, DATA, HANDLERS, KERNEL_CS, KERNEL_SS, STACK, type SystemMachine } from './system-machine.ts';

const RCX = 1;
const RBX = 3;
const RSP = 4;
const CR0_TS = 8n;
const ALL_MASKED = 0x37f;
const PRECISION_UNMASKED = 0x35f;
/** What is behind the last page that is mapped. */
const UNMAPPED = 0x40_0000;
const NEXT_PAGE = CODE + 0x1000;
const TWO = 0x4000_0000_0000_0000n;
const ROOT_OF_TWO = 0x3ff6_a09e_667f_3bcdn;
const [NM, PF, MF] = [7, 14, 16];
/** JMP to what is behind it. */
const JUMP = [0xeb, 0];

describe.each(['interpreter', 'compiled'] as const)('%s', (tier) => {
  let machine: SystemMachine;
  let tiering: TieredMachine['tiering'];
  let start = 0;

  beforeEach(() => {
    ({ machine, tiering } = createTieredMachine(tier, undefined, BACK_ENDS.writer));
  });

  const state16 = (offset: number, value: number): void => {
    machine.processor.views.u16[(CPU_STATE + offset) >> 1] = value;
  };

  const word = (offset: number) => machine.processor.views.u16[(CPU_STATE + offset) >> 1];

  /** Runs from `rip` with the FPU initialised, RBX and RCX = 0. */
  function run(rip: number, rbx: number, control = ALL_MASKED): void {
    const { processor } = machine;
    state16(FPU_CONTROL, control);
    state16(FPU_STATUS, 0);
    state16(FPU_TOP, 0);
    state16(FPU_TAG, 0xffff);
    processor.setGpr(RBX, BigInt(rbx));
    processor.setGpr(RCX, 0n);
    processor.setGpr(RSP, STACK);
    processor.rip = BigInt(rip);
    start = processor.instructions;
    runToHalt({ machine, tiering });
  }

  function warmUp(rip: number): void {
    for (let round = 0; round < ROUNDS; round++) run(rip, DATA);
    if (tier === 'compiled') expect(tiering.statistics.regions).toBeGreaterThan(0);
  }

  /**
   * The vector whose handler halted, the return address on its stack, how often RCX was incremented, and how much was
   * executed: the exception and the HLT count one each.
   */
  function fault(): { vector: number; rip: number; rcx: bigint; executed: number } {
    const { processor } = machine;
    const vector = (Number(processor.rip) - 1 - HANDLERS) / 16;
    const errorCode = vector === PF ? 8n : 0n;
    const rip = Number(machine.read64(processor.gpr(RSP) + errorCode));
    return { vector, rip, rcx: processor.gpr(RCX), executed: processor.instructions - start };
  }

  describe('in 64-bit code of two pages', () => {
    const fsqrt = NEXT_PAGE;
    const fstp = NEXT_PAGE + 2;

    beforeEach(() => {
      const first = linesOf(MODE_CODE_64, ['48 ff c1', 'inc rcx'], ['dd 03', 'fld QWORD PTR [rbx]']);
      machine.write(CODE, [...first, ...assemble(`jmp ${NEXT_PAGE}`, CODE + first.length)]);
      const code = linesOf(MODE_CODE_64, ['d9 fa', 'fsqrt'], ['dd 5b 08', 'fstp QWORD PTR [rbx+0x8]']);
      machine.write(NEXT_PAGE, [...code, 0xf4]);
      machine.write64(DATA, TWO);
      machine.write64(UNMAPPED - 8, TWO);
      warmUp(CODE);
    });

    it('FIP is the address of the last instruction', () => {
      expect(machine.read64(DATA + 8)).toBe(ROOT_OF_TWO);
      expect(machine.processor.u64(FPU_IP)).toBe(BigInt(fstp));
    });

    it('#MF comes at the instruction behind the one that raised an unmasked exception', () => {
      machine.write64(DATA + 8, 0n);
      run(CODE, DATA, PRECISION_UNMASKED);
      expect(fault()).toEqual({ vector: MF, rip: fstp, rcx: 1n, executed: 6 });
      expect(machine.read64(DATA + 8)).toBe(0n);
      expect(machine.processor.u64(FPU_IP)).toBe(BigInt(fsqrt));
    });

    it('#NM comes at the first', () => {
      const { processor } = machine;
      processor.setU64(CR0, processor.u64(CR0) | CR0_TS);
      run(CODE, DATA);
      expect(fault()).toEqual({ vector: NM, rip: CODE + 3, rcx: 1n, executed: 3 });
    });

    it('#PF comes before anything has changed', () => {
      const { processor } = machine;
      run(CODE, UNMAPPED - 8);
      expect(fault()).toEqual({ vector: PF, rip: fstp, rcx: 1n, executed: 6 });
      expect(processor.u64(FPU_IP)).toBe(BigInt(fsqrt));
      // It is still in the register that was pushed first.
      expect(processor.u64(FPU_REGISTERS + 7 * 16)).toBe(0xb504_f333_f9de_6484n);
    });
  });

  describe.each([
    ['several instructions on the stack', []],
    ['several blocks that go on with the stack', JUMP],
  ])('%s', (_name, between) => {
    /** 3 / 10 with the control word's precision, and what is on the stack. */
    const instructions = [
      ['df 03', 'fild WORD PTR [rbx]'],
      ['d9 c0', 'fld st(0)'],
      ['d8 c1', 'fadd st,st(1)'],
      ['de 43 02', 'fiadd WORD PTR [rbx+0x2]'],
      ['d9 c9', 'fxch st(1)'],
      ['de f1', 'fdivrp st(1),st'],
      ['d9 c0', 'fld st(0)'],
      ['dc c8', 'fmul st(0),st'],
      ['dd 5b 08', 'fstp QWORD PTR [rbx+0x8]'],
    ] as const;
    const lines = instructions.flatMap((line, i) => [
      ...(i === 0 ? [] : between),
      ...linesOf(MODE_CODE_64, line),
    ]);
    const [THREE, FOUR] = [3n, 4n << 16n];

    beforeEach(() => {
      machine.write(CODE, [...lines, 0xf4]);
      machine.write64(DATA, THREE | FOUR);
      warmUp(CODE);
    });

    it('they leave the stack, tags, flags and C1 as they are one by one', () => {
      const { processor } = machine;
      run(CODE, DATA);
      expect(machine.read64(DATA + 8)).toBe(0x3fb7_0a3d_70a3_d70an);
      expect(processor.u64(FPU_REGISTERS + 7 * 16)).toBe(0x9999_9999_9999_999an);
      // What was popped is still there.
      expect(processor.u64(FPU_REGISTERS + 6 * 16)).toBe(0xb851_eb85_1eb8_51ecn);
      expect(processor.u32(FPU_TOP)).toBe(7 * 16);
      expect(word(FPU_STATUS)).toBe(0x20);
      expect(word(FPU_TAG)).toBe(0x3fff);
    });

    it('results have as many bits as the control word says', () => {
      run(CODE, DATA, ALL_MASKED & ~0x100);
      expect(machine.processor.u64(FPU_REGISTERS + 7 * 16)).toBe(0x9999_9999_9999_9800n);
    });

    it('a stack that is full is found', () => {
      const { processor } = machine;
      state16(FPU_TAG, 0);
      state16(FPU_STATUS, 0);
      processor.setGpr(RBX, BigInt(DATA));
      processor.rip = BigInt(CODE);
      runToHalt({ machine, tiering });
      // Invalid, stack fault, C1 of the last instruction clear; the indefinite is what comes of it.
      expect(word(FPU_STATUS)).toBe(0x41);
      expect(machine.read64(DATA + 8)).toBe(0xfff8_0000_0000_0000n);
    });

    it('a store that faults leaves what was before it', () => {
      const { processor } = machine;
      machine.write64(UNMAPPED - 8, THREE | FOUR);
      run(CODE, UNMAPPED - 8);
      expect(fault()).toMatchObject({ vector: PF, rip: CODE + lines.length - 3 });
      expect(processor.u32(FPU_TOP)).toBe(6 * 16);
      expect(processor.u64(FPU_REGISTERS + 6 * 16)).toBe(0xb851_eb85_1eb8_51ecn);
      expect(processor.u64(FPU_IP)).toBe(BigInt(CODE + lines.length - 5 - between.length));
    });
  });

  it('a number of 80 bits is stored whole, or not at all', () => {
    const { processor } = machine;
    const lines = linesOf(
      MODE_CODE_64,
      ['dd 03', 'fld QWORD PTR [rbx]'],
      ['d9 e0', 'fchs'],
      ['db 7b 10', 'fstp [rbx+0x10]'],
    );
    machine.write(CODE, [...lines, 0xf4]);
    machine.write64(DATA, TWO);
    warmUp(CODE);
    machine.write64(DATA + 0x10, 0n);
    machine.write64(DATA + 0x18, -1n);
    run(CODE, DATA);
    expect(machine.read64(DATA + 0x10)).toBe(0x8000_0000_0000_0000n);
    expect(machine.read64(DATA + 0x18)).toBe(0xffff_ffff_ffff_c000n);
    expect(word(FPU_TAG)).toBe(0xffff);
    expect(processor.u32(FPU_TOP)).toBe(0);
    expect(processor.u64(FPU_IP)).toBe(BigInt(CODE + 4));
    // The last page has a translation then.
    run(CODE, UNMAPPED - 0x28);
    machine.write64(UNMAPPED - 0x18, TWO);
    machine.write64(UNMAPPED - 8, 0n);
    run(CODE, UNMAPPED - 0x18);
    expect(fault()).toMatchObject({ vector: PF, rip: CODE + 4 });
    expect(machine.read64(UNMAPPED - 8)).toBe(0n);
    expect(processor.u32(FPU_TOP)).toBe(7 * 16);
    expect(processor.u64(FPU_IP)).toBe(BigInt(CODE + 2));
  });

  it('of two ways behind a branch one goes on with the stack, and one leaves it', () => {
    const { processor } = machine;
    const lines = linesOf(
      MODE_CODE_64,
      ['df 03', 'fild WORD PTR [rbx]'],
      ['d8 c8', 'fmul st,st(0)'],
      ['d9 c0', 'fld st(0)'],
      ['df f1', 'fcomip st,st(1)'],
      ['80 7b 10 00', 'cmp BYTE PTR [rbx+0x10],0x0'],
    );
    const goesOn = linesOf(
      MODE_CODE_64,
      ['dc c0', 'fadd st(0),st'],
      ['df 5b 04', 'fistp WORD PTR [rbx+0x4]'],
    );
    const HLT = 0xf4;
    machine.write(CODE, [...lines, 0x74, goesOn.length + 1, ...goesOn, HLT, HLT]);
    machine.write64(DATA, 3n);
    const results = (way: bigint) => {
      machine.write64(DATA + 0x10, way);
      run(CODE, DATA);
      return {
        stored: Number(machine.read64(DATA + 4) & 0xffffn),
        significand: processor.u64(FPU_REGISTERS + 7 * 16),
        tag: word(FPU_TAG),
        top: processor.u32(FPU_TOP),
      };
    };
    for (let round = 0; round < 2 * ROUNDS; round++) {
      machine.write64(DATA, 3n);
      const [nine, eighteen] = [0x9000_0000_0000_0000n, 0x9000_0000_0000_0000n];
      expect(results(0n)).toEqual({ stored: 0, significand: nine, tag: 0x3fff, top: 7 * 16 });
      expect(results(1n)).toEqual({ stored: 18, significand: eighteen, tag: 0xffff, top: 0 });
    }
    if (tier === 'compiled') expect(tiering.statistics.regions).toBeGreaterThan(0);
  });

  describe('what is rounded', () => {
    const product = [
      ['dd 03', 'fld QWORD PTR [rbx]'],
      ['d8 c8', 'fmul st,st(0)'],
    ] as const;
    const difference = [
      ['d9 43 08', 'fld DWORD PTR [rbx+0x8]'],
      ['d9 43 0c', 'fld DWORD PTR [rbx+0xc]'],
      ['de e1', 'fsubrp st(1),st'],
    ] as const;
    /** What asks for the status word ends a stretch, so that the register was in use at the start of the next. */
    const popped = [
      ['df e0', 'fnstsw ax'],
      ['dd d8', 'fstp st(0)'],
    ] as const;
    const [ONE_AND_ONE_HALF, ONE] = [0x3fc0_0000n, 0x3f80_0000n << 32n];

    /** Runs lines with what is to be squared. */
    function results(squared: bigint, lines: readonly (readonly [string, string])[]) {
      const { processor } = machine;
      machine.write(CODE, [...linesOf(MODE_CODE_64, ...lines), 0xf4]);
      machine.write64(DATA, squared);
      machine.write64(DATA + 8, ONE_AND_ONE_HALF | ONE);
      warmUp(CODE);
      run(CODE, DATA);
      const register = (number: number) => {
        const at = FPU_REGISTERS + 16 * number;
        return [word(at + 8), processor.u64(at)];
      };
      return { status: word(FPU_STATUS), tag: word(FPU_TAG), seven: register(7), six: register(6) };
    }

    it('PE of a product stays behind an exact difference, whose sign is turned round; what is popped is empty', () => {
      // Of the square of 1 + 2^-52, 2^-104 is lost; 1 - 1.5.
      expect(results(0x3ff0_0000_0000_0001n, [...product, ...difference, ...popped])).toEqual({
        status: 0x20,
        tag: 0x3fff,
        seven: [0x3fff, 0x8000_0000_0000_1000n],
        six: [0xbffe, 0x8000_0000_0000_0000n],
      });
    });

    it('C1 tells that it was rounded up', () => {
      // 1 + 5 * 2^-34: the rest of its square is 25/32 of a place.
      expect(results(0x3ff0_0000_0014_0000n, product)).toMatchObject({
        status: 0x220,
        tag: 0x3fff,
        seven: [0x3fff, 0x8000_0001_4000_0001n],
      });
    });

    it('half a place of a product goes to what is even', () => {
      // (1 + 2^-32)^2 = 1 + 2^-31 + 2^-64, and (1 + 2^-32) (1 + 3 * 2^-32) = 1 + 2^-30 + 2^-63 + 2^-64.
      const number = 0x3ff0_0000_0010_0000n;
      expect(results(number, product)).toMatchObject({
        status: 0x20,
        seven: [0x3fff, 0x8000_0001_0000_0000n],
      });
      machine.write64(DATA + 0x10, 0x3ff0_0000_0030_0000n);
      const other = [
        ['dd 03', 'fld QWORD PTR [rbx]'],
        ['dc 4b 10', 'fmul QWORD PTR [rbx+0x10]'],
      ] as const;
      expect(results(number, other)).toMatchObject({
        status: 0x220,
        seven: [0x3fff, 0x8000_0002_0000_0002n],
      });
    });

    it('a NaN times itself keeps its sign', () => {
      machine.write64(DATA + 0x10, 0xc000_0000_0000_0000n);
      machine.write64(DATA + 0x18, 0xffffn);
      const lines = [
        ['db 6b 10', 'fld [rbx+0x10]'],
        ['d8 c8', 'fmul st,st(0)'],
        ['d8 c0', 'fadd st,st(0)'],
      ] as const;
      expect(results(0n, lines)).toMatchObject({ status: 0, seven: [0xffff, 0xc000_0000_0000_0000n] });
    });

    it('zeros have the sign of a product, and that of a sum if both have it', () => {
      const zeros = [
        ['d9 ee', 'fldz'],
        ['d9 e0', 'fchs'],
        ['d9 43 08', 'fld DWORD PTR [rbx+0x8]'],
        ['d8 c9', 'fmul st,st(1)'],
        ['dc c1', 'fadd st(1),st'],
      ] as const;
      expect(results(0n, zeros)).toMatchObject({ status: 0, seven: [0x8000, 0n], six: [0x8000, 0n] });
      const other = [...zeros.slice(0, 1), ...zeros.slice(3, 4), ...zeros.slice(1, 2)] as const;
      expect(results(0n, [['d9 ee', 'fldz'], ...other, ['dc c1', 'fadd st(1),st']])).toMatchObject({
        status: 0,
        seven: [0, 0n],
        six: [0x8000, 0n],
      });
    });

    it('what is added to a zero, or taken from it, stays what it is but for its sign', () => {
      const [half, negative] = [
        [0x3fff, 0xc000_0000_0000_0000n],
        [0xbfff, 0xc000_0000_0000_0000n],
      ];
      const load = [
        ['d9 ee', 'fldz'],
        ['d9 43 08', 'fld DWORD PTR [rbx+0x8]'],
      ] as const;
      const taken = results(0n, [...load, ['dc e9', 'fsub st(1),st']]);
      expect(taken).toMatchObject({ status: 0, seven: negative, six: half });
      const turned = results(0n, [...load, ['dc e1', 'fsubr st(1),st']]);
      expect(turned).toMatchObject({ status: 0, seven: half, six: half });
    });
  });

  it('FIP is an offset in the code segment', () => {
    const { runtime } = machine.processor;
    const BASE = 0x8000;
    machine.write(CODE, [...linesOf(MODE_CODE_32, ['d9 e8', 'fld1'], ['dd d8', 'fstp st(0)']), 0xf4]);
    const setSegments = (): void => {
      runtime.setSegment(SEGMENT_CS, KERNEL_CS, BigInt(BASE), 0xffff_ffff, 0xc09b);
      runtime.setSegment(SEGMENT_SS, KERNEL_SS, 0n, 0xffff_ffff, 0xc093);
      runtime.updateMode();
    };
    setSegments();
    warmUp(CODE - BASE);
    expect(machine.processor.u64(FPU_IP)).toBe(BigInt(CODE - BASE + 2));
  });
});
