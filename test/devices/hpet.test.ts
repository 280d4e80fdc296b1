import { beforeEach, describe, expect, test } from 'vitest';
import { Hpet } from '../../src/devices/hpet.ts';
import { MmioBus } from '../../src/devices/mmio-bus.ts';
import { Bench, ProbeLine } from './device-bench.ts';

const CONFIGURATION = 0x10;
const STATUS = 0x20;
const COUNTER = 0xf0;
const ENABLE = 1;
const LEGACY = 2;

const LEVEL = 1 << 1;
const INT_ENB = 1 << 2;
const PERIODIC = 1 << 3;
const VAL_SET = 1 << 6;
const MODE_32 = 1 << 8;
const route = (input: number) => input << 9;
const configurationOf = (timer: number) => 0x100 + 0x20 * timer;
const comparatorOf = (timer: number) => 0x108 + 0x20 * timer;

let bench: Bench;
let lines: ProbeLine[];
let legacy: boolean[];
let hpet: Hpet;

function create(): Hpet {
  return new Hpet({
    clock: bench,
    timers: bench.timers,
    lines: (input) => lines[input],
    legacyReplacement: (on) => legacy.push(on),
  });
}

const read = (offset: number) => hpet.readMmio(offset, 4);
const write = (offset: number, value: number) => hpet.writeMmio(offset, 4, value);

beforeEach(() => {
  bench = new Bench(1234);
  lines = Array.from({ length: 24 }, () => new ProbeLine());
  legacy = [];
  hpet = create();
});

describe('capabilities and counter', () => {
  test('three 64-bit timers, legacy replacement, Intel, 10 ns', () => {
    expect(read(0x000)).toBe(0x8086_a201);
    expect(read(0x004)).toBe(10_000_000);
    expect(read(configurationOf(0)) & 0x30).toBe(0x30);
    expect(read(configurationOf(1)) & 0x30).toBe(0x20);
    expect(hpet.readMmio(0x002, 2)).toBe(0x8086);
    expect(hpet.readMmio(0x001, 1)).toBe(0xa2);
  });

  test('the counter stands still until it is enabled, then counts 10 ns', () => {
    bench.advance(1000);
    expect(read(COUNTER)).toBe(0);
    write(CONFIGURATION, ENABLE);
    bench.advance(1000);
    expect(read(COUNTER)).toBe(100);
    write(CONFIGURATION, 0);
    bench.advance(1000);
    expect(read(COUNTER)).toBe(100);
  });

  test('the counter carries into its upper half and is read whole', () => {
    const bus = new MmioBus();
    bus.add(0xfed0_0000, 0x400, hpet);
    bus.write64(0xfed0_00f0, 0x5_ffff_ffffn);
    expect(read(COUNTER + 4)).toBe(5);
    write(CONFIGURATION, ENABLE);
    bench.advance(20);
    expect(bus.read64(0xfed0_00f0)).toBe(0x6_0000_0001n);
    expect(read(COUNTER)).toBe(1);
    expect(read(COUNTER + 4)).toBe(6);
  });

  test('reserved and absent registers read zero', () => {
    expect(read(0x008)).toBe(0);
    expect(read(0x160)).toBe(0);
    expect(read(0x3fc)).toBe(0);
    write(0x3f8, 1);
  });
});

