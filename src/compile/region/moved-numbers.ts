/** Instructions that make a vector of elements of others, as they are: what is known of all of these is known of it (known-numbers.ts). */
import type { FloatSize } from '../../isa/semantics/float-lanes.ts';
import type { Location, Variant } from '../../isa/variant.ts';

interface Move {
  /** Bytes of an element. */
  readonly size: FloatSize;
  /** Whether an instruction without VEX takes elements of its destination. */
  readonly keeps: boolean;
}

const MOVES: ReadonlyMap<string, Move> = new Map([
  ['movss', { size: 4, keeps: true }],
  ['movsd', { size: 8, keeps: true }],
  ['movlhps', { size: 8, keeps: true }],
  ['movhlps', { size: 8, keeps: true }],
  ['movddup', { size: 8, keeps: false }],
  ['movsldup', { size: 4, keeps: false }],
  ['movshdup', { size: 4, keeps: false }],
  ['unpcklps', { size: 4, keeps: true }],
  ['unpckhps', { size: 4, keeps: true }],
  ['unpcklpd', { size: 8, keeps: true }],
  ['unpckhpd', { size: 8, keeps: true }],
  ['punpcklqdq', { size: 8, keeps: true }],
  ['punpckhqdq', { size: 8, keeps: true }],
  ['shufps', { size: 4, keeps: true }],
  ['shufpd', { size: 8, keeps: true }],
  ['pshufd', { size: 4, keeps: false }],
]);

/** The vectors that it takes elements of; undefined if they are not all registers, or it does something else. */
export function movedFrom({ row, locations }: Variant): { size: FloatSize; from: Location[] } | undefined {
  const move = MOVES.get(row.opcode.vex === undefined ? row.mnemonic : row.mnemonic.slice(1));
  if (move === undefined || locations[0]?.kind !== 'xmm') return undefined;
  const keeps = move.keeps && row.opcode.vex === undefined;
  const from = (keeps ? locations : locations.slice(1)).filter(({ kind }) => kind !== 'immediate');
  return from.every(({ kind }) => kind === 'xmm') ? { size: move.size, from } : undefined;
}
