import { describe, expect, it } from 'vitest';
import { SEGMENT_CS, SEGMENT_DS, SEGMENT_ES, SEGMENT_SS } from '../../../src/layout/cpu-state.ts';
import { runBothTiers } from '../../code-cache/both-tiers.ts';
import { shapeOf } from '../../code-cache/region-shape.ts';
import { DATA, KERNEL_CS, KERNEL_SS, PAGE_DIRECTORY, type SystemMachine } from '../../isa/system-machine.ts';
import { assemble } from '../../support/assembler.ts';

const PAGE_TABLE = 0x4_8000;
const RAX = 0;

/** Flat segments of 32 bits, at level 0. */
function enter32({ processor }: SystemMachine): void {
  processor.runtime.setSegment(SEGMENT_CS, KERNEL_CS, 0n, 0xffff_ffff, 0xc09b);
  for (const data of [SEGMENT_SS, SEGMENT_DS, SEGMENT_ES])
    processor.runtime.setSegment(data, KERNEL_SS, 0n, 0xffff_ffff, 0xc093);
  processor.runtime.updateMode();
}

describe('an indirect branch of compiled code', () => {
  it.each([64, 32])('goes to what is at the address now, in code of %i bits', (bits) => {
    const { registers, regions } = runBothTiers(
      `
        mov ebx,4
        mov edi,0x200000
        l1: mov ecx,3
        l2: call rdi
        add eax,edx
        dec ecx
        jne l2
        xor DWORD PTR ds:${PAGE_TABLE},0x1000
        invlpg BYTE PTR [rdi]
        dec ebx
        jne l1
        hlt
      `,
      (machine) => {
        if (bits === 32) enter32(machine);
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
