/** System instructions, run by their handlers. Expectations: Intel SDM Vol. 2, by mnemonic. */
import { beforeEach, describe, expect, it } from 'vitest';
import {
  CPL,
  CR0,
  CR2,
  CR3,
  CR8,
  GDTR_BASE,
  GDTR_LIMIT,
  IDTR_BASE,
  IDTR_LIMIT,
  INTERRUPT_SHADOW,
  MSR_FMASK,
  MSR_KERNEL_GS_BASE,
  MSR_LSTAR,
  MSR_STAR,
  MSR_TSC_AUX,
  SEGMENT_BASE,
  SEGMENT_CS,
  SEGMENT_DS,
  SEGMENT_FS,
  SEGMENT_GS,
  SEGMENT_SELECTOR,
  SEGMENT_SS,
  SHADOW_STACK,
  SHADOW_STI,
} from '../../src/layout/cpu-state.ts';
import { INTERRUPT_MASKABLE, INTERRUPT_PENDING } from '../../src/layout/runtime-state.ts';
import { assemble } from '../support/assembler.ts';
import {
  CODE,
  DATA,
  GDT,
  INNER_STACK,
  KERNEL_CS,
  KERNEL_SS,
  STACK,
  SystemMachine,
  USER_CODE,
  USER_CS,
  USER_DATA,
  USER_SS,
} from './system-machine.ts';

const RAX = 0;
const RCX = 1;
const RDX = 2;
const RBX = 3;
const RSP = 4;
const RBP = 5;
const RSI = 6;
const RDI = 7;
const R11 = 11;
const UD = 6;
const SS = 12;
const GP = 13;
const PF = 14;
const IOPL_3 = 0x3000;
const FLAG_IF = 0x200;
const FLAG_ZF = 0x40;

let machine: SystemMachine;
beforeEach(() => {
  machine = new SystemMachine();
  machine.processor.setGpr(RBX, BigInt(DATA));
});

const selector = (segment: number): number => machine.processor.u32(SEGMENT_SELECTOR + segment * 4);
const base = (segment: number): bigint => machine.processor.u64(SEGMENT_BASE + segment * 8);

describe('interrupt flag', () => {
  it('CLI and STI change it, and STI leaves no shadow if nothing waits', () => {
    expect(machine.run('sti')).toBe('halt');
    expect(machine.interruptsEnabled).toBe(true);
    expect(machine.processor.u32(INTERRUPT_SHADOW)).toBe(0);
    expect(machine.run('cli')).toBe('halt');
    expect(machine.interruptsEnabled).toBe(false);
  });

  it('STI that lets a waiting interrupt in leaves at once, with a shadow', () => {
    machine.processor.setU32(INTERRUPT_PENDING, INTERRUPT_MASKABLE);
    expect(machine.run('sti; nop')).toBe('event');
    expect(machine.processor.rip).toBe(BigInt(CODE + 1));
    expect(machine.processor.u32(INTERRUPT_SHADOW)).toBe(SHADOW_STI);
    expect(machine.processor.interruptsEnabled).toBe(true);
  });

  it('STI with IF already set begins no shadow', () => {
    machine.processor.flags = FLAG_IF | 2;
    machine.processor.setU32(INTERRUPT_PENDING, INTERRUPT_MASKABLE);
    expect(machine.run('sti; nop')).toBe('event');
    expect(machine.processor.u32(INTERRUPT_SHADOW)).toBe(0);
  });

  it.each(['cli', 'sti'])('%s needs CPL <= IOPL', (code) => {
    machine.toUser();
    expect(machine.run(code)).toBe(GP);
    machine.toKernel();
    machine.toUser(IOPL_3 | 2);
    // The HLT that follows is refused at the next address.
    expect(machine.run(code)).toBe(GP);
    expect(machine.read64(INNER_STACK - 40n)).toBe(BigInt(USER_CODE + 1));
  });

  it('HLT stops behind itself, and only at CPL 0', () => {
    expect(machine.run('')).toBe('halt');
    expect(machine.processor.rip).toBe(BigInt(CODE + 1));
    machine.toUser();
    expect(machine.run('')).toBe(GP);
  });
});

