import { CONDITION_NAMES } from '../condition.ts';
import {
  AL, BBb, Eb, Ed, Ee, Ev, Ew, Gb, Gv, Ib, Iv, Iwb, Iz, M, Ob, Ov, rAX, Rv, sIb, Zb, Ze, Zv,
} from '../operand.ts';
import { one, onePrefix, type Row, row, rowPerRegister, systemRow, two, twoPrefix } from '../row.ts';
import {
  bswap, cbw, cmovcc, cwd, lea, mov, movsx, movzx, nop, setcc, xchg, xlat,
} from '../semantics/move.ts';
import { enter, leave, popf, popOperand, pushf, pushOperand } from '../semantics/stack.ts';

const conditions = Array.from({ length: 16 }, (_, code) => code);

export const move: Row[] = [
  row(one(0x88), 'mov', [Eb, Gb], mov),
  row(one(0x89), 'mov', [Ev, Gv], mov),
  row(one(0x8a), 'mov', [Gb, Eb], mov),
  row(one(0x8b), 'mov', [Gv, Ev], mov),
  row(one(0xc6, 0), 'mov', [Eb, Ib], mov),
  row(one(0xc7, 0), 'mov', [Ev, Iz], mov),
  ...rowPerRegister(one(0xb0), 'mov', [Zb, Ib], mov),
  ...rowPerRegister(one(0xb8), 'mov', [Zv, Iv], mov),
  row(one(0xa0), 'mov', [AL, Ob], mov),
  row(one(0xa1), 'mov', [rAX, Ov], mov),
  row(one(0xa2), 'mov', [Ob, AL], mov),
  row(one(0xa3), 'mov', [Ov, rAX], mov),
  row(one(0x63), 'movsxd', [Gv, Ed], movsx, { modes: 'only64' }),
  row(two(0xb6), 'movzx', [Gv, Eb], movzx),
  row(two(0xb7), 'movzx', [Gv, Ew], movzx),
  row(two(0xbe), 'movsx', [Gv, Eb], movsx),
  row(two(0xbf), 'movsx', [Gv, Ew], movsx),
  row(one(0x8d), 'lea', [Gv, M], lea),
  row(one(0x86), 'xchg', [Eb, Gb], xchg),
  row(one(0x87), 'xchg', [Ev, Gv], xchg),
  row(onePrefix('f3', 0x90), 'pause', [], nop),
  row({ ...one(0x90), b: 0 }, 'nop', [], nop),
  ...rowPerRegister(one(0x90), 'xchg', [Zv, rAX], xchg),
  ...rowPerRegister(two(0xc8), 'bswap', [Zv], bswap),
  ...conditions.map((code) => row(two(0x40 + code), `cmov${CONDITION_NAMES[code]}`, [Gv, Ev], cmovcc(code))),
  ...conditions.map((code) => row(two(0x90 + code), `set${CONDITION_NAMES[code]}`, [Eb], setcc(code))),
  row(one(0xd7), 'xlat', [BBb], xlat),
  row(one(0x98), 'cbw', [], cbw, { sizeOf: 'v' }),
  row(one(0x99), 'cwd', [], cwd, { sizeOf: 'v' }),
  ...rowPerRegister(one(0x50), 'push', [Ze], pushOperand),
  ...rowPerRegister(one(0x58), 'pop', [Ze], popOperand),
  row(one(0x68), 'push', [Iz], pushOperand, { sizeOf: 'e' }),
  row(one(0x6a), 'push', [sIb], pushOperand, { sizeOf: 'e' }),
  row(one(0xff, 6), 'push', [Ee], pushOperand),
  row(one(0x8f, 0), 'pop', [Ee], popOperand),
  row(one(0xc9), 'leave', [], leave, { sizeOf: 'e' }),
  systemRow(one(0xc8), 'enter', [Iwb], enter, { sizeOf: 'e' }),
  systemRow(one(0x9c), 'pushf', [], pushf, { sizeOf: 'e' }),
  systemRow(one(0x9d), 'popf', [], popf, { sizeOf: 'e', ending: 'dispatch' }),
  row(two(0x1f), 'nop', [Ev], nop),
  row(two(0x18), 'prefetch', [M], nop),
  row(two(0x0d), 'prefetchw', [M], nop),
  row(twoPrefix('f3', 0x1e), 'endbr', [Rv], nop),
  ...[0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e].map((byte) => row(two(byte), 'nop', [Ev], nop)),
];
