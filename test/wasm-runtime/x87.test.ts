/**
 * x87 instructions against the tables of the Intel SDM (Vol. 1 "Programming with the x87 FPU", Vol. 2 by
 * mnemonic). Every form with many operands is in the recorded vectors (test/vectors/x87.json); here are the rules.
 */
import { beforeEach, describe, expect, test } from 'vitest';
import { FPU_DP, FPU_IP, FPU_OPCODE } from '../../src/layout/cpu-state.ts';
import {
  B,
  C0,
  C1,
  C2,
  C3,
  CR0_EM,
  CR0_MP,
  CR0_NE,
  CR0_TS,
  DE,
  ES,
  FpuRuntime,
  IE,
  INDEFINITE,
  INFINITY,
  INSTRUCTION,
  MF,
  MINUS_INFINITY,
  MINUS_ONE,
  MINUS_ZERO,
  NM,
  OE,
  ONE,
  OPERAND,
  PE,
  PF,
  SF,
  THREE,
  TWO,
  UE,
  UNMAPPED,
  ZE,
  ZERO,
} from './fpu-runtime.ts';

const NEAREST = 0x37f;
const DOWN = 0x77f;
const UP = 0xb7f;
const TRUNCATE = 0xf7f;

const ADD = 0;
const MUL = 1;
const SUB = 4;
const SUBR = 5;
const DIV = 6;
const FUNCTIONS = ['fadd', 'fmul', 'fcom', 'fcomp', 'fsub', 'fsubr', 'fdiv', 'fdivr'] as const;

const QNAN = '7fffc000000000001234';
const LARGER_QNAN = '7fffd000000000000000';
const SNAN = '7fff8000000000005678';
const QUIETED_SNAN = '7fffc000000000005678';
const DENORMAL = '00000000000000000001';
const UNNORMAL = '3fff4000000000000000';
const PSEUDO_INFINITY = '7fff0000000000000000';

let fpu: FpuRuntime;
beforeEach(() => {
  fpu = FpuRuntime.create();
});

/** st(0) = st(0) operation st(1). */
function arithmetic(operation: number, a: string, b: string): string | undefined {
  return fpu.apply([a, b], FUNCTIONS[operation] as string, 1, 0, 0)[0];
}