describe('MONITOR and MWAIT', () => {
  const MONITOR = '.byte 0x0f,0x01,0xc8';
  const MWAIT = '.byte 0x0f,0x01,0xc9';

  /** What comes of MWAIT after other code, and whether it waits. */
  function waits(before: string, hints: bigint): unknown[] {
    machine.processor.setGpr(RAX, BigInt(DATA));
    machine.processor.setGpr(RCX, 0n);
    expect(machine.run(before)).toBe('halt');
    machine.processor.setGpr(RCX, hints);
    return [machine.run(MWAIT), machine.processor.takeWait()];
  }

  it('wait for an interrupt, or for one that is disabled if ECX says so', () => {
    expect(waits(`sti; ${MONITOR}`, 0n)).toEqual(['wait', true]);
    expect(waits(`cli; ${MONITOR}`, 0n)).toEqual(['wait', false]);
    expect(waits(`cli; ${MONITOR}`, 1n)).toEqual(['wait', true]);
  });

  it('do not wait without MONITOR, twice, or when something has come between', () => {
    expect(waits('sti; nop', 0n)).toEqual(['wait', false]);
    expect(waits(`sti; ${MONITOR}`, 0n)).toEqual(['wait', true]);
    expect(waits('sti; nop', 0n)).toEqual(['wait', false]);
    machine.processor.setGpr(RAX, BigInt(DATA));
    machine.processor.setGpr(RCX, 0n);
    expect(machine.run(`sti; ${MONITOR}; int3`)).toBe(3);
    expect(waits('nop', 1n)).toEqual(['wait', false]);
  });

  it('are refused at CPL 3, with hints there are not, and where nothing is mapped', () => {
    machine.processor.setGpr(RAX, BigInt(DATA));
    for (const code of [MONITOR, MWAIT]) {
      machine.processor.setGpr(RCX, 2n);
      expect(machine.run(code)).toBe(GP);
    }
    machine.processor.setGpr(RCX, 0n);
    machine.processor.setGpr(RAX, 0x4000_0000_0000n);
    expect(machine.run(MONITOR)).toBe(14);
    for (const code of [MONITOR, MWAIT]) {
      machine.toUser();
      expect(machine.run(code)).toBe(UD);
    }
  });
});

it('CLZERO clears the line that RAX points into', () => {
  for (let offset = -8; offset <= 64; offset += 8) machine.write64(DATA + 0x40 + offset, 0x1111n);
  machine.processor.setGpr(RAX, BigInt(DATA + 0x73));
  const clzero = '.byte 0x0f,0x01,0xfc';
  expect(machine.run(clzero)).toBe('halt');
  expect(machine.read64(DATA + 0x38)).toBe(0x1111n);
  for (let offset = 0; offset < 64; offset += 8) expect(machine.read64(DATA + 0x40 + offset)).toBe(0n);
  expect(machine.read64(DATA + 0x80)).toBe(0x1111n);
  machine.processor.setGpr(RAX, 0x4000_0000_0000n);
  expect(machine.run(clzero)).toBe(14);
});

describe('STAC and CLAC', () => {
  it('select the view of memory that lets the kernel at user pages', () => {
    machine.setCr4(1n << 21n);
    machine.processor.setGpr(RBX, BigInt(USER_DATA));
    machine.write64(USER_DATA, 0x1122n);
    expect(machine.run('mov rax,QWORD PTR [rbx]')).toBe(14);
    machine.toKernel();
    expect(machine.run('stac; mov rax,QWORD PTR [rbx]')).toBe('halt');
    expect(machine.processor.gpr(RAX)).toBe(0x1122n);
    machine.toKernel();
    expect(machine.run('stac; clac; mov rax,QWORD PTR [rbx]')).toBe(14);
  });

  it('are #UD at CPL 3 and with a 66 prefix', () => {
    expect(machine.run('.byte 0x66,0x0f,0x01,0xcb')).toBe(UD);
    machine.toKernel();
    machine.toUser();
    expect(machine.run('stac')).toBe(UD);
  });
});

