import { describe, expect, it } from 'vitest';
import { encode, HIGH_BYTE } from '../../../scripts/fuzz/encoder.ts';
import { Decoder } from '../../../src/isa/decoder.ts';
import { disassemble } from '../../../src/isa/disassembler.ts';
import { allVariants } from '../../../src/isa/instruction-set.ts';
import type { Variant } from '../../../src/isa/variant.ts';
import { MODE_CODE_64 } from '../../../src/layout/mode.ts';

const VARIANTS = allVariants();

function find(mnemonic: string, operandSize: number, form: string, operands: string): Variant {
  const found = VARIANTS.find(
    (variant) =>
      variant.row.mnemonic === mnemonic &&
      variant.operandSize === operandSize &&
      variant.form === form &&
      variant.row.operands.map(({ name }) => name).join() === operands,
  );
  if (found === undefined) throw new Error(`no ${mnemonic} ${operands}`);
  return found;
}

describe('every variant', () => {
  const decoder = new Decoder();

  /** What decodes to another variant than it was made from. */
  function strays(variants: readonly Variant[]): string[] {
    return variants.flatMap((variant) => {
      const { row, form } = variant;
      const memory = { base: 3, displacement: 5, ...(form === 'general' ? { segment: 'gs' as const } : {}) };
      const bytes = encode(variant, { memory, registers: row.operands.map(() => 9) });
      if (bytes === undefined) return [];
      const result = decoder.decode(bytes, 0, bytes.length, 0, MODE_CODE_64);
      const { instruction } = decoder;
      if (result === 'ok' && instruction.variant === variant && instruction.length === bytes.length)
        return [];
      return [`${row.mnemonic} ${row.operands.map(({ name }) => name)} ${variant.operandSize} ${form}`];
    });
  }

  it('decodes to itself', () => {
    expect(strays(VARIANTS)).toEqual([]);
  });

  it('can be encoded unless 64-bit mode does not have it', () => {
    const missing = VARIANTS.filter((variant) => encode(variant) === undefined);
    expect(missing.length).toBeLessThan(VARIANTS.length / 10);
  });
});

describe('operands', () => {
  it.each([
    ['mov ah,bl', find('mov', 4, 'register', 'Eb,Gb'), { registers: [HIGH_BYTE, 3] }],
    ['mov sil,r8b', find('mov', 4, 'register', 'Eb,Gb'), { registers: [6, 8] }],
    ['add r9w,0xfff0', find('add', 2, 'register', 'Ev,sIb'), { registers: [9], immediate: -16n }],
    ['lock inc QWORD PTR [r12]', find('inc', 8, 'memory', 'Ev'), { memory: { base: 12 }, lock: true }],
    ['mov eax,DWORD PTR [r13+0x0]', find('mov', 4, 'memory', 'Gv,Ev'), { memory: { base: 13 } }],
    [
      'mov rcx,QWORD PTR gs:[rax+r9*8-0x80]',
      find('mov', 8, 'general', 'Gv,Ev'),
      { registers: [1], memory: { base: 0, index: 9, scale: 3, displacement: -128, segment: 'gs' } } as const,
    ],
    [
      'mov eax,DWORD PTR [r13d*4+0x100]',
      find('mov', 4, 'general', 'Gv,Ev'),
      { memory: { index: 13, scale: 2, displacement: 0x100, address32: true } } as const,
    ],
    [
      'mov eax,DWORD PTR [rip-0x10]',
      find('mov', 4, 'memory', 'Gv,Ev'),
      { memory: { base: 'rip', displacement: -16 } } as const,
    ],
    ['mov eax,ds:0x12345678', find('mov', 4, 'memory', 'rAX,Ov'), { immediate: 0x1234_5678n }],
    ['push r8', find('push', 8, 'plain', 'Ze'), { registers: [8] }],
    [
      'popcnt r10w,WORD PTR [rsp]',
      find('popcnt', 2, 'memory', 'Gv,Ev'),
      { registers: [10], memory: { base: 4 } },
    ],
    ['pextrq r8,xmm9,0x1', find('pextrd', 8, 'register', 'Ey,Vdq,Ib'), { registers: [8, 9], immediate: 1n }],
    ['enter 0x10,0x1', find('enter', 8, 'plain', 'Iwb'), { immediate: 0x1_0010n }],
  ])('%s', (text, variant, values) => {
    const bytes = encode(variant, values) as Uint8Array;
    expect(disassemble(bytes, 0x1000n, MODE_CODE_64)).toEqual({ text, length: bytes.length });
  });

  it('AH cannot be told together with REX', () => {
    expect(encode(find('mov', 4, 'register', 'Eb,Gb'), { registers: [HIGH_BYTE, 8] })).toBeUndefined();
  });
});
