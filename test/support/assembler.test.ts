import { describe, expect, it } from 'vitest';
import { encode } from '../../scripts/fuzz/encoder.ts';
import { disassemble } from '../../src/isa/disassembler.ts';
import { allVariants } from '../../src/isa/instruction-set.ts';
import { MODE_CODE_64 } from '../../src/layout/mode.ts';
import { assemble } from './assembler.ts';

const ADDRESS = 0x1_0000;

function hex(source: string): string {
  return Buffer.from(assemble(source, ADDRESS)).toString('hex');
}

describe('assemble', () => {
  it.each([
    ['nop', '90'],
    ['mov ecx,10', 'b90a000000'],
    ['mov rax,-1', '48c7c0ffffffff'],
    ['add rax, QWORD PTR [rbx + rcx*8 - 0x10]', '480344cbf0'],
    ['lock inc DWORD PTR gs:[rbx]', '65f0ff03'],
    ['mov ah,5; shl eax,1; shl eax,3', 'b405d1e0c1e003'],
    ['.byte 0x66,0x90', '6690'],
    ['add rax,-0x7f; add rax,-0x499e9f96', '4883c08148056a6061b6'],
    [
      'lea rsi,[rip+data]; mov DWORD PTR [rip+data],1; hlt; data: .byte 0',
      '488d350b000000c7050100000001000000f400',
    ],
    ['mov BYTE PTR [r13],0xb8; and eax,0xfffffff0', '41c64500b883e0f0'],
    ['top: dec ecx; jne top', 'ffc975fc'],
    ['mov eax,offset end; jmp end; end: hlt # here', 'b807000100eb00f4'],
  ])('%s', (source, bytes) => {
    expect(hex(source)).toBe(bytes);
  });

  it('takes the long form of a branch that the short one does not reach', () => {
    const nops = 'nop;'.repeat(200);
    expect(hex(`jmp end; ${nops} end: hlt`)).toMatch(/^e9c8000000/);
  });

  it.each(['frobnicate eax', 'mov eax,rbx', 'mov eax', 'jmp nowhere', 'add [rbx],1'])(
    'refuses %s',
    (source) => {
      expect(() => assemble(source)).toThrow(`cannot assemble "${source}"`);
    },
  );

  it('takes what the disassembler says of every variant', () => {
    const strays = allVariants().flatMap((variant) => {
      const memory = {
        base: 3,
        displacement: 5,
        ...(variant.form === 'general' ? { segment: 'gs' as const } : {}),
      };
      const registers = variant.row.operands.map(() => 9);
      const bytes = encode(variant, { memory, registers, immediate: 17n });
      if (bytes === undefined) return [];
      const { text } = disassemble(bytes, BigInt(ADDRESS), MODE_CODE_64);
      const again = disassemble(assemble(text, ADDRESS), BigInt(ADDRESS), MODE_CODE_64).text;
      return again === text ? [] : [`${text}: ${again}`];
    });
    expect(strays).toEqual([]);
  });
});