describe('control and debug registers', () => {
  it('are read and written whatever ModRM.mod says', () => {
    machine.processor.setU64(CR2, 0x1234n);
    expect(machine.run('.byte 0x0f,0x20,0x10')).toBe('halt');
    expect(machine.processor.gpr(RAX)).toBe(0x1234n);
    machine.processor.setGpr(RAX, 0x5678n);
    expect(machine.run('mov cr2,rax')).toBe('halt');
    expect(machine.processor.u64(CR2)).toBe(0x5678n);
  });

  it('MOV to CR3 translates the next instruction anew', () => {
    // A second set of tables in which the code page is another physical page.
    machine.write64(0x9000, 0xa007n);
    machine.write64(0xa000, 0xb007n);
    machine.write64(0xb000, 0xc007n);
    for (let page = 0; page < 512; page++) machine.write64(0xc000 + page * 8, BigInt(page * 0x1000) | 3n);
    machine.write64(0xc000 + (CODE >> 12) * 8, 0x5_0003n);
    machine.write(0x5_0003, [...assemble('ud2')]);
    machine.processor.setGpr(RAX, 0x9000n);
    expect(machine.run('mov cr3,rax')).toBe(UD);
    expect(machine.processor.u64(CR3)).toBe(0x9000n);
  });

  it('CR8 is the task priority', () => {
    machine.processor.setGpr(RAX, 7n);
    expect(machine.run('mov cr8,rax; mov rcx,cr8')).toBe('halt');
    expect(machine.log).toEqual(['priority 7']);
    expect(machine.processor.u64(CR8)).toBe(7n);
    expect(machine.processor.gpr(RCX)).toBe(5n);
  });

  it('CR1 does not exist', () => {
    expect(machine.run('mov cr1,rax')).toBe(UD);
  });

  it('CLTS, LMSW and SMSW', () => {
    machine.processor.setU64(CR0, 0x8005_003bn);
    expect(machine.run('clts; smsw eax')).toBe('halt');
    expect(machine.processor.gpr(RAX)).toBe(0x8005_0033n);
    machine.processor.setGpr(RAX, 8n);
    expect(machine.run('lmsw ax; smsw WORD PTR [rbx]')).toBe('halt');
    // PE cannot be cleared; MP is.
    expect(machine.processor.u64(CR0)).toBe(0x8005_0039n);
    expect(machine.read64(DATA)).toBe(0x39n);
  });

  it('debug registers keep what is written', () => {
    machine.processor.setGpr(RAX, 0x1_2345_6789n);
    expect(machine.run('mov dr0,rax; mov rcx,dr0; xor eax,eax; mov dr7,rax; mov rdx,dr7')).toBe('halt');
    expect(machine.processor.gpr(RCX)).toBe(0x1_2345_6789n);
    // Bit 10 of DR7 is always set.
    expect(machine.processor.gpr(RDX)).toBe(0x400n);
  });

  it('XSETBV and XGETBV need CR4.OSXSAVE', () => {
    expect(machine.run('xgetbv')).toBe(UD);
    machine.toKernel();
    machine.setCr4(1n << 18n);
    machine.processor.setGpr(RAX, 3n);
    machine.processor.setGpr(RCX, 0n);
    machine.processor.setGpr(RDX, 0n);
    expect(machine.run('xsetbv; xor eax,eax; xgetbv')).toBe('halt');
    expect(machine.processor.gpr(RAX)).toBe(3n);
    // What is in use; there is nothing more to read.
    machine.processor.setGpr(RCX, 1n);
    expect(machine.run('fninit; xgetbv; mov edi,eax; pcmpeqd xmm5,xmm5; xgetbv')).toBe('halt');
    expect([machine.processor.gpr(RDI), machine.processor.gpr(RAX)]).toEqual([0n, 2n]);
    machine.processor.setGpr(RCX, 2n);
    expect(machine.run('xgetbv')).toBe(GP);
  });
});

describe('descriptor tables', () => {
  it('SGDT and SIDT store what LGDT and LIDT load', () => {
    machine.write64(DATA, 0xbeef_0000_1234_00ffn);
    machine.write64(DATA + 8, 0xffffn);
    expect(machine.run('lgdt [rbx]; .byte 0x0f,0x01,0x5b,0x00; sgdt [rbx+0x10]; sidt [rbx+0x20]')).toBe(
      'halt',
    );
    const table = 0xffff_beef_0000_1234n;
    expect(machine.processor.u64(GDTR_BASE)).toBe(table);
    expect(machine.processor.u32(GDTR_LIMIT)).toBe(0xff);
    expect(machine.processor.u64(IDTR_BASE)).toBe(table);
    expect(machine.processor.u32(IDTR_LIMIT)).toBe(0xff);
    expect(machine.read64(DATA + 0x10)).toBe(0xbeef_0000_1234_00ffn);
    expect(machine.read64(DATA + 0x28) & 0xffffn).toBe(0xffffn);
  });

  it('LTR marks the TSS busy; STR and SLDT give selectors', () => {
    machine.write64(GDT + 0x30, machine.read64(GDT + 0x30) & ~(2n << 40n));
    machine.processor.setGpr(RAX, 0x30n);
    expect(machine.run('ltr ax; str ebx; sldt ecx')).toBe('halt');
    expect(machine.processor.gpr(RBX)).toBe(0x30n);
    expect(machine.processor.gpr(RCX)).toBe(0n);
    expect((machine.read64(GDT + 0x30) >> 40n) & 0xffn).toBe(0x8bn);
  });

  it('LAR and LSL answer, or leave the destination and clear ZF', () => {
    machine.processor.setGpr(RAX, BigInt(KERNEL_SS));
    expect(machine.run('lar rcx,ax; lsl rdx,ax')).toBe('halt');
    expect(machine.processor.gpr(RCX)).toBe(0x00cf_9300n);
    expect(machine.processor.gpr(RDX)).toBe(0xffff_ffffn);
    expect(machine.processor.flags & FLAG_ZF).toBe(FLAG_ZF);
    machine.processor.setGpr(RAX, 0x400n);
    machine.processor.setGpr(RCX, 5n);
    expect(machine.run('lar rcx,ax')).toBe('halt');
    expect(machine.processor.gpr(RCX)).toBe(5n);
    // All of a 32-bit destination's register.
    machine.processor.setGpr(RCX, 0x1234_5678_9abc_def0n);
    expect(machine.run('lar ecx,ax; lsl ecx,ax')).toBe('halt');
    expect(machine.processor.gpr(RCX)).toBe(0x1234_5678_9abc_def0n);
    expect(machine.processor.flags & FLAG_ZF).toBe(0);
  });

  it('VERW tells data from code', () => {
    machine.processor.setGpr(RAX, BigInt(KERNEL_SS));
    expect(machine.run('verw ax')).toBe('halt');
    expect(machine.processor.flags & FLAG_ZF).toBe(FLAG_ZF);
    machine.processor.setGpr(RAX, BigInt(KERNEL_CS));
    expect(machine.run('verw ax')).toBe('halt');
    expect(machine.processor.flags & FLAG_ZF).toBe(0);
  });
});

