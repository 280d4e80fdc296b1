/**
 * The rows whose variants are part of the interpreter's loop (interpret.ts), by mnemonic and operands: 50 that make up 88 % of what it executed in
 * boots of Debian's cloud kernel and its 686 kernel, and 80 to 86 % with programs behind them, the commonest first. Each costs all guests the
 * engine's time to optimise the loop, which grows faster than the loop does.
 */
import type { Row } from '../isa/row.ts';
import type { Variant } from '../isa/variant.ts';

export const COMMONEST: readonly string[] = `
mov Ev Gv, mov Gv Ev, pop Ze, push Ze, lea Gv M, je Jb, test Ev Gv, xor Ev Gv, cmp Ev Gv, call Jz,
add Ev sIb, jne Jb, add Ev Gv, je Jz, ret, movzx Gv Eb, mov Zv Iv, jmp Jz, mov Ev Iz, jne Jz,
cmp Ev sIb, shr Ev Ib, movsxd Gv Ed, shl Ev Ib, sub Ev Gv, sub Ev sIb, and Ev sIb, jmp Jb, ror Ev Ib, test Eb Gb,
rol Ev Ib, cmp Eb Ib, add Gv Ev, jae Jb, test Eb Ib, cmp Ev Iz, jb Jb, imul Gv Ev, or Ev Gv, mov rAX Ov,
and Ev Gv, xor Gv Ev, sub Gv Ev, and Ev Iz, movzx Gv Ew, mov Eb Ib, inc Ev, cmp AL Ib, ja Jb, cmp rAX Iz
`
  .trim()
  .split(/,\s+/);

const NAMES: ReadonlySet<string> = new Set(COMMONEST);

/** Mnemonic and operands. */
export function rowName({ mnemonic, operands }: Row): string {
  return [mnemonic, ...operands.map(({ name }) => name)].join(' ');
}

/** Whether the loop has it as a case of its own. Operands of 16 bits are rare in code that is not of 16 bits. */
export function isCommonest({ row, operandSize }: Variant): boolean {
  return operandSize !== 2 && row.tier === 'compiled' && NAMES.has(rowName(row));
}
