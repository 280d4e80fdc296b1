/** What processors of two vendors do differently (src/layout/vendor.ts, which names the manuals). */
import { beforeEach, describe, expect, it } from 'vitest';
import {
  CR2,
  FPU_TAG,
  FPU_TOP,
  GDTR_LIMIT,
  MSR_CSTAR,
  MSR_FMASK,
  MSR_LSTAR,
  MSR_STAR,
  MSR_SYSENTER_CS,
  MSR_SYSENTER_EIP,
  MSR_SYSENTER_ESP,
  MXCSR,
  SEGMENT_BASE,
  SEGMENT_CS,
  SEGMENT_FS,
  SEGMENT_RIGHTS,
  SEGMENT_SELECTOR,
  SEGMENT_SS,
  SEGMENT_TR,
  XCR0,
  YMM,
} from '../../src/layout/cpu-state.ts';
import { VENDORS } from '../../src/layout/vendor.ts';
import { createTieredMachine, runRounds } from '../code-cache/tiered-machine.ts';
import { assemble } from '../support/assembler.ts';
import { BACK_ENDS } from '../support/back-ends.ts';
import {
  CODE,
  DATA,
  GDT,
  KERNEL_CS,
  KERNEL_SS,
  STACK,
  SystemMachine,
  USER_CODE,
  USER_CS,
  USER_SS,
} from './system-machine.ts';

const RAX = 0;
const RCX = 1;
const RDX = 2;
const RBX = 3;
const RSP = 4;
const RSI = 6;
const RDI = 7;
const R11 = 11;
const UD = 6;
const GP = 13;
const PF = 14;
const XM = 19;
const FLAG_CF = 1;
const FLAG_PF = 4;
const FLAG_ZF = 0x40;
const STATUS = 0x8d5;
const END_OF_RAM = 0x40_0000n;
const USER_CS_32 = 0x1b;
const NON_CANONICAL = 1n << 47n;
const HLT = 0xf4;
const STACK_TOP = Number(STACK);
/** Code below 64 KiB. */
const LOW = 0x9000;

/** [AMD, Intel] */
type Either<T> = readonly [T, T];

