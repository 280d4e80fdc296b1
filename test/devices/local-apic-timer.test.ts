import { describe, expect, test } from 'vitest';
import { CRYSTAL_HZ, TSC_HZ } from '../../src/devices/local-apic.ts';
import { LocalApicFixture } from './local-apic-fixture.ts';

const LVT_TIMER = 0x320;
const INITIAL = 0x380;
const CURRENT = 0x390;
const DIVIDE = 0x3e0;
const ONE_SHOT = 0x30;
const PERIODIC = 0x20030;
const DEADLINE = 0x40030;
const DIVIDE_BY_1 = 0xb;

function withMode(lvt: number): LocalApicFixture {
  const f = new LocalApicFixture().softwareEnable();
  f.write(LVT_TIMER, lvt);
  f.write(DIVIDE, DIVIDE_BY_1);
  return f;
}

test('the clocks are those that CPUID announces', () => {
  expect(CRYSTAL_HZ).toBe(1_000_000_000);
  expect(TSC_HZ).toBe(1_000_000_000);
});

describe('counting modes', () => {
  test('one-shot counts down a tick a nanosecond and fires once', () => {
    const f = withMode(ONE_SHOT);
    f.write(INITIAL, 4000);
    expect(f.read(CURRENT)).toBe(4000);
    f.clock.advanceTo(1000);
    expect(f.read(CURRENT)).toBe(3000);
    f.clock.advanceTo(3999);
    expect(f.read(CURRENT)).toBe(1);
    expect(f.take()).toBeUndefined();
    f.clock.advanceTo(4000);
    expect(f.read(CURRENT)).toBe(0);
    expect(f.take()).toBe(0x30);
    f.clock.advanceTo(100_000);
    expect(f.take()).toBeUndefined();
    expect(f.read(INITIAL)).toBe(4000);
  });

  test.each([
    [0x0, 2],
    [0x1, 4],
    [0x2, 8],
    [0x3, 16],
    [0x8, 32],
    [0x9, 64],
    [0xa, 128],
    [0xb, 1],
  ])('divide configuration %i divides by %i', (configuration, divisor) => {
    const f = withMode(ONE_SHOT);
    f.write(DIVIDE, configuration);
    f.write(INITIAL, 400);
    f.clock.advanceTo(400 * divisor - 1);
    expect(f.take()).toBeUndefined();
    f.clock.advanceTo(400 * divisor);
    expect(f.take()).toBe(0x30);
  });

  test('periodic reloads without drift; missed periods collapse', () => {
    const f = withMode(PERIODIC);
    f.write(INITIAL, 1000);
    for (let period = 1; period <= 5; period++) {
      f.clock.advanceTo(period * 1000 - 1);
      expect(f.take()).toBeUndefined();
      f.clock.advanceTo(period * 1000);
      expect(f.take()).toBe(0x30);
      expect(f.read(CURRENT)).toBe(1000);
    }
    f.clock.skipTo(9500);
    expect(f.read(CURRENT)).toBe(500);
    f.clock.advanceTo(9500);
    expect(f.take()).toBe(0x30);
    expect(f.take()).toBeUndefined();
    f.clock.advanceTo(9999);
    expect(f.take()).toBeUndefined();
    f.clock.advanceTo(10_000);
    expect(f.take()).toBe(0x30);
  });

  test('an initial count of 0 stops, a mask drops the interrupt, a new divisor keeps the count', () => {
    const f = withMode(PERIODIC);
    f.write(INITIAL, 1000);
    f.write(INITIAL, 0);
    expect(f.read(CURRENT)).toBe(0);
    f.clock.advanceTo(5000);
    expect(f.take()).toBeUndefined();
    f.write(LVT_TIMER, ONE_SHOT | 0x10000);
    f.write(INITIAL, 400);
    f.clock.advanceTo(6000);
    f.write(LVT_TIMER, ONE_SHOT);
    expect(f.take()).toBeUndefined();
    f.write(INITIAL, 800);
    f.clock.advanceTo(6400);
    f.write(DIVIDE, 0);
    expect(f.read(CURRENT)).toBe(400);
    f.clock.advanceTo(7199);
    expect(f.take()).toBeUndefined();
    f.clock.advanceTo(7200);
    expect(f.take()).toBe(0x30);
  });

  test('the count goes on between one-shot and periodic', () => {
    const f = withMode(ONE_SHOT);
    f.write(INITIAL, 4000);
    f.clock.advanceTo(2000);
    f.write(LVT_TIMER, PERIODIC);
    expect(f.read(CURRENT)).toBe(2000);
    f.clock.advanceTo(8000);
    expect(f.take()).toBe(0x30);
    expect(f.read(CURRENT)).toBe(4000);
  });

  test('a count that is over when the timer becomes periodic stays over', () => {
    const f = withMode(ONE_SHOT);
    f.write(INITIAL, 4000);
    f.clock.skipTo(5000);
    f.write(LVT_TIMER, PERIODIC);
    expect(f.read(CURRENT)).toBe(0);
    expect(f.take()).toBe(0x30);
    f.clock.advanceTo(100_000);
    expect(f.take()).toBeUndefined();
    expect(f.read(CURRENT)).toBe(0);
  });

  test.each([
    ['a mask', (f: LocalApicFixture) => f.write(LVT_TIMER, ONE_SHOT | 0x10000)],
    ['another vector', (f: LocalApicFixture) => f.write(LVT_TIMER, ONE_SHOT + 1)],
    ['a new count', (f: LocalApicFixture) => f.write(INITIAL, 40_000)],
    ['a new divisor', (f: LocalApicFixture) => f.write(DIVIDE, 0)],
    ['a read', (f: LocalApicFixture) => f.read(CURRENT)],
  ])('%s comes after the interrupt that is due already', (_name, access) => {
    const f = withMode(ONE_SHOT);
    f.write(INITIAL, 4000);
    f.clock.skipTo(4000);
    access(f);
    expect(f.take()).toBe(0x30);
    f.clock.advanceTo(5000);
    expect(f.take()).toBeUndefined();
  });

  test('IA32_TSC_DEADLINE ignores writes and reads 0', () => {
    const f = withMode(ONE_SHOT);
    expect(f.apic.writeMsr(0x6e0, 100n)).toBe(true);
    expect(f.apic.readMsr(0x6e0)).toBe(0n);
    f.clock.advanceTo(1000);
    expect(f.take()).toBeUndefined();
  });
});

