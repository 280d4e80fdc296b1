/**
 * The PC's two cascaded Intel 8259A interrupt controllers, with the edge/level control registers (ELCR)
 * of PCI chipsets. Section names are those of the 8259A data sheet.
 *
 * Two differences from the chip: a rising edge stays latched when the input falls before it is
 * acknowledged (the chip would answer with a spurious IR7), so that devices may pulse their lines; and the
 * buffered, special fully nested and MCS-80/85 modes are absent, which PCs do not use.
 */

import type { AccessSize, Device, DeviceState, InterruptLine, PortHandler } from './device.ts';

const MASTER_COMMAND = 0x20;
const MASTER_DATA = 0x21;
const SLAVE_COMMAND = 0xa0;
const SLAVE_DATA = 0xa1;
const MASTER_ELCR = 0x4d0;
const SLAVE_ELCR = 0x4d1;

/** The system timer, keyboard and cascade (IRQ 0-2), the RTC (8) and FERR# (13) are always edges. */
const MASTER_ELCR_WRITABLE = 0xf8;
const SLAVE_ELCR_WRITABLE = 0xde;

/** The master's input that the slave drives. */
const CASCADE = 2;

/** Next initialization command word that a write to the data port means; 0 is none (OCW1). */
type InitializationStep = 0 | 2 | 3 | 4;

/** One 8259A. */
class I8259 {
  private readonly elcrWritable: number;
  private irr = 0;
  private isr = 0;
  private imr = 0;
  private levels = 0;
  private elcr = 0;
  private levelTriggeredMode = false;
  /** The input with the lowest priority; the next one, cyclically, has the highest. */
  private lowest = 7;
  private vectorBase = 0;
  private step: InitializationStep = 0;
  private single = false;
  private needsIcw4 = false;
  private autoEoi = false;
  private rotateOnAutoEoi = false;
  private specialMask = false;
  private readsIsr = false;
  private polled = false;

  constructor(elcrWritable: number) {
    this.elcrWritable = elcrWritable;
  }

  /** The INT output: an unmasked request of higher priority than what is in service. */
  get output(): boolean {
    return this.highestRequest() >= 0;
  }

  setInput(input: number, level: boolean): void {
    const bit = 1 << input;
    const rises = level && (this.levels & bit) === 0;
    this.levels = level ? this.levels | bit : this.levels & ~bit;
    if (rises) this.irr |= bit;
    else if (!level) this.irr &= ~(bit & this.levelInputs);
  }

  /**
   * An input that is requested as long as it is asserted, whatever the trigger mode: how the master sees the
   * slave, which drops INT for a moment between two interrupts.
   */
  setCascade(level: boolean): void {
    const bit = 1 << CASCADE;
    this.irr = level ? this.irr | bit : this.irr & ~bit;
  }

  /** The INTA sequence. Returns the input number; 7 with no in-service bit set if nothing is requested. */
  acknowledge(): number {
    const input = this.highestRequest();
    if (input < 0) return 7;
    const bit = 1 << input;
    this.irr &= ~(bit & ~this.levelInputs);
    if (!this.autoEoi) this.isr |= bit;
    else if (this.rotateOnAutoEoi) this.lowest = input;
    return input;
  }

  vector(input: number): number {
    return this.vectorBase | input;
  }

  readCommand(): number {
    if (this.polled) return this.poll();
    return this.readsIsr ? this.isr : this.irr;
  }

  readData(): number {
    return this.polled ? this.poll() : this.imr;
  }

  writeCommand(value: number): void {
    if ((value & 0x10) !== 0) this.writeIcw1(value);
    else if ((value & 0x08) !== 0) this.writeOcw3(value);
    else this.writeOcw2(value);
  }

  writeData(value: number): void {
    switch (this.step) {
      case 0:
        this.imr = value;
        break;
      case 2:
        this.vectorBase = value & 0xf8;
        this.step = this.single ? this.stepAfterIcw3 : 3;
        break;
      case 3:
        // The wiring of the cascade is fixed.
        this.step = this.stepAfterIcw3;
        break;
      case 4:
        this.autoEoi = (value & 0x02) !== 0;
        this.step = 0;
        break;
    }
  }

  readElcr(): number {
    return this.elcr;
  }

  writeElcr(value: number): void {
    this.elcr = value & this.elcrWritable;
    // An input that becomes level-triggered requests exactly while it is asserted.
    this.irr = (this.irr & ~this.elcr) | (this.levels & this.elcr);
  }

