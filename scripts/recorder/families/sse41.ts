/** SSE4.1: blends, dot products, insertions and extractions, widening moves, rounding. */

import type { Case } from '../case.ts';
import {
  anyMxcsr,
  boundaries,
  joinLanes,
  type Lane,
  MXCSR_DEFAULT,
  MXCSR_ROUNDINGS,
  MXCSR_UNMASKED,
  SPECIAL_F32,
  SPECIAL_F64,
  vectorValue,
} from '../lanes.ts';
import { AddressingCycle, memory, type Operand } from '../operands.ts';
import { anyFlags, Random } from '../values.ts';
import { words } from './sse2.ts';
import { extractions, insertions, loads } from './vectormove.ts';
import { vectorCase, vectorCases, XMM_PAIRS, xmm } from './vectors.ts';

const INTEGER: Record<'i8' | 'i16' | 'i32' | 'i64', string> = {
  i8: 'pmaxsb pminsb',
  i16: 'pmaxuw pminuw phminposuw',
  i32: 'pmaxsd pmaxud pminsd pminud pmulld pmuldq packusdw',
  i64: 'pcmpeqq',
};

/** Moves that widen each element: [suffix, source lane, bits of the memory operand]. */
const WIDENING: readonly [string, Lane, number][] = [
  ['bw', 'i8', 64],
  ['bd', 'i8', 32],
  ['bq', 'i8', 16],
  ['wd', 'i16', 64],
  ['wq', 'i16', 32],
  ['dq', 'i32', 64],
];

function* blends(cycle: AddressingCycle): Generator<Case> {
  const masks = [0x00, 0x01, 0x05, 0x0a, 0x0f, 0x93, 0xff];
  yield* vectorCases('blendps', { lanes: 'f32', immediates: masks, count: 1 }, cycle);
  yield* vectorCases('blendpd', { lanes: 'f64', immediates: masks, count: 1 }, cycle);
  yield* vectorCases('pblendw', { lanes: 'i16', immediates: masks, count: 1 }, cycle);
  const random = new Random('blendv');
  for (const [op, lane] of [
    ['blendvps', 'f32'],
    ['blendvpd', 'f64'],
    ['pblendvb', 'i8'],
  ] as [string, Lane][]) {
    for (const source of [xmm(1), xmm(9), xmm(0), memory(cycle.next(), 128), memory(cycle.next(), 128)]) {
      for (let i = 0; i < 4; i++) {
        const values: [Operand, bigint][] = [
          [xmm(3), vectorValue(random, lane)],
          [xmm(0), vectorValue(random, lane)],
          [source, vectorValue(random, lane)],
        ];
        yield vectorCase(`${op} xmm3, ${source.text}, xmm0`, values, random, MXCSR_DEFAULT);
      }
    }
  }
}

/** ROUNDPS and its kin: the immediate gives the mode, or bit 2 leaves it to MXCSR; bit 3 hides inexactness. */
function* rounding(cycle: AddressingCycle): Generator<Case> {
  const modes = [0, 1, 2, 3, 4, 8, 9, 0xc];
  for (const [suffix, lane, bits] of [
    ['ps', 'f32', 128],
    ['pd', 'f64', 128],
    ['ss', 'f32', 32],
    ['sd', 'f64', 64],
  ] as [string, 'f32' | 'f64', number][]) {
    const op = `round${suffix}`;
    yield* vectorCases(op, { lanes: lane, bits, float: true, immediates: modes, count: 1 }, cycle);
    const random = new Random(`${op} values`);
    const numbers = [...boundaries(lane).slice(0, 20), ...(lane === 'f32' ? SPECIAL_F32 : SPECIAL_F64)];
    const step = lane === 'f32' ? 4 : 2;
    for (let i = 0; i < numbers.length; i += step) {
      const value = joinLanes(numbers.slice(i, i + step), lane);
      for (const mode of [0, 1, 2, 3]) {
        yield vectorCase(`${op} xmm1, xmm2, ${mode}`, [[xmm(2), value]], random, MXCSR_DEFAULT);
      }
      yield vectorCase(`${op} xmm1, xmm2, 4`, [[xmm(2), value]], random, random.pick(MXCSR_ROUNDINGS));
    }
    for (const mxcsr of MXCSR_UNMASKED) {
      const mode = random.pick(modes);
      yield vectorCase(`${op} xmm1, xmm2, ${mode}`, [[xmm(2), vectorValue(random, lane)]], random, mxcsr);
    }
  }
}

