import { Hx, Ib, Ux, Vx, Wdq, Wx } from '../operand.ts';
import { type Row, type Semantics, twoPrefix } from '../row.ts';
import * as integer from '../semantics/sse-integer.ts';
import { packedIntegerRows, packedShiftRows } from './packed-integer.ts';
import { escape38, packedRow, sseRow } from './sse-row.ts';

/** A shift by the low quadword of 16 bytes. */
function countedRow(byte: number, mnemonic: string, operation: Semantics): Row[] {
  return sseRow(twoPrefix('66', byte), mnemonic, [Vx, Hx, Wdq], operation);
}

export const sseInteger: Row[] = [
  packedIntegerRows(packedRow),
  packedShiftRows(countedRow, (byte, extension, mnemonic, operation) =>
    sseRow(twoPrefix('66', byte, extension), mnemonic, [Hx, Ux, Ib], operation),
  ),
  sseRow(twoPrefix('66', 0x73, 3), 'psrldq', [Hx, Ux, Ib], integer.psrldq),
  sseRow(twoPrefix('66', 0x73, 7), 'pslldq', [Hx, Ux, Ib], integer.pslldq),
  sseRow(escape38('66', 0x1c), 'pabsb', [Vx, Wx], integer.pabsb),
  sseRow(escape38('66', 0x1d), 'pabsw', [Vx, Wx], integer.pabsw),
  sseRow(escape38('66', 0x1e), 'pabsd', [Vx, Wx], integer.pabsd),
  sseRow(escape38('66', 0x01), 'phaddw', [Vx, Hx, Wx], integer.phaddw),
  sseRow(escape38('66', 0x02), 'phaddd', [Vx, Hx, Wx], integer.phaddd),
  sseRow(escape38('66', 0x03), 'phaddsw', [Vx, Hx, Wx], integer.phaddsw),
  sseRow(escape38('66', 0x04), 'pmaddubsw', [Vx, Hx, Wx], integer.pmaddubsw),
  sseRow(escape38('66', 0x05), 'phsubw', [Vx, Hx, Wx], integer.phsubw),
  sseRow(escape38('66', 0x06), 'phsubd', [Vx, Hx, Wx], integer.phsubd),
  sseRow(escape38('66', 0x07), 'phsubsw', [Vx, Hx, Wx], integer.phsubsw),
  sseRow(escape38('66', 0x08), 'psignb', [Vx, Hx, Wx], integer.psignb),
  sseRow(escape38('66', 0x09), 'psignw', [Vx, Hx, Wx], integer.psignw),
  sseRow(escape38('66', 0x0a), 'psignd', [Vx, Hx, Wx], integer.psignd),
  sseRow(escape38('66', 0x0b), 'pmulhrsw', [Vx, Hx, Wx], integer.pmulhrsw),
  sseRow(escape38('66', 0x28), 'pmuldq', [Vx, Hx, Wx], integer.pmuldq),
  sseRow(escape38('66', 0x29), 'pcmpeqq', [Vx, Hx, Wx], integer.pcmpeqq),
  sseRow(escape38('66', 0x37), 'pcmpgtq', [Vx, Hx, Wx], integer.pcmpgtq),
  sseRow(escape38('66', 0x38), 'pminsb', [Vx, Hx, Wx], integer.pminsb),
  sseRow(escape38('66', 0x39), 'pminsd', [Vx, Hx, Wx], integer.pminsd),
  sseRow(escape38('66', 0x3a), 'pminuw', [Vx, Hx, Wx], integer.pminuw),
  sseRow(escape38('66', 0x3b), 'pminud', [Vx, Hx, Wx], integer.pminud),
  sseRow(escape38('66', 0x3c), 'pmaxsb', [Vx, Hx, Wx], integer.pmaxsb),
  sseRow(escape38('66', 0x3d), 'pmaxsd', [Vx, Hx, Wx], integer.pmaxsd),
  sseRow(escape38('66', 0x3e), 'pmaxuw', [Vx, Hx, Wx], integer.pmaxuw),
  sseRow(escape38('66', 0x3f), 'pmaxud', [Vx, Hx, Wx], integer.pmaxud),
  sseRow(escape38('66', 0x40), 'pmulld', [Vx, Hx, Wx], integer.pmulld),
].flat();
