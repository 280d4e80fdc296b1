import { beforeEach, describe, expect, test } from 'vitest';
import { CPL, CR0, CR4, DR, MSR_EFER, RIP, XCR0, YMM } from '../../src/layout/cpu-state.ts';
import { MODE_CODE_32, MODE_CODE_64, MODE_REAL } from '../../src/layout/mode.ts';
import { MODE } from '../../src/layout/runtime-state.ts';
import {
  GP,
  handlerOf,
  KERNEL_CODE,
  KERNEL_CODE_32,
  KERNEL_RIP,
  ProcessorRuntime,
  RAX,
  RCX,
  RDX,
  UD,
  USER_STACK,
} from './processor-runtime.ts';

const GP0 = { vector: GP, error: 0 };
const UNDEFINED = { vector: UD, error: -1 };
const PG = 1n << 31n;
const PAE = 0x20n;
const LA57 = 1n << 12n;
const PCIDE = 1n << 17n;
const OSXSAVE = 1n << 18n;
const writeCr = (index: number, value: bigint) => cpu.exports.writeCr(cpu.record(), index, value);
const readCr = (index: number) => BigInt.asUintN(64, cpu.exports.readCr(cpu.record(), index) as bigint);

let cpu: ProcessorRuntime;
beforeEach(() => {
  cpu = ProcessorRuntime.create();
});