describe('segment registers', () => {
  it('MOV loads and stores selectors: 16 bits to memory, zero-extended to a register', () => {
    machine.write64(DATA, -1n);
    machine.processor.setGpr(RAX, 0xffff_0000n | BigInt(USER_SS));
    expect(machine.run('mov ds,ax; mov eax,fs; mov ecx,ds; mov WORD PTR [rbx],ds')).toBe('halt');
    expect(selector(SEGMENT_DS)).toBe(USER_SS);
    expect(machine.processor.gpr(RAX)).toBe(0n);
    expect(machine.processor.gpr(RCX)).toBe(BigInt(USER_SS));
    expect(machine.read64(DATA)).toBe(0xffff_ffff_ffff_0000n | BigInt(USER_SS));
  });

  it('a bad selector changes nothing', () => {
    machine.processor.setGpr(RAX, 0x400n);
    expect(machine.run('mov fs,ax')).toBe(GP);
    expect(selector(SEGMENT_FS)).toBe(0);
    // Error code: the selector.
    expect(machine.read64(STACK - 48n)).toBe(0x400n);
  });

  it('CS cannot be loaded, and there are no seventh and eighth registers', () => {
    expect(machine.run('.byte 0x8e,0xc8')).toBe(UD);
    machine.toKernel();
    expect(machine.run('.byte 0x8e,0xf0')).toBe(UD);
    machine.toKernel();
    expect(machine.run('.byte 0x8c,0xf0')).toBe(UD);
  });

  it('MOV SS holds a waiting interrupt off for one instruction', () => {
    machine.processor.flags = FLAG_IF | 2;
    machine.processor.setGpr(RAX, BigInt(KERNEL_SS));
    expect(machine.run('mov ss,ax')).toBe('halt');
    expect(machine.processor.u32(INTERRUPT_SHADOW)).toBe(0);
    machine.processor.setU32(INTERRUPT_PENDING, INTERRUPT_MASKABLE);
    expect(machine.run('mov ss,ax')).toBe('event');
    expect(machine.processor.u32(INTERRUPT_SHADOW)).toBe(SHADOW_STACK);
    expect(machine.processor.rip).toBe(BigInt(CODE + 2));
    expect(selector(SEGMENT_SS)).toBe(KERNEL_SS);
  });

  it('PUSH and POP of FS and GS move RSP by eight, or by two with a 66 prefix', () => {
    machine.processor.setU32(SEGMENT_SELECTOR + SEGMENT_FS * 4, USER_SS);
    expect(machine.run('push fs; pop gs')).toBe('halt');
    expect(machine.read64(STACK - 8n)).toBe(BigInt(USER_SS));
    expect(selector(SEGMENT_GS)).toBe(USER_SS);
    expect(machine.processor.gpr(RSP)).toBe(STACK);
    expect(machine.run('.byte 0x66,0x0f,0xa0')).toBe('halt');
    expect(machine.processor.gpr(RSP)).toBe(STACK - 2n);
  });

  it('a POP that faults leaves RSP', () => {
    machine.write64(Number(STACK), 0x400n);
    machine.write(Number(STACK), [0, 4]);
    expect(machine.run('pop fs')).toBe(GP);
    // The stack pointer the frame was pushed for.
    expect(machine.read64(STACK - 16n)).toBe(STACK);
  });

  it('LGS loads the offset and the selector', () => {
    machine.write64(DATA, 0x1122_3344_5566_7788n);
    machine.write64(DATA + 8, BigInt(USER_SS));
    expect(machine.run('lgs rax,[rbx]')).toBe('halt');
    expect(machine.processor.gpr(RAX)).toBe(0x1122_3344_5566_7788n);
    expect(selector(SEGMENT_GS)).toBe(USER_SS);
  });

  it('SWAPGS exchanges with KERNEL_GS_BASE, at CPL 0 only', () => {
    machine.processor.setU64(SEGMENT_BASE + SEGMENT_GS * 8, 0x1111n);
    machine.processor.setU64(MSR_KERNEL_GS_BASE, 0xffff_8000_0000_2222n);
    expect(machine.run('swapgs')).toBe('halt');
    expect(base(SEGMENT_GS)).toBe(0xffff_8000_0000_2222n);
    expect(machine.processor.u64(MSR_KERNEL_GS_BASE)).toBe(0x1111n);
    machine.toUser();
    expect(machine.run('swapgs')).toBe(GP);
  });

  describe('REP MOVS with 32-bit offsets whose pages are known', () => {
    const COUNT = 32n;
    /** Copies from FS:ESI to DATA + 200H, which has been written before. */
    function copy(fsBase: bigint, offset: bigint) {
      const { processor } = machine;
      machine.setCr4(1n << 16n);
      machine.write64(DATA + 0x800, 0x1122_3344_5566_7788n);
      processor.setGpr(RAX, BigInt.asUintN(64, fsBase));
      processor.setGpr(RCX, COUNT);
      processor.setGpr(RSI, offset);
      processor.setGpr(RDI, BigInt(DATA + 0x200));
      const warm = 'wrfsbase rax; mov rax,QWORD PTR [rbx+0x800]; mov QWORD PTR [rdi],0';
      return machine.run(`${warm}; rep movs BYTE PTR es:[edi],BYTE PTR fs:[esi]`);
    }

    it('adds the base of the segment', () => {
      expect(copy(BigInt(DATA) + 0x700n, 0x100n)).toBe('halt');
      expect(machine.read64(DATA + 0x200)).toBe(0x1122_3344_5566_7788n);
      expect(machine.processor.gpr(RCX)).toBe(0n);
      expect(machine.processor.gpr(RSI)).toBe(0x100n + COUNT);
      expect(machine.processor.gpr(RDI)).toBe(BigInt(DATA + 0x200) + COUNT);
    });

    it('wraps after the last offset', () => {
      expect(copy(BigInt(DATA) + 0x800n - 0xffff_fff0n, 0xffff_fff0n)).toBe(PF);
      expect(machine.read64(DATA + 0x200)).toBe(0x1122_3344_5566_7788n);
      expect(machine.processor.gpr(RCX)).toBe(16n);
      expect(machine.processor.gpr(RSI)).toBe(0n);
    });
  });

  it('WRFSBASE and RDGSBASE need CR4.FSGSBASE and a canonical address', () => {
    expect(machine.run('wrfsbase rax')).toBe(UD);
    machine.toKernel();
    machine.setCr4(1n << 16n);
    machine.processor.setGpr(RAX, 0xffff_8000_1234_5678n);
    expect(machine.run('wrfsbase rax; rdfsbase rcx')).toBe('halt');
    expect(base(SEGMENT_FS)).toBe(0xffff_8000_1234_5678n);
    expect(machine.processor.gpr(RCX)).toBe(0xffff_8000_1234_5678n);
    expect(machine.run('wrgsbase eax')).toBe('halt');
    expect(base(SEGMENT_GS)).toBe(0x1234_5678n);
    machine.processor.setGpr(RAX, 1n << 60n);
    expect(machine.run('wrgsbase rax')).toBe(GP);
  });
});

