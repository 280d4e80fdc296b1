import { describe, expect, test } from 'vitest';
import { LocalApicFixture } from './local-apic-fixture.ts';

const ID = 0x20;
const VERSION = 0x30;
const TPR = 0x80;
const PPR = 0xa0;
const EOI = 0xb0;
const LDR = 0xd0;
const DFR = 0xe0;
const SVR = 0xf0;
const ISR = 0x100;
const TMR = 0x180;
const IRR = 0x200;
const ESR = 0x280;
const ICR_LOW = 0x300;
const ICR_HIGH = 0x310;
const LVT_TIMER = 0x320;
const LVT_LINT0 = 0x350;
const LVT_LINT1 = 0x360;
const LVT_ERROR = 0x370;

describe('power-up state', () => {
  test('registers have the values of "Local APIC State After Power-Up or Reset"', () => {
    const f = new LocalApicFixture(3);
    expect(f.read(ID)).toBe(0x0300_0000);
    expect(f.read(VERSION)).toBe(0x0005_0014);
    expect(f.read(SVR)).toBe(0xff);
    expect(f.read(DFR)).toBe(0xffff_ffff);
    expect(f.read(LDR)).toBe(0);
    for (let lvt = LVT_TIMER; lvt <= LVT_ERROR; lvt += 0x10) expect(f.read(lvt)).toBe(0x10000);
    expect(f.apic.readMsr(0x1b)).toBe(0xfee0_0800n);
    expect(f.apic.baseAddress).toBe(0xfee0_0000);
    expect(new LocalApicFixture(0).apic.readMsr(0x1b)).toBe(0xfee0_0900n);
  });

  test('while software-disabled, LVT masks stay set and fixed interrupts are dropped', () => {
    const f = new LocalApicFixture();
    f.write(LVT_LINT1, 0x400);
    expect(f.read(LVT_LINT1)).toBe(0x10400);
    f.apic.acceptInterrupt(0x40, false);
    expect(f.apic.hasPendingInterrupt()).toBe(false);
    f.softwareEnable().write(LVT_LINT1, 0x400);
    expect(f.read(LVT_LINT1)).toBe(0x400);
    f.write(SVR, 0xff);
    expect(f.read(LVT_LINT1)).toBe(0x10400);
  });
});

describe('priorities', () => {
  test('the highest vector wins, nests by class, and EOI ends the highest in service', () => {
    const f = new LocalApicFixture().softwareEnable();
    f.apic.acceptInterrupt(0x41, false);
    f.apic.acceptInterrupt(0x45, false);
    expect(f.events).toEqual(['changed']);
    expect(f.apic.acknowledge()).toBe(0x45);
    expect(f.read(PPR)).toBe(0x40);
    expect(f.apic.hasPendingInterrupt()).toBe(false); // 41H is of the same class
    f.apic.acceptInterrupt(0xe1, false);
    expect(f.apic.acknowledge()).toBe(0xe1);
    expect(f.read(PPR)).toBe(0xe0);
    expect(f.read(ISR + 0x70)).toBe(1 << 1);
    expect(f.read(ISR + 0x20)).toBe(1 << 5);
    expect(f.read(IRR + 0x20)).toBe(1 << 1);
    f.write(EOI, 0);
    expect(f.read(PPR)).toBe(0x40);
    expect(f.apic.hasPendingInterrupt()).toBe(false);
    f.write(EOI, 0);
    expect(f.apic.hasPendingInterrupt()).toBe(true);
    expect(f.take()).toBe(0x41);
    f.write(EOI, 0); // nothing in service
    expect(f.read(PPR)).toBe(0);
  });

  test('the task priority holds back its class and below', () => {
    const f = new LocalApicFixture().softwareEnable();
    f.write(TPR, 0x45);
    expect(f.apic.tpr).toBe(4);
    expect(f.read(PPR)).toBe(0x45);
    f.apic.acceptInterrupt(0x4f, false);
    expect(f.apic.hasPendingInterrupt()).toBe(false);
    f.apic.tpr = 3;
    expect(f.read(TPR)).toBe(0x30);
    expect(f.apic.hasPendingInterrupt()).toBe(true);
    f.apic.tpr = 15;
    expect(f.apic.hasPendingInterrupt()).toBe(false);
    expect(f.events).toEqual(['changed', 'changed']);
  });

  test('an acknowledge that comes too late gets the spurious vector and no ISR bit', () => {
    const f = new LocalApicFixture();
    f.write(SVR, 0x1ef);
    expect(f.apic.acknowledge()).toBe(0xef);
    for (let word = 0; word < 8; word++) expect(f.read(ISR + word * 0x10)).toBe(0);
  });
});

