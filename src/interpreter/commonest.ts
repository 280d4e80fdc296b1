/**
 * The rows whose variants are part of the interpreter's loop (interpret.ts), by mnemonic and operands: 74 that make up 94 % of what it executes in
 * a boot of Debian's cloud kernel, the commonest first but for the last lines. Each costs all guests the engine's time to optimise the loop.
 */
import type { Row } from '../isa/row.ts';
import type { Variant } from '../isa/variant.ts';

export const COMMONEST: readonly string[] = `
mov Ev Gv, mov Gv Ev, pop Ze, push Ze, lea Gv M, je Jb, test Ev Gv, xor Ev Gv, cmp Ev Gv, call Jz,
add Ev sIb, jne Jb, add Ev Gv, je Jz, ret, movzx Gv Eb, mov Zv Iv, jmp Jz, mov Ev Iz, jne Jz,
cmp Ev sIb, shr Ev Ib, movsxd Gv Ed, shl Ev Ib, sub Ev Gv, sub Ev sIb, and Ev sIb, jmp Jb, ror Ev Ib, test Eb Gb,
rol Ev Ib, cmp Eb Ib, add Gv Ev, jae Jb, test Eb Ib, cmp Ev Iz, jb Jb, imul Gv Ev, or Ev Gv, mov rAX Ov,
and Ev Gv, xor Gv Ev, sub Gv Ev, and Ev Iz, movzx Gv Ew, mov Eb Ib, inc Ev, cmp AL Ib, ja Jb, cmp rAX Iz,
nop Ev, nop, test AL Ib, ja Jz, mov Eb Gb, jb Jz, jae Jz, and rAX Iz, test rAX Iz,
jbe Jb, js Jz, jle Jb, setne Eb, dec Ev, test Ev Iz, add Ev Iz, jbe Jz, cmp Gv Ev, sete Eb, sar Ev Ib, js Jb, jg Jz, jg Jb, jle Jz
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

/** What variants have in common that are one case: rows of one name differ only in their opcodes. */
export function caseName({ row, operandSize, form }: Variant): string {
  return `${rowName(row)} ${operandSize} ${form}`;
}
