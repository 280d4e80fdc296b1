/** Regions of several blocks give the same results as the interpreter, wherever a budget ends. */
import { describe, expect, it } from 'vitest';
import { HEAD_PAGE_COUNT } from '../../../src/layout/record.ts';
import { runBothTiers } from '../../code-cache/both-tiers.ts';
import { shapeOf } from '../../code-cache/region-shape.ts';
import { DATA, PAGE_DIRECTORY } from '../../isa/system-machine.ts';
import { assemble } from '../../support/assembler.ts';

const PAGE_TABLE = 0x4_8000;
const RAX = 0;

describe('a region', () => {
  it('of a loop with a branch has flags and registers of both kinds to merge', () => {
    const { regions } = runBothTiers(
      `
        mov ecx,200
        mov esi,${DATA}
        l1: test cl,4
        je l2
        add rax,rcx
        movd xmm1,ecx
        jmp l3
        l2: imul rdx,rdx,3
        dec rdx
        l3: setb bl
        adc r8,rax
        paddd xmm2,xmm1
        movdqu XMMWORD PTR [rsi],xmm2
        lea esi,[rsi+rcx*1]
        dec ecx
        jne l1
        pushfq
        pop r9
        hlt
      `,
    );
    // It begins with the block after the merge, which two blocks of the region lead to.
    expect(regions.map(shapeOf)).toEqual([{ blocks: 4, back: 2, merges: 1, pages: 0 }]);
  });

  it('is left to a handler in the middle of each of its ways, with what was written before', () => {
    const { regions } = runBothTiers(
      `
        mov ecx,60
        mov esi,${DATA + 0xffd} # the qword lies in two pages
        l1: lea edx,[rcx+rcx*4]
        test cl,1
        je l3
        add r10,rdx
        test cl,2
        je l2
        add QWORD PTR [rsi],rdx
        cmc
        jmp l4
        l2: xor r11,r10
        add r12,QWORD PTR [rsi]
        jmp l4
        l3: sub r13,rdx
        l4: adc r14,r13
        dec ecx
        jne l1
        hlt
      `,
    );
    expect(regions.map(shapeOf)).toContainEqual({ blocks: 6, back: 2, merges: 2, pages: 0 });
  });

  it('takes functions in once for each call, and returns to where each was called', () => {
    const { regions } = runBothTiers(
      `
        mov ecx,41
        l1: test cl,3
        jne l2
        lea rdi,[rcx]
        call f
        add rax,rdi
        lea rdi,[rcx+rcx*2+0x1]
        call f
        xor rax,rdi
        call g
        l2: dec ecx
        jne l1
        hlt
        f: test dil,1
        je l3
        ror rdi,5
        ret
        l3: add rdi,0x1234
        ret
        g: adc rbx,rax
        ret
      `,
    );
    const heads = regions.map(({ blocks }) => blocks.map(({ head }) => head));
    // f and what follows its test are there for the one call and for the other.
    expect(Math.max(...heads.map((region) => region.length - new Set(region).size))).toBe(3);
  });

  it('looks whether the other page is still mapped as it was', () => {
    const { registers, regions } = runBothTiers(
      `
        mov ebx,4
        l1: mov ecx,40
        l2: test cl,3
        jne l3
        call 0x200000
        add rax,rdx
        l3: dec ecx
        jne l2
        xor QWORD PTR ds:${PAGE_TABLE},0x1000
        invlpg BYTE PTR ds:0x200000
        dec ebx
        jne l1
        hlt
      `,
      (machine) => {
        machine.write64(PAGE_DIRECTORY + 8, BigInt(PAGE_TABLE) | 7n);
        machine.write64(PAGE_TABLE, BigInt(DATA) | 0x67n);
        machine.write(DATA, [...assemble('mov edx,1; ret')]);
        machine.write(DATA + 0x1000, [...assemble('mov edx,100; ret')]);
      },
    );
    expect(registers[RAX]).toBe(2020n);
    expect(regions.map(shapeOf)).toContainEqual({ blocks: 5, back: 2, merges: 1, pages: 2 });
  });

  it('has instructions that go on in another page, and looks whether both are mapped as they were', () => {
    // The immediate's upper half and the RET are in the page that changes.
    const code = (constant: number): number[] => [...assemble(`inc rsi; mov edx,${constant}; ret`)];
    const inFirst = 6;
    const { registers, regions } = runBothTiers(
      `
        mov ebx,4
        l1: mov ecx,40
        l2: call ${0x20_1000 - inFirst}
        add rax,rdx
        dec ecx
        jne l2
        xor QWORD PTR ds:${PAGE_TABLE + 8},0x1000
        invlpg BYTE PTR ds:0x201000
        dec ebx
        jne l1
        hlt
      `,
      (machine) => {
        machine.write64(PAGE_DIRECTORY + 8, BigInt(PAGE_TABLE) | 7n);
        machine.write64(PAGE_TABLE, BigInt(DATA) | 0x67n);
        machine.write64(PAGE_TABLE + 8, BigInt(DATA + 0x2000) | 0x67n);
        machine.write(DATA + 0x1000 - inFirst, code(1).slice(0, inFirst));
        machine.write(DATA + 0x2000, code(0x1_0001).slice(inFirst));
        machine.write(DATA + 0x3000, code(0x2_0001).slice(inFirst));
      },
    );
    expect(registers[RAX]).toBe(80n * 0x1_0001n + 80n * 0x2_0001n);
    const crossing = regions.map(({ blocks }) =>
      blocks.findIndex(({ records }) => records[HEAD_PAGE_COUNT] === 2),
    );
    expect(Math.max(...crossing)).toBeGreaterThan(0);
  });
});