describe('arithmetic', () => {
  test.each([
    ['1 + 2', ADD, ONE, TWO, THREE],
    ['1 - 2', SUB, ONE, TWO, MINUS_ONE],
    ['2 - 1 reversed', SUBR, TWO, ONE, MINUS_ONE],
    ['3 * 2', MUL, THREE, TWO, '4001c000000000000000'],
    ['3 / 2', DIV, THREE, TWO, '3fffc000000000000000'],
    ['+0 + -0', ADD, ZERO, MINUS_ZERO, ZERO],
    ['-0 + -0', ADD, MINUS_ZERO, MINUS_ZERO, MINUS_ZERO],
    ['1 - 1', SUB, ONE, ONE, ZERO],
    ['inf + 1', ADD, INFINITY, ONE, INFINITY],
    ['1 - inf', SUB, ONE, INFINITY, MINUS_INFINITY],
    ['-0 * 1', MUL, MINUS_ZERO, ONE, MINUS_ZERO],
    ['inf * -1', MUL, INFINITY, MINUS_ONE, MINUS_INFINITY],
    ['-1 / inf', DIV, MINUS_ONE, INFINITY, MINUS_ZERO],
  ])('%s is exact', (_name, operation, a, b, result) => {
    expect(arithmetic(operation, a, b)).toBe(result);
    expect(fpu.conditions).toBe(0);
  });

  test.each([
    ['inf - inf', SUB, INFINITY, INFINITY],
    ['inf + -inf', ADD, INFINITY, MINUS_INFINITY],
    ['0 * inf', MUL, ZERO, INFINITY],
    ['0 / 0', DIV, ZERO, ZERO],
    ['inf / inf', DIV, INFINITY, INFINITY],
    ['an unnormal', ADD, UNNORMAL, ONE],
    ['a pseudo-infinity', ADD, PSEUDO_INFINITY, ONE],
  ])('%s is invalid', (_name, operation, a, b) => {
    expect(arithmetic(operation, a, b)).toBe(INDEFINITE);
    expect(fpu.conditions).toBe(IE);
  });

  test('an exact zero difference is negative when rounding down', () => {
    fpu.control = DOWN;
    expect(arithmetic(SUB, ONE, ONE)).toBe(MINUS_ZERO);
  });

  test('x / 0 is infinite and signals ZE', () => {
    expect(arithmetic(DIV, MINUS_ONE, ZERO)).toBe(MINUS_INFINITY);
    expect(fpu.conditions).toBe(ZE);
  });

  test.each([
    ['QNaN and number', QNAN, ONE, QNAN, 0],
    ['SNaN and number', ONE, SNAN, QUIETED_SNAN, IE],
    ['two QNaNs: the larger significand', QNAN, LARGER_QNAN, LARGER_QNAN, 0],
    ['SNaN and QNaN: the QNaN', SNAN, QNAN, QNAN, IE],
    ['two SNaNs: the larger significand', SNAN, '7fff8000000000009999', '7fffc000000000009999', IE],
  ])('NaN rule: %s', (_name, a, b, result, conditions) => {
    expect(arithmetic(ADD, a, b)).toBe(result);
    expect(fpu.conditions).toBe(conditions);
  });

  // 1 + 2^-64 lies half way between 1 and the next number; 1 + 2^-63 + 2^-64 half way to the next even one.
  const HALF_UNIT = '3fbf8000000000000000';
  const NEXT = '3fff8000000000000001';
  test.each([
    ['nearest, tie to even below', NEAREST, ONE, HALF_UNIT, ONE, PE],
    ['nearest, tie to even above', NEAREST, NEXT, HALF_UNIT, '3fff8000000000000002', PE | C1],
    ['up', UP, ONE, HALF_UNIT, NEXT, PE | C1],
    ['down', DOWN, NEXT, HALF_UNIT, NEXT, PE],
    ['truncate', TRUNCATE, NEXT, HALF_UNIT, NEXT, PE],
    ['down, negative', DOWN, MINUS_ONE, 'bfbf8000000000000000', 'bfff8000000000000001', PE | C1],
    ['up, negative', UP, MINUS_ONE, 'bfbf8000000000000000', MINUS_ONE, PE],
    ['nearest, far below half', NEAREST, ONE, '00018000000000000000', ONE, PE],
    ['up, far below a unit', UP, ONE, '00018000000000000000', NEXT, PE | C1],
  ])('rounds a sum: %s', (_name, control, a, b, result, conditions) => {
    fpu.control = control;
    expect(arithmetic(ADD, a, b)).toBe(result);
    expect(fpu.conditions).toBe(conditions);
  });

  test.each([
    ['24 bits', 0x07f, '3ffdaaaaab0000000000'],
    ['53 bits', 0x27f, '3ffdaaaaaaaaaaaaa800'],
    ['64 bits', 0x37f, '3ffdaaaaaaaaaaaaaaab'],
  ])('precision control %s', (_name, control, result) => {
    fpu.control = control;
    expect(arithmetic(DIV, ONE, THREE)).toBe(result);
    expect(fpu.conditions & PE).toBe(PE);
  });

  test('precision control does not apply to loads', () => {
    fpu.control = 0x07f;
    fpu.write(OPERAND, 8, 0x3ff0_0000_0000_0001n);
    expect(fpu.apply([], 'fld64', OPERAND)).toEqual(['3fff8000000000000800']);
    expect(fpu.conditions).toBe(0);
  });

  test('square roots', () => {
    expect(fpu.apply([TWO], 'fsqrt')).toEqual(['3fffb504f333f9de6484']);
    expect(fpu.conditions).toBe(PE);
    expect(fpu.apply(['40028000000000000000'], 'fsqrt')).toEqual(['4000b504f333f9de6484']);
    expect(fpu.apply([MINUS_ZERO], 'fsqrt')).toEqual([MINUS_ZERO]);
    expect(fpu.apply([MINUS_ONE], 'fsqrt')).toEqual([INDEFINITE]);
    expect(fpu.conditions).toBe(IE);
  });
});

