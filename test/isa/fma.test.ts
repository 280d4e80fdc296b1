/** Flags of fused multiply-adds that inline code has to see coming, whether the engine fuses or not. */
import { describe, expect, it } from 'vitest';
import { MXCSR_PE } from '../../src/layout/cpu-state.ts';
import type { State } from '../vectors/vector.ts';
import { type Engine, VectorMachine } from './vector-machine.ts';

const ENGINES: readonly Engine[] = ['interpreter', 'writer', 'old'];
const ONE = '3ff0000000000000';
const NEGATIVE_ONE = 'bff0000000000000';

/** Doubles a, b and c, and a * b + c with its flags besides PE. */
const CASES = [
  ['rounds once', '3ff0000000000001', '3ff0000000000001', 'bff0000000000002', '3970000000000000', 0],
  ['is zero, exactly', '4008000000000000', '4014000000000000', 'c02e000000000000', '0', 0],
  ['is zero because a factor is', '0', '4014000000000000', '0', '0', 0],
  ['is too small for a denormal', '1a70000000000001', '1a70000000000003', '0', '0', 0x10],
  ['has a rest that is too small', '20b0000000000001', '1f70000000000001', '8030000000000002', '0', 0x10],
  [
    'is rounded to the smallest normal number',
    '0010000000000000',
    '3fefffffffffffff',
    '0',
    '0010000000000000',
    0x10,
  ],
  ['has a denormal factor', '1', ONE, ONE, ONE, 2],
  ['has a denormal addend', ONE, ONE, '1', ONE, 2],
  ['is denormal', '0010000000000000', ONE, '8008000000000000', '0008000000000000', 2],
  ['overflows', '7fefffffffffffff', '4000000000000000', ONE, '7ff0000000000000', 8],
  ['is infinite as a factor is', '7ff0000000000000', NEGATIVE_ONE, ONE, 'fff0000000000000', 0],
  ['is a quiet NaN', ONE, ONE, '7ff8000000000123', '7ff8000000000123', 0],
  ['makes a signaling NaN quiet', '7ff0000000000123', ONE, ONE, '7ff8000000000123', 1],
  ['is no number', '7ff0000000000000', '0', ONE, 'fff8000000000000', 1],
] as const;

/** xmm1 * xmm0 + xmm2 to xmm0, or so of the YMM registers, of which all but the highest numbers are ones. */
const FORMS = [
  { asm: 'vfmadd213sd xmm0, xmm1, xmm2', code: 'c4e2f1a9c2', isScalar: true },
  { asm: 'vfmadd213pd ymm0, ymm1, ymm2', code: 'c4e2f5a8c2', isScalar: false },
] as const;

function run(engine: Engine, form: (typeof FORMS)[number], numbers: readonly string[]): State {
  const { asm, code, isScalar } = form;
  const high = (number: string): string => (isScalar ? ONE.repeat(2) : `${number.padStart(16, '0')}${ONE}`);
  const low = (number: string): string => (isScalar ? `${ONE}${number.padStart(16, '0')}` : ONE.repeat(2));
  const registers = numbers.flatMap((number, register) => [
    [`xmm${register}`, low(number)],
    [`ymmh${register}`, high(number)],
  ]);
  const input = { ...Object.fromEntries(registers), mxcsr: '1fa0' };
  return new VectorMachine().run({ asm, code, in: input, out: {} }, engine);
}

describe.each(ENGINES)('a fused multiply-add (%s)', (engine) => {
  it.each(CASES)('%s', (_, a, b, c, result, flags) => {
    for (const form of FORMS) {
      const state = run(engine, form, [a, b, c]);
      const found = form.isScalar ? state.xmm[0]?.[0] : state.ymmHigh[0]?.[1];
      expect(found?.toString(16), form.asm).toBe(result.replace(/^0+(?=.)/, ''));
      expect((state.mxcsr & 0x3f).toString(16), form.asm).toBe((MXCSR_PE | flags).toString(16));
    }
  });
});
