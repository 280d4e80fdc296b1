/** Returns and indirect branches within a region, to several targets, give the same results as the interpreter. */
import { describe, expect, it } from 'vitest';
import { hashAddresses } from '../../../src/compile/region/address-hash.ts';
import { planRegion } from '../../../src/compile/region/plan.ts';
import { OUTSIDE, type RegionSource } from '../../../src/compile/region-source.ts';
import { runBothTiers } from '../../code-cache/both-tiers.ts';
import { CODE, DATA, HANDLERS, PAGE_DIRECTORY, type SystemMachine } from '../../isa/system-machine.ts';
import { assemble } from '../../support/assembler.ts';

const TABLE = DATA;
const NEXT = CODE + 0x100;
const CASES = CODE + 0x400;
const START = `mov ecx,600; mov r15d,${NEXT}; jmp r15`;
const PAGE_TABLE = 0x4_8000;
const RAX = 0;

/** Of one block of any of the regions. */
const mostTargets = (regions: readonly RegionSource[]): number =>
  Math.max(...regions.flatMap(({ blocks }) => blocks.map(({ targets }) => targets.length)));

/** Writes cases one after the other at CASES, and their addresses to TABLE. */
function writeCases(machine: SystemMachine, cases: readonly string[]): void {
  let at = CASES;
  cases.forEach((code, index) => {
    const bytes = assemble(code, at);
    machine.write64(TABLE + index * 8, BigInt(at));
    machine.write(at, [...bytes]);
    at += bytes.length;
  });
}

/** Regions of the first tier have only what had been run when they were compiled; those of the second one follow soon. */
const SOON = { first: 500, second: 0x7fff_ffff };

/** The loop at NEXT: the case of each round is a random number below `count`. */
const dispatcher = (count: number): string => `
  imul ebx,ebx,1103515245
  add ebx,12345
  mov eax,ebx
  shr eax,16
  xor edx,edx
  mov edi,${count}
  div edi
  add r14,1
  dec ecx
  js done
  jmp QWORD PTR [rdx*8+${TABLE}]
  done: hlt
`;

describe('an interpreter of the guest', () => {
  const cases = [
    `add r8,rcx; jmp ${NEXT}`,
    `xor r8,rdx; mov r9,r8; jmp ${NEXT}`,
    `adc r10,r8; jmp ${NEXT}`,
    `push r8; pop r11; jmp ${NEXT}`,
    `test r8,r8; jmp ${NEXT}`,
    `setb r12b; rol r8,3; jmp ${NEXT}`,
    `sub r9,7; jmp ${NEXT}`,
  ];

  it.each([2, 3, 4, 7])('with %d operations becomes one region', (count) => {
    const prepare = (machine: SystemMachine): void => {
      writeCases(machine, cases.slice(0, count));
      machine.write(NEXT, [...assemble(dispatcher(count), NEXT)]);
    };
    const { regions } = runBothTiers(START, prepare, SOON);
    expect(mostTargets(regions)).toBe(count);
  });

  it('with a jump at the end of each operation has one hub for all', () => {
    const jump = `
      imul ebx,ebx,1103515245
      add ebx,12345
      mov edx,ebx
      shr edx,16
      and edx,3
      dec ecx
      js ${CASES - 16}
      jmp QWORD PTR [rdx*8+${TABLE}]
    `;
    const prepare = (machine: SystemMachine): void => {
      machine.write(CASES - 16, [...assemble('hlt')]);
      const operations = ['add r8,rcx', 'xor r8,rcx; mov r9,r8', 'adc r10,r8', 'lea r11,[r8+r9*2]'];
      writeCases(
        machine,
        operations.map((operation) => `${operation}; ${jump}`),
      );
    };
    const { regions } = runBothTiers(`mov ecx,600; ${jump}`, prepare, SOON);
    const { blocks } = regions.at(-1) as RegionSource;
    expect(blocks.filter(({ targets }) => targets.length > 2).length).toBeGreaterThan(2);
  });

  it('leaves where it has not been before, and for an address that is none', () => {
    const rare = CASES + 0x200;
    const { rip } = runBothTiers(
      START,
      (machine) => {
        // The second operation becomes another one late, and at last an address that is not canonical.
        writeCases(machine, [
          ...cases.slice(0, 3),
          `mov edi,${rare}; cmp ecx,100; ja ${NEXT}; mov DWORD PTR ds:${TABLE + 8},edi; jmp ${NEXT}`,
        ]);
        const last = `inc r13; cmp r13,9; jne ${NEXT}; mov DWORD PTR ds:${TABLE + 4},0x12345678; jmp ${NEXT}`;
        machine.write(rare, [...assemble(last, rare)]);
        machine.write(NEXT, [...assemble(dispatcher(4), NEXT)]);
      },
      SOON,
    );
    expect(rip).toBe(BigInt(HANDLERS + 13 * 16 + 1));
  });
});