describe('overflow and underflow', () => {
  const LARGEST = '7ffeffffffffffffffff';
  const SMALLEST = '00018000000000000000';

  test.each([
    ['nearest', NEAREST, LARGEST, INFINITY, OE | PE | C1],
    ['truncate', TRUNCATE, LARGEST, LARGEST, OE | PE],
    ['down', DOWN, LARGEST, LARGEST, OE | PE],
  ])('masked overflow, %s', (_name, control, a, result, conditions) => {
    fpu.control = control;
    expect(arithmetic(ADD, a, a)).toBe(result);
    expect(fpu.conditions).toBe(conditions);
  });

  test('an unmasked overflow stores the result with the exponent lowered by 24576', () => {
    fpu.control = 0x377;
    expect(arithmetic(ADD, LARGEST, LARGEST)).toBe('1fffffffffffffffffff');
    expect(fpu.conditions).toBe(OE | ES | B);
  });

  test('a masked underflow is signalled only if the result is inexact', () => {
    expect(arithmetic(DIV, SMALLEST, TWO)).toBe('00004000000000000000');
    expect(fpu.conditions).toBe(0);
    expect(arithmetic(DIV, '00018000000000000001', TWO)).toBe('00004000000000000000');
    expect(fpu.conditions).toBe(UE | PE);
  });

  test('an unmasked underflow is signalled for every tiny result and raises the exponent by 24576', () => {
    fpu.control = 0x36f;
    expect(arithmetic(DIV, SMALLEST, TWO)).toBe('60008000000000000000');
    expect(fpu.conditions).toBe(UE | ES | B);
  });

  test('a result that rounds up to the smallest normal number is not tiny', () => {
    // (1 - 2^-64 and a bit) * 2^-16382
    fpu.control = UP;
    expect(arithmetic(MUL, '0001ffffffffffffffff', '3ffe8000000000000000')).toBe('00018000000000000000');
    expect(fpu.conditions).toBe(PE | C1 | UE);
    expect(arithmetic(MUL, '0001ffffffffffffffff', '3ffe8000000000000001')).toBe('00018000000000000001');
    expect(fpu.conditions).toBe(PE | C1);
  });

  test('a masked denormal operand is used, and signalled', () => {
    expect(arithmetic(MUL, DENORMAL, '403e8000000000000000')).toBe('00018000000000000000');
    expect(fpu.conditions).toBe(DE);
  });

  test('an unmasked denormal operand stops the operation', () => {
    fpu.control = 0x37d;
    expect(arithmetic(MUL, DENORMAL, THREE)).toBe(DENORMAL);
    expect(fpu.conditions).toBe(DE | ES | B);
  });
});

describe('stack', () => {
  test('overflow pushes the indefinite, with C1 set', () => {
    const full = Array.from({ length: 8 }, () => ONE);
    expect(fpu.apply(full, 'fldConstant', 6)[0]).toBe(INDEFINITE);
    expect(fpu.conditions).toBe(IE | SF | C1);
    expect(fpu.top).toBe(7);
  });

  test('an unmasked overflow leaves the stack alone', () => {
    fpu.control = 0x37e;
    const full = Array.from({ length: 8 }, () => ONE);
    expect(fpu.apply(full, 'fldConstant', 6)).toEqual(full);
    expect(fpu.conditions).toBe(IE | SF | C1 | ES | B);
  });

  test('underflow gives the indefinite, with C1 clear, and still pops', () => {
    expect(fpu.apply([ONE], 'fadd', 1, 1, 1)).toEqual([INDEFINITE]);
    expect(fpu.conditions).toBe(IE | SF);
  });

  test('an unmasked underflow does not pop', () => {
    fpu.control = 0x37e;
    expect(fpu.apply([ONE], 'fadd', 1, 1, 1)).toEqual([ONE]);
  });

  test('FXCH gives empty registers the indefinite', () => {
    expect(fpu.apply([ONE], 'fxch', 1)).toEqual([INDEFINITE, ONE]);
    expect(fpu.conditions).toBe(IE | SF);
    expect(fpu.apply([ONE, TWO, THREE], 'fxch', 2)).toEqual([THREE, TWO, ONE]);
  });

  test('FFREE, FINCSTP and FDECSTP', () => {
    fpu.load(ONE, TWO);
    fpu.run('ffree', 0, 0);
    expect([fpu.st(0), fpu.st(1)]).toEqual([undefined, TWO]);
    fpu.run('rotateFpuStack', 1);
    expect(fpu.stack).toEqual([TWO]);
    fpu.run('rotateFpuStack', -1);
    expect([fpu.st(0), fpu.st(1)]).toEqual([undefined, TWO]);
  });

  test('FCMOVcc moves only if the condition holds', () => {
    expect(fpu.apply([ONE, TWO], 'fcmov', 1, 0)).toEqual([ONE, TWO]);
    expect(fpu.apply([ONE, TWO], 'fcmov', 1, 1)).toEqual([TWO, TWO]);
    expect(fpu.apply([ONE], 'fcmov', 1, 0)).toEqual([INDEFINITE]);
  });
});