  reset(): void {
    this.levels = 0;
    this.elcr = 0;
    this.vectorBase = 0;
    this.initialize();
    this.levelTriggeredMode = false;
    this.step = 0;
    this.single = false;
    this.needsIcw4 = false;
  }

  save(): DeviceState {
    return {
      irr: this.irr,
      isr: this.isr,
      imr: this.imr,
      levels: this.levels,
      elcr: this.elcr,
      levelTriggeredMode: this.levelTriggeredMode,
      lowest: this.lowest,
      vectorBase: this.vectorBase,
      step: this.step,
      single: this.single,
      needsIcw4: this.needsIcw4,
      autoEoi: this.autoEoi,
      rotateOnAutoEoi: this.rotateOnAutoEoi,
      specialMask: this.specialMask,
      readsIsr: this.readsIsr,
      polled: this.polled,
    };
  }

  load(state: DeviceState): void {
    this.irr = state.irr as number;
    this.isr = state.isr as number;
    this.imr = state.imr as number;
    this.levels = state.levels as number;
    this.elcr = state.elcr as number;
    this.levelTriggeredMode = state.levelTriggeredMode as boolean;
    this.lowest = state.lowest as number;
    this.vectorBase = state.vectorBase as number;
    this.step = state.step as InitializationStep;
    this.single = state.single as boolean;
    this.needsIcw4 = state.needsIcw4 as boolean;
    this.autoEoi = state.autoEoi as boolean;
    this.rotateOnAutoEoi = state.rotateOnAutoEoi as boolean;
    this.specialMask = state.specialMask as boolean;
    this.readsIsr = state.readsIsr as boolean;
    this.polled = state.polled as boolean;
  }

  private get levelInputs(): number {
    return this.levelTriggeredMode ? 0xff : this.elcr;
  }

  private get stepAfterIcw3(): InitializationStep {
    return this.needsIcw4 ? 4 : 0;
  }

  /** The highest-priority unmasked request that nothing in service holds back, or -1. */
  private highestRequest(): number {
    const requests = this.irr & ~this.imr;
    if (requests === 0) return -1;
    // "Special Mask Mode": a masked in-service level does not inhibit the others.
    const inhibiting = this.specialMask ? this.isr & ~this.imr : this.isr;
    for (let rank = 1; rank <= 8; rank++) {
      const input = (this.lowest + rank) & 7;
      if (((inhibiting >> input) & 1) !== 0) return -1;
      if (((requests >> input) & 1) !== 0) return input;
    }
    return -1;
  }

  /** "Poll Command": the read is the acknowledgement. */
  private poll(): number {
    this.polled = false;
    return this.output ? 0x80 | this.acknowledge() : 0;
  }

  /** What ICW1 resets ("Initialization Command Words 1 and 2"); level-triggered inputs keep requesting. */
  private initialize(): void {
    this.irr = this.levels & this.levelInputs;
    this.isr = 0;
    this.imr = 0;
    this.lowest = 7;
    this.autoEoi = false;
    this.rotateOnAutoEoi = false;
    this.specialMask = false;
    this.readsIsr = false;
    this.polled = false;
  }

  private writeIcw1(value: number): void {
    this.needsIcw4 = (value & 0x01) !== 0;
    this.single = (value & 0x02) !== 0;
    this.levelTriggeredMode = (value & 0x08) !== 0;
    this.step = 2;
    this.initialize();
  }

  private writeOcw2(value: number): void {
    const level = value & 7;
    switch (value >> 5) {
      case 0b000:
        this.rotateOnAutoEoi = false;
        break;
      case 0b100:
        this.rotateOnAutoEoi = true;
        break;
      case 0b001:
        this.endOfInterrupt(this.highestInService());
        break;
      case 0b011:
        this.endOfInterrupt(level);
        break;
      case 0b101: {
        const ended = this.highestInService();
        this.endOfInterrupt(ended);
        if (ended >= 0) this.lowest = ended;
        break;
      }
      case 0b111:
        this.endOfInterrupt(level);
        this.lowest = level;
        break;
      case 0b110:
        this.lowest = level;
        break;
    }
  }

  private writeOcw3(value: number): void {
    if ((value & 0x04) !== 0) this.polled = true;
    if ((value & 0x02) !== 0) this.readsIsr = (value & 0x01) !== 0;
    if ((value & 0x40) !== 0) this.specialMask = (value & 0x20) !== 0;
  }

