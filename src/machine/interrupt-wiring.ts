/** Wires between devices and the interrupt controllers. */

import { PIT_GSI, PIT_IRQ } from '../boot/io-map.ts';
import type { InterruptLine } from '../devices/device.ts';
import type { I8259Pair } from '../devices/i8259.ts';
import { IO_APIC_INPUTS, type IoApic } from '../devices/io-apic.ts';

/** Several drivers on one wire: asserted while any of them asserts it. */
class SharedLine {
  private readonly target: InterruptLine;
  private asserted = 0;

  constructor(target: InterruptLine) {
    this.target = target;
  }

  driver(): InterruptLine {
    let level = false;
    return {
      set: (next) => {
        if (next === level) return;
        level = next;
        this.asserted += next ? 1 : -1;
        this.target.set(this.asserted > 0);
      },
    };
  }
}

/** Global system interrupts: I/O APIC inputs and, for the ISA ones, the 8259 inputs beside them. */
export class InterruptWiring {
  private readonly lines: SharedLine[];

  constructor(ioApic: IoApic, pic: I8259Pair) {
    this.lines = Array.from({ length: IO_APIC_INPUTS }, (_, gsi) => {
      const toApic = ioApic.line(gsi);
      const irq = gsi === PIT_GSI ? PIT_IRQ : gsi;
      // Input 2 of the 8259 is the cascade, and I/O APIC input 0 is not connected.
      if (gsi === 0 || gsi > 15) return new SharedLine(toApic);
      const toPic = pic.line(irq);
      return new SharedLine({
        set: (level) => {
          toApic.set(level);
          toPic.set(level);
        },
      });
    });
  }

  /** A new driver of a global system interrupt, 0..23. */
  gsi(number: number): InterruptLine {
    const line = this.lines[number];
    if (line === undefined) throw new RangeError(`there is no interrupt input ${number}`);
    return line.driver();
  }

  /** ISA interrupt 0..15: the timer is on I/O APIC input 2. */
  isa(irq: number): InterruptLine {
    return this.gsi(irq === PIT_IRQ ? PIT_GSI : irq);
  }
}

/** A driver that can be disconnected, as the HPET's legacy replacement does to the 8254 and the RTC. */
export class SwitchedLine implements InterruptLine {
  private readonly target: InterruptLine;
  private level = false;
  private isConnected = true;

  constructor(target: InterruptLine) {
    this.target = target;
  }

  set(level: boolean): void {
    this.level = level;
    if (this.isConnected) this.target.set(level);
  }

  connect(connected: boolean): void {
    this.isConnected = connected;
    this.target.set(connected && this.level);
  }
}