describe('pending exceptions and availability', () => {
  test('an unmasked exception raises #MF at the next waiting instruction', () => {
    fpu.control = 0x37b;
    arithmetic(DIV, ONE, ZERO);
    expect(fpu.stack[0]).toBe(ONE);
    expect(fpu.event('fldConstant', 0)).toEqual({ vector: MF, error: -1 });
    expect(fpu.event('fwait')).toEqual({ vector: MF, error: -1 });
    expect(fpu.stack).toEqual([ONE, ZERO]);
    expect(fpu.event('fpuStatusWord')).toBeUndefined();
    expect(fpu.conditions).toBe(ZE | ES | B);
    fpu.run('fnclex');
    expect(fpu.event('fldConstant', 0)).toBeUndefined();
  });

  test('without CR0.NE it is ignored', () => {
    fpu.control = 0x37b;
    arithmetic(DIV, ONE, ZERO);
    fpu.cr0 = 0n;
    expect(fpu.event('fldConstant', 0)).toBeUndefined();
  });

  test('unmasking a flag that is set makes it pending, masking it the contrary', () => {
    arithmetic(DIV, ONE, ZERO);
    fpu.write(OPERAND, 2, 0x37bn);
    fpu.run('fldcw', OPERAND);
    expect(fpu.conditions).toBe(ZE | ES | B);
    fpu.run('fnstenv', OPERAND, 4);
    expect(fpu.conditions).toBe(ZE);
  });

  test('bits of the control word that do not exist', () => {
    fpu.write(OPERAND, 2, 0xffffn);
    fpu.run('fldcw', OPERAND);
    expect(fpu.control).toBe(0x1f7f);
    fpu.write(OPERAND, 2, 0n);
    fpu.run('fldcw', OPERAND);
    expect(fpu.control).toBe(0x40);
  });

  test.each([
    ['EM', CR0_EM],
    ['TS', CR0_TS],
  ])('CR0.%s makes every instruction raise #NM', (_name, bit) => {
    fpu.cr0 = CR0_NE | bit;
    for (const name of ['fchs', 'fninit', 'fnclex', 'fpuStatusWord', 'fpuControlWord', 'fnop', 'fxam']) {
      expect(fpu.event(name)).toEqual({ vector: NM, error: -1 });
    }
  });

  test('FWAIT raises #NM only if MP and TS are both set', () => {
    fpu.cr0 = CR0_TS;
    expect(fpu.event('fwait')).toBeUndefined();
    fpu.cr0 = CR0_MP;
    expect(fpu.event('fwait')).toBeUndefined();
    fpu.cr0 = CR0_MP | CR0_TS;
    expect(fpu.event('fwait')).toEqual({ vector: NM, error: -1 });
  });

  test('the pointers: FIP always, FDP and FOP at unmasked exceptions', () => {
    fpu.write(OPERAND, 4, 0n);
    fpu.apply([ONE], 'fpuArithmetic32', DIV, OPERAND);
    expect(fpu.state64(FPU_IP)).toBe(INSTRUCTION);
    expect(fpu.state64(FPU_DP)).toBe(0n);
    fpu.control = 0x37b;
    fpu.apply([ONE], 'fpuArithmetic32', DIV, OPERAND);
    expect(fpu.state64(FPU_DP)).toBe(OPERAND);
    expect(fpu.state32(FPU_OPCODE) & 0xffff).toBe(0x0c1);
  });
});