describe('control registers', () => {
  test('need CPL 0, and only CR0, CR2, CR3, CR4 and CR8 exist', () => {
    for (const index of [1, 5, 6, 7, 9, 15]) {
      expect(cpu.event(() => readCr(index))).toEqual(UNDEFINED);
      expect(cpu.event(() => writeCr(index, 0n))).toEqual(UNDEFINED);
    }
    cpu.enterUser();
    for (const index of [0, 2, 3, 4, 8]) {
      expect(cpu.event(() => readCr(index))).toEqual(GP0);
      expect(cpu.event(() => writeCr(index, 0n))).toEqual(GP0);
    }
  });

  test('CR0: ET is always set, undefined bits read as zero', () => {
    writeCr(0, PG | 0x1_ffc0n | 1n);
    expect(readCr(0)).toBe(PG | 0x1_0011n);
  });

  test.each([
    ['PG without PE', PG],
    ['NW without CD', PG | 1n | (1n << 29n)],
    ['an upper bit', PG | 1n | (1n << 32n)],
    ['PG clear in 64-bit mode', 1n],
  ])('CR0: %s faults', (_name, value) => {
    expect(cpu.event(() => writeCr(0, value))).toEqual(GP0);
    expect(readCr(0)).toBe(0x8001_0011n);
  });

  test('long mode begins with PG when LME is set, and ends with it', () => {
    cpu.exports.farJump(cpu.record(), KERNEL_CODE_32, KERNEL_RIP, 4);
    writeCr(0, 0x11n);
    expect(cpu.state64(MSR_EFER)).toBe(0x901n);
    expect(cpu.event(() => writeCr(4, 0n))).toBeUndefined();
    expect(cpu.event(() => writeCr(0, PG | 1n))).toEqual(GP0);
    writeCr(4, PAE);
    writeCr(0, PG | 1n);
    expect(cpu.state64(MSR_EFER)).toBe(0xd01n);
    expect(cpu.state32(MODE) & 3).toBe(MODE_CODE_32);
    cpu.exports.farJump(cpu.record(), KERNEL_CODE, KERNEL_RIP, 4);
    expect(cpu.state32(MODE) & 3).toBe(MODE_CODE_64);
  });

  test('without LME, PG leaves long mode off', () => {
    cpu.exports.farJump(cpu.record(), KERNEL_CODE_32, KERNEL_RIP, 4);
    writeCr(0, 0x11n);
    cpu.setState64(MSR_EFER, 1n);
    writeCr(0, PG | 1n);
    expect(cpu.state64(MSR_EFER)).toBe(1n);
  });

  test('CR0.PE clear is real mode at CPL 0', () => {
    cpu.exports.farJump(cpu.record(), KERNEL_CODE_32, KERNEL_RIP, 4);
    writeCr(0, 0x11n);
    writeCr(0, 0x10n);
    expect(cpu.state32(MODE) & MODE_REAL).toBe(MODE_REAL);
    expect(cpu.state32(CPL)).toBe(0);
  });

  test('CR3: address bits above 40 are reserved; bit 63 needs PCIDE', () => {
    expect(cpu.event(() => writeCr(3, 1n << 40n))).toEqual(GP0);
    expect(cpu.event(() => writeCr(3, 1n << 63n))).toEqual(GP0);
    writeCr(3, 0x40_0018n);
    expect(readCr(3)).toBe(0x40_0018n);
  });

  test('CR4: only announced features, and PAE stays in long mode', () => {
    for (const bit of [12n, 13n, 14n, 23n, 32n]) {
      expect(cpu.event(() => writeCr(4, PAE | (1n << bit)))).toEqual(GP0);
    }
    expect(cpu.event(() => writeCr(4, 0n))).toEqual(GP0);
    // Firmware sets MCE, bit 6, unasked.
    writeCr(4, PAE | 0x31_0fffn | OSXSAVE);
    expect(readCr(4)).toBe(0x35_0fffn);
  });

  test('CR4.LA57 is for processors that have it, and stays as it is in long mode', () => {
    cpu.offerLa57(true);
    expect(cpu.event(() => writeCr(4, PAE | LA57))).toEqual(GP0);
    cpu.exports.farJump(cpu.record(), KERNEL_CODE_32, KERNEL_RIP, 4);
    writeCr(0, 0x11n);
    cpu.setState64(MSR_EFER, 0n);
    writeCr(4, PAE | LA57);
    expect(readCr(4)).toBe(PAE | LA57);
    cpu.offerLa57(false);
    expect(cpu.event(() => writeCr(4, PAE | LA57))).toEqual(GP0);
  });

  test('PCIDE needs long mode and PCID 0, and holds PG', () => {
    writeCr(3, 0x40_0001n);
    expect(cpu.event(() => writeCr(4, PAE | PCIDE))).toEqual(GP0);
    writeCr(3, 0x40_0000n);
    writeCr(4, PAE | PCIDE);
    expect(readCr(4)).toBe(PAE | PCIDE);
    cpu.exports.farJump(cpu.record(), KERNEL_CODE_32, KERNEL_RIP, 4);
    expect(cpu.event(() => writeCr(0, 0x11n))).toEqual(GP0);
  });

  test('PCIDE outside long mode faults', () => {
    cpu.exports.farJump(cpu.record(), KERNEL_CODE_32, KERNEL_RIP, 4);
    writeCr(0, 0x11n);
    expect(cpu.event(() => writeCr(4, PAE | PCIDE))).toEqual(GP0);
  });

  test('with PCIDE, bit 63 of CR3 is no part of it, and keeps the translations of the same tables', () => {
    const same = readCr(3);
    writeCr(4, PAE | PCIDE);
    cpu.touch(0x1000n);
    writeCr(3, same | (1n << 63n));
    expect(readCr(3)).toBe(same);
    expect(cpu.isCached(0x1000n)).toBe(true);
    writeCr(3, same);
    expect(cpu.isCached(0x1000n)).toBe(false);
    cpu.touch(0x1000n);
    writeCr(3, same | 5n | (1n << 63n));
    expect(readCr(3)).toBe(same | 5n);
    expect(cpu.isCached(0x1000n)).toBe(false);
  });

  test('writes that change translation flush the TLB', () => {
    for (const write of [
      () => writeCr(3, readCr(3)),
      () => writeCr(4, PAE | 0x80n),
      () => writeCr(4, PAE | (1n << 20n)),
      () => writeCr(0, 0x8000_0011n),
      () => cpu.exports.invlpg(cpu.record(), 0x1000n),
    ]) {
      cpu.touch(0x1000n);
      write();
      expect(cpu.isCached(0x1000n)).toBe(false);
    }
    cpu.touch(0x1000n);
    writeCr(0, 0x8000_0019n);
    expect(cpu.isCached(0x1000n)).toBe(true);
  });

  test('CR8 is the task priority of the APIC', () => {
    writeCr(8, 9n);
    expect(cpu.log).toEqual(['cr8 9']);
    expect(readCr(8)).toBe(5n);
    expect(cpu.event(() => writeCr(8, 16n))).toEqual(GP0);
  });

  test('LMSW sets PE, MP, EM and TS but cannot clear PE; CLTS clears TS', () => {
    cpu.exports.lmsw(cpu.record(), 0xfffe);
    expect(cpu.state64(CR0)).toBe(0x8001_001fn);
    cpu.exports.lmsw(cpu.record(), 0x8);
    expect(cpu.state64(CR0)).toBe(0x8001_0019n);
    cpu.exports.clts(cpu.record());
    expect(cpu.state64(CR0)).toBe(0x8001_0011n);
  });

  test('SMSW and SGDT work at CPL 3 unless CR4.UMIP forbids', () => {
    cpu.enterUser();
    expect(cpu.exports.smsw(cpu.record())).toBe(0x8001_0011n);
    cpu.setState64(CR4, PAE | 0x800n);
    expect(cpu.event(() => cpu.exports.smsw(cpu.record()))).toEqual(GP0);
    expect(cpu.event(() => cpu.exports.storeTableRegister(cpu.record(), 0, USER_STACK, 8))).toEqual(GP0);
    expect(cpu.event(() => cpu.exports.storeSystemSelector(cpu.record(), 7))).toEqual(GP0);
  });
});

