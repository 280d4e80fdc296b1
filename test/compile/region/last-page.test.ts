/** Loops whose accesses leave the page they were on last give the same results compiled as interpreted. */
import { describe, expect, it } from 'vitest';
import { BlockRecords } from '../../../src/compile/record-view.ts';
import { LastPages } from '../../../src/compile/region/last-page.ts';
import type { RegionSource } from '../../../src/compile/region-source.ts';
import { Locals } from '../../../src/emitter/locals.ts';
import { GPR } from '../../../src/layout/cpu-state.ts';
import { ZERO_REGISTER } from '../../../src/layout/runtime-state.ts';
import { TLB_INVALID } from '../../../src/layout/tlb.ts';
import { ModuleWriter } from '../../../src/wasm/writer/module-writer.ts';
import { runBothTiers } from '../../code-cache/both-tiers.ts';
import { shapeOf } from '../../code-cache/region-shape.ts';
import { DATA, HANDLERS, PAGE_DIRECTORY } from '../../isa/system-machine.ts';
import { FUNCTION, prepare } from './scattered-pages.ts';

const RAX = 0;
const RCX = 1;
const RBX = 3;

/** Adds to a register in the turn in which ECX has a value. */
function addAtTurn(turn: number, register: string, bytes: number): string {
  return `xor ebx,ebx; cmp ecx,${turn}; sete bl; imul ebx,ebx,${bytes}; add ${register},rbx`;
}

/** Each of the loops has become one region. */
function runLoops(code: string, loops: number) {
  const result = runBothTiers(code, prepare);
  expect(result.regions.filter((region) => shapeOf(region).back > 0)).toHaveLength(loops);
  return result;
}

describe('a compiled loop', () => {
  // With an index of single bytes they are expected to be unaligned.
  it.each(['rsi', 'rsi+rdi*1'])(
    'walks over page boundaries by [%s], with accesses on both sides',
    (address) => {
      runLoops(
        `
        xor edi,edi
        mov esi,0x200000
        mov ecx,900
        l1: add rax,QWORD PTR [${address}]
        ror rax,7
        mov WORD PTR [${address}+0x3],ax
        add rsi,13
        dec ecx
        jne l1
        hlt
      `,
        1,
      );
    },
  );

  it('walks down over page boundaries, from the upper page to accesses that lie on both sides', () => {
    runLoops(
      `
        mov esi,0x202f02
        mov ecx,600
        l1: add rax,QWORD PTR [rsi]
        ror rax,7
        mov DWORD PTR [rsi+0x2],eax
        rol QWORD PTR [rsi+0x1],32
        sub rsi,13
        dec ecx
        jne l1
        hlt
      `,
      1,
    );
  });

  it('goes to another page each time, by the same register', () => {
    runLoops(
      `
        mov esi,${DATA + 0xffc}
        mov ecx,500
        l1: add eax,DWORD PTR [rsi]
        add DWORD PTR [rsi],ecx
        xor esi,0x13008
        dec ecx
        jne l1
        hlt
      `,
      1,
    );
  });

  it('reads from two arrays and a table by registers that have the same index', () => {
    runLoops(
      `
        mov esi,0xff0
        mov ecx,500
        l1: add eax,DWORD PTR [rsi+${DATA}]
        add DWORD PTR [rsi+0x200000],eax
        movzx edi,al
        add eax,DWORD PTR [rdi*4+${DATA + 0xe00}]
        movzx ebx,al
        xor DWORD PTR [rbx*4+${DATA + 0xe00}],eax
        add eax,DWORD PTR ds:${DATA + 0x1008}
        add eax,DWORD PTR ds:${DATA + 0x2ffe}
        add esi,4
        dec ecx
        jne l1
        hlt
      `,
      1,
    );
  });

  it('stores over translated code in a page it has stored to before', () => {
    const { registers } = runLoops(
      `
        mov esi,${FUNCTION}
        call rsi
        mov ebx,eax
        mov edi,${FUNCTION - 0x100}
        mov ecx,68
        l1: mov DWORD PTR [rdi],0xc3909090 # nop; nop; nop; ret
        add rdi,4
        dec ecx
        jne l1
        mov eax,77
        call rsi
        hlt
      `,
      1,
    );
    expect(registers[RBX]).toBe(1n);
    expect(registers[RAX]).toBe(77n);
  });

  it('faults at the address that stands for no page', () => {
    // TLB_INVALID and its neighbours are not canonical.
    const { rip } = runBothTiers(
      `
        mov ebx,2
        mov esi,${DATA}
        l1: mov ecx,10
        l2: add rax,QWORD PTR [rsi]
        add QWORD PTR [rsi],rax
        dec ecx
        jne l2
        mov rsi,${TLB_INVALID & ~0xfffn}
        dec ebx
        jne l1
        hlt
      `,
      prepare,
    );
    expect(rip).toBe(BigInt(HANDLERS + 13 * 16 + 1));
  });

  it('faults there by its first access, too', () => {
    // CPUID is not part of a region: the loop is entered anew, and has no page yet.
    const { rip } = runBothTiers(
      `
        mov ebp,3
        mov esi,${DATA}
        xor edi,edi
        l1: cpuid
        mov ecx,600
        jmp l2
        l2: add rax,QWORD PTR [rsi+rdi*1]
        add QWORD PTR [rsi+rdi*1],rax
        dec ecx
        jne l2
        cmp ebp,2
        jne l3
        mov rsi,${TLB_INVALID + 8n}
        l3: dec ebp
        jne l1
        hlt
      `,
      prepare,
    );
    expect(rip).toBe(BigInt(HANDLERS + 13 * 16 + 1));
  });

  it.each([
    ['load', 'rsi', 8],
    ['load', 'rsi', 0x1008],
    ['store', 'rdi', 8],
    ['store', 'rdi', 0x1008],
  ] as const)('faults at a %s that is not aligned, when %s has got %i more', (_, register, more) => {
    const { rip, registers } = runLoops(
      `
        mov esi,${DATA}
        mov edi,${DATA + 0x100}
        mov ecx,1200
        l1: ${addAtTurn(100, register, more)}
        movaps xmm0,XMMWORD PTR [rsi]
        movaps XMMWORD PTR [rdi],xmm0
        dec ecx
        jne l1
        hlt
      `,
      1,
    );
    expect(rip).toBe(BigInt(HANDLERS + 13 * 16 + 1));
    expect(registers[RCX]).toBe(100n);
  });

  it('sees a page that has been mapped elsewhere since it ran last', () => {
    runLoops(
      `
        mov edx,2
        l1: mov esi,0x200000
        mov ecx,500
        l2: add rax,QWORD PTR [rsi]
        add rsi,8
        dec ecx
        jne l2
        mov DWORD PTR ds:${PAGE_DIRECTORY + 8},0x83
        invlpg BYTE PTR ds:0x200000
        dec edx
        jne l1
        hlt
      `,
      1,
    );
  });
});