describe('one-shot', () => {
  test('an edge arrives exactly when the counter equals the comparator', () => {
    write(configurationOf(2), INT_ENB | route(21));
    write(comparatorOf(2), 500);
    write(comparatorOf(2) + 4, 0);
    write(CONFIGURATION, ENABLE);
    // Enabled at 1234 ns: the tick that began at 1230 ns is tick 0.
    bench.advance(5000 - 5);
    expect(lines[21].rises).toBe(0);
    bench.advance(1);
    expect(lines[21].rises).toBe(1);
    expect(lines[21].level).toBe(false);
    bench.advance(10_000_000);
    expect(lines[21].rises).toBe(1);
  });

  test('in 32-bit mode only the low half is compared, and again after it wraps', () => {
    hpet.writeMmio64(COUNTER, 0x7_ffff_ff00n);
    write(configurationOf(1), INT_ENB | MODE_32 | route(20));
    hpet.writeMmio64(comparatorOf(1), 0x1234_0000_0000n);
    expect(hpet.readMmio64(comparatorOf(1))).toBe(0n);
    write(CONFIGURATION, ENABLE);
    bench.advance(0x100 * 10);
    expect(lines[20].rises).toBe(1);
    bench.advance(2 ** 32 * 10);
    expect(lines[20].rises).toBe(2);
  });

  test('without INT_ENB nothing is signalled', () => {
    write(configurationOf(0), route(20));
    hpet.writeMmio64(comparatorOf(0), 10n);
    write(CONFIGURATION, ENABLE);
    bench.advance(1000);
    expect(lines.every((line) => line.rises === 0)).toBe(true);
    expect(bench.timers.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  });

  test('a comparator rewritten ahead of the counter moves the interrupt', () => {
    write(CONFIGURATION, ENABLE);
    write(configurationOf(0), INT_ENB | MODE_32 | route(20));
    write(comparatorOf(0), read(COUNTER) + 100);
    bench.advance(500);
    write(comparatorOf(0), read(COUNTER) + 100);
    bench.advance(900);
    expect(lines[20].rises).toBe(0);
    bench.advance(100);
    expect(lines[20].rises).toBe(1);
  });
});

describe('periodic', () => {
  /** What the Linux clock event driver does. */
  function startPeriodic(period: number): void {
    write(CONFIGURATION, LEGACY);
    const first = (read(COUNTER) + period) >>> 0;
    write(configurationOf(0), INT_ENB | PERIODIC | VAL_SET | MODE_32);
    write(comparatorOf(0), first);
    expect(read(configurationOf(0)) & VAL_SET).toBe(0);
    write(comparatorOf(0), period);
    write(CONFIGURATION, LEGACY | ENABLE);
  }

  test('the accumulator starts where VAL_SET put it and advances by the period', () => {
    hpet.writeMmio64(COUNTER, 0xffff_ff00n);
    startPeriodic(1000);
    expect(read(comparatorOf(0))).toBe((0xffff_ff00 + 1000) >>> 0);
    bench.advance(10_000);
    expect(lines[2].rises).toBe(1);
    expect(read(comparatorOf(0))).toBe((0xffff_ff00 + 2000) >>> 0);
    bench.advance(90_000);
    expect(lines[2].rises).toBe(10);
  });

  test('a write without VAL_SET changes only the period', () => {
    startPeriodic(1000);
    write(comparatorOf(0), 3000);
    expect(read(comparatorOf(0))).toBe(1000);
    bench.advance(10_000);
    expect(read(comparatorOf(0))).toBe(4000);
    expect(lines[2].rises).toBe(1);
    bench.advance(30_000);
    expect(lines[2].rises).toBe(2);
  });

  test('a machine that is late gets one interrupt and keeps the phase', () => {
    startPeriodic(1000);
    bench.skip(35_000);
    bench.advance(0);
    expect(lines[2].rises).toBe(1);
    bench.advance(5_000);
    expect(lines[2].rises).toBe(2);
  });

  test('the accumulator advances while the interrupt is disabled', () => {
    startPeriodic(1000);
    write(configurationOf(0), PERIODIC | MODE_32);
    bench.advance(55_000);
    expect(lines[2].rises).toBe(0);
    expect(read(comparatorOf(0))).toBe(6000);
  });

  test('timers 1 and 2 are not capable of it', () => {
    write(configurationOf(1), PERIODIC | INT_ENB);
    expect(read(configurationOf(1)) & PERIODIC).toBe(0);
  });
});

describe('level-triggered', () => {
  beforeEach(() => {
    write(configurationOf(2), INT_ENB | LEVEL | route(22));
    hpet.writeMmio64(comparatorOf(2), 100n);
    write(CONFIGURATION, ENABLE);
    bench.advance(1000);
  });

  test('the line follows the status bit, which is cleared by writing 1', () => {
    expect(lines[22].level).toBe(true);
    expect(read(STATUS)).toBe(0b100);
    write(STATUS, 0b011);
    expect(lines[22].level).toBe(true);
    write(STATUS, 0b100);
    expect(read(STATUS)).toBe(0);
    expect(lines[22].level).toBe(false);
  });

  test('halting the block releases the line and keeps the status', () => {
    write(CONFIGURATION, 0);
    expect(lines[22].level).toBe(false);
    expect(read(STATUS)).toBe(0b100);
  });

  test('the status appears with the interrupt disabled too', () => {
    write(STATUS, 0b100);
    write(configurationOf(2), LEVEL | route(22));
    hpet.writeMmio64(comparatorOf(2), hpet.readMmio64(COUNTER) + 10n);
    bench.advance(1000);
    expect(read(STATUS)).toBe(0b100);
    expect(lines[22].level).toBe(false);
  });

  test('two timers share an input', () => {
    write(configurationOf(1), INT_ENB | LEVEL | route(22));
    hpet.writeMmio64(comparatorOf(1), hpet.readMmio64(COUNTER) + 10n);
    bench.advance(1000);
    write(STATUS, 0b100);
    expect(lines[22].level).toBe(true);
    write(STATUS, 0b010);
    expect(lines[22].level).toBe(false);
  });
});

describe('routing', () => {
  test('only inputs in the capability mask are accepted', () => {
    const capability = read(configurationOf(0) + 4);
    expect(capability).toBe(0x00f0_0000);
    write(configurationOf(0), route(23));
    write(configurationOf(0), route(5));
    expect((read(configurationOf(0)) >> 9) & 0x1f).toBe(23);
  });

  test('legacy replacement sends timer 0 to IRQ 0 and timer 1 to IRQ 8 and is announced', () => {
    write(configurationOf(0), INT_ENB | route(20));
    write(configurationOf(1), INT_ENB | route(21));
    write(configurationOf(2), INT_ENB | route(22));
    for (const timer of [0, 1, 2]) hpet.writeMmio64(comparatorOf(timer), 10n);
    write(CONFIGURATION, ENABLE | LEGACY);
    expect(legacy).toEqual([true]);
    bench.advance(1000);
    expect([2, 8, 20, 21, 22].map((input) => lines[input].rises)).toEqual([1, 1, 0, 0, 1]);
    write(CONFIGURATION, ENABLE);
    expect(legacy).toEqual([true, false]);
  });
});

test('reset stops everything and ends legacy replacement', () => {
  write(configurationOf(2), INT_ENB | LEVEL | route(22));
  hpet.writeMmio64(comparatorOf(2), 1n);
  write(CONFIGURATION, ENABLE | LEGACY);
  bench.advance(100);
  hpet.reset();
  expect(lines[22].level).toBe(false);
  expect(legacy).toEqual([true, false]);
  expect(read(CONFIGURATION)).toBe(0);
  expect(read(COUNTER)).toBe(0);
  expect(hpet.readMmio64(comparatorOf(2))).toBe(0xffff_ffff_ffff_ffffn);
  expect(bench.timers.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
});

test('a loaded state goes on where it was saved', () => {
  write(configurationOf(0), INT_ENB | PERIODIC | VAL_SET);
  hpet.writeMmio64(comparatorOf(0), 1000n);
  write(configurationOf(2), INT_ENB | LEVEL | route(22));
  hpet.writeMmio64(comparatorOf(2), 10n);
  write(CONFIGURATION, ENABLE | LEGACY);
  bench.advance(15_000);
  const state = hpet.save();
  expect(structuredClone(state)).toEqual(state);
  hpet.reset();
  lines[2].rises = 0;
  legacy = [];

  const copy = create();
  copy.load(state);
  expect(legacy).toEqual([true]);
  expect(lines[22].level).toBe(true);
  bench.advance(4_995);
  expect(lines[2].rises).toBe(0);
  bench.advance(1);
  expect(lines[2].rises).toBe(1);
  expect(copy.readMmio(COUNTER, 4)).toBe(2000);
});
