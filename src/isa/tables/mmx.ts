/** MMX, and what SSE, SSE2 and SSSE3 added to it. */
import { Ew, Ey, Gd, Ib, Mq, Nq, type Operand, Pq, Py, Qd, Qq, Uq, Vq, Vx, Wq, Wx, Yq } from '../operand.ts';
import { type Row, type RowOptions, type Semantics, systemRow, twoPrefix } from '../row.ts';
import * as semantics from '../semantics/mmx.ts';
import { mmx } from '../semantics/mmx.ts';
import { mov, movzx } from '../semantics/move.ts';
import * as convert from '../semantics/sse-convert.ts';
import * as integer from '../semantics/sse-integer.ts';
import { loadLow, pextr, pinsr, pmovmskb } from '../semantics/sse-move.ts';
import * as shuffle from '../semantics/sse-shuffle.ts';
import { sse } from '../semantics/vector.ts';
import { packedIntegerRows, packedShiftRows } from './packed-integer.ts';
import { escape3a, escape38, sseRow } from './sse-row.ts';

const none = (byte: number, extension?: number) => twoPrefix('none', byte, extension);

function mmxRow(
  code: Row['opcode'],
  mnemonic: string,
  operands: readonly Operand[],
  operation: Semantics,
  options: RowOptions = {},
): Row {
  return systemRow(code, mnemonic, operands, mmx(operation), options);
}

/** A move of an MMX register, perhaps to memory, where vendors differ if it faults (layout/vendor.ts). */
function fromMmxRows(code: Row['opcode'], mnemonic: string, operands: readonly Operand[]): Row[] {
  return [
    mmxRow(code, mnemonic, operands, semantics.movFromMmx),
    mmxRow(code, mnemonic, operands, mov, { vendor: 'AuthenticAMD' }),
  ];
}

/** 0F opcode of two MMX operands, the second of which may be memory. */
function packedRow(byte: number, mnemonic: string, operation: Semantics): Row {
  return mmxRow(none(byte), mnemonic, [Pq, Qq], operation);
}

/** The same with an 0F 38 opcode. */
function packedRow38(byte: number, mnemonic: string, operation: Semantics): Row {
  return mmxRow(escape38('none', byte), mnemonic, [Pq, Qq], operation);
}

/** Conversions from MMX registers; from memory they are SSE instructions like any other. */
function fromIntegersRows(code: Row['opcode'], mnemonic: string, to: Operand, operation: Semantics): Row[] {
  return [
    mmxRow(code, mnemonic, [to, Nq], sse(semantics.conversion(operation))),
    ...sseRow(code, mnemonic, [to, Mq], operation, { tier: 'handler', vex: 'none' }),
  ];
}

const moveRows: Row[] = [
  mmxRow(none(0x6e), 'movd', [Pq, Ey], movzx),
  ...fromMmxRows(none(0x7e), 'movd', [Ey, Py]),
  mmxRow(none(0x6f), 'movq', [Pq, Qq], mov),
  ...fromMmxRows(none(0x7f), 'movq', [Qq, Pq]),
  ...fromMmxRows(none(0xe7), 'movntq', [Mq, Pq]),
  mmxRow(twoPrefix('f2', 0xd6), 'movdq2q', [Pq, Uq], sse(mov)),
  mmxRow(twoPrefix('f3', 0xd6), 'movq2dq', [Vx, Nq], sse(loadLow)),
  mmxRow(none(0xd7), 'pmovmskb', [Gd, Nq], pmovmskb),
  mmxRow(none(0xc4), 'pinsrw', [Pq, Ew, Ib], pinsr(2)),
  mmxRow(none(0xc5), 'pextrw', [Gd, Nq, Ib], pextr(2)),
  mmxRow(none(0xf7), 'maskmovq', [Yq, Pq, Nq], semantics.maskmovq),
  systemRow(none(0x77), 'emms', [], semantics.emms),
];

const integerRows: Row[] = [
  ...packedIntegerRows((...row) => [packedRow(...row)]),
  ...packedShiftRows(
    (...row) => [packedRow(...row)],
    (byte, extension, mnemonic, operation) => [mmxRow(none(byte, extension), mnemonic, [Nq, Ib], operation)],
  ),
  packedRow38(0x1c, 'pabsb', integer.pabsb),
  packedRow38(0x1d, 'pabsw', integer.pabsw),
  packedRow38(0x1e, 'pabsd', integer.pabsd),
  packedRow38(0x01, 'phaddw', semantics.phaddw),
  packedRow38(0x02, 'phaddd', semantics.phaddd),
  packedRow38(0x03, 'phaddsw', semantics.phaddsw),
  packedRow38(0x04, 'pmaddubsw', integer.pmaddubsw),
  packedRow38(0x05, 'phsubw', semantics.phsubw),
  packedRow38(0x06, 'phsubd', semantics.phsubd),
  packedRow38(0x07, 'phsubsw', semantics.phsubsw),
  packedRow38(0x08, 'psignb', integer.psignb),
  packedRow38(0x09, 'psignw', integer.psignw),
  packedRow38(0x0a, 'psignd', integer.psignd),
  packedRow38(0x0b, 'pmulhrsw', integer.pmulhrsw),
];

const shuffleRows: Row[] = [
  mmxRow(none(0x60), 'punpcklbw', [Pq, Qd], shuffle.punpcklbw),
  mmxRow(none(0x61), 'punpcklwd', [Pq, Qd], shuffle.punpcklwd),
  mmxRow(none(0x62), 'punpckldq', [Pq, Qd], shuffle.punpckldq),
  packedRow(0x68, 'punpckhbw', semantics.punpckhbw),
  packedRow(0x69, 'punpckhwd', semantics.punpckhwd),
  packedRow(0x6a, 'punpckhdq', semantics.punpckhdq),
  packedRow(0x63, 'packsswb', semantics.packsswb),
  packedRow(0x67, 'packuswb', semantics.packuswb),
  packedRow(0x6b, 'packssdw', semantics.packssdw),
  mmxRow(none(0x70), 'pshufw', [Pq, Qq, Ib], shuffle.pshuflw),
  packedRow38(0x00, 'pshufb', semantics.pshufb),
  mmxRow(escape3a('none', 0x0f), 'palignr', [Pq, Qq, Ib], semantics.palignr),
];

const convertRows: Row[] = [
  ...fromIntegersRows(none(0x2a), 'cvtpi2ps', Vq, convert.cvtdq2ps),
  ...fromIntegersRows(twoPrefix('66', 0x2a), 'cvtpi2pd', Vx, convert.cvtdq2pd),
  mmxRow(none(0x2d), 'cvtps2pi', [Pq, Wq], sse(semantics.conversion(convert.cvtps2dq))),
  mmxRow(none(0x2c), 'cvttps2pi', [Pq, Wq], sse(semantics.conversion(convert.cvttps2dq))),
  mmxRow(twoPrefix('66', 0x2d), 'cvtpd2pi', [Pq, Wx], sse(semantics.conversion(convert.cvtpd2dq))),
  mmxRow(twoPrefix('66', 0x2c), 'cvttpd2pi', [Pq, Wx], sse(semantics.conversion(convert.cvttpd2dq))),
];

export const mmxRows: Row[] = [...moveRows, ...integerRows, ...shuffleRows, ...convertRows];
