/** 32-bit code in compatibility mode: every variant that random operands can be found for, from the instruction table. */
import { disassemble } from '../../../src/isa/disassembler.ts';
import type { Variant } from '../../../src/isa/variant.ts';
import { MODE_CODE_32, MODE_STACK_32 } from '../../../src/layout/mode.ts';
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
function text(bytes: Uint8Array, address: number): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { text, length } = disassemble(
      bytes.subarray(at),
      BigInt(address + at),
      MODE_CODE_32 | MODE_STACK_32,
    );
    lines.push(text);
    at += length;
  }
  return lines.join('; ');
}

function caseOf(variant: Variant, family: string, random: Random): Case | undefined {
  const program = singleInstruction(variant, {
    random,
    mode: 32,
    sse: SSE.test(family),
    x87: X87.test(family),
  });
  const assembled = program && assemble(program);
  if (program === undefined || assembled === undefined) return undefined;
  const input = new Input();
  for (const [name, value] of program.start.registers) input.set(name, value);
  const { flags, fsw } = undefinedAfter(variant);
  return {
    asm: text(assembled.bytes, program.base),
    code: assembled.bytes,
    mode: 32,
    input,
    steps: program.items.length,
    undefined: flags,
    undefinedFsw: fsw,
  };
}

export function* code32(): Iterable<Case> {
  for (const { name: family, mnemonics } of FAMILIES[32]) {
    for (const variant of mnemonics.flat()) {
      const random = new Random(nameOf(variant));
      let found: Case | undefined;
      for (let attempt = 0; attempt < ATTEMPTS && found === undefined; attempt++)
        found = caseOf(variant, family, random);
      if (found !== undefined) yield found;
    }
  }
}
