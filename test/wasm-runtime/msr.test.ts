import { beforeEach, describe, expect, test } from 'vitest';
import { SEGMENT_BASE, SEGMENT_GS } from '../../src/layout/cpu-state.ts';
import { FEATURE_WORDS } from '../../src/layout/features.ts';
import { CPUID_WITHHELD } from '../../src/layout/runtime-state.ts';
import { GP, ProcessorRuntime, RAX, RCX, RDX } from './processor-runtime.ts';

const GP0 = { vector: GP, error: 0 };
const NON_CANONICAL = 0x8000_0000_0000n;

let cpu: ProcessorRuntime;
beforeEach(() => {
  cpu = ProcessorRuntime.create();
});

describe('MSRs', () => {
  function rdmsr(msr: number): bigint {
    cpu.setGpr(RCX, BigInt(msr));
    cpu.setGpr(RAX, -1n);
    cpu.setGpr(RDX, -1n);
    cpu.exports.readMsr(cpu.record());
    return cpu.gpr(RAX) | (cpu.gpr(RDX) << 32n);
  }
  function wrmsr(msr: number, value: bigint): void {
    cpu.setGpr(RCX, BigInt(msr));
    cpu.setGpr(RAX, 0xffff_ffff_0000_0000n | (value & 0xffff_ffffn));
    cpu.setGpr(RDX, value >> 32n);
    cpu.exports.writeMsr(cpu.record());
  }

  test('need CPL 0, and unknown ones fault', () => {
    expect(cpu.event(() => rdmsr(0xc001_0015))).toEqual(GP0);
    expect(cpu.event(() => wrmsr(0x48, 0n))).toEqual(GP0);
    cpu.enterUser();
    expect(cpu.event(() => rdmsr(0x10))).toEqual(GP0);
    expect(cpu.event(() => wrmsr(0x10, 0n))).toEqual(GP0);
  });

  test('IA32_XSS has no components, and is of a processor with XSAVES', () => {
    wrmsr(0xda0, 0n);
    expect(rdmsr(0xda0)).toBe(0n);
    expect(cpu.event(() => wrmsr(0xda0, 1n))).toEqual(GP0);
    cpu.setState32(CPUID_WITHHELD + 4 * FEATURE_WORDS.indexOf('d.1:eax'), 8);
    expect(cpu.event(() => rdmsr(0xda0))).toEqual(GP0);
    expect(cpu.event(() => wrmsr(0xda0, 0n))).toEqual(GP0);
  });

  test('EFER: LMA is read-only, LME fixed while paging, other bits reserved', () => {
    wrmsr(0xc000_0080, 0x900n);
    expect(rdmsr(0xc000_0080)).toBe(0xd00n);
    expect(cpu.event(() => wrmsr(0xc000_0080, 0x800n))).toEqual(GP0);
    expect(cpu.event(() => wrmsr(0xc000_0080, 0x1900n))).toEqual(GP0);
  });

  test.each([
    ['LSTAR', 0xc000_0082],
    ['CSTAR', 0xc000_0083],
    ['FS_BASE', 0xc000_0100],
    ['GS_BASE', 0xc000_0101],
    ['KERNEL_GS_BASE', 0xc000_0102],
    ['SYSENTER_EIP', 0x176],
  ])('%s holds canonical addresses', (_name, msr) => {
    wrmsr(msr, 0xffff_8000_0000_1234n);
    expect(rdmsr(msr)).toBe(0xffff_8000_0000_1234n);
    expect(cpu.event(() => wrmsr(msr, NON_CANONICAL))).toEqual(GP0);
  });

  test('bases have 57 bits where the processor has LA57, whether or not it is on', () => {
    const wide = 0x00ff_0000_0000_1000n;
    expect(cpu.event(() => wrmsr(0xc000_0100, wide))).toEqual(GP0);
    cpu.offerLa57(true);
    wrmsr(0xc000_0100, wide);
    expect(rdmsr(0xc000_0100)).toBe(wide);
    expect(cpu.event(() => wrmsr(0xc000_0100, 1n << 56n))).toEqual(GP0);
  });

  test('FS_BASE and GS_BASE are the segment bases', () => {
    wrmsr(0xc000_0101, 0x1234_5678_9abcn);
    expect(cpu.state64(SEGMENT_BASE + SEGMENT_GS * 8)).toBe(0x1234_5678_9abcn);
  });

  test('the TSC can be set, and IA32_TSC_ADJUST tells by how much', () => {
    cpu.now = 1000;
    wrmsr(0x10, 5000n);
    expect(rdmsr(0x10)).toBe(5000n);
    expect(rdmsr(0x3b)).toBe(4000n);
    wrmsr(0x3b, 0n);
    expect(rdmsr(0x10)).toBe(1000n);
    expect(cpu.log).toEqual(['tsc offset 4000', 'tsc offset 0']);
  });

  test('PAT takes memory types only', () => {
    expect(rdmsr(0x277)).toBe(0x0007_0406_0007_0406n);
    wrmsr(0x277, 0x0407_0506_0007_0106n);
    expect(rdmsr(0x277)).toBe(0x0407_0506_0007_0106n);
    expect(cpu.event(() => wrmsr(0x277, 2n))).toEqual(GP0);
    expect(cpu.event(() => wrmsr(0x277, 8n << 56n))).toEqual(GP0);
  });

  test('MTRRs: eight variable and all fixed ranges, write-back by default', () => {
    expect(rdmsr(0xfe)).toBe(0x508n);
    expect(rdmsr(0x2ff)).toBe(0x806n);
    wrmsr(0x20e, 0xff_ffff_f006n);
    expect(rdmsr(0x20e)).toBe(0xff_ffff_f006n);
    expect(cpu.event(() => wrmsr(0x20e, 0x100_0000_0006n))).toEqual(GP0);
    expect(cpu.event(() => wrmsr(0x20e, 2n))).toEqual(GP0);
    wrmsr(0x20f, 0xff_ffff_f800n);
    expect(cpu.event(() => wrmsr(0x20f, 6n))).toEqual(GP0);
    const fixed = [0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c, 0x26d, 0x26e, 0x26f];
    for (const [i, msr] of fixed.entries()) wrmsr(msr, 0x0606_0606_0606_0600n | BigInt(i % 2));
    for (const [i, msr] of fixed.entries()) expect(rdmsr(msr)).toBe(0x0606_0606_0606_0600n | BigInt(i % 2));
    expect(cpu.event(() => wrmsr(0x250, 3n))).toEqual(GP0);
    expect(cpu.event(() => rdmsr(0x210))).toEqual(GP0);
  });

  test('APIC registers are the host’s', () => {
    expect(rdmsr(0x1b)).toBe(cpu.apicBase);
    expect(rdmsr(0x802)).toBe(0x1_0000_0802n);
    wrmsr(0x6e0, 0x12_0000_0034n);
    wrmsr(0x80b, 0n);
    expect(cpu.log).toEqual(['wrmsr 6e0 18:52', 'wrmsr 80b 0:0']);
    expect(cpu.event(() => rdmsr(0x8ff))).toEqual(GP0);
    expect(cpu.event(() => wrmsr(0x8ff, 0n))).toEqual(GP0);
  });

  test('IA32_MISC_ENABLE has fast strings on and takes its value back', () => {
    const value = rdmsr(0x1a0);
    expect(value & 1n).toBe(1n);
    wrmsr(0x1a0, value & ~0x40_0000n);
    expect(cpu.event(() => wrmsr(0x1a0, value ^ (1n << 11n)))).toEqual(GP0);
  });
});
