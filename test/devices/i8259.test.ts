import { beforeEach, describe, expect, test } from 'vitest';
import { I8259Pair } from '../../src/devices/i8259.ts';
import { PortBus } from '../../src/devices/port-bus.ts';

let output: boolean[];
let chip: I8259Pair;
let ports: PortBus;

function portsOf(pair: I8259Pair): PortBus {
  const bus = new PortBus();
  bus.add(0x20, 2, pair.masterPorts);
  bus.add(0xa0, 2, pair.slavePorts);
  bus.add(0x4d0, 2, pair.elcr);
  return bus;
}

function out(port: number, ...values: number[]): void {
  for (const value of values) ports.write(port, 1, value);
}

function input(port: number): number {
  return ports.read(port, 1);
}

/** Initializes as PCs do: vectors 20H and 28H, everything unmasked. */
function initialize(icw4 = 0x01): void {
  out(0x20, 0x11);
  out(0x21, 0x20, 0x04, icw4);
  out(0xa0, 0x11);
  out(0xa1, 0x28, 0x02, icw4);
}

function isr(port: number): number {
  out(port, 0x0b);
  return input(port);
}

function irr(port: number): number {
  out(port, 0x0a);
  return input(port);
}

beforeEach(() => {
  output = [];
  chip = new I8259Pair((level) => output.push(level));
  ports = portsOf(chip);
  initialize();
});

describe('requests', () => {
  test('edge: one interrupt an edge, latched over the falling edge', () => {
    chip.line(4).set(true);
    expect(output).toEqual([true]);
    expect(irr(0x20)).toBe(0x10);
    expect(chip.acknowledge()).toBe(0x24);
    expect(output).toEqual([true, false]);
    expect(isr(0x20)).toBe(0x10);
    out(0x20, 0x20);
    expect(isr(0x20)).toBe(0);
    expect(chip.hasPendingInterrupt()).toBe(false);
    chip.line(4).set(false);
    chip.line(4).set(true);
    chip.line(4).set(false);
    expect(chip.hasPendingInterrupt()).toBe(true);
  });

  test('level: requests while asserted, after EOI too', () => {
    out(0x4d0, 0xff);
    out(0x4d1, 0xff);
    expect(ports.read(0x4d0, 2)).toBe(0xdef8);
    chip.line(11).set(true);
    expect(chip.acknowledge()).toBe(0x2b);
    out(0xa0, 0x20);
    out(0x20, 0x20);
    expect(chip.hasPendingInterrupt()).toBe(true);
    chip.line(11).set(false);
    expect(chip.hasPendingInterrupt()).toBe(false);
  });

  test('ICW1 can make all inputs level-triggered', () => {
    out(0x20, 0x19);
    out(0x21, 0x20, 0x04, 0x01);
    chip.line(1).set(true);
    expect(chip.acknowledge()).toBe(0x21);
    out(0x20, 0x20);
    expect(chip.hasPendingInterrupt()).toBe(true);
  });

  test('the mask holds requests back without losing them', () => {
    out(0x21, 0xff);
    chip.line(3).set(true);
    expect(chip.hasPendingInterrupt()).toBe(false);
    expect(input(0x21)).toBe(0xff);
    out(0x21, 0xf7);
    expect(chip.acknowledge()).toBe(0x23);
  });
});

describe('priorities', () => {
  test('fully nested: a higher request interrupts, a lower one waits', () => {
    chip.line(5).set(true);
    expect(chip.acknowledge()).toBe(0x25);
    chip.line(6).set(true);
    expect(chip.hasPendingInterrupt()).toBe(false);
    chip.line(1).set(true);
    expect(chip.acknowledge()).toBe(0x21);
    expect(isr(0x20)).toBe(0x22);
    out(0x20, 0x20);
    expect(isr(0x20)).toBe(0x20);
    out(0x20, 0x20);
    expect(chip.acknowledge()).toBe(0x26);
  });

  test('the slave comes through IRQ 2', () => {
    chip.line(3).set(true);
    chip.line(8).set(true);
    expect(chip.acknowledge()).toBe(0x28);
    expect(isr(0x20)).toBe(0x04);
    expect(isr(0xa0)).toBe(0x01);
    expect(chip.hasPendingInterrupt()).toBe(false);
    out(0xa0, 0x60);
    out(0x20, 0x62);
    expect(chip.acknowledge()).toBe(0x23);
  });

  test('masking the cascade silences the slave', () => {
    out(0x21, 0x04);
    chip.line(12).set(true);
    expect(chip.hasPendingInterrupt()).toBe(false);
    out(0x21, 0x00);
    expect(chip.acknowledge()).toBe(0x2c);
  });

  test('set priority and rotation', () => {
    out(0x20, 0xc3); // IR3 lowest, IR4 highest
    chip.line(0).set(true);
    chip.line(4).set(true);
    expect(chip.acknowledge()).toBe(0x24);
    out(0x20, 0xa0); // rotate on non-specific EOI: IR4 lowest
    chip.line(5).set(true);
    expect(chip.acknowledge()).toBe(0x25);
    out(0x20, 0xe5); // rotate on specific EOI: IR5 lowest
    chip.line(6).set(true);
    expect(chip.acknowledge()).toBe(0x26);
    out(0x20, 0x66);
    expect(chip.acknowledge()).toBe(0x20);
  });

  test('special mask mode lets lower levels through a masked one', () => {
    chip.line(1).set(true);
    expect(chip.acknowledge()).toBe(0x21);
    chip.line(6).set(true);
    expect(chip.hasPendingInterrupt()).toBe(false);
    out(0x21, 0x02);
    expect(chip.hasPendingInterrupt()).toBe(false);
    out(0x20, 0x68);
    expect(chip.acknowledge()).toBe(0x26);
    out(0x20, 0x20); // does not see the masked level 1
    expect(isr(0x20)).toBe(0x02);
    out(0x20, 0x48);
    out(0x20, 0x20);
    expect(isr(0x20)).toBe(0);
  });
});

