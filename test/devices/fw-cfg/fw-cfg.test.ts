import { beforeEach, describe, expect, test } from 'vitest';
import { FwCfg } from '../../../src/devices/fw-cfg/fw-cfg.ts';
import { PortBus } from '../../../src/devices/port-bus.ts';
import { FlatMemory } from '../../boot/guest-fixtures.ts';
import { ManualClock } from '../manual-clock.ts';

const MIB = 2 ** 20;

let memory: FlatMemory;
let clock: ManualClock;
let device: FwCfg;
let ports: PortBus;

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

beforeEach(() => {
  memory = new FlatMemory(0x10000);
  const items = new Map([[0x15, ascii('console')]]);
  const files = [
    { name: 'etc/b', data: ascii('second') },
    { name: 'etc/a', data: ascii('first') },
  ];
  clock = new ManualClock();
  device = new FwCfg({ configuration: { items, files }, memory, clock, timers: clock });
  ports = new PortBus();
  ports.add(0x510, 12, device);
});

function readItem(item: number, length: number): Uint8Array {
  ports.write(0x510, 2, item);
  return Uint8Array.from({ length }, () => ports.read(0x511, 1));
}

/** Runs a transfer described at 100H. Returns its control word afterwards. */
function transfer(control: number, length: number, address: number): number {
  const view = new DataView(memory.bytes.buffer);
  view.setUint32(0x100, control);
  view.setUint32(0x104, length);
  view.setUint32(0x108, 0);
  view.setUint32(0x10c, address);
  ports.write(0x514, 4, 0);
  // 100H, big-endian.
  ports.write(0x518, 4, 0x0001_0000);
  return view.getUint32(0x100);
}

test('items are read byte by byte from their start, and have zeros behind them', () => {
  expect(readItem(0, 4)).toEqual(ascii('QEMU'));
  expect([...readItem(1, 4)]).toEqual([3, 0, 0, 0]);
  expect(readItem(0x15, 7)).toEqual(ascii('console'));
  expect(ports.read(0x511, 1)).toBe(0);
  expect([...readItem(0x7777, 2)]).toEqual([0, 0]);
});

test('files are in a directory by name', () => {
  const directory = readItem(0x19, 4 + 2 * 64);
  const view = new DataView(directory.buffer);
  expect(view.getUint32(0)).toBe(2);
  expect([view.getUint32(4), view.getUint16(8)]).toEqual([5, 0x20]);
  expect(new TextDecoder().decode(directory.subarray(12, 18))).toBe('etc/a\0');
  expect([view.getUint32(68), view.getUint16(72)]).toEqual([6, 0x21]);
  expect(readItem(0x20, 5)).toEqual(ascii('first'));
  expect(readItem(0x21, 6)).toEqual(ascii('second'));
});

test('transfers select, skip and read', () => {
  // "QEMU CFG" tells that there is such a thing.
  expect([ports.read(0x514, 4), ports.read(0x518, 4)]).toEqual([0x554d4551, 0x47464320]);
  memory.bytes.fill(0xff, 0x200, 0x210);
  expect(transfer((0x15 << 16) | 8 | 4, 3, 0)).toBe(0);
  expect(transfer(2, 6, 0x200)).toBe(0);
  expect([...memory.read(0x200, 7)]).toEqual([...ascii('sole'), 0, 0, 0xff]);
});

test('transfers that cannot be say so', () => {
  expect(transfer((0x15 << 16) | 8 | 2, 7, 0xfffe)).toBe(1);
  expect(transfer((0x15 << 16) | 8 | 16, 7, 0x200)).toBe(1);
  // A structure outside of memory.
  expect(() => ports.write(0x518, 4, 0xffff_ffff)).not.toThrow();
});

test('reset, save and load', () => {
  readItem(0x15, 3);
  const state = device.save();
  device.reset();
  expect(ports.read(0x511, 1)).toBe('Q'.charCodeAt(0));
  device.load(state);
  expect(ports.read(0x511, 1)).toBe('s'.charCodeAt(0));
});

describe('a transfer that is long', () => {
  const READ = (0x15 << 16) | 8 | 2;
  const control = (): number => new DataView(memory.bytes.buffer).getUint32(0x100);

  beforeEach(() => {
    const items = new Map([[0x15, new Uint8Array(3 * MIB).fill(0xee)]]);
    memory = new FlatMemory(8 * MIB);
    memory.bytes.fill(0xff, 0x200);
    device = new FwCfg({ configuration: { items, files: [] }, memory, clock, timers: clock });
    ports = new PortBus();
    ports.add(0x510, 12, device);
  });

  test('goes on by itself, a mebibyte at a time, with zeros behind the item', () => {
    expect(transfer(READ, 4 * MIB, MIB)).toBe(READ);
    expect([memory.bytes[2 * MIB - 1], memory.bytes[2 * MIB]]).toEqual([0xee, 0xff]);
    clock.advanceTo(20_000);
    expect([memory.bytes[3 * MIB - 1], memory.bytes[3 * MIB]]).toEqual([0xee, 0xff]);
    expect(control()).toBe(READ);
    clock.advanceTo(60_000);
    expect([memory.bytes[4 * MIB], memory.bytes[5 * MIB - 1], memory.bytes[5 * MIB]]).toEqual([0, 0, 0xff]);
    expect(control()).toBe(0);
  });

  test('ends where the memory does', () => {
    transfer(READ, 0xffff_ffff, MIB);
    clock.advanceTo(1_000_000);
    expect(control()).toBe(1);
    expect(memory.bytes[8 * MIB - 1]).toBe(0);
  });

  test('is ended by the next, by a reset, and goes on in a copy of the device', () => {
    transfer(READ, 4 * MIB, MIB);
    const state = device.save();
    const view = new DataView(memory.bytes.buffer);
    view.setUint32(0x180, (0x15 << 16) | 8);
    ports.write(0x518, 4, 0x8001_0000);
    expect([control(), view.getUint32(0x180)]).toEqual([1, 0]);
    clock.advanceTo(1_000_000);
    expect(memory.bytes[2 * MIB]).toBe(0xff);
    view.setUint32(0x100, READ);
    device.load(state);
    device.reset();
    clock.advanceTo(2_000_000);
    expect(control()).toBe(READ);
    device.load(state);
    clock.advanceTo(3_000_000);
    expect([control(), memory.bytes[4 * MIB - 1], memory.bytes[5 * MIB - 1]]).toEqual([0, 0xee, 0]);
  });
});
