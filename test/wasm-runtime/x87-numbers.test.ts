/** What regions have the runtime do with numbers: zeros, quotients and roots have a short way, which has to be as exact as the general one. */
import { beforeEach, describe, expect, test } from 'vitest';
import { C1, FpuRuntime, MINUS_ONE, MINUS_ZERO, ONE, PE, THREE, TWO, ZE, ZERO } from './fpu-runtime.ts';

const [ADD, MULTIPLY, SUBTRACT, SUBTRACT_REVERSED, DIVIDE, DIVIDE_REVERSED] = [0, 1, 4, 5, 6, 7];
const FUNCTIONS = { 0: 'fadd', 1: 'fmul', 4: 'fsub', 5: 'fsubr', 6: 'fdiv', 7: 'fdivr' } as const;
type Operation = keyof typeof FUNCTIONS;
const OPERATIONS = Object.keys(FUNCTIONS).map(Number) as Operation[];
const INTEGER_BIT = 1n << 63n;
const BIAS = 16383;
const SIGN = 0x8000;
const [NEAREST, DOWN, BITS_53] = [0x37f, 0x77f, 0x27f];

let fpu: FpuRuntime;
beforeEach(() => {
  fpu = FpuRuntime.create();
});

const head = (number: string): number => Number.parseInt(number.slice(0, 4), 16);
const significand = (number: string): bigint => BigInt(`0x${number.slice(4)}`);

function compute(operation: number, a: string, b: string) {
  fpu.status = 0;
  const computed = fpu.numbers('fpuCompute', operation, head(a), significand(a), head(b), significand(b));
  return { ...computed, conditions: fpu.conditions };
}

/** What the instruction makes of it, without a region. */
function byInstruction(operation: Operation, a: string, b: string) {
  const [result] = fpu.apply([a, b], FUNCTIONS[operation], 1, 0, 0);
  return { result, up: (fpu.conditions & C1) !== 0, conditions: fpu.conditions & ~C1 };
}

const INFINITY = '7fff8000000000000000';
const SMALLEST = '00018000000000000000';
const LARGEST = '7ffeffffffffffffffff';
const DENORMAL = '00000000000000000001';
const UNNORMAL = '3fff4000000000000000';
const NUMBERS = [
  ZERO,
  MINUS_ZERO,
  ONE,
  MINUS_ONE,
  TWO,
  THREE,
  INFINITY,
  SMALLEST,
  LARGEST,
  DENORMAL,
  UNNORMAL,
];

describe.each([
  ['64 bits to nearest', NEAREST],
  ['down', DOWN],
  ['53 bits', BITS_53],
])('%s', (_name, control) => {
  test.each(OPERATIONS)('operation %i is what the instruction does', (operation) => {
    fpu.control = control;
    for (const a of NUMBERS) {
      for (const b of NUMBERS) {
        expect({ a, b, ...compute(operation, a, b) }).toEqual({ a, b, ...byInstruction(operation, a, b) });
      }
    }
  });
});

/** Of a sequence, so that failures are the same in each run. */
function* significands(): Generator<bigint> {
  let state = 0x9e37_79b9_7f4a_7c15n;
  for (let i = 0; i < 2000; i++) {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    // Some with few bits, at either end.
    const mask = i % 4 === 0 ? -1n << BigInt(i % 61) : i % 4 === 1 ? (1n << BigInt(i % 61)) - 1n : -1n;
    yield (BigInt.asUintN(64, state & mask) | INTEGER_BIT) as bigint;
  }
}

/** `whole` and what is left of it, of `unit` for the last place, rounded to nearest. */
function nearest(whole: bigint, left: bigint, unit: bigint) {
  const up = 2n * left > unit || (2n * left === unit && (whole & 1n) === 1n);
  return { significand: whole + (up ? 1n : 0n), up, conditions: left === 0n ? 0 : PE };
}

test('quotients are rounded as they should be', () => {
  const numbers = [...significands()];
  numbers.forEach((a, i) => {
    const b = numbers[(i * 7 + 1) % numbers.length] as bigint;
    const shift = a >= b ? 63n : 64n;
    const dividend = a << shift;
    const { significand: quotient, ...rest } = nearest(dividend / b, dividend % b, b);
    const expected = {
      result: (SIGN | (BIAS - Number(shift - 63n))).toString(16) + quotient.toString(16),
      ...rest,
    };
    const [positive, negative] = [`3fff${a.toString(16)}`, `bfff${b.toString(16)}`];
    expect(compute(DIVIDE, positive, negative)).toEqual(expected);
    expect(compute(DIVIDE_REVERSED, negative, positive)).toEqual(expected);
  });
});

/** The largest whole number whose square is not more. */
function wholeRoot(square: bigint): bigint {
  let root = 1n << 64n;
  for (;;) {
    const next = (root + square / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

test('roots are rounded as they should be', () => {
  for (const number of significands()) {
    for (const [exponent, shift] of [
      [BIAS, 63n],
      [BIAS + 1, 64n],
      [BIAS - 1, 64n],
    ] as const) {
      const square = number << shift;
      const whole = wholeRoot(square);
      // (whole + 1/2)^2 is a quarter more than a whole number: never exactly half way.
      const left = square - whole * whole;
      const up = left > whole;
      const rooted = `${(BIAS + ((exponent - BIAS) >> 1)).toString(16)}${(whole + (up ? 1n : 0n)).toString(16)}`;
      fpu.status = 0;
      expect(fpu.numbers('fpuRoot', exponent, number)).toEqual({ result: rooted, up });
      expect(fpu.conditions).toBe(left === 0n ? 0 : PE);
    }
  }
});

test('a division by zero is told, and zeros keep their signs', () => {
  expect(compute(DIVIDE, MINUS_ONE, ZERO)).toMatchObject({ result: 'ffff8000000000000000', conditions: ZE });
  expect(compute(MULTIPLY, MINUS_ONE, ZERO).result).toBe(MINUS_ZERO);
  expect(compute(ADD, MINUS_ZERO, MINUS_ZERO).result).toBe(MINUS_ZERO);
  expect(compute(SUBTRACT, MINUS_ZERO, ZERO).result).toBe(MINUS_ZERO);
  expect(compute(SUBTRACT_REVERSED, ONE, ZERO).result).toBe(MINUS_ONE);
});
