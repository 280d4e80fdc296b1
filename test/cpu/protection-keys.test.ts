/** Protection keys for user pages (Intel SDM Vol. 3 "Protection Keys"). */
import { beforeEach, describe, expect, it } from 'vitest';
import { CR4_PKE } from '../../src/layout/architecture.ts';
import { CR0, CR2, PKRU, XCR0 } from '../../src/layout/cpu-state.ts';
import { createTieredMachine, runRounds } from '../code-cache/tiered-machine.ts';
import {
  CODE,
  DATA,
  HANDLERS,
  type Outcome,
  PAGE_DIRECTORY,
  SystemMachine,
  USER_CODE,
  USER_DATA,
} from '../isa/system-machine.ts';
import { assemble } from '../support/assembler.ts';
import { BACK_ENDS } from '../support/back-ends.ts';

const RAX = 0;
const RCX = 1;
const RDX = 2;
const RBX = 3;
const RSP = 4;
const UD = 6;
/** HLT at CPL 3: the program came to its end. */
const GP = 13;
const PF = 14;
const CR0_WP = 1n << 16n;
const CR4_OSXSAVE = 1n << 18n;
const CR4_SMAP = 1n << 21n;

const KEY = 5;
/** 2 MiB of user memory with KEY: the same as at USER_CODE, which has key 0. */
const KEYED_MEMORY = 0x40_0000;
const KEYED = KEYED_MEMORY + USER_DATA - USER_CODE;
/** Bits of PKRU. */
const ACCESS_DISABLE = 1 << (2 * KEY);
const WRITE_DISABLE = 2 << (2 * KEY);

const READ = 'mov al,BYTE PTR [rbx]';
const WRITE = 'mov BYTE PTR [rbx],al';

/** Bits of the error code. */
const P = 1;
const W = 2;
const US = 4;
const PK = 0x20;

function prepare(machine: SystemMachine): void {
  machine.write64(PAGE_DIRECTORY + 16, (BigInt(KEY) << 59n) | 0x20_0087n);
  machine.setCr4(BigInt(CR4_PKE));
  machine.processor.setGpr(RBX, BigInt(KEYED));
}

let machine: SystemMachine;
beforeEach(() => {
  machine = new SystemMachine();
  prepare(machine);
});

/** Executes WRPKRU, so that the TLB notices, and more, at the level that `enter` leads to; a fault's error code, or the other outcome. */
function run(pkru: number, code: string, enter: () => void): Outcome | { error: number } {
  const { processor } = machine;
  enter();
  processor.setGpr(RCX, 0n);
  processor.setGpr(RDX, 0n);
  processor.setGpr(RAX, BigInt(pkru >>> 0));
  const outcome = machine.run(`wrpkru\n${code}`);
  return outcome === PF ? { error: Number(machine.read64(processor.gpr(RSP)) & 0xffn) } : outcome;
}
const user = (pkru: number, code: string) => run(pkru, code, () => machine.toUser());
const kernel = (pkru: number, code: string) => run(pkru, code, () => machine.toKernel());

