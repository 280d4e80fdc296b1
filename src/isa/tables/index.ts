/** Every row of the instruction set, in slot order. */
import type { Row } from '../row.ts';
import { arithmetic } from './arithmetic.ts';
import { branch } from './branch.ts';
import { exchange } from './exchange.ts';
import { far } from './far.ts';
import { logic } from './logic.ts';
import { move } from './move.ts';
import { segment } from './segment.ts';
import { shift } from './shift.ts';
import { system } from './system.ts';
import { bit } from './bit.ts';
import { flag } from './flag.ts';
import { string } from './string.ts';

export const ROWS: readonly Row[] = [
  ...move,
  ...arithmetic,
  ...logic,
  ...shift,
  ...branch,
  ...exchange,
  ...segment,
  ...system,
  ...far,
  ...bit,
  ...flag,
  ...string,
];
