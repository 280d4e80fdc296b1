/** AND, OR, XOR, TEST and NOT. */

import type { Case } from '../case.ts';
import { AF } from '../values.ts';
import { binaryCases, unaryCases } from './binary.ts';
import { unaryOperands } from './forms.ts';

export function* logic(): Generator<Case> {
  for (const op of ['and', 'or', 'xor']) {
    yield* binaryCases(op, { writes: true, bothDirections: true, undefined: AF });
  }
  yield* binaryCases('test', { writes: false, bothDirections: false, undefined: AF });
  yield* unaryCases('not', unaryOperands);
}