  /** In special mask mode a non-specific EOI does not see masked levels. */
  private highestInService(): number {
    const candidates = this.specialMask ? this.isr & ~this.imr : this.isr;
    for (let rank = 1; rank <= 8; rank++) {
      const input = (this.lowest + rank) & 7;
      if (((candidates >> input) & 1) !== 0) return input;
    }
    return -1;
  }

  private endOfInterrupt(input: number): void {
    if (input >= 0) this.isr &= ~(1 << input);
  }
}

/** Master (IRQ 0-7) and slave (IRQ 8-15) at ports 20H, 21H, A0H, A1H and ELCR 4D0H, 4D1H. */
export class I8259Pair implements Device, PortHandler {
  private readonly interruptChanged: (level: boolean) => void;
  private readonly master = new I8259(MASTER_ELCR_WRITABLE);
  private readonly slave = new I8259(SLAVE_ELCR_WRITABLE);
  private readonly lines: readonly InterruptLine[];
  private output = false;

  /** @param interruptChanged told each change of the master's INT output. */
  constructor(interruptChanged: (level: boolean) => void) {
    this.interruptChanged = interruptChanged;
    this.lines = Array.from({ length: 16 }, (_, irq) => ({
      set: (level: boolean) => this.setLine(irq, level),
    }));
  }

  /** @param irq 0..15 except 2, the cascade, whose line does nothing; throws RangeError outside 0..15. */
  line(irq: number): InterruptLine {
    const line = this.lines[irq];
    if (line === undefined) throw new RangeError(`IRQ ${irq} is not in 0..15`);
    return line;
  }

  /** The master's INT output. */
  hasPendingInterrupt(): boolean {
    return this.output;
  }

  /** The processor's interrupt acknowledge. Returns the vector; that of IRQ 7 if the request has gone. */
  acknowledge(): number {
    const input = this.master.acknowledge();
    const vector =
      input === CASCADE ? this.slave.vector(this.slave.acknowledge()) : this.master.vector(input);
    this.update();
    return vector;
  }

  readPort(port: number, size: AccessSize): number {
    let value = 0;
    for (let byte = 0; byte < size; byte++) value |= this.readByte(port + byte) << (byte * 8);
    return value >>> 0;
  }

  writePort(port: number, size: AccessSize, value: number): void {
    for (let byte = 0; byte < size; byte++) this.writeByte(port + byte, (value >>> (byte * 8)) & 0xff);
  }

  reset(): void {
    this.master.reset();
    this.slave.reset();
    this.update();
  }

  save(): DeviceState {
    return { master: this.master.save(), slave: this.slave.save() };
  }

  load(state: DeviceState): void {
    this.master.load(state.master as DeviceState);
    this.slave.load(state.slave as DeviceState);
    this.update();
  }

  private setLine(irq: number, level: boolean): void {
    if (irq === CASCADE) return;
    if (irq < 8) this.master.setInput(irq, level);
    else this.slave.setInput(irq - 8, level);
    this.update();
  }

  private update(): void {
    this.master.setCascade(this.slave.output);
    const output = this.master.output;
    if (output === this.output) return;
    this.output = output;
    this.interruptChanged(output);
  }

  private readByte(port: number): number {
    const value = this.readRegister(port);
    // A read in poll mode acknowledges.
    this.update();
    return value;
  }

  private readRegister(port: number): number {
    switch (port) {
      case MASTER_COMMAND:
        return this.master.readCommand();
      case MASTER_DATA:
        return this.master.readData();
      case SLAVE_COMMAND:
        return this.slave.readCommand();
      case SLAVE_DATA:
        return this.slave.readData();
      case MASTER_ELCR:
        return this.master.readElcr();
      case SLAVE_ELCR:
        return this.slave.readElcr();
      default:
        return 0xff;
    }
  }

  private writeByte(port: number, value: number): void {
    switch (port) {
      case MASTER_COMMAND:
        this.master.writeCommand(value);
        break;
      case MASTER_DATA:
        this.master.writeData(value);
        break;
      case SLAVE_COMMAND:
        this.slave.writeCommand(value);
        break;
      case SLAVE_DATA:
        this.slave.writeData(value);
        break;
      case MASTER_ELCR:
        this.master.writeElcr(value);
        break;
      case SLAVE_ELCR:
        this.slave.writeElcr(value);
        break;
    }
    this.update();
  }
}
