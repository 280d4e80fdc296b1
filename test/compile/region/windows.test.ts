/** Accesses that share a look for their page do the same as each for itself: on two pages, where one faults, over code. */
import { describe, expect, it } from 'vitest';
import { NEVER } from '../../../src/code-cache/installed-regions.ts';
import { compileRegions } from '../../../src/compile/compiler.ts';
import { BlockRecords } from '../../../src/compile/record-view.ts';
import { Place, Window } from '../../../src/compile/region/windows.ts';
import { Locals } from '../../../src/emitter/locals.ts';
import { RSP } from '../../../src/layout/architecture.ts';
import { MODE_FLAT, MODE_STACK_32 } from '../../../src/layout/mode.ts';
import { i64 } from '../../../src/wasm/value-types.ts';
import { ModuleWriter } from '../../../src/wasm/writer/module-writer.ts';
import { runBothTiers } from '../../code-cache/both-tiers.ts';
import { shapeOf } from '../../code-cache/region-shape.ts';
import { HANDLERS, USER_CODE } from '../../isa/system-machine.ts';
import { assemble } from '../../support/assembler.ts';
import { FUNCTION, PAGE_TABLE, prepare } from './scattered-pages.ts';

const RAX = 0;
const RBX = 3;
const PAGE_FAULT = 14;

/** Of compatibility mode, at level 3. */
const CODE_32 = 0x1b;
const STACK_32 = 0x23;
/** Where 32-bit code is, in a page behind those that prepare() maps. */
const AT_32 = USER_CODE + 0x5000;
const ENTER_32 = `push ${STACK_32}; push rdx; push 2; push ${CODE_32}; push ${AT_32}; iretq`;

/** Regions are compiled again after so few instructions. */
const HOT_SOON = { first: 300, second: NEVER };

/** Moves of an address, by steps that bring accesses to every distance from a page boundary. */
const WALKS = [
  ['up', 'mov esi,0x200f80; mov ecx,100', 'add rsi,11'],
  ['down', 'mov esi,0x202f80; mov ecx,220', 'sub rsi,19'],
] as const;

