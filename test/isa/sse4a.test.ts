/** SSE4a, which is not among the recorded vectors (AMD64 APM Vol. 4). */
import { describe, expect, it } from 'vitest';
import { YMM } from '../../src/layout/cpu-state.ts';
import { createTieredMachine, runRounds } from '../code-cache/tiered-machine.ts';
import { assemble } from '../support/assembler.ts';
import { BACK_ENDS } from '../support/back-ends.ts';
import { CODE, DATA, type SystemMachine } from './system-machine.ts';

const RBX = 3;
const A = 0xfedc_ba98_7654_3210n;
const B = 0x0123_4567_89ab_cdefn;
/** The upper half of XMM1. */
const A_HIGH = 0x1111_2222_3333_4444n;

/** Runs instructions until they are compiled; XMM1 is A, XMM2 the source of INSERTQ, XMM3 the control of EXTRQ. */
function run(tier: 'interpreter' | 'compiled', code: string, control: bigint): SystemMachine {
  const tiered = createTieredMachine(tier, undefined, BACK_ENDS.writer);
  const { processor } = tiered.machine;
  tiered.machine.write(CODE, [...assemble(`${code}; hlt`, CODE)]);
  runRounds(tiered, tier, () => {
    processor.rip = BigInt(CODE);
    processor.setGpr(RBX, BigInt(DATA));
    [A, A_HIGH, B, control, control, 0n].forEach((half, at) => {
      processor.setU64(YMM + 32 + (at >> 1) * 32 + (at & 1) * 8, half);
    });
  });
  return tiered.machine;
}

describe.each(['interpreter', 'compiled'] as const)('%s', (tier) => {
  it.each([
    // Length, index, EXTRQ of A, INSERTQ of B into A.
    [8, 0, 0x10n, 0xfedc_ba98_7654_32efn],
    [16, 24, 0x9876n, 0xfedc_bacd_ef54_3210n],
    [1, 63, 1n, 0xfedc_ba98_7654_3210n],
    [0, 0, A, B],
    [63, 1, 0x7f6e_5d4c_3b2a_1908n, 0x0246_8acf_1357_9bden],
    [5, 36, 9n, 0xfedc_baf8_7654_3210n],
  ])('a field of %d bits from bit %d on', (length, index, extracted, inserted) => {
    const instructions = [
      `extrq xmm0,${length},${index}`,
      'extrq xmm0,xmm3',
      `insertq xmm0,xmm2,${length},${index}`,
      'insertq xmm0,xmm2',
    ];
    const code = instructions.map(
      (instruction, at) => `movdqa xmm0,xmm1; ${instruction}; movdqa XMMWORD PTR [rbx+${at * 16 + 16}],xmm0`,
    );
    // Of a control only twelve bits count.
    const control = BigInt(length | (index << 8)) | 0xffff_ffff_ffff_c0c0n;
    const machine = run(tier, code.join('; '), control);
    const results = instructions.map((_, at) => machine.read64(DATA + at * 16 + 16));
    expect(results).toEqual([extracted, extracted, inserted, inserted]);
    for (const at of instructions.keys()) expect(machine.read64(DATA + at * 16 + 24)).toBe(0n);
  });

  it('MOVNTSS and MOVNTSD store scalars at any address', () => {
    const code = 'movntss DWORD PTR [rbx+1],xmm1; movntsd QWORD PTR [rbx+9],xmm1';
    const machine = run(tier, code, 0n);
    const [first = 0n, second = 0n, third = 0n] = [0, 8, 16].map((at) => machine.read64(DATA + at));
    expect(first).toBe((A & 0xffff_ffffn) << 8n);
    expect(BigInt.asUintN(64, (second >> 8n) | (third << 56n))).toBe(A);
  });
});