describe('MSRs, time, identification', () => {
  it('WRMSR and RDMSR use ECX and EDX:EAX', () => {
    machine.processor.setGpr(RCX, 0xc000_0100n);
    machine.processor.setGpr(RAX, 0xffff_ffff_8765_4321n);
    machine.processor.setGpr(RDX, 0xffff_ffff_0000_7fffn);
    expect(machine.run('wrmsr; xor rax,rax; xor rdx,rdx; rdmsr')).toBe('halt');
    expect(base(SEGMENT_FS)).toBe(0x7fff_8765_4321n);
    expect(machine.processor.gpr(RAX)).toBe(0x8765_4321n);
    expect(machine.processor.gpr(RDX)).toBe(0x7fffn);
  });

  it('WRMSR leaves for an interrupt that waits', () => {
    machine.processor.flags = FLAG_IF | 2;
    machine.processor.setU32(INTERRUPT_PENDING, INTERRUPT_MASKABLE);
    machine.processor.setGpr(RCX, 0x80bn);
    machine.processor.setGpr(RAX, 0n);
    machine.processor.setGpr(RDX, 0n);
    expect(machine.run('wrmsr; nop')).toBe('event');
    expect(machine.processor.rip).toBe(BigInt(CODE + 2));
  });

  it('an MSR that does not exist is #GP', () => {
    machine.processor.setGpr(RCX, 0xdead_beefn);
    expect(machine.run('rdmsr')).toBe(GP);
  });

  it('RDTSC, RDTSCP and RDPID', () => {
    machine.now = 0x1_2345_6789;
    machine.processor.setU64(MSR_TSC_AUX, 7n);
    expect(machine.run('rdtscp; rdpid rbx')).toBe('halt');
    expect(machine.processor.gpr(RAX)).toBe(0x2345_6789n);
    expect(machine.processor.gpr(RDX)).toBe(1n);
    expect(machine.processor.gpr(RCX)).toBe(7n);
    expect(machine.processor.gpr(RBX)).toBe(7n);
  });

  it('CPUID replaces four registers', () => {
    machine.processor.setGpr(RAX, 0xffff_ffff_0000_0000n);
    expect(machine.run('cpuid')).toBe('halt');
    expect(machine.processor.gpr(RBX)).toBe(0x756e_6547n);
  });
});