describe('accesses near each other', () => {
  it.each(WALKS)('walk %s over page boundaries', (_, start, step) => {
    const { regions } = runBothTiers(
      `
        ${start}
        again: mov rax,QWORD PTR [rsi]
        add rbx,QWORD PTR [rsi+0x28]
        xor QWORD PTR [rsi+0x10],rax
        mov DWORD PTR [rsi-0x8],ebx
        test bl,1
        je even
        add BYTE PTR [rsi+0x2f],bl
        mov WORD PTR [rsi+0x30],cx
        even: ${step}
        mov rdx,QWORD PTR [rsi-0x10]
        rol QWORD PTR [rsi+0x4],3
        xor rbx,rdx
        dec ecx
        jne again
        hlt
      `,
      prepare,
    );
    expect(regions.length).toBeGreaterThan(0);
  });

  it.each(WALKS)('walk %s in regions without a loop, which fill nothing in', (_, start, step) => {
    const { regions } = runBothTiers(
      `
        ${start}
        mov esp,0x202400
        again: mov rax,QWORD PTR [rsi]
        add rbx,QWORD PTR [rsi+0x28]
        xor QWORD PTR [rsi+0x10],rax
        push rbx
        ${step}
        test bl,1
        je even
        add QWORD PTR [rsp],1
        even: mov DWORD PTR [rsi-0x8],ebx
        pop rbx
        add rbx,QWORD PTR [rsi+0x1]
        invlpg BYTE PTR [rsi] # a handler's, so it leads out of each turn
        sub rsp,3
        dec ecx
        jne again
        hlt
      `,
      prepare,
    );
    expect(regions.map((region) => shapeOf(region).back)).toEqual(regions.map(() => 0));
    const module = new WebAssembly.Module(compileRegions(regions) as BufferSource);
    const names = WebAssembly.Module.imports(module).map(({ name }) => name);
    expect(names).toContain('outOfBudget');
    expect(names.filter((name) => name.startsWith('fill'))).toEqual([]);
  });

  it('walk on the stack, with values that are pushed and places that are made', () => {
    runBothTiers(
      `
        mov esp,0x202400
        mov ecx,90
        again: push rcx
        push rbx
        call function
        add rsp,8
        pop rdx
        xor rbx,rdx
        sub rsp,45
        dec ecx
        jne again
        hlt
        function: sub rsp,24
        mov QWORD PTR [rsp+0x8],rbx
        add rbx,QWORD PTR [rsp+0x28]
        mov rax,QWORD PTR [rsp+0x8]
        rol rbx,5
        add rsp,24
        ret
      `,
      prepare,
    );
  });

  it.each([
    ['that are apart in memory', 8, 7],
    ['of which nothing is in the TLB now and then', 8, 5],
    ['with values that are on both', 3, 7],
  ])('are on the stack in a hot region, whose frames are in two pages %s', (_, step, flush) => {
    const { regions } = runBothTiers(
      `
        mov esp,0x202300
        mov ecx,300
        again: test cl,${flush}
        jne call
        invlpg BYTE PTR [rsp]
        call: mov esi,5
        call function
        sub rsp,${step}
        dec ecx
        jne again
        hlt
        function: push rbx
        push rcx
        sub rsp,40
        mov QWORD PTR [rsp+0x8],rbx
        mov DWORD PTR [rsp+0x14],ecx
        movups xmm0,XMMWORD PTR [rsp+0x4]
        movups XMMWORD PTR [rsp+0x18],xmm0
        dec esi
        je end
        call function
        end: add rbx,QWORD PTR [rsp+0x18]
        xor BYTE PTR [rsp+0x1f],cl
        rol QWORD PTR [rsp+0x8],5
        add rbx,QWORD PTR [rsp+0x8]
        add rsp,40
        pop rcx
        xor rbx,QWORD PTR [rsp]
        add rsp,8
        ret
      `,
      prepare,
      HOT_SOON,
    );
    expect(regions.some(({ tier }) => tier !== 'first')).toBe(true);
  });

  it.each([
    ['up', 'mov esi,0x200f80; mov ecx,100', 'add esi,11', ''],
    ['down', 'mov esi,0x202f80; mov ecx,220', 'sub esi,19', ''],
    ['up in regions without a loop', 'mov esi,0x200f80; mov ecx,100', 'add esi,11', 'cpuid'],
    ['down in regions without a loop', 'mov esi,0x202f80; mov ecx,220', 'sub esi,19', 'cpuid'],
  ])('walk %s over page boundaries in 32-bit code', (_, start, step, leave) => {
    // The bytes are the same in both modes.
    const code = `
      mov eax,${STACK_32}
      .byte 0x8e,0xd8 # mov ds,eax
      .byte 0x8e,0xc0 # mov es,eax
      mov esp,0x202400
      ${start}
      again: mov eax,DWORD PTR [rsi]
      add edi,DWORD PTR [rsi+0x28]
      xor DWORD PTR [rsi+0x10],eax
      mov DWORD PTR [rsi-0x8],edi
      push rdi
      push rcx
      ${leave}
      pop rcx
      add DWORD PTR [rsp],1
      pop rdi
      sub esp,3
      add BYTE PTR [rsi+0x2f],cl
      ${step}
      mov edx,DWORD PTR [rsi-0x10]
      rol DWORD PTR [rsi+0x4],3
      xor edi,edx
      dec ecx
      jne again
      hlt
    `;
    const { regions } = runBothTiers(ENTER_32, (machine) => {
      prepare(machine);
      machine.write64(PAGE_TABLE + 5 * 8, BigInt(AT_32) | 0x67n);
      machine.write(AT_32, [...assemble(code, AT_32)]);
    });
    const modes = regions.flatMap(({ blocks }) =>
      blocks.map(({ head, records }) => new BlockRecords(head, records).mode),
    );
    const windowed = MODE_FLAT | MODE_STACK_32;
    expect(modes.some((mode) => (mode & windowed) === windowed)).toBe(true);
  });

  it('are by a register that gets another value in between', () => {
    runBothTiers(
      `
        mov esi,0x200f00
        mov edi,0x201f80
        mov ecx,100
        again: mov rax,QWORD PTR [rsi]
        add rbx,QWORD PTR [rsi+0x8]
        mov rdx,rsi
        mov rsi,rdi
        mov rdi,rdx
        add rbx,QWORD PTR [rsi]
        add rbx,QWORD PTR [rsi+0x8]
        mov QWORD PTR [rsi+0x10],rax
        mov QWORD PTR [rsi+0x18],rbx
        add rdi,9
        dec ecx
        jne again
        hlt
      `,
      prepare,
    );
  });

  it('fault one by one: what comes before has been done', () => {
    const { rip, registers } = runBothTiers(
      `
        mov esi,0x202e00
        again: mov eax,DWORD PTR [rsi]
        inc DWORD PTR [rsi+0x4]
        add ebx,1
        mov edx,DWORD PTR [rsi+0x40]
        add ebx,2
        add rsi,8
        jmp again
      `,
      prepare,
    );
    expect(rip).toBe(BigInt(HANDLERS + PAGE_FAULT * 16 + 1));
    expect((registers[RBX] as bigint) % 3n).toBe(1n);
  });

  it('store over translated code', () => {
    const { registers } = runBothTiers(
      `
        mov esi,${FUNCTION}
        call rsi
        mov edi,${FUNCTION - 0x80}
        mov ecx,40
        again: mov ebx,DWORD PTR [rdi+0x40]
        add ebx,DWORD PTR [rdi+0x48]
        add ebx,DWORD PTR [rdi+0x50]
        mov DWORD PTR [rdi+0x60],0xc3909090 # nop; nop; nop; ret
        add rdi,1
        dec ecx
        jne again
        mov eax,77
        call rsi
        hlt
      `,
      prepare,
    );
    expect(registers[RAX]).toBe(77n);
  });
});

