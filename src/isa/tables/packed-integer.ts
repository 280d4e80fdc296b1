/** Packed integer operations that MMX and SSE2 have under the same opcodes. */
import type { Row, Semantics } from '../row.ts';
import * as integer from '../semantics/sse-integer.ts';
import { type ShiftOperation, shiftByImmediate, shiftByRegister } from '../semantics/sse-integer.ts';

/** Makes the rows of one 0F opcode byte with the operands of the instruction set. */
type PackedRow = (byte: number, mnemonic: string, semantics: Semantics) => Row[];

export function packedIntegerRows(packedRow: PackedRow): Row[] {
  return [
    packedRow(0xfc, 'paddb', integer.paddb),
    packedRow(0xfd, 'paddw', integer.paddw),
    packedRow(0xfe, 'paddd', integer.paddd),
    packedRow(0xd4, 'paddq', integer.paddq),
    packedRow(0xf8, 'psubb', integer.psubb),
    packedRow(0xf9, 'psubw', integer.psubw),
    packedRow(0xfa, 'psubd', integer.psubd),
    packedRow(0xfb, 'psubq', integer.psubq),
    packedRow(0xec, 'paddsb', integer.paddsb),
    packedRow(0xed, 'paddsw', integer.paddsw),
    packedRow(0xdc, 'paddusb', integer.paddusb),
    packedRow(0xdd, 'paddusw', integer.paddusw),
    packedRow(0xe8, 'psubsb', integer.psubsb),
    packedRow(0xe9, 'psubsw', integer.psubsw),
    packedRow(0xd8, 'psubusb', integer.psubusb),
    packedRow(0xd9, 'psubusw', integer.psubusw),
    packedRow(0xdb, 'pand', integer.pand),
    packedRow(0xdf, 'pandn', integer.pandn),
    packedRow(0xeb, 'por', integer.por),
    packedRow(0xef, 'pxor', integer.pxor),
    packedRow(0x74, 'pcmpeqb', integer.pcmpeqb),
    packedRow(0x75, 'pcmpeqw', integer.pcmpeqw),
    packedRow(0x76, 'pcmpeqd', integer.pcmpeqd),
    packedRow(0x64, 'pcmpgtb', integer.pcmpgtb),
    packedRow(0x65, 'pcmpgtw', integer.pcmpgtw),
    packedRow(0x66, 'pcmpgtd', integer.pcmpgtd),
    packedRow(0xda, 'pminub', integer.pminub),
    packedRow(0xea, 'pminsw', integer.pminsw),
    packedRow(0xde, 'pmaxub', integer.pmaxub),
    packedRow(0xee, 'pmaxsw', integer.pmaxsw),
    packedRow(0xe0, 'pavgb', integer.pavgb),
    packedRow(0xe3, 'pavgw', integer.pavgw),
    packedRow(0xd5, 'pmullw', integer.pmullw),
    packedRow(0xe5, 'pmulhw', integer.pmulhw),
    packedRow(0xe4, 'pmulhuw', integer.pmulhuw),
    packedRow(0xf4, 'pmuludq', integer.pmuludq),
    packedRow(0xf5, 'pmaddwd', integer.pmaddwd),
    packedRow(0xf6, 'psadbw', integer.psadbw),
  ].flat();
}

/**
 * Shifts by the low quadword of an operand, and by an immediate.
 * @param immediateRow makes the rows of group 12, 13 or 14, which have an opcode extension.
 */
export function packedShiftRows(
  packedRow: PackedRow,
  immediateRow: (byte: number, extension: number, mnemonic: string, semantics: Semantics) => Row[],
): Row[] {
  const rows = (
    byte: number,
    immediateByte: number,
    extension: number,
    mnemonic: string,
    width: 2 | 4 | 8,
    operation: ShiftOperation,
  ): Row[] => [
    ...packedRow(byte, mnemonic, shiftByRegister(width, operation)),
    ...immediateRow(immediateByte, extension, mnemonic, shiftByImmediate(width, operation)),
  ];
  return [
    ...rows(0xd1, 0x71, 2, 'psrlw', 2, 'shr_u'),
    ...rows(0xd2, 0x72, 2, 'psrld', 4, 'shr_u'),
    ...rows(0xd3, 0x73, 2, 'psrlq', 8, 'shr_u'),
    ...rows(0xe1, 0x71, 4, 'psraw', 2, 'shr_s'),
    ...rows(0xe2, 0x72, 4, 'psrad', 4, 'shr_s'),
    ...rows(0xf1, 0x71, 6, 'psllw', 2, 'shl'),
    ...rows(0xf2, 0x72, 6, 'pslld', 4, 'shl'),
    ...rows(0xf3, 0x73, 6, 'psllq', 8, 'shl'),
  ];
}
