/** Encodings of the x87 that assemblers do not write: each does what a documented one does. */

import type { Case } from '../case.ts';
import { anyValue80, C023, FCW_DEFAULT, stackCase } from '../extended.ts';
import { Random } from '../values.ts';

/** Opcode, ModRM byte for st(0), and whether it compares: others leave the condition codes undefined. */
const ALIASES: readonly (readonly [number, number, boolean])[] = [
  [0xdc, 0xd0, true],
  [0xdc, 0xd8, true],
  [0xde, 0xd0, true],
  [0xdd, 0xc8, false],
  [0xdf, 0xc8, false],
  [0xd9, 0xd8, false],
  [0xdf, 0xd0, false],
  [0xdf, 0xd8, false],
];

export function* x87Aliases(): Generator<Case> {
  const random = new Random('x87 aliases');
  for (const [opcode, modrm, compares] of ALIASES) {
    for (const register of [0, 1, 3, 7]) {
      for (const depth of [0, 1, 2, 4, 8]) {
        const values = Array.from({ length: depth }, () => anyValue80(random));
        const fcw = random.below(6) ? FCW_DEFAULT : 0x37en;
        yield stackCase(
          `.byte ${opcode}, ${modrm + register}`,
          values,
          random,
          fcw,
          compares ? {} : { undefinedFsw: C023 },
        );
      }
    }
  }
}
