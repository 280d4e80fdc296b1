import { beforeEach, describe, expect, test } from 'vitest';
import type { ApicMessage } from '../../src/devices/apic-message.ts';
import { IoApic } from '../../src/devices/io-apic.ts';

let sent: ApicMessage[];
let chip: IoApic;

beforeEach(() => {
  sent = [];
  chip = new IoApic({ deliver: (message) => sent.push(message) });
});

function read(index: number): number {
  chip.writeMmio(0x00, 4, index);
  return chip.readMmio(0x10, 4);
}

function write(index: number, value: number): void {
  chip.writeMmio(0x00, 4, index);
  chip.writeMmio(0x10, 4, value);
}

const LEVEL = 0x8000;
const MASK = 0x10000;
const REMOTE_IRR = 0x4000;

test('identification and reset values', () => {
  expect(read(1)).toBe(0x0017_0020);
  write(0, 0xffff_ffff);
  expect(read(0)).toBe(0x0f00_0000);
  expect(read(2)).toBe(0x0f00_0000);
  write(1, 0);
  expect(read(1)).toBe(0x0017_0020);
  for (let input = 0; input < 24; input++) {
    expect(read(0x10 + 2 * input)).toBe(MASK);
    expect(read(0x11 + 2 * input)).toBe(0);
  }
  expect(read(0x40)).toBe(0);
  expect(chip.readMmio(0x00, 4)).toBe(0x40);
  expect(() => chip.line(24)).toThrow(RangeError);
});

test('read-only and reserved bits of an entry', () => {
  write(0x10, 0xffff_ffff);
  expect(read(0x10)).toBe(0x0001_afff);
  write(0x11, 0xffff_ffff);
  expect(read(0x11)).toBe(0xff00_0000);
});

describe('edge-triggered', () => {
  test('each rising edge is one message', () => {
    write(0x19, 0x0300_0000);
    write(0x18, 0x0831);
    const line = chip.line(4);
    line.set(true);
    line.set(true);
    const message = { vector: 0x31, deliveryMode: 0, levelTriggered: false, destination: 3, logical: true };
    expect(sent).toEqual([message]);
    line.set(false);
    line.set(true);
    expect(sent).toEqual([message, message]);
    expect(read(0x18)).toBe(0x0831);
  });

  test('an edge on a masked input is lost', () => {
    write(0x18, MASK | 0x31);
    chip.line(4).set(true);
    write(0x18, 0x31);
    expect(sent).toEqual([]);
  });

  test.each([4, 7])('delivery mode %i is an edge even if programmed as level', (mode) => {
    write(0x18, LEVEL | (mode << 8));
    chip.line(4).set(true);
    expect(sent).toMatchObject([{ deliveryMode: mode, levelTriggered: false }]);
    expect(read(0x18) & REMOTE_IRR).toBe(0);
  });
});

describe('level-triggered', () => {
  test('delivers once, waits for EOI with remote IRR, re-delivers while asserted', () => {
    write(0x30, LEVEL | 0x100 | 0x51);
    const line = chip.line(16);
    line.set(true);
    expect(sent).toEqual([
      { vector: 0x51, deliveryMode: 1, levelTriggered: true, destination: 0, logical: false },
    ]);
    expect(read(0x30) & REMOTE_IRR).toBe(REMOTE_IRR);
    line.set(false);
    line.set(true);
    expect(sent.length).toBe(1);
    chip.eoi(0x50);
    expect(sent.length).toBe(1);
    chip.eoi(0x51);
    expect(sent.length).toBe(2);
    line.set(false);
    chip.eoi(0x51);
    expect(sent.length).toBe(2);
    expect(read(0x30) & REMOTE_IRR).toBe(0);
    chip.eoi(0x51);
    expect(sent.length).toBe(2);
  });

  test('unmasking an asserted input delivers; EOI while masked does not', () => {
    write(0x30, MASK | LEVEL | 0x51);
    chip.line(16).set(true);
    expect(sent.length).toBe(0);
    write(0x30, LEVEL | 0x51);
    expect(sent.length).toBe(1);
    write(0x30, MASK | LEVEL | 0x51);
    expect(read(0x30)).toBe(MASK | LEVEL | REMOTE_IRR | 0x51);
    chip.eoi(0x51);
    expect(sent.length).toBe(1);
    write(0x30, LEVEL | 0x51);
    expect(sent.length).toBe(2);
  });

  test('the EOI register and a detour over edge mode clear remote IRR', () => {
    write(0x30, LEVEL | 0x51);
    chip.line(16).set(true);
    chip.line(16).set(false);
    chip.writeMmio(0x40, 4, 0x51);
    expect(read(0x30) & REMOTE_IRR).toBe(0);
    chip.line(16).set(true);
    write(0x30, MASK | 0x51);
    write(0x30, MASK | LEVEL | 0x51);
    expect(read(0x30) & REMOTE_IRR).toBe(0);
  });

  test('all inputs that share the vector are ended together', () => {
    write(0x30, LEVEL | 0x51);
    write(0x32, LEVEL | 0x51);
    chip.line(16).set(true);
    chip.line(17).set(true);
    chip.eoi(0x51);
    expect(sent.length).toBe(4);
  });
});

test('save, load and reset', () => {
  write(0x30, LEVEL | 0x51);
  write(0x31, 0x0200_0000);
  write(0, 0x0200_0000);
  chip.line(16).set(true);
  const state = chip.save();
  const other = new IoApic({ deliver: (message) => sent.push(message) });
  other.load(state);
  expect(other.save()).toEqual(state);
  other.eoi(0x51);
  expect(sent.length).toBe(2);
  other.reset();
  expect(other.save()).toEqual(new IoApic({ deliver: () => {} }).save());
});

test('a state of another shape is refused and changes nothing', () => {
  const apic = new IoApic({ deliver: () => {} });
  apic.writeMmio(0, 4, 0x10);
  const before = apic.save();
  for (const broken of [{}, { ...before, low: [1] }, { ...before, registers: { selected: 1, id: 2 } }]) {
    expect(() => apic.load(broken)).toThrow(TypeError);
    expect(apic.save()).toEqual(before);
  }
});
