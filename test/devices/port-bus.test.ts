import { beforeEach, expect, test } from 'vitest';
import type { PortHandler } from '../../src/devices/device.ts';
import { PortBus } from '../../src/devices/port-bus.ts';

let log: string[];

function handler(name: string, value = 0): PortHandler {
  return {
    readPort: (offset, size) => {
      log.push(`${name} read ${offset.toString(16)} ${size}`);
      return value;
    },
    writePort: (offset, size, written) => {
      log.push(`${name} write ${offset.toString(16)} ${size} ${written.toString(16)}`);
    },
  };
}

beforeEach(() => {
  log = [];
});

test('accesses within one range reach its handler whole, as offsets from its first port', () => {
  const bus = new PortBus();
  bus.add(0x10, 4, handler('a', 0x8765_4321));
  expect(bus.read(0x10, 4)).toBe(0x8765_4321);
  bus.write(0x12, 2, 0xabcd);
  expect(log).toEqual(['a read 0 4', 'a write 2 2 abcd']);
});

test('unclaimed ports read all ones of the size and swallow writes', () => {
  const bus = new PortBus();
  expect(bus.read(0x80, 1)).toBe(0xff);
  expect(bus.read(0x80, 2)).toBe(0xffff);
  expect(bus.read(0x80, 4)).toBe(0xffff_ffff);
  expect(bus.read(0xffff, 4)).toBe(0xffff_ffff);
  bus.write(0xffff, 4, 0);
});

test('accesses across ranges become bytes', () => {
  const bus = new PortBus();
  bus.add(0x10, 2, handler('a', 0x22));
  bus.add(0x12, 1, handler('b', 0x33));
  expect(bus.read(0x10, 4)).toBe(0xff33_2222);
  expect(log).toEqual(['a read 0 1', 'a read 1 1', 'b read 0 1']);
  log = [];
  bus.write(0x11, 2, 0x1234);
  expect(log).toEqual(['a write 1 1 34', 'b write 0 1 12']);
});

test('a device in the middle of an access is found when nobody claims its ends', () => {
  const bus = new PortBus();
  bus.add(0x21, 2, handler('a', 0));
  expect(bus.read(0x20, 4)).toBe(0xff00_00ff);
});

test('overlapping and impossible ranges are refused', () => {
  const bus = new PortBus();
  bus.add(0x10, 0x10, handler('a'));
  expect(() => bus.add(0x1f, 2, handler('b'))).toThrow(RangeError);
  expect(() => bus.add(0x0, 0x11, handler('b'))).toThrow(RangeError);
  expect(() => bus.add(0x5, 0, handler('b'))).toThrow(RangeError);
  expect(() => bus.add(-1, 6, handler('b'))).toThrow(RangeError);
  expect(() => bus.add(0xfff0, 0x11, handler('b'))).toThrow(RangeError);
  expect(bus.isFree(0x20, 0xffe0)).toBe(true);
  expect(bus.isFree(0x1f, 1)).toBe(false);
});

test('one handler may have several ranges', () => {
  const bus = new PortBus();
  const pit = handler('pit', 1);
  bus.add(0x40, 4, pit);
  bus.add(0x61, 1, pit);
  expect(bus.read(0x61, 1)).toBe(1);
  expect(log).toEqual(['pit read 0 1']);
});

test('a removed range is free again; removing twice does not touch its successor', () => {
  const bus = new PortBus();
  const mapping = bus.add(0x10, 0x10, handler('a'));
  mapping.remove();
  expect(bus.read(0x10, 1)).toBe(0xff);
  bus.add(0x10, 0x10, handler('b', 7));
  mapping.remove();
  expect(bus.read(0x10, 1)).toBe(7);
});
