import { beforeEach, describe, expect, test } from 'vitest';
import type { AccessSize, MmioHandler } from '../../../src/devices/device.ts';
import { MmioBus } from '../../../src/devices/mmio-bus.ts';
import { PciBus } from '../../../src/devices/pci/pci-bus.ts';
import { type BaseAddress, PciFunction } from '../../../src/devices/pci/pci-function.ts';
import { PciHostBridge } from '../../../src/devices/pci/pci-host-bridge.ts';
import { PiixPowerManagement } from '../../../src/devices/pci/piix-power-management.ts';
import { PortBus } from '../../../src/devices/port-bus.ts';
import { ResetControl } from '../../../src/devices/reset-control.ts';
import { ProbeLine } from '../device-bench.ts';

const ECAM = 0xe000_0000;

class Registers implements MmioHandler {
  readonly written: string[] = [];
  private readonly value: number;

  constructor(value: number) {
    this.value = value;
  }

  readMmio(_offset: number, _size: AccessSize): number {
    return this.value;
  }

  writeMmio(offset: number, size: AccessSize, value: number): void {
    this.written.push(`${offset.toString(16)} ${size} ${value.toString(16)}`);
  }
}

class Card extends PciFunction {
  readonly memory = new Registers(0x11);
  readonly memory64 = new Registers(0x22);
  readonly ports = new Registers(0x33);
  readonly capabilities: number[];
  readonly writes: string[] = [];

  constructor(configurationSize: 256 | 4096 = 256) {
    super({
      vendorId: 0x1af4,
      deviceId: 0x1042,
      classCode: 0x01_8000,
      revisionId: 1,
      subsystemVendorId: 0x1af4,
      subsystemId: 0x1100,
      interruptPin: 1,
      configurationSize,
    });
    this.defineBaseAddress(0, { kind: 'memory32', size: 0x1000, handler: this.memory });
    this.defineBaseAddress(1, { kind: 'io', size: 0x40, handler: this.ports });
    this.defineBaseAddress(2, { kind: 'memory64', size: 0x4000, prefetchable: true, handler: this.memory64 });
    this.capabilities = [
      this.addCapability(0x09, Uint8Array.of(0x05, 1, 2)),
      this.addCapability(0x11, new Uint8Array(10), Uint8Array.of(0, 0xc0)),
    ];
  }

  raise(level: boolean): void {
    this.setInterrupt(level);
  }

  bad(index: number, bar: BaseAddress): void {
    this.defineBaseAddress(index, bar);
  }

  get masters(): boolean {
    return this.isBusMaster;
  }

  protected override configurationWritten(offset: number, size: AccessSize): void {
    this.writes.push(`${offset.toString(16)} ${size}`);
  }
}

let memory: MmioBus;
let ports: PortBus;
let bus: PciBus;
let card: Card;
let line: ProbeLine;
let wired: string[];
let resets: number;

function address(device: number, register: number, pciFunction = 0, busNumber = 0): void {
  const value = 0x8000_0000 + busNumber * 0x1_0000 + device * 0x800 + pciFunction * 0x100 + (register & 0xfc);
  ports.write(0xcf8, 4, value);
}

function read(device: number, register: number, size: 1 | 2 | 4, pciFunction = 0): number {
  address(device, register, pciFunction);
  return ports.read(0xcfc + (register & 3), size);
}

function write(device: number, register: number, size: 1 | 2 | 4, value: number): void {
  address(device, register);
  ports.write(0xcfc + (register & 3), size, value);
}

beforeEach(() => {
  memory = new MmioBus();
  ports = new PortBus();
  line = new ProbeLine();
  wired = [];
  resets = 0;
  const interruptLine = (device: number, pin: number) => {
    wired.push(`${device} ${pin}`);
    return line;
  };
  bus = new PciBus({ memory, ports, interruptLine });
  const resetControl = new ResetControl(() => {
    resets++;
  });
  ports.add(0xcf8, 8, new PciHostBridge(bus, resetControl.control));
  memory.add(ECAM, 0x1000_0000, bus);
  card = new Card();
  bus.add(3, 0, card);
});

