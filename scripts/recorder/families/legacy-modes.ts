/** Code of 32 and of 16 bits: every variant that random operands can be found for, from the instruction table. */
import { disassemble } from '../../../src/isa/disassembler.ts';
import type { Variant } from '../../../src/isa/variant.ts';
import { MODE_CODE_16, MODE_CODE_32, MODE_STACK_32 } from '../../../src/layout/mode.ts';
import type { CodeMode } from '../../../test/vectors/layout.ts';
import { FAMILIES } from '../../fuzz/choices.ts';
import { assemble } from '../../fuzz/program.ts';
import { singleInstruction } from '../../fuzz/single.ts';
import { undefinedAfter } from '../../fuzz/undefined.ts';
import { type Case, Input } from '../case.ts';
import { Random } from '../values.ts';

/** Families that have the state of SSE, and that of the x87, as operands. */
const SSE = /^(?:sse|avx|fma|f16c)/;
const X87 = /^(?:x87|mmx|sse-convert)$/;

/** Times that operands are drawn for a variant before it is left out: those of chance may be in each other's way. */
const ATTEMPTS = 20;

/** Stays the same when rows are added to the table. */
function nameOf({ row, operandSize, vectorSize, form }: Variant): string {
  const { map, byte, prefix, extension } = row.opcode;
  return [row.mnemonic, map, byte, prefix, extension, operandSize, vectorSize, form].join(' ');
}

/** The instructions of code, in Intel syntax. */
export function instructionText(bytes: Uint8Array, address: number, mode: CodeMode): string {
  const key = mode === 16 ? MODE_CODE_16 : MODE_CODE_32 | MODE_STACK_32;
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { text, length } = disassemble(bytes.subarray(at), BigInt(address + at), key);
    lines.push(text);
    at += length;
  }
  return lines.join('; ');
}

function caseOf(variant: Variant, family: string, mode: CodeMode, random: Random): Case | undefined {
  const program = singleInstruction(variant, {
    random,
    mode,
    sse: SSE.test(family),
    x87: X87.test(family),
  });
  const assembled = program && assemble(program);
  if (program === undefined || assembled === undefined) return undefined;
  const input = new Input(mode);
  for (const [name, value] of program.start.registers) input.set(name, value);
  const { flags, fsw } = undefinedAfter(variant);
  return {
    asm: instructionText(assembled.bytes, program.base, mode),
    code: assembled.bytes,
    input,
    steps: program.items.length,
    undefined: flags,
    undefinedFsw: fsw,
  };
}

function* cases(mode: CodeMode): Iterable<Case> {
  for (const { name: family, mnemonics } of FAMILIES[mode]) {
    // Not every recording processor has it.
    if (family === 'sse4a') continue;
    for (const variant of mnemonics.flat()) {
      // 16-bit addresses are always of the general form.
      if (mode === 16 && variant.form === 'memory') continue;
      const random = new Random(nameOf(variant));
      let found: Case | undefined;
      for (let attempt = 0; attempt < ATTEMPTS && found === undefined; attempt++)
        found = caseOf(variant, family, mode, random);
      if (found !== undefined) yield found;
    }
  }
}

export const code32 = (): Iterable<Case> => cases(32);
export const code16 = (): Iterable<Case> => cases(16);