describe('a function that calls itself', () => {
  it('is one region with all its returns', () => {
    const { registers, regions } = runBothTiers(
      `
      mov edi,14
      call fib
      hlt
      fib: cmp edi,2
      jae more
      mov eax,edi
      ret
      more: push rdi
      dec edi
      call fib
      pop rdi
      push rax
      sub edi,2
      call fib
      pop rdx
      add rax,rdx
      ret
    `,
      () => {},
      SOON,
    );
    expect(registers[RAX]).toBe(377n);
    expect(mostTargets(regions)).toBeGreaterThan(1);
  });

  it('by way of another one, with flags that live across calls and returns', () => {
    const { regions } = runBothTiers(
      `
      mov ebx,20
      again: mov edi,11
      call even
      adc r8,rax
      dec ebx
      jne again
      hlt
      even: sub edi,1
      jb yes
      call odd
      adc r9,1
      ret
      yes: mov eax,1
      ret
      odd: sub edi,1
      jb no
      test bl,1
      je other
      call even
      sbb r10,3
      ret
      other: call even
      sbb r10,5
      ret
      no: xor eax,eax
      stc
      ret
    `,
      () => {},
      SOON,
    );
    expect(mostTargets(regions)).toBeGreaterThan(1);
  });
});

describe('a function that calls itself in a loop', () => {
  it('returns within its region, whether it has called itself before or not', () => {
    const { regions } = runBothTiers(
      `
        mov ebp,40
        again: mov edi,5
        call f
        dec ebp
        jne again
        hlt
        f: test edi,edi
        je leaf
        push rbx
        push rdi
        mov ebx,3
        cmp edi,2
        je fail
        next: dec edi
        call f
        inc edi
        test al,1
        jne found
        dec ebx
        jne next
        fail: pop rdi
        pop rbx
        add r9,1
        mov eax,r9d
        ret
        found: pop rdi
        pop rbx
        ret
        leaf: inc r8
        mov eax,r8d
        ret
      `,
      () => {},
      SOON,
    );
    const returns = regions.flatMap((region) => {
      const { blocks, shape } = planRegion(region.blocks);
      return blocks.filter((_, b) => shape.rank[b] !== -1 && (region.blocks[b]?.targets.length ?? 0) > 0);
    });
    expect(returns.length).toBeGreaterThan(2);
    expect(returns.map(({ taken }) => taken)).not.toContain(OUTSIDE);
  });
});

describe('a function that is called through a pointer', () => {
  it('is taken in, also from another page, and looked up where that page is another one', () => {
    const { registers, regions } = runBothTiers(
      `
        mov ebp,2
        l1: mov ecx,60
        l2: mov edx,ecx
        and edx,1
        mov rdi,QWORD PTR [rdx*8+${TABLE}]
        call rdi
        add r8,rax
        dec ecx
        jne l2
        xor QWORD PTR ds:${PAGE_TABLE},0x1000
        invlpg BYTE PTR ds:0x200000
        dec ebp
        jne l1
        mov rax,r8
        hlt
      `,
      (machine) => {
        machine.write64(PAGE_DIRECTORY + 8, BigInt(PAGE_TABLE) | 7n);
        machine.write64(PAGE_TABLE, BigInt(DATA + 0x2000) | 0x67n);
        machine.write(DATA + 0x2000, [...assemble('mov eax,1; ret')]);
        machine.write(DATA + 0x3000, [...assemble('mov eax,100; ret')]);
        machine.write(CODE + 0x600, [...assemble('mov eax,10000; ret')]);
        machine.write64(TABLE, 0x20_0000n);
        machine.write64(TABLE + 8, BigInt(CODE + 0x600));
      },
    );
    expect(registers[RAX]).toBe(30n * (10_000n + 1n) + 30n * (10_000n + 100n));
    expect(mostTargets(regions)).toBe(2);
  });
});

describe('the hash of addresses', () => {
  it('has a place for each, whatever they are', () => {
    for (const addresses of [
      [0, 1],
      [5, 5 + 2 ** 31, -(2 ** 31)],
      Array.from({ length: 31 }, (_, i) => i * 4096),
      Array.from({ length: 90 }, (_, i) => i * 16 - 700),
      Array.from({ length: 200 }, (_, i) => (i * i * 7919) % 65_536),
    ]) {
      const distinct = [...new Set(addresses)];
      const { multiplier, shift, table } = hashAddresses(distinct);
      distinct.forEach((address, index) => {
        expect(table[Math.imul(address, multiplier) >>> shift]).toBe(index);
      });
      expect(table.length).toBeLessThan(16 * distinct.length * Math.log2(distinct.length));
    }
  });
});
