import { describe, expect, it } from 'vitest';
import { enterVirtualWireMode } from '../../src/machine/virtual-wire.ts';
import { LocalApicFixture } from '../devices/local-apic-fixture.ts';

describe('enterVirtualWireMode', () => {
  it('lets the interrupts of the 8259 through LINT0, which after power-up is masked', () => {
    const { apic } = new LocalApicFixture();
    expect(apic.acceptsExtInt).toBe(false);
    enterVirtualWireMode(apic);
    expect(apic.acceptsExtInt).toBe(true);
  });

  it('makes LINT1 an NMI', () => {
    const { apic, events } = new LocalApicFixture();
    enterVirtualWireMode(apic);
    apic.setLint1(true);
    expect(events.filter((event) => event === 'nmi')).toHaveLength(1);
  });

  it('enables the APIC by software and asks for no interrupt', () => {
    const fixture = new LocalApicFixture();
    enterVirtualWireMode(fixture.apic);
    expect(fixture.read(0xf0) & 0x100).toBe(0x100);
    expect(fixture.apic.hasPendingInterrupt()).toBe(false);
  });
});