describe('debug registers', () => {
  test('keep the fixed bits of DR6 and DR7', () => {
    cpu.exports.writeDr(cpu.record(), 6, 0n);
    cpu.exports.writeDr(cpu.record(), 7, 0xffff_ffffn & ~(1n << 13n));
    expect(cpu.exports.readDr(cpu.record(), 6)).toBe(0xffff_0ff0n);
    expect(cpu.exports.readDr(cpu.record(), 7)).toBe(0xffff_07ffn);
    expect(cpu.event(() => cpu.exports.writeDr(cpu.record(), 7, 1n << 32n))).toEqual(GP0);
  });

  test('DR4 and DR5 are DR6 and DR7 unless CR4.DE is set', () => {
    cpu.exports.writeDr(cpu.record(), 5, 0x401n);
    expect(cpu.exports.readDr(cpu.record(), 7)).toBe(0x401n);
    writeCr(4, PAE | 8n);
    expect(cpu.event(() => cpu.exports.readDr(cpu.record(), 5))).toEqual(UNDEFINED);
  });

  test('DR7.GD makes an access #DB, once', () => {
    cpu.exports.writeDr(cpu.record(), 7, 1n << 13n);
    cpu.deliver(() => cpu.exports.readDr(cpu.record(), 0));
    expect(cpu.state64(RIP)).toBe(handlerOf(1));
    expect(cpu.state64(DR + 48)).toBe(0xffff_2ff0n);
    expect(cpu.exports.readDr(cpu.record(), 0)).toBe(0n);
  });
});

describe('XCR0', () => {
  test('is accessible with CR4.OSXSAVE and takes only supported states', () => {
    cpu.setGpr(RCX, 0n);
    expect(cpu.event(() => cpu.exports.xgetbv(cpu.record()))).toEqual(UNDEFINED);
    writeCr(4, PAE | OSXSAVE);
    cpu.setGpr(RAX, 3n);
    cpu.setGpr(RDX, 0n);
    cpu.exports.xsetbv(cpu.record());
    expect(cpu.state64(XCR0)).toBe(3n);
    cpu.setGpr(RAX, 0n);
    const xgetbv = (index: bigint): bigint => {
      cpu.setGpr(RAX, 0n);
      cpu.setGpr(RCX, index);
      cpu.exports.xgetbv(cpu.record());
      return cpu.gpr(RAX);
    };
    expect(xgetbv(0n)).toBe(3n);
    // In use is what is not as it was initially.
    expect(xgetbv(1n)).toBe(0n);
    cpu.setState64(YMM + 15 * 32 + 8, 1n);
    expect(xgetbv(1n)).toBe(2n);
    // AVX is not enabled.
    cpu.setState64(YMM + 16, 1n);
    expect(xgetbv(1n)).toBe(2n);
    cpu.setGpr(RCX, 2n);
    expect(cpu.event(() => cpu.exports.xgetbv(cpu.record()))).toEqual(GP0);
    cpu.setGpr(RCX, 0n);
    for (const value of [0n, 2n, 5n, 0x200n]) {
      cpu.setGpr(RAX, value);
      expect(cpu.event(() => cpu.exports.xsetbv(cpu.record()))).toEqual(GP0);
    }
    cpu.setGpr(RAX, 3n);
    cpu.enterUser();
    expect(cpu.event(() => cpu.exports.xsetbv(cpu.record()))).toEqual(GP0);
  });
});
