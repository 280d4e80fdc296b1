/** SSE: single-precision floating point, and the moves and shuffles that came with it. */

import { DEFAULT_REGISTERS } from '../../../test/vectors/layout.ts';
import { type Case, Input } from '../case.ts';
import { joinLanes, MXCSR_DEFAULT, SPECIAL_F32 } from '../lanes.ts';
import { AddressingCycle, DATA, memory } from '../operands.ts';
import { Random } from '../values.ts';
import { arithmeticCases, compareCases, integerConversions, SINGLE, signMasks } from './floating.ts';
import { UNMAPPED } from './forms.ts';
import { fullMove, loads, registerOnly, stores } from './vectormove.ts';
import { vectorCase, vectorCases, XMM_PAIRS } from './vectors.ts';

/** Selectors that send every element to every place. */
export const SHUFFLES = [0x00, 0x1b, 0x39, 0x4e, 0x93, 0xb1, 0xe4, 0xff];

function* moves(cycle: AddressingCycle): Generator<Case> {
  yield* fullMove('movaps', 'f32', 128, cycle);
  yield* fullMove('movups', 'f32', 128, cycle);
  yield* fullMove('movss', 'f32', 32, cycle);
  for (const op of ['movlps', 'movhps']) {
    yield* loads(op, 'f32', 64, cycle);
    yield* stores(op, 'f32', 64, cycle);
  }
  yield* stores('movntps', 'f32', 128, cycle);
  yield* registerOnly('movhlps', 'f32');
  yield* registerOnly('movlhps', 'f32');
  yield* signMasks('movmskps', 'f32');
}

/** RCP and RSQRT: 12 bits are right; numbers whose results would be denormal are left out. */
function* approximations(cycle: AddressingCycle): Generator<Case> {
  const extra = { tolerance: 3 * 2 ** -12, lanes: 'f32' as const };
  const operands = SPECIAL_F32.filter((bits) => bits !== 0x7f7f_ffffn && bits !== 0x8080_0000n);
  for (const op of ['rcp', 'rsqrt']) {
    const random = new Random(op);
    for (let i = 0; i < 24; i++) {
      const lanes = [0, 1, 2, 3].map(() => {
        if (random.below(3) === 0) return random.pick(operands);
        return BigInt(random.next() & 0x807f_ffff) | (BigInt(64 + random.below(128)) << 23n);
      });
      const value = joinLanes(
        lanes.map((bits) => BigInt.asUintN(32, bits)),
        'f32',
      );
      const [target, source] = XMM_PAIRS[i % XMM_PAIRS.length];
      yield vectorCase(
        `${op}ps ${target.text}, ${source.text}`,
        [[source, value]],
        random,
        MXCSR_DEFAULT,
        extra,
      );
      yield vectorCase(
        `${op}ss ${target.text}, ${source.text}`,
        [[source, value]],
        random,
        MXCSR_DEFAULT,
        extra,
      );
      if (i % 4) continue;
      const place = memory(cycle.next(), 128);
      yield vectorCase(`${op}ps xmm4, ${place.text}`, [[place, value]], random, MXCSR_DEFAULT, extra);
    }
  }
}

/** LDMXCSR and STMXCSR. */
function* control(cycle: AddressingCycle): Generator<Case> {
  const random = new Random('ldmxcsr');
  for (const value of [0x1f80n, 0x0000n, 0xffbfn, 0x7f80n, 0x1fc0n, 0x1_0000n, 0x8000_1f80n]) {
    const place = memory(cycle.next(), 32);
    yield vectorCase(`ldmxcsr ${place.text}`, [[place, value]], random, 0x1fbfn);
    if (value < 0x1_0000n) yield vectorCase(`stmxcsr ${place.text}`, [[place, 0n]], random, value);
  }
  for (const op of ['ldmxcsr', 'stmxcsr']) {
    yield { asm: `${op} dword ptr [rbx]`, input: new Input().set('rbx', BigInt(UNMAPPED - 2)) };
  }
}

/** Instructions without an effect on the state that a vector shows. */
function* hints(): Generator<Case> {
  const forms = ['prefetcht0', 'prefetcht1', 'prefetcht2', 'prefetchnta'];
  for (const address of [BigInt(DATA), BigInt(UNMAPPED), DEFAULT_REGISTERS.get('rbx') as bigint]) {
    for (const op of forms) yield { asm: `${op} [rbx]`, input: new Input().set('rbx', address) };
  }
  yield { asm: 'sfence', input: new Input() };
}

export function* sse(): Generator<Case> {
  const cycle = new AddressingCycle();
  yield* moves(cycle);
  yield* arithmeticCases(SINGLE, cycle);
  yield* compareCases(SINGLE, cycle);
  yield* integerConversions(SINGLE, cycle);
  for (const op of ['andps', 'andnps', 'orps', 'xorps', 'unpcklps', 'unpckhps']) {
    yield* vectorCases(op, { lanes: 'f32', count: 2 }, cycle);
  }
  yield* vectorCases('shufps', { lanes: 'f32', immediates: SHUFFLES, count: 1 }, cycle);
  yield* approximations(cycle);
  yield* control(cycle);
  yield* hints();
}