test('EOI of a level-triggered interrupt is broadcast, that of an edge is not', () => {
  const f = new LocalApicFixture().softwareEnable();
  f.apic.acceptInterrupt(0x51, true);
  expect(f.read(TMR + 0x20)).toBe(1 << 17);
  expect(f.take()).toBe(0x51);
  expect(f.events).toContain('eoi 81');
  f.events.length = 0;
  f.apic.acceptInterrupt(0x51, false);
  expect(f.read(TMR + 0x20)).toBe(0);
  expect(f.take()).toBe(0x51);
  expect(f.events).not.toContain('eoi 81');
});

describe('errors', () => {
  test('the ESR shows errors since its last write, and the error interrupt fires once between writes', () => {
    const f = new LocalApicFixture().softwareEnable();
    f.write(LVT_ERROR, 0xfe);
    f.apic.acceptInterrupt(3, false);
    expect(f.read(ESR)).toBe(0);
    expect(f.take()).toBe(0xfe);
    f.apic.acceptInterrupt(4, false);
    expect(f.apic.hasPendingInterrupt()).toBe(false);
    f.write(ESR, 0);
    expect(f.read(ESR)).toBe(0x40);
    f.write(ESR, 0);
    expect(f.read(ESR)).toBe(0);
    f.apic.acceptInterrupt(3, false);
    expect(f.take()).toBe(0xfe);
  });

  test('sending an illegal vector and touching a register that does not exist are logged', () => {
    const f = new LocalApicFixture().softwareEnable();
    f.write(ICR_HIGH, 0x0500_0000);
    f.write(ICR_LOW, 0x0000_4005);
    f.write(ESR, 0);
    expect(f.read(ESR)).toBe(0x20);
    expect(f.read(0x2f0)).toBe(0); // LVT CMCI
    f.write(ESR, 0);
    expect(f.read(ESR)).toBe(0x80);
    f.write(0x40, 1);
    f.write(ESR, 0);
    expect(f.read(ESR)).toBe(0x80);
    f.write(VERSION, 0); // read-only, not an error
    f.write(ESR, 0);
    expect(f.read(ESR)).toBe(0);
  });
});

describe('LINT pins', () => {
  test('LINT0 passes ExtINT when unmasked in that mode or with the APIC disabled', () => {
    const f = new LocalApicFixture();
    expect(f.apic.acceptsExtInt).toBe(false);
    f.softwareEnable().write(LVT_LINT0, 0x700);
    expect(f.apic.acceptsExtInt).toBe(true);
    expect(f.events).toEqual(['changed']);
    f.write(LVT_LINT0, 0x10700);
    expect(f.apic.acceptsExtInt).toBe(false);
    f.apic.writeMsr(0x1b, 0xfee0_0100n);
    expect(f.apic.enabled).toBe(false);
    expect(f.apic.acceptsExtInt).toBe(true);
    f.apic.writeMsr(0x1b, 0xfee0_0900n);
    expect(f.apic.acceptsExtInt).toBe(false);
  });

  test('LINT0 in fixed mode delivers its vector on a rising edge', () => {
    const f = new LocalApicFixture().softwareEnable();
    f.write(LVT_LINT0, 0x31);
    f.apic.setLint0(true);
    expect(f.take()).toBe(0x31);
    f.apic.setLint0(true);
    expect(f.take()).toBeUndefined();
    f.apic.setLint0(false);
    f.apic.setLint0(true);
    expect(f.take()).toBe(0x31);
  });

  test('LINT1 is NMI when programmed so, and always with the APIC disabled', () => {
    const f = new LocalApicFixture();
    const pulse = () => {
      f.apic.setLint1(true);
      f.apic.setLint1(false);
    };
    pulse();
    expect(f.events).toEqual([]);
    f.softwareEnable().write(LVT_LINT1, 0x400);
    pulse();
    expect(f.events).toEqual(['nmi']);
    f.apic.writeMsr(0x1b, 0xfee0_0100n);
    f.events.length = 0;
    pulse();
    expect(f.events).toEqual(['nmi']);
  });
});

