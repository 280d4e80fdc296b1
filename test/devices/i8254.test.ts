import { beforeEach, describe, expect, test } from 'vitest';
import { I8254, PIT_HERTZ } from '../../src/devices/i8254.ts';
import { PortBus } from '../../src/devices/port-bus.ts';
import { timeOfTick } from '../../src/devices/ticks.ts';
import { Bench, ProbeLine } from './device-bench.ts';

let bench: Bench;
let line: ProbeLine;
let pit: I8254;
let ports: PortBus;

const out = (port: number, value: number) => ports.write(port, 1, value);
const inb = (port: number) => ports.read(port, 1);

function portsOf(chip: I8254): PortBus {
  const bus = new PortBus();
  bus.add(0x40, 4, chip);
  bus.add(0x61, 1, chip.portB);
  return bus;
}

/** Moves on by whole CLK pulses. */
function pulses(count: number): void {
  const tick = Math.floor((bench.now() * PIT_HERTZ) / 1e9 + 1e-6) + count;
  bench.advance(timeOfTick(tick, PIT_HERTZ) - bench.now());
}

/** Latches and reads counter `index`. */
function count(index: number): number {
  out(0x43, index << 6);
  return inb(0x40 + index) | (inb(0x40 + index) << 8);
}

function load(index: number, value: number): void {
  out(0x40 + index, value & 0xff);
  out(0x40 + index, value >> 8);
}

/** Reads the status byte by the read-back command. */
function status(index: number): number {
  out(0x43, 0xe0 | (2 << index));
  return inb(0x40 + index);
}

const out2 = () => (inb(0x61) & 0x20) !== 0;

beforeEach(() => {
  bench = new Bench();
  line = new ProbeLine();
  pit = new I8254({ clock: bench, timers: bench.timers, line });
  ports = portsOf(pit);
});