describe('configuration mechanism 1', () => {
  test('the check Linux makes: a byte to 0xcfb is not CONFIG_ADDRESS, a doubleword is', () => {
    ports.write(0xcfb, 1, 0x01);
    ports.write(0xcf8, 4, 0x8000_0000);
    expect(ports.read(0xcf8, 4)).toBe(0x8000_0000);
    expect(ports.read(0xcfc, 4)).toBe(0x1237_8086);
    expect(read(0, 0x0a, 2)).toBe(0x0600);
  });

  test('reserved address bits read 0; nothing answers when disabled', () => {
    ports.write(0xcf8, 4, 0x7fff_ffff);
    expect(ports.read(0xcf8, 4)).toBe(0x00ff_fffc);
    expect(ports.read(0xcfc, 4)).toBe(0xffff_ffff);
  });

  test('bytes and words of a register', () => {
    expect(read(3, 0x00, 4)).toBe(0x1042_1af4);
    expect(read(3, 0x02, 2)).toBe(0x1042);
    expect(read(3, 0x03, 1)).toBe(0x10);
    expect(read(3, 0x08, 4)).toBe(0x0180_0001);
    expect(read(3, 0x2c, 4)).toBe(0x1100_1af4);
    write(3, 0x3c, 1, 0x0b);
    expect(read(3, 0x3c, 2)).toBe(0x010b);
  });

  test('absent devices, functions and buses read all ones', () => {
    expect(read(4, 0, 4)).toBe(0xffff_ffff);
    expect(read(3, 0, 2, 1)).toBe(0xffff);
    address(0, 0, 0, 1);
    expect(ports.read(0xcfc, 4)).toBe(0xffff_ffff);
    ports.write(0xcfc, 4, 0);
  });

  test('a byte to 0xcf9 is the reset control register', () => {
    ports.write(0xcf8, 4, 0x8000_0600);
    expect(resets).toBe(0);
    ports.write(0xcf9, 1, 0x02);
    ports.write(0xcf9, 1, 0x06);
    expect(resets).toBe(1);
    expect(ports.read(0xcf9, 1)).toBe(0x06);
    expect(ports.read(0xcf8, 4)).toBe(0x8000_0600);
  });
});

describe('ECAM', () => {
  test('one page a function', () => {
    expect(memory.read(ECAM, 4)).toBe(0x1237_8086);
    expect(memory.read(ECAM + (3 << 15) + 2, 2)).toBe(0x1042);
    memory.write(ECAM + (3 << 15) + 0x3c, 1, 0x55);
    expect(read(3, 0x3c, 1)).toBe(0x55);
    expect(memory.read(ECAM + (3 << 15) + (1 << 12), 4)).toBe(0xffff_ffff);
    expect(memory.read(ECAM + (1 << 20), 4)).toBe(0xffff_ffff);
  });

  test('the extended space exists only for functions that have one', () => {
    expect(memory.read(ECAM + (3 << 15) + 0x100, 4)).toBe(0xffff_ffff);
    bus.add(5, 0, new Card(4096));
    expect(memory.read(ECAM + (5 << 15) + 0x100, 4)).toBe(0);
    expect(memory.read(ECAM + (5 << 15) + 0xffc, 4)).toBe(0);
  });
});

