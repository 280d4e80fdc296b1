/** Regions of several blocks give the same results as the interpreter, wherever a budget ends. */
import { describe, expect, it } from 'vitest';
import { runBothTiers } from '../../code-cache/both-tiers.ts';
import { shapeOf } from '../../code-cache/region-shape.ts';
import { DATA, PAGE_DIRECTORY } from '../../isa/system-machine.ts';

const PAGE_TABLE = 0x4_8000;
const RAX = 0;

describe('a region', () => {
  it('of a loop with a branch has flags and registers of both kinds to merge', () => {
    const { regions } = runBothTiers(
      'b9c8000000 be00000200' + // mov ecx, 200; mov esi, DATA
        'f6c104 7409' + // test cl, 4; jz imul
        '4801c8 660f6ec9 eb07' + // add rax, rcx; movd xmm1, ecx; jmp setc
        '486bd203 48ffca' + // imul rdx, rdx, 3; dec rdx
        '0f92c3 4911c0 660ffed1' + // setc bl; adc r8, rax; paddd xmm2, xmm1
        'f30f7f16 8d340e' + // movdqu [rsi], xmm2; lea esi, [rsi + rcx]
        'ffc9 75d6' + // dec ecx; jnz test
        '9c 4159 f4', // pushfq; pop r9; hlt
    );
    // It begins with the block after the merge, which two blocks of the region lead to.
    expect(regions.map(shapeOf)).toEqual([{ blocks: 4, back: 2, merges: 1, pages: 0 }]);
  });

  it('is left to a handler in the middle of each of its ways, with what was written before', () => {
    const { regions } = runBothTiers(
      'b93c000000 befd0f0200' + // mov ecx, 60; mov esi, DATA + ffdh: the qword lies in two pages
        '8d1489 f6c101 7416' + // lea edx, [rcx + rcx * 4]; test cl, 1; jz sub
        '4901d2 f6c102 7406' + // add r10, rdx; test cl, 2; jz xor
        '480116 f5 eb0b' + // add [rsi], rdx; cmc; jmp adc
        '4d31d3 4c0326 eb03' + // xor r11, r10; add r12, [rsi]; jmp adc
        '4929d5' + // sub r13, rdx
        '4d11ee ffc9 75d8 f4', // adc r14, r13; dec ecx; jnz lea; hlt
    );
    expect(regions.map(shapeOf)).toContainEqual({ blocks: 6, back: 2, merges: 2, pages: 0 });
  });

  it('takes functions in once for each call, and returns to where each was called', () => {
    const { regions } = runBothTiers(
      'b929000000 f6c103 751d' + // mov ecx, 41; test cl, 3; jnz dec
        '488d39 e81a000000 4801f8' + // lea rdi, [rcx]; call f; add rax, rdi
        '488d7c4901 e80d000000 4831f8' + // lea rdi, [rcx + rcx * 2 + 1]; call f; xor rax, rdi
        'e818000000' + // call g
        'ffc9 75da f4' + // dec ecx; jnz test; hlt
        '40f6c701 7405' + // f: test dil, 1; jz add
        '48c1cf05 c3' + // ror rdi, 5; ret
        '4881c734120000 c3' + // add rdi, 1234h; ret
        '4811c3 c3', // g: adc rbx, rax; ret
    );
    const heads = regions.map(({ blocks }) => blocks.map(({ head }) => head));
    // f and what follows its test are there for the one call and for the other.
    expect(Math.max(...heads.map((region) => region.length - new Set(region).size))).toBe(3);
  });

  it('looks whether the other page is still mapped as it was', () => {
    const { registers, regions } = runBothTiers(
      'bb04000000 b928000000' + // mov ebx, 4; mov ecx, 40
        'f6c103 7508' + // test cl, 3; jnz dec
        'e8ecff1e00 4801d0' + // call 200000h; add rax, rdx
        'ffc9 75ef' + // dec ecx; jnz test
        '48813425 00800400 00100000' + // xor qword [PAGE_TABLE], 1000h
        '0f013c25 00002000' + // invlpg [200000h]
        'ffcb 75d2 f4', // dec ebx; jnz mov; hlt
      (machine) => {
        machine.write64(PAGE_DIRECTORY + 8, BigInt(PAGE_TABLE) | 7n);
        machine.write64(PAGE_TABLE, BigInt(DATA) | 0x67n);
        // mov edx, 1; ret, and in the next page mov edx, 100; ret
        machine.write(DATA, [0xba, 1, 0, 0, 0, 0xc3]);
        machine.write(DATA + 0x1000, [0xba, 100, 0, 0, 0, 0xc3]);
      },
    );
    expect(registers[RAX]).toBe(2020n);
    expect(regions.map(shapeOf)).toContainEqual({ blocks: 5, back: 2, merges: 1, pages: 2 });
  });
});
