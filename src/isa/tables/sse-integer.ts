import { Ib, Ux, Vx, Wx } from '../operand.ts';
import { type Row, twoPrefix } from '../row.ts';
import * as integer from '../semantics/sse-integer.ts';
import { packedIntegerRows, packedShiftRows } from './packed-integer.ts';
import { escape38, packedRow, sseRow } from './sse-row.ts';

export const sseInteger: Row[] = [
  ...packedIntegerRows(packedRow),
  ...packedShiftRows(packedRow, (byte, extension, mnemonic, operation) =>
    sseRow(twoPrefix('66', byte, extension), mnemonic, [Ux, Ib], operation),
  ),
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