describe('header', () => {
  test('read-only registers ignore writes', () => {
    write(3, 0x00, 4, 0);
    write(3, 0x08, 4, 0);
    write(3, 0x2c, 4, 0);
    write(3, 0x3d, 1, 0xff);
    expect(read(3, 0x00, 4)).toBe(0x1042_1af4);
    expect(read(3, 0x08, 4)).toBe(0x0180_0001);
    expect(read(3, 0x2c, 4)).toBe(0x1100_1af4);
    expect(read(3, 0x3d, 1)).toBe(1);
  });

  test('the command register has only its writable bits', () => {
    write(3, 0x04, 2, 0xffff);
    expect(read(3, 0x04, 2)).toBe(0x0547);
    expect(card.masters).toBe(true);
    write(3, 0x04, 2, 0);
    expect(card.masters).toBe(false);
  });

  test('the host bridge always decodes and masters', () => {
    write(0, 0x04, 2, 0);
    expect(read(0, 0x04, 2)).toBe(0x0006);
  });

  test('the capability list', () => {
    expect(read(3, 0x06, 2) & 0x10).toBe(0x10);
    expect(read(3, 0x34, 1)).toBe(card.capabilities[0]);
    expect(read(3, 0x40, 4)).toBe(0x0105_4809);
    expect(read(3, 0x44, 4)).toBe(0x0000_0002);
    expect(read(3, 0x48, 2)).toBe(0x0011);
    expect(read(0, 0x06, 2) & 0x10).toBe(0);
  });

  test('capability bytes are writable only as masked, and the function is told', () => {
    write(3, 0x48, 4, 0xffff_ffff);
    expect(read(3, 0x48, 4)).toBe(0xc000_0011);
    expect(card.writes).toEqual(['48 4']);
  });

  test('a second function shows in the header type of the first', () => {
    expect(read(3, 0x0e, 1)).toBe(0);
    bus.add(3, 1, new Card());
    expect(read(3, 0x0e, 1)).toBe(0x80);
    expect(read(3, 0x00, 4, 1)).toBe(0x1042_1af4);
    bus.reset();
    expect(read(3, 0x0e, 1)).toBe(0x80);
  });

  test('a place is taken once, and only places that exist', () => {
    expect(() => bus.add(3, 0, new Card())).toThrow(RangeError);
    expect(() => bus.add(32, 0, new Card())).toThrow(RangeError);
    expect(() => bus.add(4, 8, new Card())).toThrow(RangeError);
  });
});

describe('base address registers', () => {
  test('sizing: all ones read back as the size mask with the type bits', () => {
    for (const register of [0x10, 0x14, 0x18, 0x1c, 0x20]) write(3, register, 4, 0xffff_ffff);
    expect(read(3, 0x10, 4)).toBe(0xffff_f000);
    expect(read(3, 0x14, 4)).toBe(0xffff_ffc1);
    expect(read(3, 0x18, 4)).toBe(0xffff_c00c);
    expect(read(3, 0x1c, 4)).toBe(0xffff_ffff);
    expect(read(3, 0x20, 4)).toBe(0);
  });

  test('a region answers where it is, once decoding is enabled', () => {
    write(3, 0x10, 4, 0xc000_0000);
    write(3, 0x14, 4, 0xc001);
    write(3, 0x18, 4, 0x0000_0000);
    write(3, 0x1c, 4, 0x0000_0080);
    expect(memory.read(0xc000_0000, 1)).toBe(0xff);
    write(3, 0x04, 2, 0x02);
    expect(memory.read(0xc000_0ffc, 4)).toBe(0x11);
    expect(memory.read(0x80_0000_3ffc, 4)).toBe(0x22);
    expect(ports.read(0xc000, 1)).toBe(0xff);
    write(3, 0x04, 2, 0x03);
    ports.write(0xc010, 2, 0xbeef);
    expect(card.ports.written).toEqual(['10 2 beef']);
    write(3, 0x04, 2, 0);
    expect(memory.read(0xc000_0000, 1)).toBe(0xff);
    expect(ports.read(0xc010, 1)).toBe(0xff);
  });

  test('a region moves while it is enabled', () => {
    write(3, 0x04, 2, 0x02);
    write(3, 0x10, 4, 0xc000_0000);
    write(3, 0x10, 4, 0xc000_1000);
    expect(memory.read(0xc000_0000, 1)).toBe(0xff);
    expect(memory.read(0xc000_1000, 1)).toBe(0x11);
  });

  test('a region on top of another device stays silent until it is moved away', () => {
    write(3, 0x04, 2, 0x02);
    write(3, 0x10, 4, ECAM);
    expect(memory.read(ECAM, 4)).toBe(0x1237_8086);
    write(3, 0x10, 4, 0xffff_ffff);
    write(3, 0x10, 4, 0xc000_0000);
    expect(memory.read(0xc000_0000, 1)).toBe(0x11);
  });

  test('impossible registers are refused', () => {
    const handler = card.memory;
    expect(() => card.bad(5, { kind: 'memory64', size: 0x1000, handler })).toThrow(RangeError);
    expect(() => card.bad(4, { kind: 'memory32', size: 0x1800, handler })).toThrow(RangeError);
    expect(() => card.bad(4, { kind: 'memory32', size: 8, handler })).toThrow(RangeError);
  });
});