describe('a page with a protection key', () => {
  it('at CPL 3 is read and written as PKRU says', () => {
    // Twice, so that what is in the TLB is from before a change of PKRU.
    for (let i = 0; i < 2; i++) {
      expect(user(0, READ)).toBe(GP);
      expect(user(0, WRITE)).toBe(GP);
      expect(user(ACCESS_DISABLE, READ)).toEqual({ error: P | US | PK });
      expect(machine.processor.u64(CR2)).toBe(BigInt(KEYED));
      expect(user(ACCESS_DISABLE, WRITE)).toEqual({ error: P | US | W | PK });
      expect(user(WRITE_DISABLE, READ)).toBe(GP);
      expect(user(WRITE_DISABLE, WRITE)).toEqual({ error: P | US | W | PK });
      expect(user(~(ACCESS_DISABLE | WRITE_DISABLE | 3), `${READ}; ${WRITE}`)).toBe(GP);
    }
  });

  it('at CPL 0 too, to write with CR0.WP', () => {
    const { processor } = machine;
    expect(kernel(ACCESS_DISABLE, READ)).toEqual({ error: P | PK });
    expect(kernel(WRITE_DISABLE, READ)).toBe('halt');
    expect(kernel(WRITE_DISABLE, WRITE)).toEqual({ error: P | W | PK });
    processor.setU64(CR0, processor.u64(CR0) & ~CR0_WP);
    expect(kernel(WRITE_DISABLE, WRITE)).toBe('halt');
    expect(kernel(ACCESS_DISABLE, WRITE)).toEqual({ error: P | W | PK });
  });

  it('reports the key beside what else forbids the access', () => {
    machine.write64(PAGE_DIRECTORY + 16, (BigInt(KEY) << 59n) | 0x20_0085n);
    expect(user(0, WRITE)).toEqual({ error: P | US | W });
    expect(user(WRITE_DISABLE, WRITE)).toEqual({ error: P | US | W | PK });
    machine.setCr4(CR4_SMAP);
    expect(kernel(0, READ)).toEqual({ error: P });
    expect(kernel(ACCESS_DISABLE, READ)).toEqual({ error: P | PK });
  });

  it('may be executed whatever its key says', () => {
    const { processor } = machine;
    machine.write(USER_CODE + 0x1000, assembleReturn());
    processor.setGpr(RBX, BigInt(KEYED_MEMORY + 0x1000));
    machine.toUser();
    processor.setGpr(RSP, BigInt(USER_DATA));
    expect(run(ACCESS_DISABLE, 'call rbx', () => {})).toBe(GP);
    expect(processor.gpr(RAX)).toBe(77n);
  });

  it('is like any other for a supervisor page, and without CR4.PKE', () => {
    machine.write64(PAGE_DIRECTORY + 16, (BigInt(KEY) << 59n) | 0x20_0083n);
    expect(kernel(ACCESS_DISABLE, WRITE)).toBe('halt');
    machine.write64(PAGE_DIRECTORY + 16, (BigInt(KEY) << 59n) | 0x20_0087n);
    machine.toKernel();
    machine.processor.setGpr(RBX, BigInt(KEYED));
    const turnOff = 'mov rax,cr4; btr rax,22; mov cr4,rax';
    expect(kernel(ACCESS_DISABLE, `${turnOff}; ${WRITE}`)).toBe('halt');
    expect(machine.run(`bts rax,22; mov cr4,rax; ${WRITE}`)).toBe(PF);
  });

  it.each([0, 63, 64, 79])('is looked at anew if it is number %d of more than the TLB notes', (page) => {
    const touch = `mov r9d,80; top: ${READ}; add rbx,0x1000; dec r9d; jne top`;
    expect(kernel(0, touch)).toBe('halt');
    machine.processor.setGpr(RBX, BigInt(KEYED + page * 0x1000));
    expect(kernel(ACCESS_DISABLE, READ)).toEqual({ error: P | PK });
  });

  it('has key 0 as others have theirs', () => {
    machine.processor.setGpr(RBX, BigInt(USER_DATA));
    expect(user(0, READ)).toBe(GP);
    expect(user(1, READ)).toEqual({ error: P | US | PK });
    expect(user(2, READ)).toBe(GP);
    expect(user(2, WRITE)).toEqual({ error: P | US | W | PK });
  });
});

/** `mov eax,77; ret` */
function assembleReturn(): number[] {
  return [...assemble('mov eax,77; ret')];
}

describe('RDPKRU and WRPKRU', () => {
  it('read and write PKRU at any level', () => {
    const { processor } = machine;
    expect(user(0x8765_4320, 'mov eax,1; mov rdx,-1; rdpkru')).toBe(GP);
    expect([processor.gpr(RAX), processor.gpr(RDX)]).toEqual([0x8765_4320n, 0n]);
    expect(processor.i32(PKRU)).toBe(0x8765_4320 | 0);
  });

  it('are #GP(0) for ECX, and WRPKRU for EDX', () => {
    machine.toKernel();
    expect(machine.run('xor edx,edx; mov ecx,1; rdpkru')).toBe(GP);
    machine.toKernel();
    expect(machine.run('xor edx,edx; mov ecx,1; wrpkru')).toBe(GP);
    machine.toKernel();
    expect(machine.run('mov edx,1; xor ecx,ecx; wrpkru')).toBe(GP);
  });

  it('are #UD without CR4.PKE', () => {
    for (const code of ['rdpkru', 'wrpkru']) {
      machine = new SystemMachine();
      expect(machine.run(code)).toBe(UD);
    }
  });

  it('CPUID tells of CR4.PKE', () => {
    const ospke = (): bigint => (machine.processor.gpr(RCX) >> 4n) & 1n;
    expect(machine.run('mov eax,7; xor ecx,ecx; cpuid')).toBe('halt');
    expect(ospke()).toBe(1n);
    machine = new SystemMachine();
    expect(machine.run('mov eax,7; xor ecx,ecx; cpuid')).toBe('halt');
    expect(ospke()).toBe(0n);
  });
});