describe('memory operands', () => {
  test('FLD converts exactly', () => {
    fpu.write(OPERAND, 4, 0x3fc0_0000n);
    expect(fpu.apply([], 'fld32', OPERAND)).toEqual(['3fffc000000000000000']);
    fpu.write(OPERAND, 8, 0xbfe8_0000_0000_0000n);
    expect(fpu.apply([], 'fld64', OPERAND)).toEqual(['bffec000000000000000']);
    expect(fpu.conditions).toBe(0);
  });

  test('FLD of a denormal normalises it and signals DE', () => {
    fpu.write(OPERAND, 4, 1n);
    expect(fpu.apply([], 'fld32', OPERAND)).toEqual(['3f6a8000000000000000']);
    expect(fpu.conditions).toBe(DE);
  });

  test('FLD of a signaling NaN quiets it; FLD m80 does not', () => {
    fpu.write(OPERAND, 4, 0x7f80_0001n);
    expect(fpu.apply([], 'fld32', OPERAND)).toEqual(['7fffc000010000000000']);
    expect(fpu.conditions).toBe(IE);
    fpu.write(OPERAND, 10, 0x7fff_8000_0000_0000_0001n);
    expect(fpu.apply([], 'fld80', OPERAND)).toEqual(['7fff8000000000000001']);
    expect(fpu.conditions).toBe(0);
  });

  test('FST rounds to the destination format', () => {
    fpu.apply(['3ffdaaaaaaaaaaaaaaab'], 'fst32', OPERAND, 0);
    expect(fpu.read(OPERAND, 4)).toBe(0x3eaa_aaabn);
    expect(fpu.conditions).toBe(PE | C1);
    expect(fpu.apply(['3ffdaaaaaaaaaaaaaaab'], 'fst64', OPERAND, 1)).toEqual([]);
    expect(fpu.read(OPERAND, 8)).toBe(0x3fd5_5555_5555_5555n);
    expect(fpu.conditions).toBe(PE);
  });

  test('FST of what is too large or too small for the format', () => {
    fpu.apply(['7ffe8000000000000000'], 'fst32', OPERAND, 0);
    expect(fpu.read(OPERAND, 4)).toBe(0x7f80_0000n);
    expect(fpu.conditions).toBe(OE | PE | C1);
    fpu.apply(['3f6a8000000000000000'], 'fst32', OPERAND, 0);
    expect(fpu.read(OPERAND, 4)).toBe(1n);
    expect(fpu.conditions).toBe(0);
    fpu.apply(['3f698000000000000000'], 'fst32', OPERAND, 0);
    expect(fpu.read(OPERAND, 4)).toBe(0n);
    expect(fpu.conditions).toBe(UE | PE);
  });

  test('an unmasked overflow of a store leaves memory and stack alone', () => {
    fpu.control = 0x377;
    fpu.write(OPERAND, 4, 0x1234n);
    expect(fpu.apply(['7ffe8000000000000000'], 'fst32', OPERAND, 1)).toEqual(['7ffe8000000000000000']);
    expect(fpu.read(OPERAND, 4)).toBe(0x1234n);
    expect(fpu.conditions).toBe(OE | ES | B);
  });

  test.each([
    ['fist16', 2, '400dfffd800000000000', 0x7fffn, PE | C1],
    ['fist16', 2, '400dffff000000000000', 0x8000n, IE],
    ['fist16', 2, 'c00e8000000000000000', 0x8000n, 0],
    ['fist32', 4, '41008000000000000000', 0x8000_0000n, IE],
    ['fist32', 4, INFINITY, 0x8000_0000n, IE],
    ['fist32', 4, 'bffe8000000000000000', 0n, PE],
    ['fist32', 4, 'bfffc000000000000000', 0xffff_fffen, PE | C1],
  ])('%s (%i bytes) of %s', (name, size, value, result, conditions) => {
    fpu.apply([value], name, OPERAND, 0);
    expect(fpu.read(OPERAND, size)).toBe(result);
    expect(fpu.conditions).toBe(conditions);
  });

  test('64-bit integers keep all bits', () => {
    fpu.write(OPERAND, 8, 0x8000_0000_0000_0001n);
    expect(fpu.apply([], 'fild64', OPERAND)).toEqual(['c03dfffffffffffffffe']);
    fpu.run('fistp64', OPERAND + 8n);
    expect(fpu.read(OPERAND + 8n, 8)).toBe(0x8000_0000_0000_0001n);
    expect(fpu.stack).toEqual([]);
  });

  test('FISTTP truncates whatever the rounding control says', () => {
    fpu.control = UP;
    fpu.apply(['bfffe000000000000000'], 'fisttp32', OPERAND);
    expect(fpu.read(OPERAND, 4)).toBe(0xffff_ffffn);
    expect(fpu.conditions).toBe(PE);
  });

  test('packed BCD', () => {
    fpu.write(OPERAND, 10, 0x8000_0000_0000_0001_2345n);
    expect(fpu.apply([], 'fbld', OPERAND)).toEqual(['c00cc0e4000000000000']);
    fpu.run('fbstp', OPERAND + 16n);
    expect(fpu.read(OPERAND + 16n, 10)).toBe(0x8000_0000_0000_0001_2345n);
    fpu.apply(['403ade0b6b3a76400000'], 'fbstp', OPERAND); // 10^18
    expect(fpu.read(OPERAND, 10)).toBe(0xffff_c000_0000_0000_0000n);
    expect(fpu.conditions).toBe(IE);
    fpu.apply(['403ade0b6b3a763ffff0'], 'fbstp', OPERAND); // 10^18 - 1
    expect(fpu.read(OPERAND, 10)).toBe(0x99_9999_9999_9999_9999n);
  });

  test.each([
    ['fst32', 1],
    ['fst64', 1],
    ['fistp64', undefined],
    ['fstp80', undefined],
    ['fbstp', undefined],
  ])('a page fault of %s leaves everything as it was', (name, pops) => {
    const address = UNMAPPED - 1n;
    fpu.write(UNMAPPED - 8n, 8, 0x1122_3344_5566_7788n);
    fpu.load('3ffdaaaaaaaaaaaaaaab', ONE);
    expect(fpu.event(name, address, ...(pops === undefined ? [] : [pops]))?.vector).toBe(PF);
    expect(fpu.faultAddress).toBe(UNMAPPED);
    expect(fpu.stack).toEqual(['3ffdaaaaaaaaaaaaaaab', ONE]);
    expect(fpu.conditions).toBe(0);
    expect(fpu.state64(FPU_IP)).toBe(0n);
    expect(fpu.read(UNMAPPED - 8n, 8)).toBe(0x1122_3344_5566_7788n);
  });

  test.each([
    ['fst32', 1],
    ['fst64', 0],
    ['fist16', 1],
    ['fist32', 0],
    ['fistp64', undefined],
    ['fisttp16', undefined],
    ['fisttp32', undefined],
    ['fisttp64', undefined],
    ['fstp80', undefined],
    ['fbstp', undefined],
  ])('%s that stores nothing, for an exception is not masked, faults as if it did', (name, pops) => {
    const rest = pops === undefined ? [] : [pops];
    fpu.write(OPERAND, 2, 0x37en);
    fpu.run('fldcw', OPERAND);
    expect(fpu.event(name, UNMAPPED - 1n, ...rest)?.vector).toBe(PF);
    expect(fpu.faultAddress).toBe(UNMAPPED);
    expect(fpu.conditions).toBe(0);
    fpu.run(name, OPERAND, ...rest);
    expect(fpu.conditions & IE).toBe(IE);
    expect(fpu.read(OPERAND, 2)).toBe(0x37en);
  });
});