describe('interrupt pin', () => {
  test('each function with a pin is wired once; the bridge has none', () => {
    expect(wired).toEqual(['3 1']);
  });

  test('status bit 3 follows the pin and the command register can disable it', () => {
    card.raise(true);
    expect(line.level).toBe(true);
    expect(read(3, 0x06, 2) & 0x08).toBe(0x08);
    write(3, 0x04, 2, 0x0400);
    expect(line.level).toBe(false);
    expect(read(3, 0x06, 2) & 0x08).toBe(0x08);
    write(3, 0x04, 2, 0);
    expect(line.level).toBe(true);
    card.raise(false);
    expect(line.level).toBe(false);
    expect(read(3, 0x06, 2) & 0x08).toBe(0);
  });
});

test('reset unmaps regions, releases the pin and restores the registers', () => {
  write(3, 0x10, 4, 0xc000_0000);
  write(3, 0x04, 2, 0x02);
  write(3, 0x3c, 1, 5);
  card.raise(true);
  bus.reset();
  expect(line.level).toBe(false);
  expect(memory.isFree(0xc000_0000, 0x1000)).toBe(true);
  expect(ports.read(0xcf8, 4)).toBe(0);
  expect([read(3, 0x04, 4), read(3, 0x10, 4), read(3, 0x3c, 1)]).toEqual([0x0010_0000, 0, 0]);
  expect(read(0, 0x04, 2)).toBe(0x0006);
});

test('a loaded state maps regions and drives the pin as they were', () => {
  write(3, 0x10, 4, 0xc000_0000);
  write(3, 0x04, 2, 0x02);
  card.raise(true);
  address(3, 0x10);
  const state = bus.save();
  expect(structuredClone(state)).toEqual(state);
  bus.reset();
  bus.load(state);
  expect(line.level).toBe(true);
  expect(memory.read(0xc000_0000, 1)).toBe(0x11);
  expect(ports.read(0xcfc, 4)).toBe(0xc000_0000);
});

test('the power management registers of a PIIX4 move, and are back after a reset', () => {
  const places: number[] = [];
  const power = new PiixPowerManagement(0x600, (port) => places.push(port));
  power.connect({ memory: new MmioBus(), ports: new PortBus(), interrupt: new ProbeLine() });
  expect(power.readConfiguration(0x40, 4)).toBe(0x601);
  power.writeConfiguration(0x40, 4, 0xffff_b02f);
  expect(power.readConfiguration(0x40, 4)).toBe(0xb001);
  power.writeConfiguration(0x40, 2, 0xb001);
  expect(power.readConfiguration(0x80, 1)).toBe(0);
  power.writeConfiguration(0x80, 1, 0xff);
  expect(power.readConfiguration(0x80, 1)).toBe(1);
  const state = power.save();
  power.reset();
  power.load(state);
  expect(places).toEqual([0xb000, 0x600, 0xb000]);
});