describe('PKRU in the XSAVE area', () => {
  const HEADER = DATA + 512;
  const AREA = [`mov rdi,${DATA}`, 'xor edx,edx'];
  const xsave = (instruction: string, components: number): string =>
    [...AREA, `mov eax,${components}`, `${instruction} [rdi]`].join('\n');

  beforeEach(() => {
    machine.processor.setU64(XCR0, 0x207n);
    machine.setCr4(CR4_OSXSAVE);
  });

  it.each([
    ['xsave', 0x200, 832, 0n],
    ['xsaveopt', 0x204, 832, 0n],
    ['xsavec', 0x200, 576, (1n << 63n) | 0x200n],
    ['xsavec', 0x204, 832, (1n << 63n) | 0x204n],
    ['xsaves', 0x202, 576, (1n << 63n) | 0x202n],
  ])('%s of components %d', (instruction, components, offset, compaction) => {
    const value = 0x5555_5550;
    for (let at = 0; at < 1024; at += 8) machine.write64(DATA + at, at >= 512 && at < 576 ? 0n : ~0n);
    expect(kernel(value, xsave(instruction, components))).toBe('halt');
    expect(machine.read64(DATA + offset)).toBe(BigInt(value));
    expect(machine.read64(HEADER) & 0x200n).toBe(0x200n);
    expect(machine.read64(HEADER + 8)).toBe(compaction);
    const restore = instruction === 'xsaves' ? 'xrstors' : 'xrstor';
    expect(kernel(WRITE_DISABLE, xsave(restore, components))).toBe('halt');
    expect(machine.processor.i32(PKRU)).toBe(value);
    // With XSTATE_BV clear it is initialised.
    machine.write64(HEADER, 0n);
    expect(kernel(value, xsave(restore, components))).toBe('halt');
    expect(machine.processor.i32(PKRU)).toBe(0);
    expect(kernel(0, xsave('xsave', 0x200))).toBe('halt');
    expect(machine.read64(HEADER) & 0x200n).toBe(0n);
  });

  it('XRSTOR changes what is permitted', () => {
    machine.processor.setGpr(RBX, BigInt(KEYED));
    expect(kernel(ACCESS_DISABLE, xsave('xsave', 0x200))).toBe('halt');
    expect(kernel(0, `${READ}; ${xsave('xrstor', 0x200)}; ${READ}`)).toEqual({ error: P | PK });
  });

  it('CPUID leaf DH', () => {
    const { processor } = machine;
    const leaf = (subleaf: number): bigint[] => {
      machine.toKernel();
      expect(machine.run(`mov eax,13; mov ecx,${subleaf}; cpuid`)).toBe('halt');
      return [RAX, RBX, RCX, RDX].map((register) => processor.gpr(register));
    };
    expect(leaf(9)).toEqual([8n, 832n, 0n, 0n]);
    expect(leaf(0)).toEqual([0x207n, 840n, 840n, 0n]);
    expect(leaf(1)[1]).toBe(840n);
    processor.setU64(XCR0, 0x203n);
    expect(leaf(0)[1]).toBe(840n);
    expect(leaf(1)[1]).toBe(584n);
    processor.setU64(XCR0, 3n);
    expect(leaf(0)[1]).toBe(576n);
  });
});

describe.each(['interpreter', 'compiled'] as const)('%s', (tier) => {
  /** Behind a page fault the instruction of four bytes is left out; R15 counts faults, R14 adds up their error codes. */
  const ON_FAULT = 0x9000;
  const HANDLER = `push rax; mov rax,QWORD PTR [rsp+8]; add r14,rax; inc r15; pop rax; add rsp,8
    add QWORD PTR [rsp],4; .byte 0x48,0xcf`;

  it('each access heeds the PKRU of its moment', () => {
    const tiered = createTieredMachine(tier, undefined, BACK_ENDS.writer);
    const { processor } = tiered.machine;
    prepare(tiered.machine);
    const at = HANDLERS + 16 * PF;
    tiered.machine.write(at, [...assemble(`jmp ${ON_FAULT}`, at)]);
    tiered.machine.write(ON_FAULT, [...assemble(HANDLER, ON_FAULT)]);
    tiered.machine.write64(USER_DATA + 16, 3n);
    tiered.machine.write64(USER_DATA + 0x2000, 1n);
    const program = `mov rsi,${USER_DATA + 0x2000}
      round: xor ecx,ecx; xor edx,edx
      mov eax,r8d; and eax,3; shl eax,${2 * KEY}; wrpkru
      mov r9d,20
      inner: add r10,QWORD PTR [rbx+0x10]
      mov QWORD PTR [rbx+8],r9
      add rdi,QWORD PTR [rsi]
      dec r9d; jne inner
      inc r8d; cmp r8d,8; jne round
      hlt`;
    tiered.machine.write(CODE, [...assemble(program, CODE)]);
    runRounds(tiered, tier, () => {
      for (const register of [7, 8, 10, 14, 15]) processor.setGpr(register, 0n);
      processor.rip = BigInt(CODE);
    });
    // Of two rounds each: nothing forbidden, reads and writes, writes, reads and writes.
    const reads = 2 * 20 * 2;
    const writes = 2 * 20 * 3;
    expect(processor.gpr(15)).toBe(BigInt(reads + writes));
    expect(processor.gpr(14)).toBe(BigInt(reads * (P | PK) + writes * (P | W | PK)));
    expect(processor.gpr(10)).toBe(BigInt(3 * (8 * 20 - reads)));
    expect(processor.gpr(7)).toBe(8n * 20n);
  });
});
