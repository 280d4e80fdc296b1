/**
 * The I/O APIC: Intel 82093AA, with version 20H and the EOI register that its successors in the ICH have.
 * Input lines are logical levels, so the polarity bit is stored and otherwise ignored.
 */

import type { ApicMessage } from './apic-message.ts';
import { DeliveryMode } from './apic-message.ts';
import type { AccessSize, Device, DeviceState, InterruptLine, MmioHandler } from './device.ts';
import { numbersIn, restoreRegisters, stateIn } from './device-state.ts';

export interface IoApicSink {
  /**
   * Deliver a message to the local APICs it addresses, or for ExtINT have the processor take a vector from
   * the 8259.
   */
  deliver(message: ApicMessage): void;
}

/** Number of interrupt inputs. */
export const IO_APIC_INPUTS = 24;

const VERSION = 0x20 | ((IO_APIC_INPUTS - 1) << 16);

/** Offsets of the memory-mapped registers. */
const IOREGSEL = 0x00;
const IOWIN = 0x10;
const EOI = 0x40;

/** Indirect registers, selected by IOREGSEL. */
const IOAPICID = 0;
const IOAPICVER = 1;
const IOAPICARB = 2;
const IOREDTBL = 0x10;

/** Low half of a redirection table entry. */
const DESTINATION_MODE_LOGICAL = 1 << 11;
const REMOTE_IRR = 1 << 14;
const TRIGGER_LEVEL = 1 << 15;
const MASK = 1 << 16;
/** All but delivery status (12, always idle) and remote IRR (14). */
const LOW_WRITABLE = 0x0001_afff;
const HIGH_WRITABLE = 0xff00_0000;

/** The other delivery modes are edge-triggered whatever the trigger mode bit says. */
function isLevelTriggered(low: number): boolean {
  return (low & TRIGGER_LEVEL) !== 0 && ((low >> 8) & 7) <= DeliveryMode.lowestPriority;
}

function initialRegisters() {
  return {
    /** The indirect register that IOWIN is. */
    selected: 0,
    id: 0,
    /** Levels of the inputs, bit n for input n. */
    levels: 0,
  };
}

export class IoApic implements Device, MmioHandler {
  private readonly sink: IoApicSink;
  private readonly lines: readonly InterruptLine[];
  private registers = initialRegisters();
  private readonly low = new Uint32Array(IO_APIC_INPUTS);
  private readonly high = new Uint32Array(IO_APIC_INPUTS);

  constructor(sink: IoApicSink) {
    this.sink = sink;
    this.lines = Array.from({ length: IO_APIC_INPUTS }, (_, input) => ({
      set: (level: boolean) => this.setLine(input, level),
    }));
    this.reset();
  }

  /** @param input 0..23; throws RangeError otherwise. */
  line(input: number): InterruptLine {
    const line = this.lines[input];
    if (line === undefined)
      throw new RangeError(`I/O APIC input ${input} is not in 0..${IO_APIC_INPUTS - 1}`);
    return line;
  }

  /** A local APIC has ended the level-triggered interrupt `vector`: inputs still asserted are delivered again. */
  eoi(vector: number): void {
    for (let input = 0; input < IO_APIC_INPUTS; input++) {
      const low = this.low[input];
      if ((low & 0xff) !== vector || (low & REMOTE_IRR) === 0) continue;
      this.low[input] = low & ~REMOTE_IRR;
      this.serviceLevel(input);
    }
  }

  readMmio(offset: number, size: AccessSize): number {
    let value = 0;
    const register = offset & 0xfc;
    if (register === IOREGSEL) value = this.registers.selected;
    else if (register === IOWIN) value = this.readIndirect(this.registers.selected);
    value >>>= (offset & 3) * 8;
    return size === 1 ? value & 0xff : size === 2 ? value & 0xffff : value;
  }

  /** IOREGSEL and EOI take a write of any size to their low byte; IOWIN takes only 32 bits. */
  writeMmio(offset: number, size: AccessSize, value: number): void {
    switch (offset & 0xff) {
      case IOREGSEL:
        this.registers.selected = value & 0xff;
        break;
      case IOWIN:
        if (size === 4) this.writeIndirect(this.registers.selected, value);
        break;
      case EOI:
        this.eoi(value & 0xff);
        break;
    }
  }

  reset(): void {
    this.registers = initialRegisters();
    this.low.fill(MASK);
    this.high.fill(0);
  }

  save(): DeviceState {
    return { registers: { ...this.registers }, low: Array.from(this.low), high: Array.from(this.high) };
  }

  load(state: DeviceState): void {
    const low = numbersIn(state, 'low', IO_APIC_INPUTS);
    const high = numbersIn(state, 'high', IO_APIC_INPUTS);
    restoreRegisters(this.registers, stateIn(state, 'registers'));
    this.low.set(low);
    this.high.set(high);
  }

  private setLine(input: number, level: boolean): void {
    const bit = 1 << input;
    if (((this.registers.levels & bit) !== 0) === level) return;
    this.registers.levels ^= bit;
    if (!level) return;
    const low = this.low[input];
    if (isLevelTriggered(low)) this.serviceLevel(input);
    // An edge on a masked input is not held pending (82093AA, "Interrupt Mask").
    else if ((low & MASK) === 0) this.deliver(input);
  }

  /** Delivers a level-triggered input that is asserted, unmasked and not already being serviced. */
  private serviceLevel(input: number): void {
    const low = this.low[input];
    if (!isLevelTriggered(low) || (low & (MASK | REMOTE_IRR)) !== 0) return;
    if ((this.registers.levels & (1 << input)) === 0) return;
    this.low[input] = low | REMOTE_IRR;
    this.deliver(input);
  }

  private deliver(input: number): void {
    const low = this.low[input];
    this.sink.deliver({
      vector: low & 0xff,
      deliveryMode: (low >> 8) & 7,
      levelTriggered: isLevelTriggered(low),
      destination: this.high[input] >>> 24,
      logical: (low & DESTINATION_MODE_LOGICAL) !== 0,
    });
  }

  private readIndirect(index: number): number {
    switch (index) {
      case IOAPICID:
      case IOAPICARB:
        return this.registers.id;
      case IOAPICVER:
        return VERSION;
    }
    const input = (index - IOREDTBL) >> 1;
    if (input < 0 || input >= IO_APIC_INPUTS) return 0;
    return (index & 1) === 0 ? this.low[input] : this.high[input];
  }

  private writeIndirect(index: number, value: number): void {
    if (index === IOAPICID) this.registers.id = value & 0x0f00_0000;
    const input = (index - IOREDTBL) >> 1;
    if (input < 0 || input >= IO_APIC_INPUTS) return;
    if ((index & 1) !== 0) {
      this.high[input] = value & HIGH_WRITABLE;
      return;
    }
    let low = (value & LOW_WRITABLE) | (this.low[input] & REMOTE_IRR);
    // Remote IRR has no meaning for edges. Guests switch to edge and back in order to clear it.
    if (!isLevelTriggered(low)) low &= ~REMOTE_IRR;
    this.low[input] = low;
    this.serviceLevel(input);
  }
}
