import { CL, Eb, Ev, Gv, Ib } from '../operand.ts';
import { one, type Row, row, type Semantics, two } from '../row.ts';
import { rcl, rcr, rol, ror, sar, shl, shld, shr, shrd } from '../semantics/shift.ts';

/** Group 2: by an immediate, by one, by CL. */
function shiftRows(group: number, mnemonic: string, semantics: Semantics): Row[] {
  return [
    row(one(0xc0, group), mnemonic, [Eb, Ib], semantics),
    row(one(0xc1, group), mnemonic, [Ev, Ib], semantics),
    row(one(0xd0, group), mnemonic, [Eb], semantics),
    row(one(0xd1, group), mnemonic, [Ev], semantics),
    row(one(0xd2, group), mnemonic, [Eb, CL], semantics),
    row(one(0xd3, group), mnemonic, [Ev, CL], semantics),
  ];
}

export const shift: Row[] = [
  ...shiftRows(0, 'rol', rol),
  ...shiftRows(1, 'ror', ror),
  ...shiftRows(2, 'rcl', rcl),
  ...shiftRows(3, 'rcr', rcr),
  ...shiftRows(4, 'shl', shl),
  ...shiftRows(5, 'shr', shr),
  ...shiftRows(6, 'shl', shl),
  ...shiftRows(7, 'sar', sar),
  row(two(0xa4), 'shld', [Ev, Gv, Ib], shld),
  row(two(0xa5), 'shld', [Ev, Gv, CL], shld),
  row(two(0xac), 'shrd', [Ev, Gv, Ib], shrd),
  row(two(0xad), 'shrd', [Ev, Gv, CL], shrd),
];
