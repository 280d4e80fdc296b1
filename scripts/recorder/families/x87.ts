/** The x87 floating-point unit: opcodes D8 to DF, FWAIT, FXSAVE and FXRSTOR. */

import type { Case } from '../case.ts';
import { x87Arithmetic } from './x87arithmetic.ts';
import { x87Control } from './x87control.ts';
import { x87Moves } from './x87move.ts';

export function* x87(): Generator<Case> {
  yield* x87Moves();
  yield* x87Arithmetic();
  yield* x87Control();
}
