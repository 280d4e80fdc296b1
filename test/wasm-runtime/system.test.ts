import { beforeEach, describe, expect, test } from 'vitest';
import { GDTR_BASE, GDTR_LIMIT, MSR_TSC_AUX, SEGMENT_FS } from '../../src/layout/cpu-state.ts';
import { MODE_VIEW_SHIFT } from '../../src/layout/mode.ts';
import { MODE } from '../../src/layout/runtime-state.ts';
import { VIEW_SUPERVISOR, VIEW_SUPERVISOR_AC } from '../../src/layout/tlb.ts';
import { AC, GP, PF, ProcessorRuntime, RAX, RCX, RDX, UD, USER_STACK } from './processor-runtime.ts';

const GP0 = { vector: GP, error: 0 };
const UNDEFINED = { vector: UD, error: -1 };
const NON_CANONICAL = 0x8000_0000_0000n;
const PAE = 0x20n;
const SMAP = 1n << 21n;
const writeCr = (index: number, value: bigint) => cpu.exports.writeCr(cpu.record(), index, value);

let cpu: ProcessorRuntime;
beforeEach(() => {
  cpu = ProcessorRuntime.create();
});

describe('descriptor table registers', () => {
  test('LGDT and SGDT with 64-bit operands', () => {
    cpu.write64(0x9000n, 0xffff_8000_1234_0fffn);
    cpu.write64(0x9008n, 0xffffn);
    cpu.exports.loadTableRegister(cpu.record(), 0, 0x9000n, 8);
    expect(cpu.state64(GDTR_BASE)).toBe(0xffff_ffff_8000_1234n);
    expect(cpu.state32(GDTR_LIMIT)).toBe(0xfff);
    cpu.exports.storeTableRegister(cpu.record(), 0, 0x9100n, 8);
    expect(cpu.read64(0x9100n)).toBe(0xffff_8000_1234_0fffn);
    expect(cpu.read64(0x9108n)).toBe(0xffffn);
  });

  test('a 16-bit operand takes 24 bits of base', () => {
    cpu.write64(0x9000n, 0x1234_5678_0fffn);
    cpu.exports.loadTableRegister(cpu.record(), 0, 0x9000n, 2);
    expect(cpu.state64(GDTR_BASE)).toBe(0x34_5678n);
    cpu.exports.loadTableRegister(cpu.record(), 0, 0x9000n, 4);
    expect(cpu.state64(GDTR_BASE)).toBe(0x1234_5678n);
  });

  test('LGDT faults at CPL 3 and on a base that is not canonical', () => {
    cpu.write64(0x9000n, NON_CANONICAL << 16n);
    cpu.write64(0x9008n, 0n);
    expect(cpu.event(() => cpu.exports.loadTableRegister(cpu.record(), 0, 0x9000n, 8))).toEqual(GP0);
    cpu.enterUser();
    expect(cpu.event(() => cpu.exports.loadTableRegister(cpu.record(), 0, USER_STACK, 8))).toEqual(GP0);
  });

  test('SGDT stores nothing if it cannot store everything', () => {
    cpu.enterUser();
    cpu.write64(0x3f_fff8n, 0n);
    const event = cpu.event(() => cpu.exports.storeTableRegister(cpu.record(), 0, 0x3f_fffan, 8));
    expect(event?.vector).toBe(PF);
    expect(cpu.read64(0x3f_fff8n)).toBe(0n);
  });
});

describe('INVPCID', () => {
  test('flushes by type and checks its descriptor', () => {
    const invpcid = (type: bigint) => cpu.exports.invpcid(cpu.record(), type, 0x9000n);
    cpu.write64(0x9000n, 0n);
    cpu.write64(0x9008n, 0x1000n);
    for (const type of [0n, 1n, 2n, 3n]) {
      cpu.touch(0x1000n);
      invpcid(type);
      expect(cpu.isCached(0x1000n)).toBe(false);
    }
    expect(cpu.event(() => invpcid(4n))).toEqual(GP0);
    cpu.write64(0x9008n, NON_CANONICAL);
    expect(cpu.event(() => invpcid(0n))).toEqual(GP0);
    cpu.write64(0x9000n, 1n);
    expect(cpu.event(() => invpcid(1n))).toEqual(GP0);
  });
});

describe('flags of the system', () => {
  test('STAC and CLAC change the view when SMAP is on', () => {
    cpu.exports.setAlignmentCheck(cpu.record(), 1);
    expect(cpu.flags & AC).toBe(AC);
    expect(cpu.state32(MODE) >> MODE_VIEW_SHIFT).toBe(VIEW_SUPERVISOR);
    writeCr(4, PAE | SMAP);
    expect(cpu.state32(MODE) >> MODE_VIEW_SHIFT).toBe(VIEW_SUPERVISOR_AC);
    cpu.exports.setAlignmentCheck(cpu.record(), 0);
    expect(cpu.state32(MODE) >> MODE_VIEW_SHIFT).toBe(VIEW_SUPERVISOR);
    cpu.enterUser();
    expect(cpu.event(() => cpu.exports.setAlignmentCheck(cpu.record(), 1))).toEqual(UNDEFINED);
  });
});

describe('segment bases', () => {
  test('RDFSBASE and WRFSBASE need CR4.FSGSBASE, and a canonical base', () => {
    expect(cpu.event(() => cpu.exports.readSegmentBase(cpu.record(), SEGMENT_FS))).toEqual(UNDEFINED);
    writeCr(4, PAE | 0x1_0000n);
    cpu.enterUser();
    cpu.exports.writeSegmentBase(cpu.record(), SEGMENT_FS, 0x7fff_ffff_f000n);
    expect(cpu.exports.readSegmentBase(cpu.record(), SEGMENT_FS)).toBe(0x7fff_ffff_f000n);
    expect(cpu.event(() => cpu.exports.writeSegmentBase(cpu.record(), SEGMENT_FS, NON_CANONICAL))).toEqual(
      GP0,
    );
  });
});

describe('time', () => {
  test('the TSC is machine time in nanoseconds', () => {
    cpu.now = 0x1_2345_6789;
    cpu.setGpr(RAX, -1n);
    cpu.setState32(MSR_TSC_AUX, 7);
    cpu.exports.rdtscp(cpu.record());
    expect([cpu.gpr(RDX), cpu.gpr(RAX), cpu.gpr(RCX)]).toEqual([1n, 0x2345_6789n, 7n]);
  });

  test('CR4.TSD keeps it from CPL 3', () => {
    writeCr(4, PAE | 4n);
    expect(cpu.event(() => cpu.exports.rdtsc(cpu.record()))).toBeUndefined();
    cpu.enterUser();
    expect(cpu.event(() => cpu.exports.rdtsc(cpu.record()))).toEqual(GP0);
  });
});
