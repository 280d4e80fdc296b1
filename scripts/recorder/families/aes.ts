/** AES-NI (FIPS 197; Intel SDM Vol. 2 "AESENC" and kin) and PCLMULQDQ (the same volume, "PCLMULQDQ"). */

import type { Case } from '../case.ts';
import { joinLanes, MXCSR_DEFAULT } from '../lanes.ts';
import { AddressingCycle } from '../operands.ts';
import { Random } from '../values.ts';
import { vectorCase, vectorCases, xmm } from './vectors.ts';

/** Round constants of FIPS 197, and bytes that are none. */
const ROUND_CONSTANTS = [0x00, 0x01, 0x02, 0x1b, 0x36, 0x80, 0xa5, 0xff];
/** Bits 0 and 4 choose the halves; the second four have all other bits set, which are ignored. */
const HALVES = [0x00, 0x01, 0x10, 0x11, 0xee, 0xef, 0xfe, 0xff];

/** Every entry of the S-box or its inverse, which the last rounds show without mixed columns. */
function* substitutions(op: string): Generator<Case> {
  const random = new Random(`${op} substitutions`);
  for (let row = 0; row < 16; row++) {
    const bytes = Array.from({ length: 16 }, (_, i) => BigInt(row * 16 + i));
    yield vectorCase(
      `${op} xmm1, xmm2`,
      [
        [xmm(1), joinLanes(bytes, 'i8')],
        [xmm(2), 0n],
      ],
      random,
      MXCSR_DEFAULT,
    );
  }
}

/** Powers of two, whose products show each bit of both operands on its own, and all ones. */
function* products(): Generator<Case> {
  const random = new Random('pclmulqdq products');
  const all = (1n << 64n) - 1n;
  const factors: [bigint, bigint][] = [[all, all]];
  for (let i = 0; i < 64; i++) {
    factors.push([1n << BigInt(i), random.bits(64)], [random.bits(64), 1n << BigInt(i)]);
  }
  for (const [a, b] of factors) {
    const half = random.pick([0, 1, 16, 17]);
    const target = half & 1 ? [random.bits(64), a] : [a, random.bits(64)];
    const source = half & 16 ? [random.bits(64), b] : [b, random.bits(64)];
    yield vectorCase(
      `pclmulqdq xmm1, xmm2, 0x${half.toString(16)}`,
      [
        [xmm(1), joinLanes(target, 'i64')],
        [xmm(2), joinLanes(source, 'i64')],
      ],
      random,
      MXCSR_DEFAULT,
    );
  }
}

export function* aes(): Generator<Case> {
  const cycle = new AddressingCycle();
  for (const op of ['aesenc', 'aesenclast', 'aesdec', 'aesdeclast', 'aesimc']) {
    yield* vectorCases(op, { lanes: 'i8', count: 6 }, cycle);
  }
  for (const op of ['aesenclast', 'aesdeclast']) yield* substitutions(op);
  yield* vectorCases('aeskeygenassist', { lanes: 'i8', immediates: ROUND_CONSTANTS, count: 2 }, cycle);
  yield* vectorCases('pclmulqdq', { lanes: 'i64', immediates: HALVES, count: 3 }, cycle);
  yield* products();
}