it('code without a loop faults at an access that is not aligned', () => {
  // CPUID is not part of a region.
  const { rip, regions } = runBothTiers(
    `
      mov ebp,1200
      mov esi,${DATA}
      l1: mov ecx,ebp
      ${addAtTurn(100, 'rsi', 8)}
      movaps xmm0,XMMWORD PTR [rsi]
      dec ebp
      je l2
      cpuid
      jmp l1
      l2: hlt
    `,
    prepare,
  );
  expect(regions.map((region) => shapeOf(region).back)).toContain(0);
  expect(rip).toBe(BigInt(HANDLERS + 13 * 16 + 1));
});

describe('a loop that is compiled again', () => {
  /** Offsets of the instructions in its last region whose accesses are looked up in the TLB. */
  function scattered(code: string): number[] {
    const { regions } = runBothTiers(code, prepare, { first: 5000, second: 1e9 });
    const { tier, blocks } = regions.at(-1) as RegionSource;
    expect(tier).toBe('second');
    return blocks.flatMap(({ head, records }) => {
      const block = new BlockRecords(head, records);
      const indices = Array.from({ length: block.count }, (_, index) => index);
      return indices.filter((index) => block.isScattered(index)).map((index) => block.pageOffset(index));
    });
  }

  it('knows which accesses kept finding other pages', () => {
    const found = scattered(`
      mov esi,${DATA + 0xffc}
      mov edi,${DATA}
      mov ecx,14000
      l1: add eax,DWORD PTR [rsi]
      add eax,DWORD PTR [rdi]
      add DWORD PTR [rsi],ecx
      xor esi,0x13008
      mov edx,ecx
      and edx,0x1fff
      add eax,DWORD PTR [rdx+0x200000]
      dec ecx
      jne l1
      hlt
    `);
    expect(found).toEqual([0xf, 0x13]);
  });

  it('faults at one that is not aligned', () => {
    const code = `
      mov esi,${DATA}
      mov ecx,14000
      l1: movaps xmm0,XMMWORD PTR [rsi]
      xor esi,0x13000
      ${addAtTurn(100, 'rsi', 8)}
      dec ecx
      jne l1
      hlt
    `;
    expect(scattered(code)).toEqual([0xa]);
    const { rip, registers } = runBothTiers(code, prepare, { first: 5000, second: 1e9 });
    expect(rip).toBe(BigInt(HANDLERS + 13 * 16 + 1));
    expect(registers[RCX]).toBe(99n);
  });
});

describe('what accesses led to last', () => {
  const RSI = GPR + 6 * 8;
  const RDI = GPR + 7 * 8;
  const m = new ModuleWriter();
  const pages = new LastPages(m, new Locals(m, []), true);
  const table = (index: number, at: number) => pages.find('read', ZERO_REGISTER, index, at);

  it('is one page for what is near each other by its registers', () => {
    const page = pages.find('read', RSI, RDI, 0);
    expect(page).toBeDefined();
    expect(pages.find('read', RSI, RDI, -600)).toBe(page);
    expect(pages.find('read', RSI, RDI, 600)).toBe(page);
    expect(pages.find('write', RSI, RDI, 0)).not.toBe(page);
  });

  it('is another for another array by the same registers', () => {
    expect(pages.find('read', RSI, RDI, 0x804_0000)).not.toBe(pages.find('read', RSI, RDI, 0));
  });

  it('is one for a table by any register, and for all that is at known places of a page', () => {
    expect(table(RSI, 0x804_0004)).toBe(table(RDI, 0x804_0000));
    expect(table(RSI, 0)).not.toBe(table(RDI, 0));
    expect(table(ZERO_REGISTER, 0x1000)).toBe(table(ZERO_REGISTER, 0x1fff));
    expect(table(ZERO_REGISTER, 0x1000)).not.toBe(table(ZERO_REGISTER, 0x2000));
  });
});