describe('destinations', () => {
  test('xAPIC physical, flat and cluster', () => {
    const { apic, ...rest } = new LocalApicFixture(2);
    expect(rest.events).toEqual([]);
    expect(apic.matchesDestination(2, false)).toBe(true);
    expect(apic.matchesDestination(3, false)).toBe(false);
    expect(apic.matchesDestination(0xff, false)).toBe(true);
    apic.writeMmio(LDR, 4, 0x2400_0000);
    expect(apic.matchesDestination(0x04, true)).toBe(true);
    expect(apic.matchesDestination(0x03, true)).toBe(false);
    apic.writeMmio(DFR, 4, 0);
    expect(apic.readMmio(DFR, 4)).toBe(0x0fff_ffff);
    expect(apic.matchesDestination(0x24, true)).toBe(true);
    expect(apic.matchesDestination(0x14, true)).toBe(false);
    expect(apic.matchesDestination(0x2b, true)).toBe(false);
    expect(apic.matchesDestination(0xf4, true)).toBe(true);
  });

  test('x2APIC: 32-bit IDs, the LDR follows from the ID', () => {
    const f = new LocalApicFixture(0x123);
    f.apic.writeMsr(0x1b, 0xfee0_0c00n);
    expect(f.apic.readMsr(0x802)).toBe(0x123n);
    expect(f.apic.readMsr(0x80d)).toBe(0x12_0008n);
    expect(f.apic.matchesDestination(0x123, false)).toBe(true);
    expect(f.apic.matchesDestination(0xff, false)).toBe(false);
    expect(f.apic.matchesDestination(0xffff_ffff, false)).toBe(true);
    expect(f.apic.matchesDestination(0x12_0018, true)).toBe(true);
    expect(f.apic.matchesDestination(0x12_0004, true)).toBe(false);
    expect(f.apic.matchesDestination(0x11_0008, true)).toBe(false);
  });
});