describe.each(VENDORS)('%s', (vendor) => {
  const isAmd = vendor === 'AuthenticAMD';
  const one = <T>([amd, intel]: Either<T>): T => (isAmd ? amd : intel);

  let machine: SystemMachine;
  beforeEach(() => {
    machine = new SystemMachine({ vendor });
    for (const at of [0, LOW, CODE, CODE + LOW]) machine.write(at, Array<number>(0x100).fill(HLT));
    const { processor } = machine;
    processor.setU64(MSR_STAR, ((0x1bn << 16n) | BigInt(KERNEL_CS)) << 32n);
    processor.setU64(MSR_LSTAR, BigInt(LOW + 0x10));
    processor.setU64(MSR_CSTAR, BigInt(LOW + 0x20));
    processor.setU64(MSR_FMASK, 0x200n);
    processor.setU64(MSR_SYSENTER_CS, BigInt(KERNEL_CS));
    processor.setU64(MSR_SYSENTER_EIP, BigInt(LOW + 0x30));
    processor.setU64(MSR_SYSENTER_ESP, STACK);
  });

  /** Runs bytes at CODE to the HLT where they lead to; its address. */
  function destination(bytes: readonly number[]): number {
    const { processor } = machine;
    machine.write(CODE, bytes);
    processor.rip = BigInt(CODE);
    expect(processor.run(1000)).toBe('halt');
    return Number(processor.rip) - 1;
  }

  describe('near branches with 66', () => {
    it.each<[string, number[], Either<number>]>([
      ['jmp rel8', [0x66, 0xeb, 0x10], [0x0013, 0x1_0013]],
      ['jmp rel8 backwards', [0x66, 0xeb, 0xfd + 0x10, 0], [0x0010, 0x1_0010]],
      ['jmp rel16 or rel32', [0x66, 0xe9, 0xfd, 0x8f, 0, 0], [LOW + 1, CODE + LOW + 3]],
      ['jmp with REX.W', [0x66, 0x48, 0xeb, 0x10], [0x1_0014, 0x1_0014]],
      ['jmp with F2 and F3', [0xf2, 0x66, 0xf3, 0xeb, 0x10], [0x0015, 0x1_0015]],
      ['je rel8', [0x66, 0x74, 0x10], [0x0013, 0x1_0013]],
      ['jne rel8, not taken', [0x66, 0x75, 0x10], [0x1_0003, 0x1_0003]],
      ['je rel16 or rel32', [0x66, 0x0f, 0x84, 0xfc, 0x8f, 0, 0], [LOW + 1, CODE + LOW + 3]],
      ['loop', [0x66, 0xe2, 0x10], [0x0013, 0x1_0013]],
      ['loope', [0x66, 0xe1, 0x10], [0x0013, 0x1_0013]],
      ['loopne, not taken', [0x66, 0xe0, 0x10], [0x1_0003, 0x1_0003]],
      ['jrcxz, not taken', [0x66, 0xe3, 0x10], [0x1_0003, 0x1_0003]],
      ['jmp rax', [0x66, 0xff, 0xe0], [LOW + 1, CODE + LOW + 1]],
      ['jmp [rbx]', [0x66, 0xff, 0x23], [LOW + 2, CODE + LOW + 2]],
    ])('%s', (_, bytes, expected) => {
      const { processor } = machine;
      processor.flags = FLAG_ZF | 2;
      processor.setGpr(RAX, BigInt(CODE + LOW + 1));
      processor.setGpr(RCX, 2n);
      processor.setGpr(RBX, BigInt(DATA));
      machine.write64(DATA, BigInt(CODE + LOW + 2));
      expect(destination(bytes)).toBe(one(expected));
      if (bytes.some((byte) => byte >= 0xe0 && byte <= 0xe2))
        expect(processor.gpr(RCX)).toBe(bytes[1] === 0xff ? 2n : 1n);
    });

    it.each<[string, number[], Either<number>, Either<bigint>]>([
      ['call rel16 or rel32', [0x66, 0xe8, 0xfd, 0x8f, 0, 0], [LOW + 1, CODE + LOW + 3], [4n, 0x1_0006n]],
      ['call rax', [0x66, 0xff, 0xd0], [LOW + 1, CODE + LOW + 1], [3n, 0x1_0003n]],
    ])('%s', (_, bytes, expected, pushed) => {
      const { processor } = machine;
      processor.setGpr(RAX, BigInt(CODE + LOW + 1));
      machine.write64(STACK_TOP - 8, -1n);
      expect(destination(bytes)).toBe(one(expected));
      const bytesPushed = one([2n, 8n]);
      expect(processor.gpr(RSP)).toBe(STACK - bytesPushed);
      const mask = (1n << (bytesPushed * 8n)) - 1n;
      expect(machine.read64(processor.gpr(RSP)) & mask).toBe(one(pushed));
    });

    it.each<[string, number[], Either<bigint>]>([
      ['ret', [0x66, 0xc3], [2n, 8n]],
      ['rep ret', [0x66, 0xf3, 0xc3], [2n, 8n]],
      ['ret imm16', [0x66, 0xc2, 0x10, 0], [0x12n, 0x18n]],
      ['ret with REX.W', [0x66, 0x48, 0xc3], [8n, 8n]],
    ])('%s', (_, bytes, popped) => {
      machine.write64(STACK_TOP, BigInt(CODE + LOW + 1));
      const expected = bytes[1] === 0x48 ? CODE + LOW + 1 : one([LOW + 1, CODE + LOW + 1]);
      expect(destination(bytes)).toBe(expected);
      expect(machine.processor.gpr(RSP)).toBe(STACK + one(popped));
    });
  });

  describe('far pointers with REX.W', () => {
    /** An offset of 32 bits, or of 64, and a selector. */
    function writePointer(offset: number, selector: number, wide: boolean): void {
      machine.processor.setGpr(RBX, BigInt(DATA));
      machine.write64(DATA, BigInt(offset) | (wide ? 0n : BigInt(selector) << 32n));
      machine.write64(DATA + 8, wide ? BigInt(selector) : 0n);
    }

    it.each([
      ['jmp', [0x48, 0xff, 0x2b], 0n],
      ['call', [0x48, 0xff, 0x1b], 16n],
    ])('%s', (_, bytes, pushed) => {
      writePointer(LOW + 1, KERNEL_CS, !isAmd);
      expect(destination(bytes)).toBe(LOW + 1);
      expect(machine.processor.gpr(RSP)).toBe(STACK - pushed);
      machine.toKernel();
      writePointer(LOW + 1, KERNEL_CS, isAmd);
      expect(machine.run(`.byte ${bytes}`)).toBe(GP);
    });

    it.each([
      ['lss', [0x48, 0x0f, 0xb2, 0x0b], SEGMENT_SS],
      ['lfs', [0x48, 0x0f, 0xb4, 0x0b], SEGMENT_FS],
    ])('%s', (_, bytes, segment) => {
      const { processor } = machine;
      writePointer(0x8765_4321, KERNEL_SS, !isAmd);
      processor.setGpr(RCX, -1n);
      expect(machine.run(`.byte ${bytes}`)).toBe('halt');
      expect(processor.gpr(RCX)).toBe(0x8765_4321n);
      expect(processor.u32(SEGMENT_SELECTOR + segment * 4)).toBe(KERNEL_SS);
    });
  });

  describe('fast system calls', () => {
    /** 32-bit code at USER_CODE. */
    function toCompatibility(): void {
      const { processor } = machine;
      machine.toUser();
      processor.runtime.setSegment(SEGMENT_CS, USER_CS_32, 0n, 0xffff_ffff, 0xc0fb);
      processor.runtime.updateMode();
    }

    it('SYSCALL in compatibility mode', () => {
      const { processor } = machine;
      toCompatibility();
      expect(machine.run('.byte 0x0f,0x05')).toBe(one<unknown>(['halt', UD]));
      if (!isAmd) return;
      expect(processor.rip).toBe(BigInt(LOW + 0x21));
      expect(processor.gpr(RCX)).toBe(BigInt(USER_CODE + 2));
      expect(processor.gpr(R11)).toBe(2n);
      expect(processor.u32(SEGMENT_SELECTOR + SEGMENT_CS * 4)).toBe(KERNEL_CS);
      expect(processor.u32(SEGMENT_RIGHTS + SEGMENT_CS * 4)).toBe(0xa09b);
    });

    it.each([
      ['SYSENTER', () => toCompatibility(), '.byte 0x0f,0x34', LOW + 0x31],
      ['SYSENTER of 64-bit code', () => machine.toUser(), 'sysenter', LOW + 0x31],
      ['SYSEXIT', () => machine.toKernel(), '.byte 0x0f,0x35', 0],
    ])('%s in long mode', (name, enter, code, rip) => {
      const { processor } = machine;
      processor.setGpr(RDX, BigInt(USER_CODE));
      enter();
      const outcome = machine.run(code);
      // HLT at CPL 3.
      if (name === 'SYSEXIT') expect(outcome).toBe(one([UD, GP]));
      else expect(outcome).toBe(one<unknown>([UD, 'halt']));
      if (outcome === 'halt') expect(processor.rip).toBe(BigInt(rip));
    });

    it('SYSRET to an address that is not canonical', () => {
      const { processor } = machine;
      processor.setGpr(RCX, NON_CANONICAL);
      processor.setGpr(R11, 2n);
      expect(machine.run('sysretq')).toBe(GP);
      const frame = processor.gpr(RSP);
      expect([machine.read64(frame + 8n), machine.read64(frame + 16n)]).toEqual(
        one([
          [NON_CANONICAL, BigInt(USER_CS)],
          [BigInt(CODE), BigInt(KERNEL_CS)],
        ]),
      );
    });

    it('SYSRET and what is hidden of SS', () => {
      const { processor } = machine;
      const rights = (): number => processor.u32(SEGMENT_RIGHTS + SEGMENT_SS * 4);
      processor.setGpr(RCX, BigInt(USER_CODE));
      processor.setGpr(R11, 2n);
      machine.write(USER_CODE, [...assemble('mov ecx,ss', USER_CODE), HLT]);
      processor.runtime.setSegment(SEGMENT_SS, 0, 0n, 0, 0);
      machine.write(CODE, [...assemble('sysretq')]);
      processor.rip = BigInt(CODE);
      processor.run(2);
      expect(processor.cpl).toBe(3);
      expect(processor.gpr(RCX)).toBe(BigInt(USER_SS));
      expect(rights()).toBe(one([0, 0xc0f3]));
    });
  });

  describe('LAR and LSL of', () => {
    const LDT = 0x40;
    const answers = (instruction: string, selector: number): boolean => {
      const { processor } = machine;
      processor.setU32(GDTR_LIMIT, LDT + 15);
      processor.setGpr(RAX, BigInt(selector));
      expect(machine.run(`${instruction} ecx,ax`)).toBe('halt');
      return (processor.flags & FLAG_ZF) !== 0;
    };

    it('an LDT', () => {
      machine.write64(GDT + LDT, (0x82n << 40n) | 0x67n);
      machine.write64(GDT + LDT + 8, 0n);
      expect([answers('lar', LDT), answers('lsl', LDT)]).toEqual([isAmd, true]);
      machine.write64(GDT + LDT + 8, 1n << 40n);
      expect([answers('lar', LDT), answers('lsl', LDT)]).toEqual([false, !isAmd]);
    });

    it('a TSS', () => {
      const selector = machine.processor.u32(SEGMENT_SELECTOR + SEGMENT_TR * 4);
      expect([answers('lar', selector), answers('lsl', selector)]).toEqual([true, true]);
      machine.write64(GDT + selector + 8, 1n << 40n);
      expect([answers('lar', selector), answers('lsl', selector)]).toEqual([!isAmd, !isAmd]);
    });
  });

  it('a null selector clears the base', () => {
    const { processor } = machine;
    processor.runtime.setSegment(SEGMENT_FS, KERNEL_SS, 0x1234n, 0xffff_ffff, 0xc093);
    expect(machine.run('xor eax,eax; mov fs,ax')).toBe('halt');
    expect(processor.u64(SEGMENT_BASE + SEGMENT_FS * 8)).toBe(0n);
  });

  it('BSF and BSR of zero leave the destination alone', () => {
    const { processor } = machine;
    processor.setGpr(RCX, 0x1234_5678_9abcn);
    expect(machine.run('xor eax,eax; bsf rcx,rax; bsr rcx,rax')).toBe('halt');
    expect(processor.gpr(RCX)).toBe(0x1234_5678_9abcn);
  });

  it('PREFETCH of a register', () => {
    expect(machine.run('.byte 0x0f,0x0d,0xc1')).toBe(one<unknown>([UD, 'halt']));
    expect(machine.run('.byte 0x0f,0x0d,0x0b')).toBe('halt');
  });

  describe('dot products of several NaNs', () => {
    /** Elements of 32 bits that XMM0 has after an instruction of a vector in memory, with itself. */
    function elements(code: string, vector: readonly number[]): number[] {
      const { processor } = machine;
      const words = [...vector, 1, 1, 1, 1];
      machine.write(DATA, [...new Uint8Array(Uint32Array.from(words).buffer)]);
      processor.setGpr(RBX, BigInt(DATA));
      expect(machine.run(`movups xmm0,XMMWORD PTR [rbx]; ${code}; movups XMMWORD PTR [rbx+32],xmm0`)).toBe(
        'halt',
      );
      return Array.from({ length: 4 }, (_, at) => Number(machine.read64(DATA + 32 + 4 * at) & 0xffff_ffffn));
    }
    const NANS = [0xffc0_000a, 0xffc0_000b, 0xffc0_000c, 0xffc0_000d];
    const [A, B, , D] = NANS as [number, number, number, number];

    it('DPPS', () => {
      expect(elements('dpps xmm0,xmm0,0xff', NANS)).toEqual(
        one([
          [A, A, A, A],
          [B, A, D, NANS[2]],
        ]),
      );
      // Those of elements 0 and 2 are zero.
      expect(elements('dpps xmm0,xmm0,0xaf', NANS)).toEqual(
        one([
          [B, B, B, B],
          [B, B, D, D],
        ]),
      );
    });

    it('DPPD', () => {
      const numbers = [0xa, 0xfff8_0000, 0xb, 0xfff8_0000];
      const [first, second] = [numbers.slice(0, 2), numbers.slice(2)];
      expect(elements('dppd xmm0,xmm0,0x33', numbers)).toEqual(
        one([
          [...first, ...first],
          [...first, ...second],
        ]),
      );
    });
  });

  it('VCVTPS2PH of a denormal, underflow not masked', () => {
    const { processor } = machine;
    processor.setU64(XCR0, 7n);
    machine.setCr4(1n << 18n);
    processor.setU64(YMM, 1n);
    processor.setU64(YMM + 8, 0n);
    processor.setU32(MXCSR, 0x1780);
    expect(machine.run('vcvtps2ph xmm1,xmm0,4')).toBe(XM);
    // DE, UE, PE.
    expect(processor.u32(MXCSR) & 0x3f).toBe(one([0x12, 0x32]));
    processor.setU32(MXCSR, 0x1f80);
    machine.toKernel();
    expect(machine.run('vcvtps2ph xmm1,xmm0,4')).toBe('halt');
    expect(processor.u32(MXCSR) & 0x3f).toBe(0x32);
  });

  it.each([
    ['vcvtps2ph QWORD PTR [rbx],xmm0,4', 8],
    ['vcvtps2ph XMMWORD PTR [rbx],ymm0,4', 16],
  ])('%s to memory that faults', (code, size) => {
    const { processor } = machine;
    processor.setU64(XCR0, 7n);
    machine.setCr4((1n << 18n) | (1n << 10n));
    processor.setGpr(RBX, END_OF_RAM - BigInt(size - 1));
    // A denormal, masked and not.
    processor.setU64(YMM, 1n);
    processor.setU32(MXCSR, 0x1f80);
    expect(machine.run(code)).toBe(PF);
    expect(processor.u64(CR2)).toBe(END_OF_RAM);
    expect(processor.u32(MXCSR) & 0x3f).toBe(one([0, 0x32]));
    processor.setU32(MXCSR, 0x1e80);
    machine.toKernel();
    expect(machine.run(code)).toBe(one([PF, XM]));
    expect(processor.u32(MXCSR) & 0x3f).toBe(one([0, 2]));
    processor.setGpr(RBX, BigInt(DATA));
    machine.toKernel();
    machine.write64(DATA, 5n);
    expect(machine.run(code)).toBe(XM);
    expect(machine.read64(DATA)).toBe(5n);
    processor.setU32(MXCSR, 0x1f80);
    machine.toKernel();
    expect(machine.run(code)).toBe('halt');
    expect(machine.read64(DATA)).toBe(0n);
  });

  it.each([
    ['sha1nexte xmm0,XMMWORD PTR [rbx]'],
    ['sha1msg1 xmm0,XMMWORD PTR [rbx]'],
    ['sha1msg2 xmm0,XMMWORD PTR [rbx]'],
    ['sha1rnds4 xmm0,XMMWORD PTR [rbx],0'],
    ['sha256rnds2 xmm0,XMMWORD PTR [rbx]'],
    ['sha256msg1 xmm0,XMMWORD PTR [rbx]'],
    ['sha256msg2 xmm0,XMMWORD PTR [rbx]'],
  ])('%s, not aligned', (code) => {
    const { processor } = machine;
    processor.setGpr(RBX, BigInt(DATA + 1));
    expect(machine.run(code)).toBe(one<unknown>(['halt', GP]));
    processor.setGpr(RBX, END_OF_RAM - 1n);
    machine.toKernel();
    expect(machine.run(code)).toBe(one([PF, GP]));
    processor.setGpr(RBX, BigInt(DATA + 1));
    machine.toKernel();
    expect(machine.run('paddd xmm0,XMMWORD PTR [rbx]')).toBe(GP);
  });

  it.each([
    ['movd DWORD PTR [rbx],mm1', false],
    ['movq QWORD PTR [rbx],mm1', false],
    ['movntq QWORD PTR [rbx],mm1', false],
    ['movd DWORD PTR [rbx],mm1', true],
    ['movq QWORD PTR [rbx],mm1', true],
    ['movntq QWORD PTR [rbx],mm1', true],
  ])('TOP after %s, which faults, with an address that is canonical: %s', (code, isCanonical) => {
    const { processor } = machine;
    const top = (): number => processor.u32(FPU_TOP) / 16;
    const tags = (): number => processor.u32(FPU_TAG) & 0xffff;
    expect(machine.run('fninit')).toBe('halt');
    machine.toKernel();
    processor.setU32(FPU_TOP, 6 * 16);
    processor.setGpr(RBX, isCanonical ? END_OF_RAM - 1n : NON_CANONICAL);
    expect(machine.run(code)).toBe(isCanonical ? PF : GP);
    expect([top(), tags()]).toEqual([one([6, 0]), 0xffff]);
    processor.setU32(FPU_TOP, 6 * 16);
    processor.setGpr(RBX, BigInt(DATA));
    machine.toKernel();
    expect(machine.run(code)).toBe('halt');
    expect([top(), tags()]).toEqual([0, 0]);
  });

  describe('masked moves', () => {
    const LOAD = 'vmaskmovps xmm0,xmm1,XMMWORD PTR [rbx]';
    const STORE = 'vmaskmovps XMMWORD PTR [rbx],xmm1,xmm0';
    const TOP = 1n << 47n;

    /** What a move of the elements named by bits of `selected` ends with: a page fault with its address, or a vector. */
    function ending(code: string, address: bigint, selected: number): string | number {
      const { processor } = machine;
      processor.setU64(XCR0, 7n);
      machine.setCr4(1n << 18n);
      machine.toKernel();
      for (let element = 0; element < 4; element++)
        processor.setU32(YMM + 32 + 4 * element, (selected >> element) & 1 ? 0x8000_0000 : 0);
      processor.setGpr(RBX, address);
      const outcome = machine.run(code);
      return outcome === PF ? `page fault at ${processor.u64(CR2).toString(16)}` : outcome;
    }
    const pageFault = (address: bigint): string => `page fault at ${address.toString(16)}`;

    // The second element is the last before addresses that are not canonical, the third is across.
    it.each<[string, string, number, Either<string | number>]>([
      ['load', LOAD, 0b0001, [pageFault(TOP - 10n), pageFault(TOP - 10n)]],
      ['load', LOAD, 0b1000, [GP, GP]],
      ['load', LOAD, 0b0110, [pageFault(TOP - 6n), GP]],
      ['load', LOAD, 0b1001, [pageFault(TOP - 10n), GP]],
      ['store', STORE, 0b0010, [pageFault(TOP - 6n), pageFault(TOP - 6n)]],
      ['store', STORE, 0b1010, [pageFault(TOP - 6n), GP]],
      ['store', STORE, 0b0100, [GP, GP]],
      ['load', LOAD, 0, ['halt', 'halt']],
    ])('%s to the end of the linear addresses, elements %i', (_, code, selected, expected) => {
      expect(ending(code, TOP - 10n, selected)).toBe(one(expected));
    });

    it.each<[string, string, number, Either<bigint>]>([
      ['load', LOAD, 0b1001, [6n, 6n]],
      ['load', LOAD, 0b1100, [2n, 2n]],
      ['load', LOAD, 0b1010, [0n, 0n]],
      ['store', STORE, 0b1001, [6n, 9n]],
      ['store', STORE, 0b1100, [2n, 2n]],
      ['store', STORE, 0b1010, [0n, 9n]],
    ])('%s to a page that faults, elements %i', (_, code, selected, expected) => {
      expect(ending(code, END_OF_RAM - 6n, selected)).toBe(pageFault(END_OF_RAM + one(expected)));
    });
  });

  it.each([
    ['REPE CMPSB', 2, 0xa6],
    ['REPE SCASB', 2, 0xae],
    ['REPE CMPSB', 1, 0xa6],
  ])('the flags that %s shows where a fault interrupts it, after %d elements', (_, elements, opcode) => {
    const { processor } = machine;
    processor.setGpr(RAX, 0n);
    processor.setGpr(RCX, 9n);
    processor.setGpr(RSI, BigInt(DATA));
    processor.setGpr(RDI, END_OF_RAM - BigInt(elements));
    machine.write64(DATA, 0n);
    machine.write64(Number(END_OF_RAM) - 8, 0n);
    processor.flags = FLAG_CF | 2;
    expect(machine.run(`.byte 0xf3,${opcode}`)).toBe(PF);
    expect(Number(processor.gpr(RCX))).toBe(9 - elements);
    const flags = Number(machine.read64(processor.gpr(RSP) + 24n));
    expect(flags & STATUS).toBe(one([FLAG_ZF | FLAG_PF, FLAG_CF]));
  });

  it('no flags are shown of a string instruction whose first element faults', () => {
    const { processor } = machine;
    processor.setGpr(RCX, 9n);
    processor.setGpr(RDI, END_OF_RAM);
    processor.flags = FLAG_CF | 2;
    expect(machine.run('.byte 0xf3,0xae')).toBe(PF);
    expect(Number(machine.read64(processor.gpr(RSP) + 24n)) & STATUS).toBe(FLAG_CF);
  });

  it.each([
    ['FXSAVE', false, '0x0f,0xae,0x03'],
    ['XSAVE', false, '0x0f,0xae,0x23'],
    ['FXSAVE', true, '0x0f,0xae,0x03'],
  ])('%s and the pointers of the x87, with an exception pending: %s', (_, isPending, save) => {
    const { processor } = machine;
    processor.setU64(XCR0, 7n);
    machine.setCr4(1n << 18n);
    processor.setGpr(RBX, BigInt(DATA));
    processor.setGpr(RAX, 3n);
    processor.setGpr(RDX, 0n);
    // 1 / 0, which is masked by default.
    machine.write(DATA + 0x400, [0x7b, 3]);
    const unmask = isPending ? '.byte 0xd9,0xab,0,4,0,0; ' : '';
    expect(machine.run(`fninit; ${unmask}fld1; fldz; fdivp st(1),st; .byte ${save}`)).toBe('halt');
    expect(machine.read64(DATA + 8) !== 0n).toBe(one([isPending, true]));
  });

  describe('CPUID', () => {
    function cpuid(leaf: number, subleaf = 0): number[] {
      const { processor } = machine;
      machine.toKernel();
      processor.setGpr(RAX, BigInt(leaf));
      processor.setGpr(RCX, BigInt(subleaf));
      expect(machine.run('cpuid')).toBe('halt');
      return [RAX, RBX, RCX, RDX].map((register) => Number(processor.gpr(register)));
    }
    const text = (...words: number[]): string => Buffer.from(Uint32Array.from(words).buffer).toString();

    it('names the vendor and the family', () => {
      const [highest, b = 0, c = 0, d = 0] = cpuid(0);
      expect(text(b, d, c)).toBe(vendor);
      expect(highest).toBe(one([0xd, 0x16]));
      const [signature = 0] = cpuid(1);
      expect(((signature >> 8) & 15) + ((signature >> 20) & 255)).toBe(one([0x1a, 6]));
      expect(cpuid(0x8000_0000)[0]).toBe(one([0x8000_0021, 0x8000_0008]));
      expect(cpuid(0x8000_0000)[1]).toBe(one([b, 0]));
    });

    it('has caches, frequencies and features where the vendor has them', () => {
      expect(cpuid(4)[0]).toBe(one([0, 0x121]));
      expect(cpuid(0x8000_001d)[0]).toBe(one([0x121, cpuid(0x16)[0] as number]));
      expect(cpuid(0x8000_001d, 4)[0]).toBe(one([0, cpuid(0x16)[0] as number]));
      expect(cpuid(0x15)).toEqual(
        one([
          [0, 0, 0, 0],
          [1, 1, 1_000_000_000, 0],
        ]),
      );
      // L1 and L2.
      expect(cpuid(0x8000_0005)[2]).toBe(one([0x2008_0140, 0]));
      expect((cpuid(0x8000_0006)[2] as number) >>> 16).toBe(1024);
      // FPU and SSE are told of twice; MMXEXT.
      const [, , , edx = 0] = cpuid(0x8000_0001);
      expect(edx & 0x140_0001).toBe(one([0x140_0001 & ~0x100_0000, 0]) | (isAmd ? 0x100_0000 : 0));
      expect((cpuid(0x8000_0021)[0] as number) & 0x44).toBe(one([0x44, 0x44 & (cpuid(0x16)[0] as number)]));
    });

    it('tells of SYSCALL', () => {
      const { processor } = machine;
      processor.setGpr(RAX, 0x8000_0001n);
      processor.runtime.setSegment(SEGMENT_CS, USER_CS_32, 0n, 0xffff_ffff, 0xc09b);
      processor.runtime.updateMode();
      expect(machine.run('.byte 0x0f,0xa2')).toBe('halt');
      expect((processor.gpr(RDX) >> 11n) & 1n).toBe(one([1n, 0n]));
    });
  });

  it.each<[string, number, boolean]>([
    ['SYSCFG', 0xc001_0010, isAmd],
    ['HWCR', 0xc001_0015, isAmd],
    ['NB_CFG', 0xc001_001f, isAmd],
    ['IA32_MISC_ENABLE', 0x1a0, !isAmd],
    ['IA32_PLATFORM_ID', 0x17, !isAmd],
  ])('MSR %s', (_, msr, exists) => {
    const access = `mov ecx,${msr}; rdmsr`;
    expect(machine.run(access)).toBe(exists ? 'halt' : GP);
  });

  it.each([false, true])('performance counters, without a hypervisor: %s', (isBare) => {
    const bare = new SystemMachine({ vendor, withheld: new Set(isBare ? ['hypervisor'] : []) });
    const wrmsr = (msr: number) => `mov eax,-1; mov edx,-1; mov ecx,${msr}; wrmsr; xor eax,eax; xor edx,edx`;
    const value = (): bigint[] => [bare.processor.gpr(RDX), bare.processor.gpr(RAX)];
    const exist = isAmd && isBare;
    expect(bare.run(`${wrmsr(0xc001_0003)}; rdmsr`)).toBe(exist ? 'halt' : GP);
    if (exist) expect(value()).toEqual([0x30fn, 0xffd7_ffffn]);
    expect(bare.run(`${wrmsr(0xc001_0007)}; rdmsr`)).toBe(exist ? 'halt' : GP);
    if (exist) expect(value()).toEqual([0xffffn, 0xffff_ffffn]);
    for (const msr of [0xc001_0008, 0xc000_ffff]) expect(bare.run(`mov ecx,${msr}; rdmsr`)).toBe(GP);
    expect(bare.run(`${wrmsr(0xc001_0005)}; mov ecx,1; rdpmc`)).toBe(exist ? 'halt' : GP);
    if (exist) expect(value()).toEqual([0xffffn, 0xffff_ffffn]);
    expect(bare.run('mov ecx,4; rdpmc')).toBe(GP);
    if (exist) expect(bare.run('mov ecx,0; rdpmc')).toBe('halt');
  });

  it('near branches with 66 of compiled code', () => {
    const tiered = createTieredMachine('compiled', undefined, BACK_ENDS.writer, undefined, { vendor });
    const { processor } = tiered.machine;
    // Back to the beginning, or to address 0 and from there.
    tiered.machine.write(CODE, [...assemble('inc rax; dec ecx', CODE), 0x66, 0x75, 0xf8, HLT]);
    tiered.machine.write(CODE & 0xffff, [...assemble(`inc rbx; jmp ${CODE}`, CODE & 0xffff)]);
    runRounds(tiered, 'compiled', () => {
      processor.setGpr(RAX, 0n);
      processor.setGpr(RBX, 0n);
      processor.setGpr(RCX, 100n);
      processor.rip = BigInt(CODE);
    });
    expect(processor.gpr(RAX)).toBe(100n);
    expect(processor.gpr(RBX)).toBe(one([99n, 0n]));
  });
});
