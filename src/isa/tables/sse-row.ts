/** What the SSE tables share. */
import type { Operand } from '../operand.ts';
import { Vd, Vq, Vx, Wd, Wq, Wx } from '../operand.ts';
import {
  type MandatoryPrefix,
  type Opcode,
  opcode,
  type Row,
  type RowOptions,
  row,
  type Semantics,
  twoPrefix,
} from '../row.ts';
import type { FloatSemantics } from '../semantics/sse-float.ts';
import { sse } from '../semantics/vector.ts';

/** A row whose instruction needs SSE to be enabled. */
export function sseRow(
  code: Opcode,
  mnemonic: string,
  operands: readonly Operand[],
  semantics: Semantics,
  options: RowOptions = {},
): Row {
  return row(code, mnemonic, operands, sse(semantics), options);
}

/** 66 0F opcode of two XMM operands, the second of which may be memory. */
export function packedRow(byte: number, mnemonic: string, semantics: Semantics): Row {
  return sseRow(twoPrefix('66', byte), mnemonic, [Vx, Wx], semantics);
}

/** 0F 38 opcode with a mandatory prefix. */
export const escape38 = (prefix: MandatoryPrefix, byte: number): Opcode => ({ ...opcode(2, byte), prefix });
/** 0F 3A opcode with a mandatory prefix. */
export const escape3a = (prefix: MandatoryPrefix, byte: number): Opcode => ({ ...opcode(3, byte), prefix });

/** An opcode that has a packed and a scalar form in both precisions, told apart by the prefix. */
export function floatRows(
  byte: number,
  mnemonic: string,
  { ps, pd, ss, sd }: FloatSemantics,
  immediate: readonly Operand[] = [],
): Row[] {
  return [
    sseRow(twoPrefix('none', byte), `${mnemonic}ps`, [Vx, Wx, ...immediate], ps),
    sseRow(twoPrefix('66', byte), `${mnemonic}pd`, [Vx, Wx, ...immediate], pd),
    sseRow(twoPrefix('f3', byte), `${mnemonic}ss`, [Vd, Wd, ...immediate], ss),
    sseRow(twoPrefix('f2', byte), `${mnemonic}sd`, [Vq, Wq, ...immediate], sd),
  ];
}
