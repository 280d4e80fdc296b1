import { describe, expect, it } from 'vitest';
import { scratchByte } from './layout.ts';
import {
  compare,
  expectedState,
  initialState,
  loadVectors,
  type State,
  type Vector,
  vectorFamilies,
} from './vector.ts';

const ADD: Vector = {
  asm: 'add qword ptr [rbx], rcx',
  code: '48010b',
  in: { rbx: '10000100', rcx: '2', rflags: '203', mem: { 10000100: 'ffffffffffffffff' } },
  out: { rflags: '213', mem: { 10000100: `01${'00'.repeat(7)}` } },
  undefined: '4',
};

/** What an emulator that did everything right would report. */
function perfect(vector: Vector): State {
  const state = expectedState(vector);
  const xmm = state.xmm.map(([low, high]): [bigint, bigint] => [low, high]);
  return { ...state, gpr: [...state.gpr], xmm, fpu: state.fpu.slice(), scratch: state.scratch.slice() };
}

describe('initialState', () => {
  it('starts from the defaults and applies registers, memory and code', () => {
    const state = initialState(ADD);
    expect(state.gpr[3]).toBe(0x1000_0100n);
    expect(state.gpr[0]).toBe(0xa0a0_a0a0_a0a0_a0a0n);
    expect(state.xmm[15]).toEqual([0xbfbf_bfbf_bfbf_bfbfn, 0xbfbf_bfbf_bfbf_bfbfn]);
    expect([...state.scratch.subarray(0x107, 0x109)]).toEqual([0xff, scratchByte(0x1000_0108)]);
    expect([...state.codeArea.subarray(0x7ff, 0x804)]).toEqual([0xcc, 0x48, 0x01, 0x0b, 0xcc]);
  });
});

describe('compare', () => {
  it('accepts the expected state', () => {
    expect(compare(expectedState(ADD), perfect(ADD))).toEqual([]);
    expect(expectedState(ADD).rip).toBe(0x2000_0803n);
  });

  it('ignores undefined flags and reports the others by name', () => {
    expect(compare(expectedState(ADD), { ...perfect(ADD), rflags: 0x217n })).toEqual([]);
    expect(compare(expectedState(ADD), { ...perfect(ADD), rflags: 0x253n })).toEqual([
      'rflags: expected 213, got 253: differ in ZF',
    ]);
  });

  it('ignores upper halves of RAX to RDI outside 64-bit mode', () => {
    const changed = (vector: Vector): State => {
      const state = perfect(vector);
      state.gpr[1] ^= 1n << 32n;
      state.gpr[2] ^= 1n << 31n;
      state.gpr[8] ^= 1n << 32n;
      return state;
    };
    const names = (vector: Vector): string[] =>
      compare(expectedState(vector), changed(vector)).map((line) => line.split(':')[0] as string);
    expect(names(ADD)).toEqual(['rcx', 'rdx', 'r8']);
    expect(names({ ...ADD, mode: 32 })).toEqual(['rdx', 'r8']);
    expect(names({ ...ADD, out: { ...ADD.out, cs: '23' } })).toEqual(['rdx', 'r8']);
    expect(names({ ...ADD, out: { ...ADD.out, cs: '33' } })).toEqual(['rcx', 'rdx', 'r8']);
  });

  it('reports registers, memory, x87 state and missing faults', () => {
    const wrong = perfect(ADD);
    wrong.gpr[1] = 3n;
    wrong.xmm[2][1] = 0n;
    wrong.fpu[0] = 0x7e;
    wrong.scratch[0x1fff] = 0;
    expect(compare(expectedState(ADD), wrong)).toEqual([
      'rcx: expected 2, got 3',
      'xmm2[1]: expected b2b2b2b2b2b2b2b2, got 0',
      'fcw: expected 37f, got 37e',
      `[10001fff]: expected ${scratchByte(0x1000_1fff).toString(16)}, got 0`,
    ]);
    const faulting: Vector = { ...ADD, out: { fault: { vector: 14, error: '6', address: '10000100' } } };
    expect(expectedState(faulting).rip).toBe(0x2000_0800n);
    const { fault: _, ...silent } = perfect(faulting);
    expect(compare(expectedState(faulting), silent)).toEqual(['fault vector: expected e, got -1']);
  });

  it('allows approximate results their tolerance, and exact ones none', () => {
    const out = { xmm1: '3f0000003f000000', st0: '3ffe8000000000000000' };
    const approximate: Vector = {
      ...ADD,
      out: { ...ADD.out, ...out, ftw: '1' },
      tolerance: 1e-3,
      lanes: 'f32',
    };
    const actual = perfect(approximate);
    actual.xmm[1][0] = 0x3f00_0001_3eff_ffffn;
    // One unit below a half: the exponent changes, the number hardly.
    actual.fpu.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfd, 0x3f], 32);
    expect(compare(expectedState(approximate), actual)).toEqual([]);
    const { tolerance: _, ...exact } = approximate;
    expect(compare(expectedState(exact), actual)).toHaveLength(2);
  });
});

describe('the recorded files', () => {
  it.each(vectorFamilies())('%s: every case differs from its initial state as recorded', (family) => {
    const vectors = loadVectors(family);
    expect(vectors.length).toBeGreaterThan(0);
    for (const vector of vectors.filter((_, i) => i % 50 === 0)) {
      const before = initialState(vector);
      // Applying `out` to the initial state has to change something: at least rip moves, or a fault appears.
      expect(compare(expectedState(vector), before), vector.asm).not.toEqual([]);
      expect(compare(expectedState(vector), perfect(vector)), vector.asm).toEqual([]);
    }
  });
});