describe('comparison', () => {
  test.each([
    ['greater', TWO, ONE, 0],
    ['less', MINUS_ONE, ONE, C0],
    ['equal zeros', ZERO, MINUS_ZERO, C3],
    ['negative numbers', 'c000c000000000000000', MINUS_ONE, C0],
    ['infinity', INFINITY, '7ffeffffffffffffffff', 0],
  ])('%s', (_name, a, b, codes) => {
    fpu.apply([a, b], 'fcom', 1, 0, 0);
    expect(fpu.conditions).toBe(codes);
    fpu.load(a, b);
    expect(fpu.run('fcomi', 1, 0, 0)).toBe(codes);
    expect(fpu.conditions).toBe(0);
  });

  test('unordered: FCOM signals every NaN, FUCOM only signaling ones', () => {
    fpu.apply([QNAN, ONE], 'fcom', 1, 0, 0);
    expect(fpu.conditions).toBe(C3 | C2 | C0 | IE);
    fpu.apply([QNAN, ONE], 'fcom', 1, 1, 0);
    expect(fpu.conditions).toBe(C3 | C2 | C0);
    fpu.load(ONE, SNAN);
    expect(fpu.run('fcomi', 1, 1, 0)).toBe(C3 | C2 | C0);
    expect(fpu.conditions).toBe(IE);
  });

  test('the forms that pop', () => {
    expect(fpu.apply([ONE, TWO, THREE], 'fcom', 1, 0, 2)).toEqual([THREE]);
    expect(fpu.apply([ONE, TWO], 'fcomi', 1, 0, 1)).toEqual([TWO]);
    fpu.write(OPERAND, 2, 1n);
    expect(fpu.apply([ONE], 'fpuArithmeticInteger16', 3, OPERAND)).toEqual([]);
    expect(fpu.conditions).toBe(C3);
  });

  test('an unmasked invalid comparison does not pop', () => {
    fpu.control = 0x37e;
    expect(fpu.apply([QNAN, ONE], 'fcom', 1, 0, 1)).toEqual([QNAN, ONE]);
  });

  test.each([
    ['unsupported', UNNORMAL, 0],
    ['NaN', QNAN, C0],
    ['negative normal', MINUS_ONE, C2 | C1],
    ['infinity', INFINITY, C2 | C0],
    ['zero', ZERO, C3],
    ['denormal', DENORMAL, C3 | C2],
  ])('FXAM: %s', (_name, value, codes) => {
    fpu.apply([value], 'fxam');
    expect(fpu.conditions).toBe(codes);
  });

  test('FXAM of an empty register', () => {
    fpu.load();
    fpu.run('fxam');
    expect(fpu.conditions & ~C1).toBe(C3 | C0);
  });
});