function* tests(cycle: AddressingCycle): Generator<Case> {
  const random = new Random('ptest');
  const all = (1n << 128n) - 1n;
  for (const source of [XMM_PAIRS[0][1], xmm(12), xmm(0), memory(cycle.next(), 128)]) {
    for (let i = 0; i < 8; i++) {
      const mask = random.bits(64) | (random.bits(64) << 64n);
      const other = [mask, ~mask & all, 0n, all, 1n << 127n, random.bits(64), mask >> 1n, mask & (all >> 3n)][
        i
      ];
      const test = vectorCase(
        `ptest xmm0, ${source.text}`,
        [
          [xmm(0), mask],
          [source, other],
        ],
        random,
        MXCSR_DEFAULT,
      );
      test.input.registers.set('rflags', anyFlags(random));
      yield test;
    }
  }
}

function* elements(cycle: AddressingCycle): Generator<Case> {
  yield* extractions('pextrb', 8, 32, true, cycle);
  yield* extractions('pextrd', 32, 32, true, cycle);
  yield* extractions('pextrq', 64, 64, true, cycle);
  yield* extractions('extractps', 32, 32, true, cycle);
  yield* insertions('pinsrb', 8, 32, cycle);
  yield* insertions('pinsrd', 32, 32, cycle);
  yield* insertions('pinsrq', 64, 64, cycle);
  // PEXTRW with a memory destination: the encoding that SSE4.1 added.
  const random = new Random('pextrw memory');
  for (const element of [0, 3, 7, 0xff]) {
    const place = memory(cycle.next(), 16);
    yield vectorCase(
      `pextrw ${place.text}, xmm9, ${element}`,
      [
        [place, 0n],
        [xmm(9), vectorValue(random, 'i16')],
      ],
      random,
      MXCSR_DEFAULT,
    );
  }
  const selectors = [0x00, 0x0f, 0x10, 0x65, 0x9a, 0xb0, 0xe5, 0xff];
  yield* vectorCases('insertps', { lanes: 'f32', bits: 32, immediates: selectors, count: 1 }, cycle);
}

/**
 * DPPS and DPPD. Processors add the products in the order the manual gives; inputs are finite here, for
 * which of several NaNs results is another matter.
 */
function* dotProducts(cycle: AddressingCycle): Generator<Case> {
  for (const [op, lane, masks] of [
    ['dpps', 'f32', [0xff, 0x71, 0x3f, 0xa5, 0x0f, 0xf0]],
    ['dppd', 'f64', [0x33, 0x31, 0x12, 0x23, 0x03, 0x30]],
  ] as [string, 'f32' | 'f64', number[]][]) {
    const random = new Random(op);
    const digits = lane === 'f32' ? 23n : 52n;
    const bias = lane === 'f32' ? 120 : 1016;
    const sign = lane === 'f32' ? 31n : 63n;
    const finite = (): bigint =>
      (BigInt(random.below(2)) << sign) |
      (BigInt(bias + random.below(14)) << digits) |
      random.bits(Number(digits));
    const vector = (): bigint =>
      joinLanes(lane === 'f32' ? [finite(), finite(), finite(), finite()] : [finite(), finite()], lane);
    for (const mask of masks) {
      for (const source of [xmm(1), xmm(10), memory(cycle.next(), 128)]) {
        const values: [Operand, bigint][] = [
          [xmm(4), vector()],
          [source, vector()],
        ];
        yield vectorCase(`${op} xmm4, ${source.text}, ${mask}`, values, random, anyMxcsr(random));
      }
    }
  }
}

export function* sse41(): Generator<Case> {
  const cycle = new AddressingCycle();
  yield* blends(cycle);
  yield* dotProducts(cycle);
  yield* elements(cycle);
  yield* rounding(cycle);
  yield* tests(cycle);
  for (const [lane, list] of Object.entries(INTEGER)) {
    for (const op of words(list)) yield* vectorCases(op, { lanes: lane as Lane, count: 4 }, cycle);
  }
  for (const op of ['pmovsx', 'pmovzx']) {
    for (const [suffix, lane, bits] of WIDENING)
      yield* vectorCases(op + suffix, { lanes: lane, bits, count: 2 }, cycle);
  }
  yield* vectorCases('mpsadbw', { lanes: 'i8', immediates: [0, 1, 2, 3, 4, 5, 6, 7], count: 1 }, cycle);
  yield* loads('movntdqa', 'i32', 128, cycle);
}
