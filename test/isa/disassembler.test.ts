/**
 * Expected text is what `objdump -d -M intel` (GNU binutils 2.40) prints, except where the Intel SDM's spelling
 * differs: marked with "SDM".
 */
import { describe, expect, it } from 'vitest';
import { disassemble } from '../../src/isa/disassembler.ts';
import { MODE_CODE_16, MODE_CODE_32, MODE_CODE_64 } from '../../src/layout/mode.ts';

const ADDRESS = 0xffff_ffff_8100_0ff0n;

function parse(code: string): Uint8Array {
  return Uint8Array.from((code.match(/[0-9a-f]{2}/g) ?? []).map((byte) => Number.parseInt(byte, 16)));
}

describe('64-bit mode', () => {
  it.each([
    // Registers of every size.
    ['48 89 e5', 'mov rbp,rsp'],
    ['40 88 cc', 'mov spl,cl'],
    ['88 dc', 'mov ah,bl'],
    ['44 88 c6', 'mov sil,r8b'],
    ['66 41 ff c1', 'inc r9w'],
    ['41 54', 'push r12'],
    ['48 91', 'xchg rcx,rax'],
    // Memory operands.
    ['8b 05 34 12 00 00', 'mov eax,DWORD PTR [rip+0x1234]'],
    ['8b 04 24', 'mov eax,DWORD PTR [rsp]'],
    ['49 c7 45 00 fb ff ff ff', 'mov QWORD PTR [r13+0x0],0xfffffffffffffffb'],
    ['8b 44 05 00', 'mov eax,DWORD PTR [rbp+rax*1+0x0]'],
    ['66 42 c7 44 48 80 ff ff', 'mov WORD PTR [rax+r9*2-0x80],0xffff'],
    ['48 8d 04 fd 00 00 00 00', 'lea rax,[rdi*8+0x0]'],
    ['64 48 8b 04 25 28 00 00 00', 'mov rax,QWORD PTR fs:0x28'],
    ['65 48 8b 44 c8 10', 'mov rax,QWORD PTR gs:[rax+rcx*8+0x10]'],
    ['64 ff 05 10 00 00 00', 'inc DWORD PTR fs:[rip+0x10]'],
    ['8b 04 25 00 00 60 ff', 'mov eax,DWORD PTR ds:0xffffffffff600000'],
    ['67 8b 46 04', 'mov eax,DWORD PTR [esi+0x4]'],
    ['a0 88 77 66 55 44 33 22 11', 'mov al,ds:0x1122334455667788'], // SDM: mov, not movabs
    ['66 0f 6f 0c 18', 'movdqa xmm1,XMMWORD PTR [rax+rbx*1]'],
    // Immediates, sign-extended to the operand size.
    ['48 83 e4 f0', 'and rsp,0xfffffffffffffff0'],
    ['83 c0 ff', 'add eax,0xffffffff'],
    ['6a ff', 'push 0xffffffffffffffff'],
    ['48 b8 88 77 66 55 44 33 22 11', 'mov rax,0x1122334455667788'], // SDM: mov, not movabs
    ['c8 10 00 01', 'enter 0x10,0x1'],
    // Operands that are not encoded, mnemonics that depend on the size.
    ['d1 e0', 'shl eax,1'],
    ['d3 fa', 'sar edx,cl'],
    ['66 98', 'cbw'],
    ['98', 'cwde'],
    ['48 98', 'cdqe'],
    ['48 99', 'cqo'],
    ['9c', 'pushfq'], // SDM: with the size
    // Prefixes.
    ['90', 'nop'],
    ['f3 90', 'pause'],
    ['41 0f 18 c1', 'nop r9d'],
    ['f0 48 0f b1 37', 'lock cmpxchg QWORD PTR [rdi],rsi'],
    ['65 f0 ff 04 25 00 01 00 00', 'lock inc DWORD PTR gs:0x100'],
    // String instructions.
    ['48 a5', 'movs QWORD PTR es:[rdi],QWORD PTR ds:[rsi]'],
    ['f3 aa', 'rep stos BYTE PTR es:[rdi],al'],
    ['67 ac', 'lods al,BYTE PTR ds:[esi]'],
    // Branches: ADDRESS is 0xffffffff81000ff0, and targets may be in the next page.
    ['75 0e', 'jne 0xffffffff81001000'],
    ['e9 fb ef ff ff', 'jmp 0xffffffff80fffff0'],
    ['e8 40 23 01 00', 'call 0xffffffff81013335'],
    ['e2 fe', 'loop 0xffffffff81000ff0'],
    ['ff e0', 'jmp rax'],
    ['ff 50 08', 'call QWORD PTR [rax+0x8]'],
    ['c2 08 00', 'ret 0x8'],
    ['f3 90', 'pause'],
    ['f3 41 90', 'xchg r8d,eax'],
    ['0f 18 cb', 'nop ebx'],
    ['0f 0d c8', 'nop eax'],
    // System instructions.
    ['0f 20 c0', 'mov rax,cr0'],
    ['44 0f 22 c0', 'mov cr8,rax'],
    ['0f 23 f8', 'mov dr7,rax'],
    ['8e d8', 'mov ds,ax'], // SDM: r/m16
    ['0f a0', 'push fs'],
    ['48 cf', 'iretq'],
    ['48 0f 07', 'sysretq'],
    ['48 ca 08 00', 'retfq 0x8'],
    ['0f 01 f8', 'swapgs'],
    ['0f 01 ca', 'clac'],
    ['0f 01 17', 'lgdt [rdi]'],
    ['0f 01 3f', 'invlpg BYTE PTR [rdi]'],
    ['f3 48 0f ae c0', 'rdfsbase rax'],
    ['0f ae e8', 'lfence'],
    ['66 0f ae 3f', 'clflushopt BYTE PTR [rdi]'],
    ['e5 60', 'in eax,0x60'],
    ['ee', 'out dx,al'],
    ['cd 80', 'int 0x80'],
    // SSE and x87.
    ['44 0f 11 4c 24 10', 'movups XMMWORD PTR [rsp+0x10],xmm9'],
    ['f2 0f 58 0f', 'addsd xmm1,QWORD PTR [rdi]'],
    ['66 0f 70 ca 1b', 'pshufd xmm1,xmm2,0x1b'],
    ['66 48 0f 6e d8', 'movq xmm3,rax'],
    ['d8 c1', 'fadd st,st(1)'],
    ['dd 00', 'fld QWORD PTR [rax]'],
  ])('%s = %s', (code, text) => {
    const bytes = parse(code);
    expect(disassemble(bytes, ADDRESS, MODE_CODE_64)).toEqual({ text, length: bytes.length });
  });

  it('takes only the first instruction', () => {
    expect(disassemble(parse('55 48 89 e5'), 0n, MODE_CODE_64)).toEqual({ text: 'push rbp', length: 1 });
  });

  it.each(['06', '0f 04', 'f0 01 c0', '48 8b', ''])('%s is no instruction', (code) => {
    const { text, length } = disassemble(parse(code), 0n, MODE_CODE_64);
    expect(text).toBe('(bad)');
    expect(length).toBeGreaterThan(0);
  });
});

describe('other modes', () => {
  it.each([
    ['40', 'inc eax'],
    ['8b 44 24 08', 'mov eax,DWORD PTR [esp+0x8]'],
    ['65 a1 14 00 00 00', 'mov eax,gs:0x14'],
    ['e9 fb ff ff 7f', 'jmp 0x80000000'],
    ['67 8b 07', 'mov eax,DWORD PTR [bx]'],
    ['9a 78 56 34 12 10 00', 'call far 0x10:0x12345678'], // SDM: with the distance
  ])('32 bits: %s = %s', (code, text) => {
    expect(disassemble(parse(code), 0n, MODE_CODE_32).text).toBe(text);
  });

  it.each([
    ['ea 34 12 08 00', 'jmp far 0x8:0x1234'], // SDM: with the distance
    ['8b 42 10', 'mov ax,WORD PTR [bp+si+0x10]'],
    ['66 8b 07', 'mov eax,DWORD PTR [bx]'],
    ['2e a1 34 12', 'mov ax,cs:0x1234'],
    ['eb fe', 'jmp 0x100'],
  ])('16 bits: %s = %s', (code, text) => {
    expect(disassemble(parse(code), 0x100n, MODE_CODE_16).text).toBe(text);
  });
});
