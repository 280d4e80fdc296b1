import { beforeEach, describe, expect, test } from 'vitest';
import { Mc146818 } from '../../src/devices/mc146818.ts';
import { PortBus } from '../../src/devices/port-bus.ts';
import { Bench, ProbeLine } from './device-bench.ts';

const SECOND = 1_000_000_000;
/** A Friday afternoon, a quarter of a second after the full second. */
const EPOCH = Date.UTC(2024, 1, 28, 23, 59, 58, 250) + 86_400_000 * 2;

const A = 0x0a;
const B = 0x0b;
const C = 0x0c;
const D = 0x0d;
const SET = 0x80;
const PIE = 0x40;
const AIE = 0x20;
const UIE = 0x10;
const BINARY = 0x04;
const HOUR_24 = 0x02;

let bench: Bench;
let line: ProbeLine;
let rtc: Mc146818;
let ports: PortBus;

/** Makes the chip the one at its ports. */
function create(epochMilliseconds = EPOCH): Mc146818 {
  const chip = new Mc146818({
    clock: bench,
    timers: bench.timers,
    line,
    epochMilliseconds,
    memory: { below4GiB: 3 * 2 ** 30, above4GiB: 5 * 2 ** 30 },
  });
  ports = new PortBus();
  ports.add(0x70, 2, chip);
  return chip;
}

function read(register: number): number {
  ports.write(0x70, 1, register);
  return ports.read(0x71, 1);
}

function write(register: number, value: number): void {
  ports.write(0x70, 1, register);
  ports.write(0x71, 1, value);
}

/** Century, year, month, day, day of week, hours, minutes, seconds as the bytes read. */
const time = () => [0x32, 9, 8, 7, 6, 4, 2, 0].map(read);

beforeEach(() => {
  bench = new Bench();
  line = new ProbeLine();
  rtc = create();
});

describe('time', () => {
  test('starts at the epoch, in BCD and 24 hours, and goes on with the machine', () => {
    expect(new Date(EPOCH).toISOString()).toBe('2024-03-01T23:59:58.250Z');
    expect(time()).toEqual([0x20, 0x24, 0x03, 0x01, 6, 0x23, 0x59, 0x58]);
    bench.advance(0.75 * SECOND - 1);
    expect(read(0)).toBe(0x58);
    bench.advance(1);
    expect(read(0)).toBe(0x59);
    bench.advance(SECOND);
    expect(time()).toEqual([0x20, 0x24, 0x03, 0x02, 7, 0x00, 0x00, 0x00]);
  });

  test('binary and 12-hour formats', () => {
    write(B, BINARY | HOUR_24);
    expect(time()).toEqual([20, 24, 3, 1, 6, 23, 59, 58]);
    write(B, BINARY);
    expect(read(4)).toBe(0x80 | 11);
    write(B, 0);
    expect(read(4)).toBe(0x80 | 0x11);
    bench.advance(2 * SECOND);
    expect(read(4)).toBe(0x12);
  });

  test('UIP is set for the last 244 us of each second', () => {
    bench.advance(0.75 * SECOND - 244_001);
    expect(read(A)).toBe(0x26);
    bench.advance(1);
    expect(read(A)).toBe(0xa6);
    bench.advance(244_000);
    expect(read(A)).toBe(0x26);
  });

  test('software sets the time as Linux does: SET, divider reset, write, release', () => {
    const control = read(B);
    const frequency = read(A);
    write(B, control | SET);
    write(A, frequency | 0x70);
    for (const [register, value] of [
      [9, 0x99],
      [8, 0x12],
      [7, 0x31],
      [4, 0x22],
      [2, 0x58],
      [0, 0x57],
      [0x32, 0x19],
    ]) {
      write(register, value);
    }
    bench.advance(10 * SECOND);
    expect(read(0)).toBe(0x57);
    write(B, control);
    write(A, frequency);
    expect(time()).toEqual([0x19, 0x99, 0x12, 0x31, 6, 0x22, 0x58, 0x57]);
    // The first update comes half a second after the divider starts.
    bench.advance(0.5 * SECOND - 1);
    expect(read(0)).toBe(0x57);
    bench.advance(1);
    expect(read(0)).toBe(0x58);
  });

  test('SET freezes the bytes and the clock goes on from them', () => {
    write(B, HOUR_24 | SET);
    bench.advance(5 * SECOND);
    expect(read(0)).toBe(0x58);
    expect(read(A) & 0x80).toBe(0);
    write(B, HOUR_24);
    expect(read(0)).toBe(0x58);
    bench.advance(SECOND);
    expect(read(0)).toBe(0x59);
  });

  test('a byte written without SET takes effect at once', () => {
    write(4, 0x05);
    expect(time()).toEqual([0x20, 0x24, 0x03, 0x01, 6, 0x05, 0x59, 0x58]);
  });

  test('12-hour time is understood', () => {
    write(B, SET);
    write(4, 0x92);
    write(B, 0);
    write(B, HOUR_24);
    expect(read(4)).toBe(0x12);
    write(B, SET);
    write(4, 0x12);
    write(B, 0);
    write(B, HOUR_24);
    expect(read(4)).toBe(0x00);
  });
});

