/** SSE2: double-precision floating point and 128-bit integer vectors. */

import { type Case, Input } from '../case.ts';
import { type Lane, MXCSR_DEFAULT, vectorValue } from '../lanes.ts';
import { AddressingCycle, DATA, memory, type Operand, register } from '../operands.ts';
import { anyValue, Random } from '../values.ts';
import {
  arithmeticCases,
  compareCases,
  DOUBLE,
  integerConversions,
  packedConversions,
  signMasks,
} from './floating.ts';
import { BOUNDARY, UNMAPPED } from './forms.ts';
import { SHUFFLES } from './sse.ts';
import { extractions, fullMove, generalMoves, insertions, loads, stores } from './vectormove.ts';
import { vectorCase, vectorCases, xmm } from './vectors.ts';

/** Integer instructions by the width of their lanes. */
const INTEGER: Record<'i8' | 'i16' | 'i32' | 'i64', string> = {
  i8: `paddb paddsb paddusb psubb psubsb psubusb pavgb pminub pmaxub pcmpeqb pcmpgtb psadbw punpcklbw punpckhbw
    pand pandn por pxor`,
  i16: `paddw paddsw paddusw psubw psubsw psubusw pavgw pminsw pmaxsw pcmpeqw pcmpgtw pmullw pmulhw pmulhuw
    pmaddwd punpcklwd punpckhwd packsswb packuswb`,
  i32: 'paddd psubd pcmpeqd pcmpgtd pmuludq punpckldq punpckhdq packssdw',
  i64: 'paddq psubq punpcklqdq punpckhqdq',
};

/** The instructions of a list of words. */
export function words(text: string): string[] {
  return text.trim().split(/\s+/);
}

function* moves(cycle: AddressingCycle): Generator<Case> {
  for (const op of ['movapd', 'movupd']) yield* fullMove(op, 'f64', 128, cycle);
  for (const op of ['movdqa', 'movdqu']) yield* fullMove(op, 'i32', 128, cycle);
  yield* fullMove('movsd', 'f64', 64, cycle);
  yield* fullMove('movq', 'i64', 64, cycle);
  for (const op of ['movlpd', 'movhpd']) {
    yield* loads(op, 'f64', 64, cycle);
    yield* stores(op, 'f64', 64, cycle);
  }
  yield* stores('movntpd', 'f64', 128, cycle);
  yield* stores('movntdq', 'i32', 128, cycle);
  yield* generalMoves(cycle);
  yield* signMasks('movmskpd', 'f64');
  yield* signMasks('pmovmskb', 'i8');
  const random = new Random('movnti');
  for (const size of [32, 64] as const) {
    for (let i = 0; i < 4; i++) {
      const [place, source] = [memory(cycle.next(), size), register(10, size)];
      const values: [Operand, bigint][] = [
        [place, 0n],
        [source, anyValue(random, size)],
      ];
      yield vectorCase(`movnti ${place.text}, ${source.text}`, values, random, MXCSR_DEFAULT);
    }
  }
  for (const asm of ['lfence', 'mfence', 'pause', 'clflush [rsp]']) yield { asm, input: new Input() };
}

/** MASKMOVDQU: bytes selected by sign bits go to [rdi]. Only whole pages fault: a mask of zero may or may not. */
function* maskedStore(): Generator<Case> {
  const random = new Random('maskmovdqu');
  for (const address of [DATA, DATA + 5, BOUNDARY - 7, UNMAPPED - 16]) {
    for (const [source, mask] of [
      [0, 1],
      [9, 2],
      [3, 12],
      [4, 4],
    ]) {
      const values: [Operand, bigint][] = [
        [xmm(source), vectorValue(random, 'i8')],
        [xmm(mask), random.bits(64) | (random.bits(64) << 64n)],
      ];
      const test = vectorCase(`maskmovdqu xmm${source}, xmm${mask}`, values, random, MXCSR_DEFAULT);
      test.input.set('rdi', BigInt(address));
      yield test;
    }
  }
  const faulting = new Input().set('rdi', BigInt(UNMAPPED - 8)).set('xmm1', (1n << 128n) - 1n);
  const untouched = [[UNMAPPED - 8, 8]] as [number, number][];
  yield { asm: 'maskmovdqu xmm0, xmm1', input: faulting, undefinedMemory: untouched };
}