describe('RDRAND and RDSEED', () => {
  const ARITHMETIC = 0x8d5;

  it.each([
    ['rdrand eax', 0x89ab_cdefn],
    ['rdrand rax', 0x89ab_cdf0_89ab_cdefn],
    ['rdrand ax', 0x1111_1111_1111_cdefn],
    ['rdseed eax', 0x89ab_cdefn],
  ])('%s: random bits, CF set and the other flags clear', (code, value) => {
    machine.processor.setGpr(RAX, 0x1111_1111_1111_1111n);
    machine.processor.flags = ARITHMETIC;
    expect(machine.run(code)).toBe('halt');
    expect(machine.processor.gpr(RAX)).toBe(value);
    expect(machine.processor.flags & ARITHMETIC).toBe(1);
  });

  it('have no memory forms', () => {
    expect(machine.run('.byte 0x0f,0xc7,0x33')).toBe(UD);
    expect(machine.run('.byte 0x0f,0xc7,0x3b')).toBe(UD);
  });
});

describe('SSE and MMX availability follows CR0 and CR4', () => {
  const NM = 7;
  const setCr0 = (value: number) => `mov eax,${value}; mov cr0,rax`;
  const setCr4 = (value: number) => `mov eax,${value}; mov cr4,rax`;
  const CR0_RUNNING = 0x8005_0033;
  const CR4_RUNNING = 0x6a0;

  it.each([
    ['addps xmm0,xmm1', UD],
    ['paddb mm0,mm1', UD],
    ['fld1', NM],
  ])('%s with EM', (code, outcome) => {
    expect(machine.run(`${setCr0(CR0_RUNNING | 4)}; ${code}`)).toBe(outcome);
  });

  it.each([['addps xmm0,xmm1'], ['paddb mm0,mm1'], ['fld1']])('%s with TS, until CLTS', (code) => {
    expect(machine.run(`${setCr0(CR0_RUNNING | 8)}; ${code}`)).toBe(NM);
    expect(machine.run(`clts; ${code}`)).toBe('halt');
    // LMSW can set TS too.
    expect(machine.run(`mov eax,0x3b; lmsw ax; ${code}`)).toBe(NM);
  });

  it('addps needs CR4.OSFXSR', () => {
    expect(machine.run(`${setCr4(CR4_RUNNING & ~0x200)}; addps xmm0,xmm1`)).toBe(UD);
    expect(machine.run(`${setCr4(CR4_RUNNING)}; addps xmm0,xmm1`)).toBe('halt');
  });
});

describe('ports', () => {
  it('IN and OUT of each size, by immediate and by DX', () => {
    machine.processor.setGpr(RAX, 0x1_89ab_cdefn);
    machine.processor.setGpr(RDX, 0xffff_03f8n);
    expect(machine.run('out 0x80,al; out 0x81,ax; out dx,eax')).toBe('halt');
    expect(machine.log).toEqual(['out 80 1 ef', 'out 81 2 cdef', 'out 3f8 4 89abcdef']);
    machine.log.length = 0;
    expect(machine.run('in al,dx')).toBe('halt');
    expect(machine.processor.gpr(RAX)).toBe(0x1_89ab_cd78n);
    expect(machine.run('in ax,dx')).toBe('halt');
    expect(machine.processor.gpr(RAX)).toBe(0x1_89ab_5678n);
    expect(machine.run('in eax,0x60')).toBe('halt');
    expect(machine.processor.gpr(RAX)).toBe(0x1234_5678n);
    expect(machine.log).toEqual(['in 3f8 1', 'in 3f8 2', 'in 60 4']);
  });

  it('are refused at CPL > IOPL without a permission bitmap', () => {
    machine.toUser();
    expect(machine.run('out 0x80,al')).toBe(GP);
    expect(machine.log).toEqual([]);
  });
});

