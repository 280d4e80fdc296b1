/** #AC: EFLAGS.AC and CR0.AM at CPL 3 (Intel SDM Vol. 3 "Alignment Check Exception"). */
import { beforeEach, describe, expect, it } from 'vitest';
import { CR0 } from '../../src/layout/cpu-state.ts';
import { SystemMachine, USER_DATA } from '../isa/system-machine.ts';

const RCX = 1;
const RBX = 3;
const RSP = 4;
const RSI = 6;
const RDI = 7;
const FLAG_AC = 1 << 18;
const CR0_AM = 1n << 18n;
const AC = 17;
/** HLT at CPL 3: the program came to its end. */
const GP = 13;

let machine: SystemMachine;
beforeEach(() => {
  machine = new SystemMachine();
  enterUser(FLAG_AC | 2);
});

function enterUser(flags: number): void {
  const { processor } = machine;
  machine.toUser(flags);
  processor.setGpr(RBX, BigInt(USER_DATA));
  processor.setGpr(RSI, BigInt(USER_DATA + 0x101));
  processor.setGpr(RDI, BigInt(USER_DATA + 0x200));
  processor.setGpr(RSP, BigInt(USER_DATA + 0x1000));
  processor.setGpr(RCX, 4n);
}

describe('with alignment checks', () => {
  it.each([
    'mov eax,DWORD PTR [rbx+1]',
    'mov ax,WORD PTR [rbx+1]',
    'mov QWORD PTR [rbx+3],rax',
    'lock inc DWORD PTR [rbx+1]',
    'movq xmm0,QWORD PTR [rbx+4]',
    'fld QWORD PTR [rbx+4]',
    '.byte 0xf3,0x66,0xa5', // rep movsw
    '.byte 0xad', // lodsd
    'add rsp,4; push rax',
  ])('%s is #AC(0)', (code) => {
    expect(machine.run(code)).toBe(AC);
    expect(machine.read64(machine.processor.gpr(RSP))).toBe(0n);
  });

  it.each([
    'mov eax,DWORD PTR [rbx+4]',
    'mov al,BYTE PTR [rbx+1]',
    'mov ax,WORD PTR [rbx+2]',
    'movdqu xmm0,XMMWORD PTR [rbx+1]',
    '.byte 0xf3,0xa4', // rep movsb
    'push rax; pop rax',
  ])('%s is not', (code) => {
    expect(machine.run(code)).toBe(GP);
  });

  it('a loop runs to its first misaligned access', () => {
    expect(machine.run('top: add eax,DWORD PTR [rbx]; inc rbx; jmp top')).toBe(AC);
    expect(machine.processor.gpr(RBX)).toBe(BigInt(USER_DATA + 1));
  });
});

describe('without', () => {
  it('EFLAGS.AC, CR0.AM or at CPL 0 nothing is checked', () => {
    const { processor } = machine;
    enterUser(2);
    expect(machine.run('mov eax,DWORD PTR [rbx+1]')).toBe(GP);
    processor.setU64(CR0, processor.u64(CR0) & ~CR0_AM);
    enterUser(FLAG_AC | 2);
    expect(machine.run('mov eax,DWORD PTR [rbx+1]')).toBe(GP);
    processor.setU64(CR0, processor.u64(CR0) | CR0_AM);
    machine.toKernel();
    processor.flags = FLAG_AC | 2;
    processor.runtime.updateMode();
    expect(machine.run('mov eax,DWORD PTR [rbx+1]')).toBe('halt');
  });

  it('the flag, POPF turns the checks on and off', () => {
    enterUser(2);
    // pushfq, popfq
    const on = '.byte 0x9c; or DWORD PTR [rsp],0x40000; .byte 0x9d';
    const off = '.byte 0x9c; and DWORD PTR [rsp],0xfffbffff; .byte 0x9d';
    expect(machine.run(`${on}; ${off}; mov eax,DWORD PTR [rbx+1]`)).toBe(GP);
    enterUser(2);
    expect(machine.run(`${on}; mov eax,DWORD PTR [rbx+1]`)).toBe(AC);
  });
});
