/** SHA (FIPS 180-4; Intel SDM Vol. 2 "SHA1RNDS4" and kin) and GFNI (the same volume, "GF2P8AFFINEQB" and kin). */

import type { Case } from '../case.ts';
import { MXCSR_DEFAULT, vectorValue } from '../lanes.ts';
import { AddressingCycle } from '../operands.ts';
import { Random } from '../values.ts';
import { vectorCase, vectorCases, xmm } from './vectors.ts';

export function* sha(): Generator<Case> {
  const cycle = new AddressingCycle();
  for (const op of ['sha1nexte', 'sha1msg1', 'sha1msg2', 'sha256msg1', 'sha256msg2', 'gf2p8mulb']) {
    yield* vectorCases(op, { lanes: 'i32', count: 4 }, cycle);
  }
  yield* vectorCases('sha1rnds4', { lanes: 'i32', immediates: [0, 1, 2, 3, 0xfe], count: 3 }, cycle);
  for (const op of ['gf2p8affineqb', 'gf2p8affineinvqb']) {
    yield* vectorCases(op, { lanes: 'i64', immediates: [0, 0x63, 0xff], count: 4 }, cycle);
  }
  const random = new Random('sha256rnds2');
  for (let i = 0; i < 24; i++) {
    const values = [1, 2, 0].map((n): [ReturnType<typeof xmm>, bigint] => [
      xmm(n),
      vectorValue(random, 'i32'),
    ]);
    yield vectorCase('sha256rnds2 xmm1, xmm2', values, random, MXCSR_DEFAULT);
  }
}
