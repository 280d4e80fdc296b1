import { beforeEach, expect, test } from 'vitest';
import type { MmioHandler } from '../../src/devices/device.ts';
import { MmioBus, type WideMmioHandler } from '../../src/devices/mmio-bus.ts';

let log: string[];

function handler(name: string, value = 0): MmioHandler {
  return {
    readMmio: (offset, size) => {
      log.push(`${name} read ${offset.toString(16)} ${size}`);
      return value;
    },
    writeMmio: (offset, size, written) => {
      log.push(`${name} write ${offset.toString(16)} ${size} ${written.toString(16)}`);
    },
  };
}

beforeEach(() => {
  log = [];
});

test('handlers get offsets in their own range, also above 4 GiB', () => {
  const bus = new MmioBus();
  bus.add(0xfed0_0000, 0x400, handler('hpet', 1));
  bus.add(0xfec0_0000, 0x1000, handler('ioapic', 2));
  bus.add(0x80_0000_0000, 0x1000, handler('high', 3));
  expect(bus.read(0xfed0_03ff, 1)).toBe(1);
  expect(bus.read(0xfec0_0010, 4)).toBe(2);
  expect(bus.read(0x80_0000_0ffe, 2)).toBe(3);
  bus.write(0xfec0_0010, 4, 0xffff_ffff);
  expect(log).toEqual([
    'hpet read 3ff 1',
    'ioapic read 10 4',
    'high read ffe 2',
    'ioapic write 10 4 ffffffff',
  ]);
});

test('unclaimed addresses read all ones and swallow writes', () => {
  const bus = new MmioBus();
  bus.add(0x1000, 0x1000, handler('a'));
  expect(bus.read(0xfff, 1)).toBe(0xff);
  expect(bus.read(0x2000, 2)).toBe(0xffff);
  expect(bus.read(0x8000, 4)).toBe(0xffff_ffff);
  expect(bus.read64(0x8000)).toBe(0xffff_ffff_ffff_ffffn);
  bus.write(0x8000, 4, 1);
  bus.write64(0x8000, 1n);
  expect(log).toEqual([]);
});

test('8-byte accesses are two of 4, low half first', () => {
  const bus = new MmioBus();
  bus.add(0x1000, 0x1000, handler('a', 0x8000_0001));
  expect(bus.read64(0x1008)).toBe(0x8000_0001_8000_0001n);
  bus.write64(0x1008, 0x1111_2222_3333_4444n);
  expect(log).toEqual(['a read 8 4', 'a read c 4', 'a write 8 4 33334444', 'a write c 4 11112222']);
});

test('a wide handler gets aligned 8-byte accesses whole', () => {
  const bus = new MmioBus();
  const wide: WideMmioHandler = {
    ...handler('wide', 0x55),
    readMmio64: (offset) => {
      log.push(`wide read64 ${offset.toString(16)}`);
      return 0x1234_5678_9abc_def0n;
    },
    writeMmio64: (offset, value) => {
      log.push(`wide write64 ${offset.toString(16)} ${value.toString(16)}`);
    },
  };
  bus.add(0x1000, 0x10, wide);
  expect(bus.read64(0x1008)).toBe(0x1234_5678_9abc_def0n);
  bus.write64(0x1000, -1n);
  expect(log).toEqual(['wide read64 8', 'wide write64 0 ffffffffffffffff']);
  expect(bus.read64(0x1004)).toBe(0x0000_0055_0000_0055n);
});

test('an access across the end of a range becomes bytes', () => {
  const bus = new MmioBus();
  bus.add(0x1000, 0x1000, handler('a', 0x11));
  bus.add(0x2000, 0x1000, handler('b', 0x22));
  expect(bus.read(0x1ffe, 4)).toBe(0x2222_1111);
  bus.write(0x1fff, 2, 0x1234);
  expect(log.slice(-2)).toEqual(['a write fff 1 34', 'b write 0 1 12']);
});

test('overlapping and impossible ranges are refused', () => {
  const bus = new MmioBus();
  bus.add(0x1000, 0x1000, handler('a'));
  expect(() => bus.add(0x1fff, 1, handler('b'))).toThrow(RangeError);
  expect(() => bus.add(0x0, 0x1001, handler('b'))).toThrow(RangeError);
  expect(() => bus.add(0x3000, 0, handler('b'))).toThrow(RangeError);
  expect(() => bus.add(2 ** 53, 0x1000, handler('b'))).toThrow(RangeError);
});

test('a removed range does not answer, even right after an access to it', () => {
  const bus = new MmioBus();
  const mapping = bus.add(0x1000, 0x1000, handler('a', 1));
  expect(bus.read(0x1000, 1)).toBe(1);
  mapping.remove();
  expect(bus.read(0x1000, 1)).toBe(0xff);
  expect(bus.isFree(0x1000, 0x1000)).toBe(true);
});
