/** All families, in the order of the pages of the manual's instruction summary. */

import type { Case } from '../case.ts';
import { aes } from './aes.ts';
import { arithmetic } from './arithmetic.ts';
import { avx, avx2, f16c, fma } from './avx.ts';
import { bit } from './bit.ts';
import { branch } from './branch.ts';
import { far } from './far.ts';
import { flag } from './flag.ts';
import { legacyBranches } from './legacy-branch.ts';
import { code16, code32 } from './legacy-modes.ts';
import { logic } from './logic.ts';
import { mmx } from './mmx.ts';
import { move } from './move.ts';
import { rows } from './rows.ts';
import { segment } from './segment.ts';
import { sha } from './sha.ts';
import { shift } from './shift.ts';
import { sse } from './sse.ts';
import { sse2 } from './sse2.ts';
import { sse3 } from './sse3.ts';
import { sse41 } from './sse41.ts';
import { sse42 } from './sse42.ts';
import { ssse3 } from './ssse3.ts';
import { state } from './state.ts';
import { string } from './string.ts';
import { system } from './system.ts';
import { x87 } from './x87.ts';
import { x87Aliases } from './x87alias.ts';

export const FAMILIES: ReadonlyMap<string, () => Iterable<Case>> = new Map<string, () => Iterable<Case>>([
  ['move', move],
  ['arithmetic', arithmetic],
  ['logic', logic],
  ['shift', shift],
  ['bit', bit],
  ['branch', branch],
  ['string', string],
  ['flag', flag],
  ['sse', sse],
  ['sse2', sse2],
  ['sse3', sse3],
  ['ssse3', ssse3],
  ['sse41', sse41],
  ['sse42', sse42],
  ['aes', aes],
  ['sha', sha],
  ['avx', avx],
  ['avx2', avx2],
  ['fma', fma],
  ['f16c', f16c],
  ['mmx', mmx],
  ['x87', x87],
  ['x87alias', x87Aliases],
  ['system', system],
  ['state', state],
  ['rows', rows],
  ['segment', segment],
  ['far', far],
  ['code32', code32],
  ['code16', code16],
  ['branchlegacy', legacyBranches],
]);