describe('remainder and scaling', () => {
  test('FPREM truncates the quotient, FPREM1 rounds it; the codes are its low bits', () => {
    const eleven = '4002b000000000000000';
    const four = '40018000000000000000';
    expect(fpu.apply([eleven, four], 'fprem', 0)[0]).toBe(THREE);
    expect(fpu.conditions).toBe(C3); // quotient 2
    expect(fpu.apply([eleven, four], 'fprem', 1)[0]).toBe(MINUS_ONE);
    expect(fpu.conditions).toBe(C3 | C1); // quotient 3
  });

  test('FPREM is repeated until C2 is clear and then exact', () => {
    // 3 * 2^200 mod 7: 2^200 = 2^(3 * 66 + 2) = 4 (mod 7)
    let value = '40c8c000000000000000';
    let steps = 0;
    do {
      value = fpu.apply([value, '4001e000000000000000'], 'fprem', 0)[0] as string;
      steps++;
    } while (fpu.conditions & C2);
    expect(value).toBe('4001a000000000000000'); // 5
    expect(steps).toBeLessThanOrEqual(7);
  });

  test('FPREM by zero and of infinity is invalid', () => {
    expect(fpu.apply([ONE, ZERO], 'fprem', 0)[0]).toBe(INDEFINITE);
    expect(fpu.apply([INFINITY, ONE], 'fprem', 1)[0]).toBe(INDEFINITE);
    expect(fpu.apply([ONE, INFINITY], 'fprem', 0)[0]).toBe(ONE);
  });

  test.each([
    ['nearest even', NEAREST, '4000a000000000000000', TWO], // 2.5
    ['up', UP, '4000a000000000000000', THREE],
    ['down to zero keeps the sign', UP, 'bffe8000000000000000', MINUS_ZERO],
    ['already whole', NEAREST, '403fffffffffffffffff', '403fffffffffffffffff'],
  ])('FRNDINT %s', (_name, control, value, result) => {
    fpu.control = control;
    expect(fpu.apply([value], 'frndint')).toEqual([result]);
  });

  test('FSCALE truncates the scale', () => {
    expect(fpu.apply([THREE, 'bfffe000000000000000'], 'fscale')[0]).toBe('3fffc000000000000000');
    expect(fpu.apply([ZERO, INFINITY], 'fscale')[0]).toBe(INDEFINITE);
    expect(fpu.apply([MINUS_ONE, INFINITY], 'fscale')[0]).toBe(MINUS_INFINITY);
    expect(fpu.apply([MINUS_ONE, MINUS_INFINITY], 'fscale')[0]).toBe(MINUS_ZERO);
    expect(fpu.apply([ONE, '400fffff000000000000'], 'fscale')[0]).toBe(INFINITY);
    expect(fpu.conditions).toBe(OE | PE | C1);
  });

  test('FXTRACT', () => {
    expect(fpu.apply(['c003a000000000000000'], 'fxtract')).toEqual([
      'bfffa000000000000000',
      '40018000000000000000',
    ]);
    expect(fpu.apply([MINUS_ZERO], 'fxtract')).toEqual([MINUS_ZERO, MINUS_INFINITY]);
    expect(fpu.conditions).toBe(ZE);
  });
});

