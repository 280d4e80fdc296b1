import type { ApicMessage } from '../../src/devices/apic-message.ts';
import { LocalApic } from '../../src/devices/local-apic.ts';
import { ManualClock } from './manual-clock.ts';

/** A local APIC on a manual clock that records what it tells its surroundings. */
export class LocalApicFixture {
  readonly clock = new ManualClock();
  readonly events: string[] = [];
  readonly sent: ApicMessage[] = [];
  readonly apic: LocalApic;

  constructor(id = 0) {
    this.apic = new LocalApic({
      id,
      baseAddress: 0xfee0_0000,
      clock: this.clock,
      timers: this.clock,
      physicalAddressBits: 40,
      sink: {
        interruptPendingChanged: () => this.events.push('changed'),
        nmi: () => this.events.push('nmi'),
        init: () => this.events.push('init'),
        startup: (vector) => this.events.push(`startup ${vector}`),
        eoiBroadcast: (vector) => this.events.push(`eoi ${vector}`),
        sendIpi: (message) => this.sent.push(message),
      },
    });
  }

  read(offset: number): number {
    return this.apic.readMmio(offset, 4);
  }

  write(offset: number, value: number): void {
    this.apic.writeMmio(offset, 4, value);
  }

  softwareEnable(): this {
    this.write(0xf0, 0x1ff);
    return this;
  }

  x2apic(): this {
    this.apic.writeMsr(0x1b, 0xfee0_0d00n);
    this.apic.writeMsr(0x80f, 0x1ffn);
    return this;
  }

  /** Acknowledges and ends the pending interrupt; undefined if none is pending. */
  take(): number | undefined {
    if (!this.apic.hasPendingInterrupt()) return undefined;
    const vector = this.apic.acknowledge();
    this.write(0xb0, 0);
    return vector;
  }
}
