import { Ib, Ux, Vx, Wx } from '../operand.ts';
import { type Row, twoPrefix } from '../row.ts';
import * as integer from '../semantics/sse-integer.ts';
import { type ShiftOperation, shiftByImmediate, shiftByRegister } from '../semantics/sse-integer.ts';
import { packedIntegerRows } from './packed-integer.ts';
import { escape38, packedRow, sseRow } from './sse-row.ts';

/** By the low quadword of an operand, and by an immediate of group 12, 13 or 14. */
function shiftRows(
  byte: number,
  immediateByte: number,
  group: number,
  mnemonic: string,
  width: 2 | 4 | 8,
  operation: ShiftOperation,
): Row[] {
  return [
    packedRow(byte, mnemonic, shiftByRegister(width, operation)),
    sseRow(twoPrefix('66', immediateByte, group), mnemonic, [Ux, Ib], shiftByImmediate(width, operation)),
  ];
}

export const sseInteger: Row[] = [
  ...packedIntegerRows(packedRow),
  ...shiftRows(0xd1, 0x71, 2, 'psrlw', 2, 'shr_u'),
  ...shiftRows(0xd2, 0x72, 2, 'psrld', 4, 'shr_u'),
  ...shiftRows(0xd3, 0x73, 2, 'psrlq', 8, 'shr_u'),
  ...shiftRows(0xe1, 0x71, 4, 'psraw', 2, 'shr_s'),
  ...shiftRows(0xe2, 0x72, 4, 'psrad', 4, 'shr_s'),
  ...shiftRows(0xf1, 0x71, 6, 'psllw', 2, 'shl'),
  ...shiftRows(0xf2, 0x72, 6, 'pslld', 4, 'shl'),
  ...shiftRows(0xf3, 0x73, 6, 'psllq', 8, 'shl'),
  sseRow(twoPrefix('66', 0x73, 3), 'psrldq', [Ux, Ib], integer.psrldq),
  sseRow(twoPrefix('66', 0x73, 7), 'pslldq', [Ux, Ib], integer.pslldq),
  sseRow(escape38('66', 0x1c), 'pabsb', [Vx, Wx], integer.pabsb),
  sseRow(escape38('66', 0x1d), 'pabsw', [Vx, Wx], integer.pabsw),
  sseRow(escape38('66', 0x1e), 'pabsd', [Vx, Wx], integer.pabsd),
  sseRow(escape38('66', 0x01), 'phaddw', [Vx, Wx], integer.phaddw),
  sseRow(escape38('66', 0x02), 'phaddd', [Vx, Wx], integer.phaddd),
  sseRow(escape38('66', 0x03), 'phaddsw', [Vx, Wx], integer.phaddsw),
  sseRow(escape38('66', 0x04), 'pmaddubsw', [Vx, Wx], integer.pmaddubsw),
  sseRow(escape38('66', 0x05), 'phsubw', [Vx, Wx], integer.phsubw),
  sseRow(escape38('66', 0x06), 'phsubd', [Vx, Wx], integer.phsubd),
  sseRow(escape38('66', 0x07), 'phsubsw', [Vx, Wx], integer.phsubsw),
  sseRow(escape38('66', 0x08), 'psignb', [Vx, Wx], integer.psignb),
  sseRow(escape38('66', 0x09), 'psignw', [Vx, Wx], integer.psignw),
  sseRow(escape38('66', 0x0a), 'psignd', [Vx, Wx], integer.psignd),
  sseRow(escape38('66', 0x0b), 'pmulhrsw', [Vx, Wx], integer.pmulhrsw),
  sseRow(escape38('66', 0x28), 'pmuldq', [Vx, Wx], integer.pmuldq),
  sseRow(escape38('66', 0x29), 'pcmpeqq', [Vx, Wx], integer.pcmpeqq),
  sseRow(escape38('66', 0x37), 'pcmpgtq', [Vx, Wx], integer.pcmpgtq),
  sseRow(escape38('66', 0x38), 'pminsb', [Vx, Wx], integer.pminsb),
  sseRow(escape38('66', 0x39), 'pminsd', [Vx, Wx], integer.pminsd),
  sseRow(escape38('66', 0x3a), 'pminuw', [Vx, Wx], integer.pminuw),
  sseRow(escape38('66', 0x3b), 'pminud', [Vx, Wx], integer.pminud),
  sseRow(escape38('66', 0x3c), 'pmaxsb', [Vx, Wx], integer.pmaxsb),
  sseRow(escape38('66', 0x3d), 'pmaxsd', [Vx, Wx], integer.pmaxsd),
  sseRow(escape38('66', 0x3e), 'pmaxuw', [Vx, Wx], integer.pmaxuw),
  sseRow(escape38('66', 0x3f), 'pmaxud', [Vx, Wx], integer.pmaxud),
  sseRow(escape38('66', 0x40), 'pmulld', [Vx, Wx], integer.pmulld),
];