describe('counter 0 interrupts', () => {
  test('mode 2 interrupts once a period', () => {
    out(0x43, 0x34);
    load(0, 11_932);
    const before = line.rises;
    bench.advance(1_000_000_000);
    expect(line.rises - before).toBe(Math.floor(1_193_182 / 11_932));
    expect(line.level).toBe(true);
  });

  test('mode 3 has a square output and interrupts once a period', () => {
    out(0x43, 0x36);
    load(0, 1001);
    const before = line.rises;
    pulses(1 + 500);
    expect(line.level).toBe(true);
    pulses(1);
    expect(line.level).toBe(false);
    pulses(499);
    expect(line.level).toBe(false);
    pulses(1);
    expect(line.level).toBe(true);
    expect(line.rises - before).toBe(1);
    pulses(1001 * 3);
    expect(line.rises - before).toBe(4);
  });

  test('mode 0 interrupts once, one pulse after the count', () => {
    out(0x43, 0x30);
    load(0, 100);
    expect(line.level).toBe(false);
    pulses(100);
    expect(line.level).toBe(false);
    pulses(1);
    expect(line.level).toBe(true);
    pulses(200_000);
    expect(line.rises).toBe(1);
  });

  test('mode 0 without a count never interrupts', () => {
    out(0x43, 0x30);
    pulses(200_000);
    expect(line.rises).toBe(0);
    expect(bench.timers.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  });

  test('mode 4, the one-shot of Linux, strobes low for one pulse', () => {
    out(0x43, 0x38);
    const before = line.rises;
    load(0, 100);
    pulses(101);
    expect(status(0) & 0x80).toBe(0);
    expect(line.level).toBe(false);
    pulses(1);
    expect(line.level).toBe(true);
    expect(line.rises - before).toBe(1);
    pulses(200_000);
    expect(line.rises - before).toBe(1);
  });

  test('a new count in mode 2 takes over at the end of the period', () => {
    out(0x43, 0x34);
    load(0, 1000);
    pulses(1);
    const before = line.rises;
    pulses(500);
    load(0, 100);
    expect(status(0) & 0x40).toBe(0x40);
    pulses(499);
    expect(line.rises - before).toBe(0);
    pulses(1);
    expect(line.rises - before).toBe(1);
    expect(status(0) & 0x40).toBe(0);
    pulses(100);
    expect(line.rises - before).toBe(2);
  });

  test('a late machine gets one edge', () => {
    out(0x43, 0x34);
    load(0, 1000);
    const before = line.rises;
    bench.skip(100_000_000);
    bench.advance(0);
    expect(line.rises - before).toBe(1);
  });

  test('a read that comes before the timer does not lose the edge', () => {
    out(0x43, 0x34);
    load(0, 1000);
    pulses(1);
    load(0, 2000);
    const before = line.rises;
    bench.skip(1_000_000);
    count(0);
    expect(line.rises - before).toBe(1);
  });
});

describe('counting', () => {
  test('the count is loaded by the pulse after the write and goes down by one', () => {
    out(0x43, 0x34);
    load(0, 0x1234);
    pulses(1);
    expect(count(0)).toBe(0x1234);
    pulses(0x34);
    expect(count(0)).toBe(0x1200);
    pulses(0x1200 - 1);
    expect(count(0)).toBe(1);
    pulses(1);
    expect(count(0)).toBe(0x1234);
  });

  test('mode 0 wraps after the terminal count', () => {
    out(0x43, 0x30);
    load(0, 5);
    pulses(1 + 5 + 1);
    expect(count(0)).toBe(0xffff);
  });

  test('mode 3 counts down by two', () => {
    out(0x43, 0x36);
    load(0, 8);
    pulses(1);
    const seen = Array.from({ length: 8 }, () => {
      const value = count(0);
      pulses(1);
      return value;
    });
    expect(seen).toEqual([8, 6, 4, 2, 8, 6, 4, 2]);
  });

  test('mode 3 with an odd count is high for one pulse more', () => {
    out(0x43, 0x36);
    load(0, 5);
    pulses(1);
    const seen = Array.from({ length: 5 }, () => {
      const value = [count(0), status(0) >> 7];
      pulses(1);
      return value;
    });
    expect(seen).toEqual([
      [4, 1],
      [2, 1],
      [0, 1],
      [4, 0],
      [2, 0],
    ]);
  });

  test('a count of 0 is 65536', () => {
    out(0x43, 0x30);
    load(0, 0);
    pulses(65_536);
    expect(line.level).toBe(false);
    pulses(1);
    expect(line.level).toBe(true);
  });

  test('BCD', () => {
    out(0x43, 0x31);
    load(0, 0x1000);
    pulses(1);
    expect(count(0)).toBe(0x1000);
    pulses(1);
    expect(count(0)).toBe(0x0999);
    pulses(999);
    expect(line.level).toBe(true);
    pulses(1);
    expect(count(0)).toBe(0x9999);
  });

  test('single-byte access', () => {
    out(0x43, 0x14);
    out(0x40, 0x80);
    pulses(1 + 0x10);
    expect(inb(0x40)).toBe(0x70);
    expect(inb(0x40)).toBe(0x70);
    out(0x43, 0x24);
    out(0x40, 0x80);
    pulses(1 + 0x100);
    expect(inb(0x40)).toBe(0x7f);
  });

  test('a latched count stands until it is read, low byte first; a second latch is ignored', () => {
    out(0x43, 0x34);
    load(0, 0x8000);
    pulses(1);
    out(0x43, 0x00);
    pulses(0x100);
    out(0x43, 0x00);
    expect([inb(0x40), inb(0x40)]).toEqual([0x00, 0x80]);
    expect([inb(0x40), inb(0x40)]).toEqual([0x00, 0x7f]);
  });

  test('read-back latches status and count of several counters', () => {
    out(0x43, 0x34);
    load(0, 0x4000);
    out(0x43, 0x70);
    expect(status(1)).toBe(0x40 | 0x30);
    pulses(1);
    out(0x43, 0xc0 | 0x02);
    pulses(5);
    expect(inb(0x40)).toBe(0x80 | 0x34);
    expect([inb(0x40), inb(0x40)]).toEqual([0x00, 0x40]);
  });

  test('the mode field reads as written', () => {
    out(0x43, 0x3e);
    expect(status(0) & 0x3f).toBe(0x3e);
  });
});

describe('counter 2 and port B', () => {
  test('the calibration of Linux: 50 ms in mode 0 end when OUT 2 rises', () => {
    const latch = Math.floor(1_193_182 / 20);
    out(0x61, (inb(0x61) & ~0x02) | 0x01);
    out(0x43, 0xb0);
    out(0x42, latch & 0xff);
    out(0x42, latch >> 8);
    expect(out2()).toBe(false);
    bench.advance(49_990_000);
    expect(out2()).toBe(false);
    bench.advance(20_000);
    expect(out2()).toBe(true);
  });

  test('the quick calibration of Linux reads the high byte while it counts', () => {
    out(0x61, 0x01);
    out(0x43, 0xb0);
    out(0x42, 0xff);
    out(0x42, 0xff);
    bench.advance(2_000);
    const seen: number[] = [];
    for (let i = 0; i < 1000; i++) {
      inb(0x42);
      const high = inb(0x42);
      if (seen.at(-1) !== high) seen.push(high);
      bench.advance(2_000);
    }
    expect(seen.slice(0, 4)).toEqual([0xff, 0xfe, 0xfd, 0xfc]);
  });

  test('in mode 0 a low gate holds the count', () => {
    out(0x61, 0x01);
    out(0x43, 0xb0);
    load(2, 100);
    pulses(1 + 40);
    out(0x61, 0x00);
    pulses(1000);
    expect(count(2)).toBe(60);
    expect(out2()).toBe(false);
    out(0x61, 0x01);
    pulses(60);
    expect(out2()).toBe(true);
  });

  test('in mode 0 the first byte of a count stops the counter and lowers OUT', () => {
    out(0x61, 0x01);
    out(0x43, 0xb0);
    load(2, 10);
    pulses(20);
    expect(out2()).toBe(true);
    out(0x42, 10);
    expect(out2()).toBe(false);
    pulses(100);
    expect(out2()).toBe(false);
    out(0x42, 0);
    pulses(11);
    expect(out2()).toBe(true);
  });

  test.each([1, 5])('mode %i waits for a rising gate and can be triggered again', (mode) => {
    const active = () => (mode === 1 ? !out2() : out2());
    out(0x43, 0xb0 | (mode << 1));
    load(2, 100);
    pulses(500);
    expect(out2()).toBe(true);
    expect(status(2) & 0x40).toBe(0x40);
    out(0x61, 0x01);
    pulses(1);
    expect(active()).toBe(true);
    pulses(50);
    out(0x61, 0x00);
    out(0x61, 0x01);
    pulses(1 + 99);
    expect(active()).toBe(true);
    pulses(1);
    expect(out2()).toBe(mode === 1);
    pulses(1);
    expect(out2()).toBe(true);
  });

  test('in modes 2 and 3 a low gate forces OUT high and a rising one starts over', () => {
    out(0x61, 0x01);
    out(0x43, 0xb6);
    load(2, 100);
    pulses(1 + 60);
    expect(out2()).toBe(false);
    out(0x61, 0x00);
    expect(out2()).toBe(true);
    pulses(1000);
    out(0x61, 0x01);
    pulses(1 + 49);
    expect(out2()).toBe(true);
    pulses(1);
    expect(out2()).toBe(false);
  });

  test('port B keeps its low four bits, shows no NMI source, and its refresh bit toggles', () => {
    out(0x61, 0xff);
    expect(inb(0x61) & 0xcf).toBe(0x0f);
    const before = inb(0x61) & 0x10;
    bench.advance(15_085);
    expect(inb(0x61) & 0x10).toBe(before ^ 0x10);
  });
});

test('the control port can not be read; wide accesses are bytes', () => {
  expect(inb(0x43)).toBe(0xff);
  out(0x43, 0x34);
  load(0, 0x5678);
  pulses(1);
  expect(ports.read(0x40, 2) & 0xff).toBe(0x78);
});

test('reset stops all counters', () => {
  out(0x43, 0x34);
  load(0, 100);
  pulses(10);
  pit.reset();
  expect(line.level).toBe(false);
  expect(bench.timers.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  expect(inb(0x61) & 0x0f).toBe(0);
});

test('a loaded state goes on where it was saved', () => {
  out(0x43, 0x34);
  load(0, 1000);
  out(0x61, 0x01);
  out(0x43, 0xb0);
  load(2, 2000);
  pulses(501);
  const state = pit.save();
  expect(structuredClone(state)).toEqual(state);
  pit.reset();
  const copyLine = new ProbeLine();
  const copy = new I8254({ clock: bench, timers: bench.timers, line: copyLine });
  copy.load(state);
  copyLine.rises = 0;
  pulses(499);
  expect(copyLine.rises).toBe(0);
  pulses(1);
  expect(copyLine.rises).toBe(1);
  pulses(1000);
  expect(portsOf(copy).read(0x61, 1) & 0x21).toBe(0x21);
});
