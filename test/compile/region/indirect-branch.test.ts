import { describe, expect, it } from 'vitest';
import { runBothTiers } from '../../code-cache/both-tiers.ts';
import { shapeOf } from '../../code-cache/region-shape.ts';
import { DATA, PAGE_DIRECTORY } from '../../isa/system-machine.ts';
import { assemble } from '../../support/assembler.ts';

const PAGE_TABLE = 0x4_8000;
const RAX = 0;

describe('an indirect branch of compiled code', () => {
  it('goes to what is at the address now', () => {
    const { registers, regions } = runBothTiers(
      `
        mov ebx,4
        mov edi,0x200000
        l1: mov ecx,3
        l2: call rdi
        add rax,rdx
        dec ecx
        jne l2
        xor QWORD PTR ds:${PAGE_TABLE},0x1000
        invlpg BYTE PTR [rdi]
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
    expect(registers[RAX]).toBe(606n);
    // With the function that it called at first, which is not there later.
    expect(regions.map(shapeOf)).toContainEqual({ blocks: 4, back: 1, merges: 0, pages: 2 });
  });
});
