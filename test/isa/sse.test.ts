/** What the recorded SSE vectors do not show: disabled SSE, exact MXCSR flags, and published AES examples. */
import { describe, expect, it } from 'vitest';
import { CR0, CR4, XCR0 } from '../../src/layout/cpu-state.ts';
import { AVX_DISABLED, SSE_DISABLED } from '../../src/layout/runtime-state.ts';
import { CODE } from '../vectors/layout.ts';
import { compare, expectedState, type Vector } from '../vectors/vector.ts';
import { ENGINES, type Engine, VectorMachine } from './vector-machine.ts';

function differences(vector: Vector, engine: Engine, prepare?: (machine: VectorMachine) => void): string[] {
  const machine = new VectorMachine();
  prepare?.(machine);
  return compare(expectedState(vector), machine.run(vector, engine));
}

describe.each(ENGINES)('SSE (%s)', (engine) => {
  const addps: Vector = { asm: 'addps xmm0, xmm1', code: '0f58c1', in: {}, out: {} };
  const fault = (vector: number): Vector => ({ ...addps, out: { fault: { vector } } });

  it('raises #UD with CR0.EM set or CR4.OSFXSR clear, before #NM', () => {
    const withoutOsfxsr = (machine: VectorMachine): void => {
      machine.processor.setU64(CR4, 0x4a0n);
      machine.processor.setU64(CR0, 0x8005_003bn);
      machine.processor.setU32(SSE_DISABLED, 1);
    };
    expect(differences(fault(6), engine, withoutOsfxsr)).toEqual([]);
    const emulated = (machine: VectorMachine): void => {
      machine.processor.setU64(CR0, 0x8005_0037n);
      machine.processor.setU32(SSE_DISABLED, 1);
    };
    expect(differences(fault(6), engine, emulated)).toEqual([]);
  });

  it('raises #NM with CR0.TS set', () => {
    const switched = (machine: VectorMachine): void => {
      machine.processor.setU64(CR0, 0x8005_003bn);
      machine.processor.setU32(SSE_DISABLED, 1);
    };
    expect(differences(fault(7), engine, switched)).toEqual([]);
  });

  it('raises #UD where only AVX is disabled', () => {
    const vector: Vector = {
      asm: 'vaddps ymm0, ymm0, ymm1',
      code: 'c5fc58c1',
      in: {},
      out: { fault: { vector: 6 } },
    };
    const disabled = (machine: VectorMachine): void => {
      machine.processor.setU64(XCR0, 3n);
      machine.processor.setU32(AVX_DISABLED, 1);
    };
    expect(differences(vector, engine, disabled)).toEqual([]);
  });

  it('raises #UD instead of #XM with CR4.OSXMMEXCPT clear', () => {
    const divide: Vector = {
      asm: 'divss xmm0, xmm1',
      code: 'f30f5ec1',
      in: { xmm0: '3f800000', xmm1: '0', mxcsr: '1d80' },
      out: { mxcsr: '1d84', fault: { vector: 19 } },
    };
    expect(differences(divide, engine)).toEqual([]);
    const undefinedInstead: Vector = { ...divide, out: { mxcsr: '1d84', fault: { vector: 6 } } };
    const clear = (machine: VectorMachine): void => machine.processor.setU64(CR4, 0x2a0n);
    expect(differences(undefinedInstead, engine, clear)).toEqual([]);
  });

  it('checks the alignment of a 16-byte operand before its page', () => {
    const vector: Vector = {
      asm: 'movaps xmm0, [rbx]',
      code: '0f2803',
      in: { rbx: '30000008' },
      out: { fault: { vector: 13, error: '0' } },
    };
    expect(differences(vector, engine)).toEqual([]);
  });

  /** What inline code has to see once PE is set: doubles a and b, and the flags of a op b besides PE. */
  it.each([
    ['multiplies a denormal into a normal number', 'mulsd', 'f20f59c1', '10', '4340000000000000', 2],
    ['multiplies to zero, inexactly', 'mulsd', 'f20f59c1', '0010000000000001', '0010000000000003', 0x10],
    [
      'multiplies to the smallest normal number',
      'mulsd',
      'f20f59c1',
      '3fefffffffffffff',
      '0010000000000000',
      0x10,
    ],
    ['divides by an infinity', 'divsd', 'f20f5ec1', '3ff0000000000000', '7ff0000000000000', 0],
    ['multiplies by zero', 'mulsd', 'f20f59c1', '3ff0000000000000', '0', 0],
    ['multiplies a denormal by zero', 'mulpd', '660f59c1', '10', '0', 2],
    ['divides to a denormal', 'divsd', 'f20f5ec1', '0010000000000001', '4008000000000000', 0x10],
    ['divides by zero', 'divsd', 'f20f5ec1', '3ff0000000000000', '0', 4],
    ['adds a denormal that is lost', 'addsd', 'f20f58c1', '3ff0000000000000', '1', 2],
    ['subtracts denormals', 'subpd', '660f5cc1', '3', '1', 2],
    ['overflows', 'addpd', '660f58c1', '7fefffffffffffff', '7fefffffffffffff', 8],
    ['takes the root of a denormal', 'sqrtsd', 'f20f51c1', '0', '1', 2],
    ['compares with a denormal', 'ucomisd', '660f2ec1', '3ff0000000000000', '1', 2],
    ['compares with a quiet NaN', 'comisd', '660f2fc1', '3ff0000000000000', '7ff8000000000000', 1],
    ['takes the smaller of a denormal', 'minpd', '660f5dc1', '3ff0000000000000', '1', 2],
    ['narrows to a denormal', 'cvtsd2ss', 'f20f5ac1', '0', '3800000000000001', 0x10],
    ['narrows zero', 'cvtpd2ps', '660f5ac1', '0', '8000000000000000', 0],
    ['converts what does not fit', 'cvttpd2dq', '660fe6c1', '0', '41f0000000000000', 1],
  ] as const)('%s: %s', (_, asm, code, a, b, flags) => {
    const state = new VectorMachine().run(
      { asm, code, in: { xmm0: a, xmm1: b, mxcsr: '1fa0' }, out: {} },
      engine,
    );
    expect(state.mxcsr.toString(16)).toBe((0x1fa0 | flags).toString(16));
  });

  it('refuses reserved bits of MXCSR', () => {
    const vector: Vector = {
      asm: 'ldmxcsr [rbx]',
      code: '0fae13',
      in: { rbx: '10000100', mem: { 10000100: '801f0100' } },
      out: { fault: { vector: 13, error: '0' } },
    };
    expect(differences(vector, engine)).toEqual([]);
  });

  it('computes one round of the example of FIPS 197, appendix B', () => {
    // Round 1 of the cipher: state after the first AddRoundKey, round key, state at the start of round 2.
    const reverseBytes = (digits: string): string => (digits.match(/../g) as string[]).reverse().join('');
    const vector: Vector = {
      asm: 'aesenc xmm0, xmm1',
      code: '660f38dcc1',
      in: {
        xmm0: reverseBytes('193de3bea0f4e22b9ac68d2ae9f84808'),
        xmm1: reverseBytes('a0fafe1788542cb123a339392a6c7605'),
      },
      out: { xmm0: reverseBytes('a49c7ff2689f352b6b5bea43026a5049') },
    };
    expect(differences(vector, engine)).toEqual([]);
  });

  it('multiplies without carries: the example of the PCLMULQDQ white paper', () => {
    const vector: Vector = {
      asm: 'pclmulqdq xmm0, xmm1, 0',
      code: '660f3a44c100',
      in: { xmm0: '7b5b54657374566563746f725d53475d', xmm1: '48692853686179295b477565726f6e5d' },
      out: { xmm0: '1d4d84c85c3440c0929633d5d36f0451' },
    };
    expect(differences(vector, engine)).toEqual([]);
  });

  it('leaves RIP at a faulting instruction behind others', () => {
    const vector: Vector = {
      asm: 'addps xmm0, xmm0; movaps xmm1, [rbx]',
      code: '0f58c00f280b',
      steps: 2,
      in: { xmm0: '3f800000', rbx: '10000104' },
      out: { xmm0: '40000000', rip: (CODE + 0x803).toString(16), fault: { vector: 13, error: '0' } },
    };
    expect(differences(vector, engine)).toEqual([]);
  });
});
