/** CLC, STC, CMC, CLD, STD, LAHF and SAHF. */

import { type Case, Input } from '../case.ts';
import { DF, Random, rflags, STATUS_FLAGS } from '../values.ts';

export function* flag(): Generator<Case> {
  for (const asm of ['clc', 'stc', 'cmc', 'cld', 'std', 'lahf', 'sahf']) {
    const random = new Random(asm);
    for (let i = 0; i < 24; i++) {
      const flags = [0, STATUS_FLAGS | DF, 1, DF][i] ?? random.next() & (STATUS_FLAGS | DF);
      yield { asm, input: new Input().set('rflags', rflags(flags)).set('rax', random.bits(64)) };
    }
  }
}