describe('transcendental functions', () => {
  test.each([
    ['fsin', ONE, '3ffed76aa47848677021'],
    ['fcos', ONE, '3ffe8a51407da8345c92'],
    // By 66-bit pi: the cosine of -2.5 itself ends in ...e958, the sine of 100 in ...c038.
    ['fcos', 'c000a000000000000000', 'bffecd17bf7c2c5be959'], // -2.5
    ['fsin', '4005c800000000000000', 'bffe81a12dbc626dc036'], // 100
    ['f2xm1', '3ffe8000000000000000', '3ffdd413cccfe7799211'],
    ['f2xm1', 'bffd8000000000000000', 'bffca2ec0cd4a58a542f'],
  ])('%s of %s', (name, value, result) => {
    expect(fpu.apply([value], name)).toEqual([result]);
    expect(fpu.conditions & ~C1).toBe(PE);
  });

  test('FPTAN pushes 1.0, FSINCOS the cosine', () => {
    expect(fpu.apply([ONE], 'fptan')).toEqual([ONE, '3fffc75922e5f71d2dc5']);
    expect(fpu.apply([ONE], 'fsincos')).toEqual(['3ffe8a51407da8345c92', '3ffed76aa47848677021']);
  });

  // st(1) is y or the factor; both are popped but for the result.
  test.each([
    ['fpatan', TWO, ONE, '3ffded63382b0dda7b45'], // atan(1/2)
    ['fpatan', MINUS_ONE, ONE, '400096cbe3f9990e91a8'], // 3 pi / 4
    ['fpatan', TWO, 'c000c000000000000000', 'bffefb985e940fb4d900'], // atan(-3/2)
    ['fyl2x', '4002a000000000000000', THREE, '40029f73da38d9d4a83f'], // 3 log2 10
    ['fyl2x', '40028000000000000000', TWO, '4001c000000000000000'], // 2 log2 8
    ['fyl2xp1', '3fd78000000000000000', ONE, '3fd7b8aa3b295bbb9b9e'], // 2^-40
  ])('%s of %s and %s', (name, x, y, result) => {
    expect(fpu.apply([x, y], name)).toEqual([result]);
    expect(fpu.conditions & ~C1).toBe(PE);
  });

  test('arguments of 2^63 and more are left alone, with C2 set', () => {
    for (const name of ['fsin', 'fcos', 'fptan', 'fsincos']) {
      expect(fpu.apply(['403e8000000000000000'], name)).toEqual(['403e8000000000000000']);
      expect(fpu.conditions).toBe(C2);
    }
  });

  test.each([
    ['fsin', [INFINITY], INDEFINITE, IE],
    ['fsin', [MINUS_ZERO], MINUS_ZERO, 0],
    ['fcos', [ZERO], ONE, 0],
    ['fyl2x', [MINUS_ONE, ONE], INDEFINITE, IE],
    ['fyl2x', [ZERO, ONE], MINUS_INFINITY, ZE],
    ['fyl2x', [ZERO, ZERO], INDEFINITE, IE],
    ['fyl2x', [ONE, INFINITY], INDEFINITE, IE],
    ['fyl2x', [ONE, MINUS_ONE], MINUS_ZERO, 0],
    ['fyl2xp1', [ZERO, INFINITY], INDEFINITE, IE],
    ['fyl2xp1', [INFINITY, MINUS_ONE], MINUS_INFINITY, 0],
    ['fpatan', [ONE, MINUS_ZERO], MINUS_ZERO, 0],
    ['fpatan', [MINUS_ONE, ZERO], '4000c90fdaa22168c235', PE | C1],
    ['fpatan', [INFINITY, INFINITY], '3ffec90fdaa22168c235', PE | C1],
    ['f2xm1', [MINUS_ZERO], MINUS_ZERO, 0],
    ['f2xm1', [QNAN], QNAN, 0],
  ])('%s of %j', (name, values, result, conditions) => {
    expect(fpu.apply(values, name)).toEqual([result]);
    expect(fpu.conditions).toBe(conditions);
  });

  test('constants follow the rounding control', () => {
    expect(fpu.apply([], 'fldConstant', 3)).toEqual(['4000c90fdaa22168c235']);
    fpu.control = DOWN;
    expect(fpu.apply([], 'fldConstant', 3)).toEqual(['4000c90fdaa22168c234']);
    fpu.control = UP;
    expect(fpu.apply([], 'fldConstant', 1)).toEqual(['4000d49a784bcd1b8aff']);
  });
});