describe('transfers', () => {
  it('INT n goes through the gate and returns behind itself with IRETQ', () => {
    machine.write(0x8000 + 0x80 * 16, [...assemble('iretq')]);
    machine.toUser();
    machine.processor.setGpr(RSP, BigInt(USER_DATA));
    expect(machine.run('int 0x80')).toBe(GP);
    // The HLT behind it raised, in user mode.
    expect(machine.read64(INNER_STACK - 40n)).toBe(BigInt(USER_CODE + 2));
    expect(machine.read64(INNER_STACK - 32n)).toBe(BigInt(USER_CS));
    expect(machine.read64(INNER_STACK - 16n)).toBe(BigInt(USER_DATA));
  });

  it('INT n needs a gate that lets the privilege level in; INT3 has one', () => {
    machine.toUser();
    machine.processor.setGpr(RSP, BigInt(USER_DATA));
    expect(machine.run('int 0x81')).toBe(GP);
    machine.toUser();
    machine.processor.setGpr(RSP, BigInt(USER_DATA));
    expect(machine.run('int3')).toBe(3);
    expect(machine.read64(INNER_STACK - 40n)).toBe(BigInt(USER_CODE + 1));
  });

  it('INT1 is #DB behind itself', () => {
    expect(machine.run('int1')).toBe(1);
    expect(machine.read64(STACK - 40n)).toBe(BigInt(CODE + 1));
  });

  it.each(['ud2', 'ud1 eax,eax', 'ud0 eax,DWORD PTR [rbx]'])(
    '%s is #UD at itself, and on purpose',
    (code) => {
      expect(machine.run(code)).toBe(UD);
      expect(machine.read64(STACK - 40n)).toBe(BigInt(CODE));
      expect(machine.log).toEqual([]);
    },
  );

  it('an instruction without a row is #UD and is reported', () => {
    expect(machine.run('.byte 0x0f,0x04')).toBe(UD);
    expect(machine.log).toEqual(['not implemented']);
  });

  it('far JMP and CALL through memory, and far RET, by operand size', () => {
    machine.write64(DATA, BigInt(CODE + 0x100));
    machine.write64(DATA + 8, BigInt(KERNEL_CS));
    machine.write(CODE + 0x100, [0xf4]);
    expect(machine.run('.byte 0x48,0xff,0x2b')).toBe('halt');
    expect(machine.processor.rip).toBe(BigInt(CODE + 0x101));
    // 16:32 pointer; the callee returns with 32-bit operands.
    machine.write64(DATA, BigInt(CODE + 0x100) | (BigInt(KERNEL_CS) << 32n));
    machine.write(CODE + 0x100, [0xca, 0x08, 0x00]);
    expect(machine.run('call far [rbx]')).toBe('halt');
    expect(machine.processor.rip).toBe(BigInt(CODE + 3));
    expect(machine.processor.gpr(RSP)).toBe(STACK + 8n);
    expect(machine.read64(STACK - 8n)).toBe(BigInt(CODE + 2) | (BigInt(KERNEL_CS) << 32n));
    // RETFQ to an address of more than 32 bits would fault; this one is below.
    machine.processor.setGpr(RSP, STACK);
    machine.write64(Number(STACK), BigInt(CODE + 0x200));
    machine.write64(Number(STACK) + 8, BigInt(KERNEL_CS));
    machine.write(CODE + 0x200, [0xf4]);
    expect(machine.run('retfq')).toBe('halt');
    expect(machine.processor.rip).toBe(BigInt(CODE + 0x201));
  });

  it('SYSCALL and SYSRET', () => {
    const { processor } = machine;
    processor.setU64(MSR_STAR, (0x18n << 48n) | (BigInt(KERNEL_CS) << 32n));
    processor.setU64(MSR_LSTAR, BigInt(CODE + 0x300));
    processor.setU64(MSR_FMASK, BigInt(FLAG_IF));
    machine.write(CODE + 0x300, [...assemble('sysretq')]);
    machine.toUser(FLAG_IF | 2);
    expect(machine.run('syscall')).toBe(GP);
    // It came back to the HLT, with IF as it was.
    expect(machine.read64(INNER_STACK - 40n)).toBe(BigInt(USER_CODE + 2));
    expect(machine.read64(INNER_STACK - 32n)).toBe(BigInt(USER_CS));
    expect(machine.read64(INNER_STACK - 24n) & BigInt(FLAG_IF)).toBe(BigInt(FLAG_IF));
    expect(processor.gpr(RCX)).toBe(BigInt(USER_CODE + 2));
    expect(processor.gpr(R11)).toBe(BigInt(FLAG_IF | 2));
    // Without SYSRET the handler runs at CPL 0 with IF masked.
    machine.write(CODE + 0x300, [0xf4]);
    machine.toUser(FLAG_IF | 2);
    expect(machine.run('syscall')).toBe('halt');
    expect(processor.u32(CPL)).toBe(0);
    expect(processor.interruptsEnabled).toBe(false);
    expect(selector(SEGMENT_CS)).toBe(KERNEL_CS);
  });

  it('IRETQ that opens the window for a waiting interrupt leaves', () => {
    const { processor } = machine;
    processor.setU32(INTERRUPT_PENDING, INTERRUPT_MASKABLE);
    const frame = [BigInt(CODE), BigInt(KERNEL_CS), BigInt(FLAG_IF | 2), STACK, BigInt(KERNEL_SS)];
    frame.forEach((value, index) => {
      machine.write64(Number(STACK) + index * 8, value);
    });
    expect(machine.run('iretq')).toBe('event');
    expect(processor.interruptsEnabled).toBe(true);
    expect(processor.rip).toBe(BigInt(CODE));
    expect(processor.gpr(RSP)).toBe(STACK);
  });
});

