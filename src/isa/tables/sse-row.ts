/** What the SSE tables share: rows of instructions that have a legacy and a VEX encoding. */
import type { Operand } from '../operand.ts';
import { Hd, Hq, Hx, Vd, Vq, Vx, Wd, Wq, Wx } from '../operand.ts';
import {
  type MandatoryPrefix,
  type Opcode,
  opcode,
  type Row,
  type RowOptions,
  row,
  type Semantics,
  twoPrefix,
  type VectorLength,
} from '../row.ts';
import type { FloatSemantics } from '../semantics/sse-float.ts';
import { avx, byLanes, sse } from '../semantics/vector.ts';

export interface SseOptions extends RowOptions {
  /** What VEX.L may be in the VEX encoding; `none`: there is none. By default what the operands say. */
  readonly vex?: VectorLength | 'none';
  /** Required VEX.W of the VEX encoding. */
  readonly vexW?: 0 | 1;
  /** Memory has to be aligned in the VEX encoding too. */
  readonly aligned?: boolean;
  /** Bits of the immediate operand that each 128-bit lane has for itself; 0: all of it is for all lanes. */
  readonly immediateBits?: number;
  /** Semantics of the VEX encoding, if they are not the same lane by lane. */
  readonly vexSemantics?: Semantics;
}

/** Rows of an instruction that needs SSE to be enabled, and of its VEX encoding, which needs AVX: operands as in the latter. */
export function sseRow(
  code: Opcode,
  mnemonic: string,
  operands: readonly Operand[],
  semantics: Semantics,
  options: SseOptions = {},
): Row[] {
  const legacy = operands.filter(({ place }) => place !== 'vex');
  const rows = [row(code, mnemonic, legacy, sse(semantics), options)];
  const length = options.vex ?? lengthOf(operands);
  if (length === 'none') return rows;
  const shared = operands[0]?.file === 'xmm' ? byLanes(semantics, options.immediateBits) : semantics;
  const own = options.vexSemantics ?? shared;
  const unaligned = operands.map((operand) => (options.aligned ? operand : { ...operand, aligned: false }));
  return [
    ...rows,
    row({ ...code, vex: length, w: options.vexW ?? code.w }, `v${mnemonic}`, unaligned, avx(own), options),
  ];
}

function lengthOf(operands: readonly Operand[]): VectorLength {
  return operands.some(({ width }) => width.startsWith('x')) ? 'any' : 'LIG';
}

/** 66 0F opcode with two sources, the second of which may be memory. */
export function packedRow(byte: number, mnemonic: string, semantics: Semantics): Row[] {
  return sseRow(twoPrefix('66', byte), mnemonic, [Vx, Hx, Wx], semantics);
}

/** 66 0F opcode with one source. */
export function unaryRow(byte: number, mnemonic: string, semantics: Semantics): Row[] {
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
  { immediate = [], vex }: { readonly immediate?: readonly Operand[]; readonly vex?: FloatSemantics } = {},
): Row[] {
  const own = (kind: keyof FloatSemantics): SseOptions => (vex ? { vexSemantics: byLanes(vex[kind]) } : {});
  return [
    sseRow(twoPrefix('none', byte), `${mnemonic}ps`, [Vx, Hx, Wx, ...immediate], ps, own('ps')),
    sseRow(twoPrefix('66', byte), `${mnemonic}pd`, [Vx, Hx, Wx, ...immediate], pd, own('pd')),
    sseRow(twoPrefix('f3', byte), `${mnemonic}ss`, [Vd, Hd, Wd, ...immediate], ss, own('ss')),
    sseRow(twoPrefix('f2', byte), `${mnemonic}sd`, [Vq, Hq, Wq, ...immediate], sd, own('sd')),
  ].flat();
}