describe('interrupts', () => {
  test('update-ended: at each change of the time, until register C is read', () => {
    write(B, HOUR_24 | UIE);
    bench.advance(0.75 * SECOND - 1);
    expect(line.level).toBe(false);
    bench.advance(1);
    expect(line.level).toBe(true);
    expect(read(0)).toBe(0x59);
    expect(read(C) & 0xf0).toBe(0x80 | 0x40 | UIE);
    expect(line.level).toBe(false);
    expect(read(C)).toBe(0);
    bench.advance(SECOND);
    expect(line.rises).toBe(2);
  });

  test('an interrupt that is not acknowledged stays one', () => {
    write(B, HOUR_24 | UIE);
    bench.advance(10 * SECOND);
    expect(line.rises).toBe(1);
  });

  test.each([
    [6, 1024],
    [15, 2],
    [3, 8192],
    [1, 256],
    [2, 128],
  ])('periodic rate %i is %i Hz', (rate, hertz) => {
    write(A, 0x20 | rate);
    line.onRise = () => {
      expect(read(C) & 0xc0).toBe(0xc0);
    };
    write(B, HOUR_24 | PIE);
    line.rises = 0;
    bench.advance(SECOND);
    expect(line.rises).toBe(hertz);
  });

  test('rate 0 has no periodic interrupt', () => {
    write(A, 0x20);
    write(B, HOUR_24 | PIE);
    bench.advance(SECOND);
    expect(line.rises).toBe(0);
  });

  test('the alarm comes at its time of day', () => {
    write(5, 0x00);
    write(3, 0x00);
    write(1, 0x05);
    write(B, HOUR_24 | AIE);
    bench.advance(6.75 * SECOND - 1);
    expect(line.level).toBe(false);
    bench.advance(1);
    expect(line.level).toBe(true);
    expect(read(C) & (0x80 | AIE)).toBe(0x80 | AIE);
    bench.advance(86_399 * SECOND);
    expect(line.rises).toBe(1);
    bench.advance(SECOND);
    expect(line.rises).toBe(2);
  });

  test('alarm bytes from C0H match anything', () => {
    write(5, 0xc0);
    write(3, 0xff);
    write(1, 0x10);
    line.onRise = () => {
      read(C);
    };
    write(B, HOUR_24 | AIE);
    bench.advance(180 * SECOND);
    expect(line.rises).toBe(3);
  });

  test('the flags of disabled interrupts can be polled', () => {
    write(5, 0x00);
    write(3, 0x00);
    write(1, 0x03);
    read(C);
    bench.skip(100 * SECOND);
    expect(read(C)).toBe(0x70);
    expect(read(C)).toBe(0);
    expect(line.rises).toBe(0);
  });

  test('enabling an interrupt whose flag is set raises it', () => {
    bench.advance(SECOND);
    write(B, HOUR_24 | UIE);
    expect(line.level).toBe(true);
  });

  test('setting SET clears UIE', () => {
    write(B, HOUR_24 | SET | UIE);
    expect(read(B)).toBe(HOUR_24 | SET);
  });
});

describe('registers and RAM', () => {
  test('register D says the RAM is valid; C and D are read-only', () => {
    write(D, 0);
    write(C, 0xff);
    expect(read(D)).toBe(0x80);
    expect(read(C)).toBe(0);
  });

  test('RAM keeps what is written', () => {
    write(0x0f, 0x5a);
    write(0x7f, 0xa5);
    expect([read(0x0f), read(0x7f)]).toEqual([0x5a, 0xa5]);
  });

  test('memory sizes and their checksum', () => {
    expect(read(0x15) | (read(0x16) << 8)).toBe(640);
    expect(read(0x17) | (read(0x18) << 8)).toBe(0xffff);
    expect(read(0x34) | (read(0x35) << 8)).toBe((3 * 2 ** 30 - 2 ** 24) / 65_536);
    expect(read(0x5b) | (read(0x5c) << 8) | (read(0x5d) << 16)).toBe((5 * 2 ** 30) / 65_536);
    let sum = 0;
    for (let register = 0x10; register <= 0x2d; register++) sum += read(register);
    expect((read(0x2e) << 8) | read(0x2f)).toBe(sum);
  });

  test('bit 7 of the index masks NMIs', () => {
    ports.write(0x70, 1, 0x8d);
    expect(rtc.isNmiMasked).toBe(true);
    expect(ports.read(0x71, 1)).toBe(0x80);
    ports.write(0x70, 1, 0x0d);
    expect(rtc.isNmiMasked).toBe(false);
  });
});

test('reset turns interrupts off and keeps time and RAM', () => {
  write(0x40, 0x77);
  write(0, 0x30);
  write(B, HOUR_24 | UIE | PIE | AIE | 0x08);
  bench.advance(SECOND);
  rtc.reset();
  expect(line.level).toBe(false);
  expect(read(B)).toBe(HOUR_24);
  expect(read(0x40)).toBe(0x77);
  expect(read(0)).toBe(0x31);
});

test('a loaded state goes on where it was saved', () => {
  write(B, HOUR_24 | UIE);
  write(0x40, 0x77);
  write(9, 0x30);
  bench.advance(SECOND);
  const state = rtc.save();
  expect(structuredClone(state)).toEqual(state);
  line = new ProbeLine();
  rtc = create(0);
  rtc.load(state);
  expect(line.level).toBe(true);
  expect(read(0x40)).toBe(0x77);
  expect(read(9)).toBe(0x30);
  expect(read(0)).toBe(0x59);
});
