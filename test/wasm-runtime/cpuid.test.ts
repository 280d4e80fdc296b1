import { beforeEach, describe, expect, test } from 'vitest';
import { FEATURE_WORDS } from '../../src/layout/features.ts';
import { CPUID_WITHHELD } from '../../src/layout/runtime-state.ts';
import { ProcessorRuntime, RAX, RBX, RCX, RDX } from './processor-runtime.ts';

const PAE = 0x20n;
const OSXSAVE = 1n << 18n;
const writeCr = (index: number, value: bigint) => cpu.exports.writeCr(cpu.record(), index, value);

let cpu: ProcessorRuntime;
beforeEach(() => {
  cpu = ProcessorRuntime.create();
});

describe('CPUID', () => {
  function cpuid(leaf: number, subleaf = 0): number[] {
    cpu.setGpr(RAX, 0xffff_ffff_0000_0000n | BigInt(leaf));
    cpu.setGpr(RCX, BigInt(subleaf));
    cpu.exports.cpuid();
    return [RAX, RBX, RCX, RDX].map((register) => {
      expect(cpu.gpr(register) >> 32n).toBe(0n);
      return Number(cpu.gpr(register));
    });
  }
  const text = (...words: number[]) => Buffer.from(new Uint32Array(words).buffer).toString('latin1');

  test('names the vendor and the processor', () => {
    const [, ebx, ecx, edx] = cpuid(0);
    expect(text(ebx, edx, ecx)).toBe('GenuineIntel');
    const brand = [2, 3, 4].flatMap((n) => cpuid(0x8000_0000 + n));
    expect(text(...brand).replace(/\0+$/, '')).toBe('longmode x86-64');
    const [, ...signature] = cpuid(0x4000_0000);
    expect(text(...signature).replace(/\0+$/, '')).toBe('longmode');
  });

  test('is family 6 model 36H, which no kernel mitigates', () => {
    const [eax] = cpuid(1);
    expect((eax >> 8) & 15).toBe(6);
    expect(((eax >> 12) & 0xf0) | ((eax >> 4) & 15)).toBe(0x36);
  });

  test('the TSC runs at 1 GHz by leaves 15H, 16H and 40000010H', () => {
    const [denominator, numerator, crystal] = cpuid(0x15);
    expect((crystal * numerator) / denominator).toBe(1e9);
    expect(cpuid(0x16)[0]).toBe(1000);
    expect(cpuid(0x4000_0010).slice(0, 2)).toEqual([1_000_000, crystal / 1000]);
  });

  test("KVM's interface is the second one, and its only feature that port accesses need no delay", () => {
    const [highest, ...signature] = cpuid(0x4000_0100);
    expect(text(...signature)).toBe('KVMKVMKVM\0\0\0');
    expect(highest).toBe(0x4000_0101);
    expect(cpuid(0x4000_0101)).toEqual([1 << 1, 0, 0, 0]);
  });

  test('without a hypervisor its leaves are those of hardware, which has none', () => {
    cpu.setState32(CPUID_WITHHELD + 4 * FEATURE_WORDS.indexOf('1:ecx'), 1 << 31);
    expect(cpuid(1)[2] >>> 31).toBe(0);
    for (const leaf of [0x4000_0000, 0x4000_0010, 0x4000_0100, 0x4000_0101])
      expect(cpuid(leaf)).toEqual(cpuid(0x16));
  });

  test('OSXSAVE follows CR4, SYSCALL the mode', () => {
    expect(cpuid(1)[2] & (1 << 27)).toBe(0);
    writeCr(4, PAE | OSXSAVE);
    expect(cpuid(1)[2] & (1 << 27)).not.toBe(0);
    expect(cpuid(0x8000_0001)[3] & (1 << 11)).not.toBe(0);
    cpu.enterCompatibility();
    expect(cpuid(0x8000_0001)[3] & (1 << 11)).toBe(0);
  });

  test('LA57 and 57 bits of linear addresses are told where the machine says so', () => {
    expect([cpuid(7)[2] & (1 << 16), cpuid(0x8000_0008)[0] >> 8]).toEqual([0, 48]);
    cpu.offerLa57(true);
    expect([cpuid(7)[2] & (1 << 16), cpuid(0x8000_0008)[0] >> 8]).toEqual([1 << 16, 57]);
  });

  test('APIC follows IA32_APIC_BASE', () => {
    cpu.apicBase = 0xfee0_0900n;
    expect(cpuid(1)[3] & (1 << 9)).not.toBe(0);
    cpu.apicBase = 0xfee0_0100n;
    expect(cpuid(1)[3] & (1 << 9)).toBe(0);
  });

  test('has what x86-64 is by definition', () => {
    const [, , , edx] = cpuid(1);
    // FPU, TSC, MSR, PAE, CX8, APIC, CMOV, FXSR, SSE, SSE2
    for (const bit of [0, 4, 5, 6, 8, 9, 15, 24, 25, 26]) expect((edx >> bit) & 1).toBe(1);
    const [, , , extended] = cpuid(0x8000_0001);
    for (const bit of [20, 29]) expect((extended >> bit) & 1).toBe(1);
  });

  test('tells 40 physical and 48 linear address bits', () => {
    expect(cpuid(0x8000_0008)[0]).toBe(0x3028);
  });

  test('describes caches whose sizes multiply out', () => {
    const sizes = [0, 1, 2, 3].map((n) => {
      const [, ebx, ecx] = cpuid(4, n);
      return ((ebx >>> 22) + 1) * ((ebx & 0xfff) + 1) * (ecx + 1);
    });
    expect(sizes).toEqual([32 << 10, 32 << 10, 1 << 20, 16 << 20]);
    expect(cpuid(4, 4)[0]).toBe(0);
    expect(cpuid(0x8000_0006)[2] >>> 16).toBe(sizes[2] >> 10);
  });

  test('describes one processor', () => {
    expect(cpuid(0xb, 0).slice(0, 3)).toEqual([0, 1, 0x100]);
    expect(cpuid(0xb, 2)).toEqual([0, 0, 2, 0]);
  });

  test('gives the XSAVE area of x87, SSE, AVX and PKRU, in every format, and XGETBV of XINUSE', () => {
    // XCR0 has x87 and SSE.
    expect(cpuid(0xd, 0)).toEqual([0x207, 576, 840, 0]);
    expect(cpuid(0xd, 2)).toEqual([256, 576, 0, 0]);
    // XSAVEOPT, XSAVEC, XGETBV with ECX = 1, XSAVES; the compacted area of x87 and SSE.
    expect(cpuid(0xd, 1)).toEqual([0b1111, 576, 0, 0]);
  });

  test('has everything of x86-64-v2, and RDRAND', () => {
    const [, , ecx] = cpuid(1);
    // SSE3, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, POPCNT, RDRAND
    for (const bit of [0, 9, 13, 19, 20, 23, 30]) expect((ecx >> bit) & 1, `bit ${bit}`).toBe(1);
    expect(cpuid(0x8000_0001)[2] & 1, 'LAHF').toBe(1);
  });

  test('does not have what no row implements', () => {
    const [, , ecx] = cpuid(1);
    // VMX, SMX
    for (const bit of [5, 6]) expect((ecx >> bit) & 1, `bit ${bit}`).toBe(0);
    const [, ebx] = cpuid(7);
    // AVX512F
    for (const bit of [16]) expect((ebx >> bit) & 1, `bit ${bit}`).toBe(0);
  });

  test('answers a leaf beyond the last with the last', () => {
    expect(cpuid(0x1000)).toEqual(cpuid(0x16));
  });
});
