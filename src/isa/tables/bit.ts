import { Eb, Ev, Gd, Gv, Ib, Mv } from '../operand.ts';
import { opcode, type Row, row, two, twoPrefix } from '../row.ts';
import { bsf, bsr, bt, btc, btr, bts, crc32, lzcnt, popcnt, tzcnt } from '../semantics/bit.ts';
import { movbe } from '../semantics/move.ts';

export const bit: Row[] = [
  row(two(0xa3), 'bt', [Ev, Gv], bt),
  row(two(0xab), 'bts', [Ev, Gv], bts),
  row(two(0xb3), 'btr', [Ev, Gv], btr),
  row(two(0xbb), 'btc', [Ev, Gv], btc),
  row(two(0xba, 4), 'bt', [Ev, Ib], bt),
  row(two(0xba, 5), 'bts', [Ev, Ib], bts),
  row(two(0xba, 6), 'btr', [Ev, Ib], btr),
  row(two(0xba, 7), 'btc', [Ev, Ib], btc),
  row(two(0xbc), 'bsf', [Gv, Ev], bsf),
  row(two(0xbd), 'bsr', [Gv, Ev], bsr),
  row(twoPrefix('f3', 0xb8), 'popcnt', [Gv, Ev], popcnt),
  row(twoPrefix('f3', 0xbc), 'tzcnt', [Gv, Ev], tzcnt),
  row(twoPrefix('f3', 0xbd), 'lzcnt', [Gv, Ev], lzcnt),
  row(opcode(2, 0xf0), 'movbe', [Gv, Mv], movbe),
  row(opcode(2, 0xf1), 'movbe', [Mv, Gv], movbe),
  row({ ...opcode(2, 0xf0), prefix: 'f2' }, 'crc32', [Gd, Eb], crc32),
  row({ ...opcode(2, 0xf1), prefix: 'f2' }, 'crc32', [Gd, Ev], crc32),
];