describe('the stack in a hot region', () => {
  it('goes over the end of a page into translated code', () => {
    const code = FUNCTION - 0x800 + 0x1000;
    const { registers, regions } = runBothTiers(
      `
        mov esi,${code}
        call rsi
        mov esp,${code - 0x400}
        mov ecx,124
        again: mov rbx,QWORD PTR [rsp]
        add rbx,QWORD PTR [rsp+0x8]
        mov DWORD PTR [rsp+0x28],0xc3909090 # nop; nop; nop; ret
        add rsp,8
        dec ecx
        jne again
        mov eax,77
        call rsi
        hlt
      `,
      (machine) => {
        prepare(machine);
        machine.write(code, [...assemble('mov eax,1; ret')]);
      },
      HOT_SOON,
    );
    expect(registers[RAX]).toBe(77n);
    expect(regions.some(({ tier }) => tier !== 'first')).toBe(true);
  });

  it('faults in the upper of two pages only', () => {
    const { rip, registers } = runBothTiers(
      `
        mov esp,0x202800
        again: mov rax,QWORD PTR [rsp]
        add ebx,1
        inc QWORD PTR [rsp+0x10]
        add ebx,2
        add rsp,8
        jmp again
      `,
      prepare,
      HOT_SOON,
    );
    expect(rip).toBe(BigInt(HANDLERS + PAGE_FAULT * 16 + 1));
    expect((registers[RBX] as bigint) % 3n).toBe(1n);
  });
});

describe('a window', () => {
  const origin = {};
  const at = (distance: number) => new Place(origin, RSP, distance);

  /** That begins with eight bytes at RSP + 0x60. */
  const window = (): Window => {
    const m = new ModuleWriter();
    const locals = new Locals(m, []);
    const made = new Window(m, locals, locals.add(i64), at(0x60), { find: () => 0, leaves: false }, () => 0);
    made.join(at(0x60), 8, 'read');
    return made;
  };

  it('has no accesses that are far from all others: a page boundary in between would count for all', () => {
    expect(window().join(at(0x60 + 8 + 64), 8, 'read')).toBe(true);
    expect(window().join(at(0x60 + 8 + 65), 8, 'read')).toBe(false);
  });

  it('grows by accesses that are near, to 512 bytes', () => {
    const grown = window();
    const joined: number[] = [];
    for (let distance = 0xa0; distance < 0x400; distance += 0x40)
      if (grown.join(at(distance), 8, 'write')) joined.push(distance);
    expect(joined.at(-1)).toBe(0x220);
  });
});
