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
import { sse4a } from './sse4a.ts';
import { string } from './string.ts';
import { system } from './system.ts';
import { x87 } from './x87.ts';

/** Rows by subject, in slot order. */
export const TABLES: ReadonlyMap<string, readonly Row[]> = new Map<string, readonly Row[]>([
  ['move', move],
  ['arithmetic', arithmetic],
  ['logic', logic],
  ['shift', shift],
  ['branch', branch],
  ['exchange', exchange],
  ['segment', segment],
  ['system', system],
  ['far', far],
  ['bit', bit],
  ['bmi', bmiRows],
  ['flag', flag],
  ['legacy', legacy],
  ['string', string],
  ['x87', x87],
  ['mmx', mmxRows],
  ['sse-move', sseMove],
  ['sse-integer', sseInteger],
  ['sse-shuffle', sseShuffle],
  ['sse-float', sseFloat],
  ['sse-convert', sseConvert],
  ['sse-string', sseString],
  ['sse-aes', sseAes],
  ['sse-sha', sseSha],
  ['sse4a', sse4a],
  ['avx', avxRows],
  ['avx2', avx2Rows],
  ['fma', fmaRows],
  ['f16c', f16cRows],
]);

export const ROWS: readonly Row[] = [...TABLES.values()].flat();
