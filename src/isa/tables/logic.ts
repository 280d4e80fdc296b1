import { AL, Eb, Ev, Gb, Gv, Ib, Iz, rAX, sIb } from '../operand.ts';
import type { Semantics } from '../row.ts';
import { one, type Row, row } from '../row.ts';
import { and, not, or, test, xor } from '../semantics/logic.ts';

/** The six encodings that ADD, OR, ADC, SBB, AND, SUB, XOR and CMP share, and group 1. */
export function binaryRows(base: number, group: number, mnemonic: string, semantics: Semantics): Row[] {
  return [
    row(one(base), mnemonic, [Eb, Gb], semantics),
    row(one(base + 1), mnemonic, [Ev, Gv], semantics),
    row(one(base + 2), mnemonic, [Gb, Eb], semantics),
    row(one(base + 3), mnemonic, [Gv, Ev], semantics),
    row(one(base + 4), mnemonic, [AL, Ib], semantics),
    row(one(base + 5), mnemonic, [rAX, Iz], semantics),
    row(one(0x80, group), mnemonic, [Eb, Ib], semantics),
    row(one(0x81, group), mnemonic, [Ev, Iz], semantics),
    row(one(0x82, group), mnemonic, [Eb, Ib], semantics, { modes: 'not64' }),
    row(one(0x83, group), mnemonic, [Ev, sIb], semantics),
  ];
}

export const logic: Row[] = [
  ...binaryRows(0x08, 1, 'or', or),
  ...binaryRows(0x20, 4, 'and', and),
  ...binaryRows(0x30, 6, 'xor', xor),
  row(one(0x84), 'test', [Eb, Gb], test),
  row(one(0x85), 'test', [Ev, Gv], test),
  row(one(0xa8), 'test', [AL, Ib], test),
  row(one(0xa9), 'test', [rAX, Iz], test),
  row(one(0xf6, 0), 'test', [Eb, Ib], test),
  row(one(0xf6, 1), 'test', [Eb, Ib], test),
  row(one(0xf7, 0), 'test', [Ev, Iz], test),
  row(one(0xf7, 1), 'test', [Ev, Iz], test),
  row(one(0xf6, 2), 'not', [Eb], not),
  row(one(0xf7, 2), 'not', [Ev], not),
];
