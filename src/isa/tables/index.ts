/** Every row of the instruction set, in slot order. */
import type { Row } from '../row.ts';
import { arithmetic } from './arithmetic.ts';
import { avxRows } from './avx.ts';
import { avx2Rows } from './avx2.ts';
import { bit } from './bit.ts';
import { bmiRows } from './bmi.ts';
import { branch } from './branch.ts';
import { exchange } from './exchange.ts';
import { far } from './far.ts';
import { flag } from './flag.ts';
import { f16cRows, fmaRows } from './fma.ts';
import { legacy } from './legacy.ts';
import { logic } from './logic.ts';
import { mmxRows } from './mmx.ts';
import { move } from './move.ts';
import { segment } from './segment.ts';
import { shift } from './shift.ts';
import { sseAes } from './sse-aes.ts';
import { sseConvert } from './sse-convert.ts';
import { sseFloat } from './sse-float.ts';
import { sseInteger } from './sse-integer.ts';
import { sseMove } from './sse-move.ts';
import { sseSha } from './sse-sha.ts';
import { sseShuffle } from './sse-shuffle.ts';
import { sseString } from './sse-string.ts';
import { string } from './string.ts';
import { system } from './system.ts';
import { x87 } from './x87.ts';

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
  ...bmiRows,
  ...flag,
  ...legacy,
  ...string,
  ...x87,
  ...mmxRows,
  ...sseMove,
  ...sseInteger,
  ...sseShuffle,
  ...sseFloat,
  ...sseConvert,
  ...sseString,
  ...sseAes,
  ...sseSha,
  ...avxRows,
  ...avx2Rows,
  ...fmaRows,
  ...f16cRows,
];
