import { describe, expect, it } from 'vitest';
import { runBothTiers } from '../../code-cache/both-tiers.ts';
import { shapeOf } from '../../code-cache/region-shape.ts';
import { DATA, PAGE_DIRECTORY } from '../../isa/system-machine.ts';

const PAGE_TABLE = 0x4_8000;
const RAX = 0;

describe('an indirect branch of compiled code', () => {
  it('goes to what is at the address now', () => {
    const { registers, regions } = runBothTiers(
      'bb04000000 bf00002000' + // mov ebx, 4; mov edi, 200000h
        'b903000000' + // mov ecx, 3
        'ffd7 4801d0 ffc9 75f7' + // call rdi; add rax, rdx; dec ecx; jnz
        '48813425 00800400 00100000' + // xor qword [PAGE_TABLE], 1000h
        '0f013f ffcb 75df f4', // invlpg [rdi]; dec ebx; jnz to mov ecx; hlt
      (machine) => {
        machine.write64(PAGE_DIRECTORY + 8, BigInt(PAGE_TABLE) | 7n);
        machine.write64(PAGE_TABLE, BigInt(DATA) | 0x67n);
        // mov edx, 1; ret, and in the next page mov edx, 100; ret
        machine.write(DATA, [0xba, 1, 0, 0, 0, 0xc3]);
        machine.write(DATA + 0x1000, [0xba, 100, 0, 0, 0, 0xc3]);
      },
    );
    expect(registers[RAX]).toBe(606n);
    // From where the call returns to the next call.
    expect(regions.map(shapeOf)).toContainEqual({ blocks: 2, back: 0, merges: 0, pages: 0 });
  });
});
