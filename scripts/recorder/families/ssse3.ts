/** SSSE3: PSHUFB, PALIGNR, horizontal integer arithmetic, PABS, PSIGN and more. */

import type { Case } from '../case.ts';
import type { Lane } from '../lanes.ts';
import { AddressingCycle } from '../operands.ts';
import { words } from './sse2.ts';
import { vectorCases } from './vectors.ts';

const INTEGER: Record<'i8' | 'i16' | 'i32', string> = {
  i8: 'pshufb pabsb psignb pmaddubsw',
  i16: 'pabsw psignw phaddw phaddsw phsubw phsubsw pmulhrsw',
  i32: 'pabsd psignd phaddd phsubd',
};

export function* ssse3(): Generator<Case> {
  const cycle = new AddressingCycle();
  for (const [lane, list] of Object.entries(INTEGER)) {
    for (const op of words(list)) yield* vectorCases(op, { lanes: lane as Lane, count: 4 }, cycle);
  }
  const distances = [0, 1, 7, 8, 15, 16, 17, 31, 32, 33, 0xff];
  yield* vectorCases('palignr', { lanes: 'i8', immediates: distances, count: 1 }, cycle);
}
