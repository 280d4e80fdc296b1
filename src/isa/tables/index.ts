/** Every row of the instruction set, in slot order. */
import type { Row } from '../row.ts';
import { arithmetic } from './arithmetic.ts';
import { branch } from './branch.ts';
import { logic } from './logic.ts';
import { move } from './move.ts';
import { shift } from './shift.ts';

export const ROWS: readonly Row[] = [...move, ...arithmetic, ...logic, ...shift, ...branch];