describe('interprocessor interrupts', () => {
  test('INIT and start-up go out as sent; INIT de-assert goes nowhere', () => {
    const f = new LocalApicFixture().softwareEnable();
    f.write(ICR_HIGH, 0x0100_0000);
    f.write(ICR_LOW, 0x0000_c500);
    f.write(ICR_LOW, 0x0000_8500);
    f.write(ICR_LOW, 0x0000_0699);
    expect(f.sent).toEqual([
      { vector: 0, deliveryMode: 5, levelTriggered: false, destination: 1, logical: false },
      { vector: 0x99, deliveryMode: 6, levelTriggered: false, destination: 1, logical: false },
    ]);
    expect(f.read(ICR_LOW) & 0x1000).toBe(0); // delivery status: idle
    expect(f.events).toEqual([]);
  });

  test('shorthands', () => {
    const f = new LocalApicFixture().softwareEnable();
    f.write(ICR_LOW, 0x0004_4040); // self
    expect(f.take()).toBe(0x40);
    expect(f.sent).toEqual([]);
    f.write(ICR_LOW, 0x0008_4041); // all including self
    expect(f.take()).toBe(0x41);
    expect(f.sent.at(-1)).toMatchObject({ vector: 0x41, destination: 0xffff_ffff, logical: false });
    f.write(ICR_LOW, 0x000c_4042); // all excluding self
    expect(f.take()).toBeUndefined();
    expect(f.sent.at(-1)).toMatchObject({ vector: 0x42, destination: 0xffff_ffff });
    expect(f.sent.length).toBe(2);
  });

  test('destinations without shorthand: own ID stays inside, logical ones may do both', () => {
    const f = new LocalApicFixture().softwareEnable();
    f.write(ICR_HIGH, 0);
    f.write(ICR_LOW, 0x4050);
    expect(f.take()).toBe(0x50);
    expect(f.sent).toEqual([]);
    f.write(LDR, 0x0100_0000);
    f.write(ICR_HIGH, 0x0300_0000);
    f.write(ICR_LOW, 0x4851);
    expect(f.take()).toBe(0x51);
    expect(f.sent).toEqual([
      { vector: 0x51, deliveryMode: 0, levelTriggered: false, destination: 3, logical: true },
    ]);
    f.write(ICR_HIGH, 0xff00_0000);
    f.write(ICR_LOW, 0x4400);
    expect(f.events.at(-1)).toBe('nmi');
    expect(f.sent.at(-1)).toMatchObject({ deliveryMode: 4, destination: 0xffff_ffff });
  });

  test('a received INIT resets the registers but not the ID or the base', () => {
    const f = new LocalApicFixture(4).softwareEnable();
    f.apic.acceptInterrupt(0x40, false);
    const message = { vector: 0, levelTriggered: false, destination: 4, logical: false };
    f.apic.receive({ ...message, deliveryMode: 5 });
    expect(f.events.at(-1)).toBe('init');
    expect(f.read(SVR)).toBe(0xff);
    expect(f.apic.hasPendingInterrupt()).toBe(false);
    expect(f.read(ID)).toBe(0x0400_0000);
    f.apic.receive({ ...message, deliveryMode: 6, vector: 0x9a });
    expect(f.events.at(-1)).toBe('startup 154');
  });
});

describe('IA32_APIC_BASE', () => {
  test('reserved bits and illegal transitions are refused', () => {
    const { apic } = new LocalApicFixture();
    expect(apic.writeMsr(0x1b, 0xfee0_0a00n)).toBe(false); // bit 9
    expect(apic.writeMsr(0x1b, 0x100_fee0_0900n)).toBe(false); // beyond MAXPHYADDR 40
    expect(apic.writeMsr(0x1b, 0xfee0_0500n)).toBe(false); // x2APIC without enable
    expect(apic.writeMsr(0x1b, 0xfee0_0d00n)).toBe(true);
    expect(apic.x2apicMode).toBe(true);
    expect(apic.writeMsr(0x1b, 0xfee0_0900n)).toBe(false); // x2APIC to xAPIC
    expect(apic.writeMsr(0x1b, 0xfee0_0100n)).toBe(true);
    expect(apic.writeMsr(0x1b, 0xfee0_0d00n)).toBe(false); // disabled to x2APIC
    expect(apic.writeMsr(0x1b, 0xd000_0900n)).toBe(true);
    expect(apic.baseAddress).toBe(0xd000_0000);
  });

  test('disabling loses the state, entering x2APIC mode keeps it', () => {
    const f = new LocalApicFixture().softwareEnable();
    f.write(LVT_LINT1, 0x400);
    f.apic.writeMsr(0x1b, 0xfee0_0d00n);
    expect(f.apic.readMsr(0x836)).toBe(0x400n);
    f.apic.writeMsr(0x1b, 0xfee0_0100n);
    f.apic.writeMsr(0x1b, 0xfee0_0900n);
    expect(f.read(LVT_LINT1)).toBe(0x10000);
    expect(f.read(SVR)).toBe(0xff);
  });
});