describe('TSC-deadline mode', () => {
  test('fires at the deadline, then reads 0; the counts are dead', () => {
    const f = withMode(DEADLINE);
    f.apic.writeMsr(0x6e0, 5000n);
    f.write(INITIAL, 10);
    expect(f.read(INITIAL)).toBe(0);
    expect(f.read(CURRENT)).toBe(0);
    expect(f.apic.readMsr(0x6e0)).toBe(5000n);
    f.clock.advanceTo(4999);
    expect(f.take()).toBeUndefined();
    f.clock.advanceTo(5000);
    expect(f.apic.readMsr(0x6e0)).toBe(0n);
    expect(f.take()).toBe(0x30);
    f.clock.advanceTo(50_000);
    expect(f.take()).toBeUndefined();
  });

  test('a deadline already past fires at once', () => {
    const f = withMode(DEADLINE);
    f.clock.advanceTo(1000);
    f.apic.writeMsr(0x6e0, 1000n);
    expect(f.apic.readMsr(0x6e0)).toBe(0n);
    expect(f.take()).toBe(0x30);
  });

  test('0 disarms, a later write moves, the largest deadline never comes', () => {
    const f = withMode(DEADLINE);
    f.apic.writeMsr(0x6e0, 1000n);
    f.apic.writeMsr(0x6e0, 0n);
    f.clock.advanceTo(2000);
    expect(f.take()).toBeUndefined();
    f.apic.writeMsr(0x6e0, 3000n);
    f.apic.writeMsr(0x6e0, 4000n);
    f.clock.advanceTo(3999);
    expect(f.take()).toBeUndefined();
    f.clock.advanceTo(4000);
    expect(f.take()).toBe(0x30);
    f.apic.writeMsr(0x6e0, 0xffff_ffff_ffff_ffffn);
    f.clock.advanceTo(1e15);
    expect(f.take()).toBeUndefined();
  });

  test('deadlines are in the guest TSC; moving the TSC moves the event', () => {
    const f = withMode(DEADLINE);
    f.clock.advanceTo(10_000);
    f.apic.tscOffset = -10_000n; // the guest wrote 0 to its TSC
    f.apic.writeMsr(0x6e0, 500n);
    expect(f.take()).toBeUndefined();
    f.clock.advanceTo(10_500);
    expect(f.take()).toBe(0x30);
    f.apic.writeMsr(0x6e0, 10_000n);
    f.apic.tscOffset = 0n;
    expect(f.take()).toBe(0x30);
  });

  test('entering and leaving the mode disarms', () => {
    const f = withMode(DEADLINE);
    f.apic.writeMsr(0x6e0, 1000n);
    f.write(LVT_TIMER, ONE_SHOT);
    f.write(LVT_TIMER, DEADLINE);
    expect(f.apic.readMsr(0x6e0)).toBe(0n);
    f.clock.advanceTo(2000);
    expect(f.take()).toBeUndefined();
    f.write(LVT_TIMER, PERIODIC);
    f.write(INITIAL, 100);
    f.write(LVT_TIMER, DEADLINE);
    f.clock.advanceTo(20_000);
    expect(f.take()).toBeUndefined();
    f.write(LVT_TIMER, PERIODIC);
    expect(f.read(CURRENT)).toBe(0);
  });

  test('rewriting the LVT entry without changing the mode keeps the deadline', () => {
    const f = withMode(DEADLINE);
    f.apic.writeMsr(0x6e0, 1000n);
    f.write(LVT_TIMER, DEADLINE | 0x10000);
    f.write(LVT_TIMER, DEADLINE + 1);
    f.clock.advanceTo(1000);
    expect(f.take()).toBe(0x31);
  });
});