describe('automatic EOI', () => {
  test('leaves no in-service bit, on both chips', () => {
    initialize(0x03);
    chip.line(9).set(true);
    chip.line(10).set(true);
    expect(chip.acknowledge()).toBe(0x29);
    expect(isr(0x20)).toBe(0);
    expect(isr(0xa0)).toBe(0);
    expect(chip.acknowledge()).toBe(0x2a);
    expect(chip.hasPendingInterrupt()).toBe(false);
  });

  test('can rotate', () => {
    initialize(0x03);
    out(0x20, 0x80);
    for (const irq of [0, 1]) chip.line(irq).set(true);
    expect(chip.acknowledge()).toBe(0x20);
    chip.line(0).set(false);
    chip.line(0).set(true);
    expect(chip.acknowledge()).toBe(0x21);
    out(0x20, 0x00);
    expect(chip.acknowledge()).toBe(0x20);
  });
});

test('an acknowledge without a request is IRQ 7 with no in-service bit', () => {
  expect(chip.acknowledge()).toBe(0x27);
  expect(isr(0x20)).toBe(0);
});

test('poll mode acknowledges by a read', () => {
  out(0x20, 0x0c);
  expect(input(0x20) & 0x80).toBe(0);
  chip.line(6).set(true);
  out(0x20, 0x0c);
  expect(input(0x20)).toBe(0x86);
  expect(chip.hasPendingInterrupt()).toBe(false);
  expect(isr(0x20)).toBe(0x40);
});

describe('initialization', () => {
  test('ICW1 clears mask, requests, service and rotation; edges have to come again', () => {
    out(0x20, 0xc3);
    chip.line(5).set(true);
    chip.acknowledge();
    chip.line(6).set(true);
    out(0x21, 0xaa);
    initialize();
    expect(input(0x21)).toBe(0);
    expect(isr(0x20)).toBe(0);
    expect(irr(0x20)).toBe(0);
    expect(chip.hasPendingInterrupt()).toBe(false);
    chip.line(6).set(false);
    chip.line(6).set(true);
    chip.line(0).set(true);
    expect(chip.acknowledge()).toBe(0x20);
  });

  test('single mode skips ICW3, and without IC4 there is no ICW4', () => {
    out(0x20, 0x12);
    out(0x21, 0x47, 0x55);
    expect(input(0x21)).toBe(0x55);
    chip.line(1).set(true);
    expect(chip.acknowledge()).toBe(0x41);
  });
});

test('save, load and reset', () => {
  out(0x4d1, 0x0c);
  chip.line(10).set(true);
  chip.acknowledge();
  chip.line(4).set(true);
  chip.line(9).set(true);
  out(0x20, 0x11); // in the middle of an initialization
  out(0x21, 0x60);
  const changes: boolean[] = [];
  const other = new I8259Pair((level) => changes.push(level));
  other.load(chip.save());
  expect(other.save()).toEqual(chip.save());
  expect(changes).toEqual([true]);
  const otherPorts = portsOf(other);
  otherPorts.write(0x21, 1, 0x04);
  otherPorts.write(0x21, 1, 0x01);
  otherPorts.write(0x21, 1, 0x55);
  expect(otherPorts.read(0x21, 1)).toBe(0x55);
  other.reset();
  expect(changes).toEqual([true, false]);
  expect(other.save()).toEqual(new I8259Pair(() => {}).save());
});

test('a state of another shape is refused and changes nothing', () => {
  chip.line(4).set(true);
  const before = chip.save() as Record<string, Record<string, number>>;
  for (const broken of [
    {},
    { ...before, slave: { ...before.slave, imr: true } },
    { ...before, master: { ...before.master, lowest: undefined }, slave: { ...before.slave, imr: 0xff } },
  ]) {
    expect(() => chip.load(broken)).toThrow(TypeError);
    expect(chip.save()).toEqual(before);
  }
});
