/** SSE3: horizontal arithmetic and duplicating moves (FISTTP is in the x87 family). */

import type { Case } from '../case.ts';
import { AddressingCycle } from '../operands.ts';
import { loads } from './vectormove.ts';
import { specialCases, vectorCases } from './vectors.ts';

export function* sse3(): Generator<Case> {
  const cycle = new AddressingCycle();
  for (const op of ['addsub', 'hadd', 'hsub']) {
    for (const [suffix, lane] of [
      ['ps', 'f32'],
      ['pd', 'f64'],
    ] as const) {
      yield* vectorCases(op + suffix, { lanes: lane, float: true }, cycle);
      yield* specialCases(op + suffix, lane);
    }
  }
  yield* vectorCases('movddup', { lanes: 'f64', bits: 64 }, cycle);
  yield* vectorCases('movshdup', { lanes: 'f32' }, cycle);
  yield* vectorCases('movsldup', { lanes: 'f32' }, cycle);
  yield* loads('lddqu', 'i32', 128, cycle);
}