describe('x2APIC registers', () => {
  test('are out of reach in xAPIC mode, and the page in x2APIC mode', () => {
    const f = new LocalApicFixture();
    expect(f.apic.readMsr(0x802)).toBeUndefined();
    expect(f.apic.writeMsr(0x808, 0n)).toBe(false);
    f.x2apic();
    expect(f.read(ID)).toBe(0xffff_ffff);
    f.write(TPR, 0x20);
    expect(f.apic.readMsr(0x808)).toBe(0n);
  });

  test('absent, write-only and read-only registers', () => {
    const { apic } = new LocalApicFixture().x2apic();
    for (const msr of [0x800, 0x809, 0x80b, 0x80c, 0x80e, 0x82f, 0x831, 0x83f, 0x840, 0x8ff]) {
      expect(apic.readMsr(msr), msr.toString(16)).toBeUndefined();
    }
    for (const msr of [0x802, 0x803, 0x80a, 0x80d, 0x80e, 0x810, 0x818, 0x827, 0x82f, 0x831, 0x839]) {
      expect(apic.writeMsr(msr, 0n), msr.toString(16)).toBe(false);
    }
    expect(apic.readMsr(0x803)).toBe(0x50014n);
  });

  test('reserved bits are refused', () => {
    const { apic } = new LocalApicFixture().x2apic();
    const refused: [number, bigint][] = [
      [0x808, 0x100n],
      [0x80b, 1n],
      [0x80f, 0x1000n], // EOI-broadcast suppression is not supported
      [0x828, 1n],
      [0x830, 1n << 13n],
      [0x830, 1n << 20n],
      [0x832, 1n << 8n],
      [0x835, 1n << 17n],
      [0x838, 1n << 32n],
      [0x83e, 4n],
      [0x83f, 0x100n],
    ];
    for (const [msr, value] of refused) expect(apic.writeMsr(msr, value), msr.toString(16)).toBe(false);
    expect(apic.writeMsr(0x828, 0n)).toBe(true);
    expect(apic.writeMsr(0x83e, 0xbn)).toBe(true);
    expect(apic.readMsr(0x83e)).toBe(0xbn);
  });

  test('the ICR is one 64-bit register; SELF IPI and EOI work', () => {
    const f = new LocalApicFixture().x2apic();
    expect(f.apic.writeMsr(0x830, 0x0001_0002_0000_4899n)).toBe(true);
    expect(f.sent).toEqual([
      { vector: 0x99, deliveryMode: 0, levelTriggered: false, destination: 0x10002, logical: true },
    ]);
    expect(f.apic.readMsr(0x830)).toBe(0x0001_0002_0000_4899n);
    expect(f.apic.writeMsr(0x83f, 0x61n)).toBe(true);
    expect(f.apic.acknowledge()).toBe(0x61);
    expect(f.apic.readMsr(0x813)).toBe(2n);
    expect(f.apic.writeMsr(0x80b, 0n)).toBe(true);
    expect(f.apic.readMsr(0x813)).toBe(0n);
  });
});

test('save and load carry everything over', () => {
  const f = new LocalApicFixture().softwareEnable();
  f.write(TPR, 0x10);
  f.write(LVT_TIMER, 0x40030);
  f.apic.acceptInterrupt(0x41, true);
  f.apic.acknowledge();
  f.apic.acceptInterrupt(0x52, false);
  f.apic.tscOffset = 5n;
  f.apic.writeMsr(0x6e0, 1000n);
  const g = new LocalApicFixture();
  g.apic.load(f.apic.save());
  expect(g.apic.save()).toEqual(f.apic.save());
  expect(g.events).toContain('changed');
  expect(g.take()).toBe(0x52);
  g.clock.advanceTo(995);
  g.write(EOI, 0);
  expect(g.events).toContain('eoi 65');
  expect(g.take()).toBe(0x30);
  g.apic.reset();
  expect(g.apic.save()).toEqual(new LocalApicFixture().apic.save());
});

test('a state of another shape is refused and changes nothing', () => {
  const f = new LocalApicFixture().softwareEnable();
  f.write(TPR, 0x10);
  const before = f.apic.save();
  const { timer, registers } = before as Record<string, Record<string, number>>;
  for (const broken of [
    {},
    { ...before, lvt: [1, 2] },
    { ...before, requests: 'none' },
    { ...before, registers: { ...registers, taskPriority: '1' } },
    { ...before, registers: { ...registers, base: 5 } },
    { ...before, timer: { ...timer, due: undefined } },
  ]) {
    expect(() => f.apic.load(broken)).toThrow(TypeError);
    expect(f.apic.save()).toEqual(before);
  }
});