/** Shifts by an immediate, and by the low half of a vector, of which every bit counts. */
function* shifts(cycle: AddressingCycle): Generator<Case> {
  const lanes: [string, Lane][] = [
    ['w', 'i16'],
    ['d', 'i32'],
    ['q', 'i64'],
  ];
  for (const op of ['psll', 'psrl', 'psra']) {
    for (const [suffix, lane] of lanes) {
      if (op === 'psra' && lane === 'i64') continue;
      const random = new Random(op + suffix);
      for (const count of [0, 1, 7, 15, 16, 31, 32, 63, 64, 0xff]) {
        const target = xmm(random.below(16));
        const value = vectorValue(random, lane);
        yield vectorCase(`${op}${suffix} ${target.text}, ${count}`, [[target, value]], random, MXCSR_DEFAULT);
        const counts = BigInt(count) | (random.bits(64) << 64n);
        for (const source of [xmm(1), xmm(9), memory(cycle.next(), 128)]) {
          const values: [Operand, bigint][] = [
            [xmm(4), vectorValue(random, lane)],
            [source, counts],
          ];
          yield vectorCase(`${op}${suffix} xmm4, ${source.text}`, values, random, MXCSR_DEFAULT);
        }
      }
      for (const count of [0x1_0000_0001n, 0x8000_0000_0000_0000n, 0x100n]) {
        const values: [Operand, bigint][] = [
          [xmm(4), vectorValue(random, lane)],
          [xmm(5), count],
        ];
        yield vectorCase(`${op}${suffix} xmm4, xmm5`, values, random, MXCSR_DEFAULT);
      }
      const same = `${op}${suffix} xmm6, xmm6`;
      yield vectorCase(same, [[xmm(6), 0x8000_0004_0002_0001_0000_0000_0000_0003n]], random, MXCSR_DEFAULT);
    }
  }
  for (const op of ['pslldq', 'psrldq']) {
    const random = new Random(op);
    for (const count of [0, 1, 5, 8, 15, 16, 17, 0xff]) {
      const target = xmm(random.below(16));
      const value = vectorValue(random, 'i8');
      yield vectorCase(`${op} ${target.text}, ${count}`, [[target, value]], random, MXCSR_DEFAULT);
    }
  }
}

function* shuffles(cycle: AddressingCycle): Generator<Case> {
  const shape = { immediates: SHUFFLES, count: 1 };
  yield* vectorCases('pshufd', { lanes: 'i32', ...shape }, cycle);
  yield* vectorCases('pshuflw', { lanes: 'i16', ...shape }, cycle);
  yield* vectorCases('pshufhw', { lanes: 'i16', ...shape }, cycle);
  yield* vectorCases('shufpd', { lanes: 'f64', immediates: [0, 1, 2, 3, 0xff], count: 1 }, cycle);
  yield* insertions('pinsrw', 16, 32, cycle);
  yield* extractions('pextrw', 16, 32, false, cycle);
}

function* conversions(cycle: AddressingCycle): Generator<Case> {
  yield* integerConversions(DOUBLE, cycle);
  yield* packedConversions(
    [
      ['cvtps2dq', 'f32', 128],
      ['cvttps2dq', 'f32', 128],
      ['cvtdq2ps', 'i32', 128],
      ['cvtdq2pd', 'i32', 64],
      ['cvtpd2dq', 'f64', 128],
      ['cvttpd2dq', 'f64', 128],
      ['cvtps2pd', 'f32', 64],
      ['cvtpd2ps', 'f64', 128],
      ['cvtss2sd', 'f32', 32],
      ['cvtsd2ss', 'f64', 64],
    ],
    cycle,
  );
}

export function* sse2(): Generator<Case> {
  const cycle = new AddressingCycle();
  yield* moves(cycle);
  yield* maskedStore();
  yield* arithmeticCases(DOUBLE, cycle);
  yield* compareCases(DOUBLE, cycle);
  yield* conversions(cycle);
  for (const op of ['andpd', 'andnpd', 'orpd', 'xorpd', 'unpcklpd', 'unpckhpd']) {
    yield* vectorCases(op, { lanes: 'f64', count: 2 }, cycle);
  }
  for (const [lane, list] of Object.entries(INTEGER)) {
    for (const op of words(list)) yield* vectorCases(op, { lanes: lane as Lane, count: 3 }, cycle);
  }
  yield* shifts(cycle);
  yield* shuffles(cycle);
}