describe('caches and TLB', () => {
  it('cache instructions need CPL 0 or an address that can be read', () => {
    expect(
      machine.run(
        'invd; wbinvd; wbnoinvd; clflush BYTE PTR [rbx]; clflushopt BYTE PTR [rbx]; clwb BYTE PTR [rbx]',
      ),
    ).toBe('halt');
    machine.processor.setGpr(RBX, 0x4000_0000n);
    expect(machine.run('clflush BYTE PTR [rbx]')).toBe(14);
    machine.toUser();
    expect(machine.run('wbinvd')).toBe(GP);
  });

  it('INVLPG and INVPCID make changed tables count', () => {
    const code = 'mov rcx,QWORD PTR [rbx]';
    machine.write64(0x3000 + 8, 0x87n); // 2 MiB at 0x200000 -> physical 0
    machine.processor.setGpr(RBX, 0x25_0000n);
    machine.write64(0x5_0000, 0x1111n);
    machine.write64(0x25_0000, 0x2222n);
    machine.processor.setGpr(RAX, 0x3008n);
    machine.processor.setGpr(RDX, 0x20_0087n);
    // Read through the old entry, change it, read through the TLB, invalidate, read anew.
    expect(machine.run(`${code}; mov QWORD PTR [rax],rdx; invlpg BYTE PTR [rbx]; ${code}`)).toBe('halt');
    expect(machine.processor.gpr(RCX)).toBe(0x2222n);
    machine.processor.setGpr(RDX, 0x87n);
    machine.processor.setGpr(6, 2n);
    machine.processor.setGpr(7, BigInt(DATA));
    expect(machine.run(`${code}; mov QWORD PTR [rax],rdx; invpcid rsi,XMMWORD PTR [rdi]; ${code}`)).toBe(
      'halt',
    );
    expect(machine.processor.gpr(RCX)).toBe(0x1111n);
  });
});

describe('an access across the end of the lower half', () => {
  it.each([
    ['mov rax,QWORD PTR [rbx]', GP],
    ['mov QWORD PTR [rbx],rax', GP],
    ['movdqu xmm0,XMMWORD PTR [rbx]', GP],
    ['add DWORD PTR [rbx+2],eax', GP],
    ['mov rax,QWORD PTR [rbp+0x1]', SS],
    // The page before it is absent.
    ['mov eax,DWORD PTR [rbx]', 14],
  ])('%s', (code, vector) => {
    for (const register of [RBX, RBP]) machine.processor.setGpr(register, 0x7fff_ffff_fffcn);
    expect(machine.run(code)).toBe(vector);
  });
});

describe('LOCK', () => {
  it.each([
    ['lock add DWORD PTR [rbx],eax', 'halt'],
    ['lock cmpxchg16b XMMWORD PTR [rbx]', 'halt'],
    ['.byte 0xf0,0x01,0xc0', UD],
    ['.byte 0xf0,0x03,0x03', UD],
    ['.byte 0xf0,0x90', UD],
  ])('%s', (code, outcome) => {
    expect(machine.run(code)).toBe(outcome);
  });
});

it('serialize goes on with the next instruction', () => {
  // By its bytes: not every assembler knows it.
  expect(machine.run('.byte 0x0f,0x01,0xe8; nop')).toBe('halt');
  expect(machine.processor.rip).toBe(BigInt(CODE + 5));
  expect(machine.processor.instructions).toBe(3);
});
