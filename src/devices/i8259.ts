/**
 * The PC's two cascaded Intel 8259A interrupt controllers, with the edge/level control registers (ELCR)
 * of PCI chipsets. Section names are those of the 8259A data sheet.
 *
 * Two differences from the chip: a rising edge stays latched when the input falls before it is
 * acknowledged (the chip would answer with a spurious IR7), so that devices may pulse their lines; and the
 * buffered, special fully nested and MCS-80/85 modes are absent, which PCs do not use.
 */

import { BytePortHandler } from './byte-port-handler.ts';
import type { Device, DeviceState, InterruptLine, PortHandler } from './device.ts';
import { restoreRegisters, stateIn } from './device-state.ts';

/** Offset of a chip's port with A0 low; the other one is the data port. */
const COMMAND = 0;

/** The system timer, keyboard and cascade (IRQ 0-2), the RTC (8) and FERR# (13) are always edges. */
const MASTER_ELCR_WRITABLE = 0xf8;
const SLAVE_ELCR_WRITABLE = 0xde;

/** The master's input that the slave drives. */
const CASCADE = 2;

/** Next initialization command word that a write to the data port means; 0 is none (OCW1). */
type InitializationStep = 0 | 2 | 3 | 4;

function initialRegisters() {
  return {
    irr: 0,
    isr: 0,
    imr: 0,
    levels: 0,
    elcr: 0,
    levelTriggeredMode: false,
    /** The input with the lowest priority; the next one, cyclically, has the highest. */
    lowest: 7,
    vectorBase: 0,
    step: 0 as InitializationStep,
    single: false,
    needsIcw4: false,
    autoEoi: false,
    rotateOnAutoEoi: false,
    specialMask: false,
    readsIsr: false,
    polled: false,
  };
}

type I8259Registers = ReturnType<typeof initialRegisters>;

/** Throws TypeError when `state` is not one that a chip has saved. */
function registersIn(state: DeviceState): I8259Registers {
  const registers = initialRegisters();
  restoreRegisters(registers, state);
  return registers;
}

/** One 8259A. */
class I8259 {
  private readonly elcrWritable: number;
  private registers = initialRegisters();

  constructor(elcrWritable: number) {
    this.elcrWritable = elcrWritable;
  }

  /** The INT output: an unmasked request of higher priority than what is in service. */
  get output(): boolean {
    return this.highestRequest() >= 0;
  }

  setInput(input: number, level: boolean): void {
    const bit = 1 << input;
    const rises = level && (this.registers.levels & bit) === 0;
    this.registers.levels = level ? this.registers.levels | bit : this.registers.levels & ~bit;
    if (rises) this.registers.irr |= bit;
    else if (!level) this.registers.irr &= ~(bit & this.levelInputs);
  }

  /**
   * An input that is requested as long as it is asserted, whatever the trigger mode: how the master sees the
   * slave, which drops INT for a moment between two interrupts.
   */
  setCascade(level: boolean): void {
    const bit = 1 << CASCADE;
    this.registers.irr = level ? this.registers.irr | bit : this.registers.irr & ~bit;
  }

  /** The INTA sequence. Returns the input number; 7 with no in-service bit set if nothing is requested. */
  acknowledge(): number {
    const input = this.highestRequest();
    if (input < 0) return 7;
    const bit = 1 << input;
    this.registers.irr &= ~(bit & ~this.levelInputs);
    if (!this.registers.autoEoi) this.registers.isr |= bit;
    else if (this.registers.rotateOnAutoEoi) this.registers.lowest = input;
    return input;
  }

  vector(input: number): number {
    return this.registers.vectorBase | input;
  }

  readCommand(): number {
    if (this.registers.polled) return this.poll();
    return this.registers.readsIsr ? this.registers.isr : this.registers.irr;
  }

  readData(): number {
    return this.registers.polled ? this.poll() : this.registers.imr;
  }

  writeCommand(value: number): void {
    if ((value & 0x10) !== 0) this.writeIcw1(value);
    else if ((value & 0x08) !== 0) this.writeOcw3(value);
    else this.writeOcw2(value);
  }

  writeData(value: number): void {
    switch (this.registers.step) {
      case 0:
        this.registers.imr = value;
        break;
      case 2:
        this.registers.vectorBase = value & 0xf8;
        this.registers.step = this.registers.single ? this.stepAfterIcw3 : 3;
        break;
      case 3:
        // The wiring of the cascade is fixed.
        this.registers.step = this.stepAfterIcw3;
        break;
      case 4:
        this.registers.autoEoi = (value & 0x02) !== 0;
        this.registers.step = 0;
        break;
    }
  }

  readElcr(): number {
    return this.registers.elcr;
  }

  writeElcr(value: number): void {
    this.registers.elcr = value & this.elcrWritable;
    // An input that becomes level-triggered requests exactly while it is asserted.
    this.registers.irr =
      (this.registers.irr & ~this.registers.elcr) | (this.registers.levels & this.registers.elcr);
  }

  reset(): void {
    this.registers = initialRegisters();
  }

  save(): DeviceState {
    return { ...this.registers };
  }

  load(registers: I8259Registers): void {
    this.registers = registers;
  }

  private get levelInputs(): number {
    return this.registers.levelTriggeredMode ? 0xff : this.registers.elcr;
  }

  private get stepAfterIcw3(): InitializationStep {
    return this.registers.needsIcw4 ? 4 : 0;
  }

  /** The highest-priority unmasked request that nothing in service holds back, or -1. */
  private highestRequest(): number {
    const requests = this.registers.irr & ~this.registers.imr;
    if (requests === 0) return -1;
    // "Special Mask Mode": a masked in-service level does not inhibit the others.
    const inhibiting = this.registers.specialMask
      ? this.registers.isr & ~this.registers.imr
      : this.registers.isr;
    for (let rank = 1; rank <= 8; rank++) {
      const input = (this.registers.lowest + rank) & 7;
      if (((inhibiting >> input) & 1) !== 0) return -1;
      if (((requests >> input) & 1) !== 0) return input;
    }
    return -1;
  }

  /** "Poll Command": the read is the acknowledgement. */
  private poll(): number {
    this.registers.polled = false;
    return this.output ? 0x80 | this.acknowledge() : 0;
  }

  private writeIcw1(value: number): void {
    const { levels, elcr, vectorBase } = this.registers;
    // What ICW1 does not reset ("Initialization Command Words 1 and 2"); level-triggered inputs keep requesting.
    this.registers = {
      ...initialRegisters(),
      levels,
      elcr,
      vectorBase,
      needsIcw4: (value & 0x01) !== 0,
      single: (value & 0x02) !== 0,
      levelTriggeredMode: (value & 0x08) !== 0,
      step: 2,
    };
    this.registers.irr = levels & this.levelInputs;
  }

  private writeOcw2(value: number): void {
    const level = value & 7;
    switch (value >> 5) {
      case 0b000:
        this.registers.rotateOnAutoEoi = false;
        break;
      case 0b100:
        this.registers.rotateOnAutoEoi = true;
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
        if (ended >= 0) this.registers.lowest = ended;
        break;
      }
      case 0b111:
        this.endOfInterrupt(level);
        this.registers.lowest = level;
        break;
      case 0b110:
        this.registers.lowest = level;
        break;
    }
  }

  private writeOcw3(value: number): void {
    if ((value & 0x04) !== 0) this.registers.polled = true;
    if ((value & 0x02) !== 0) this.registers.readsIsr = (value & 0x01) !== 0;
    if ((value & 0x40) !== 0) this.registers.specialMask = (value & 0x20) !== 0;
  }

  /** In special mask mode a non-specific EOI does not see masked levels. */
  private highestInService(): number {
    const candidates = this.registers.specialMask
      ? this.registers.isr & ~this.registers.imr
      : this.registers.isr;
    for (let rank = 1; rank <= 8; rank++) {
      const input = (this.registers.lowest + rank) & 7;
      if (((candidates >> input) & 1) !== 0) return input;
    }
    return -1;
  }

  private endOfInterrupt(input: number): void {
    if (input >= 0) this.registers.isr &= ~(1 << input);
  }
}

/** The two ports of a chip. */
class ChipPorts extends BytePortHandler {
  private readonly chip: I8259;
  private readonly accessed: () => void;

  /** @param accessed called after each access: a write changes requests, a read in poll mode acknowledges. */
  constructor(chip: I8259, accessed: () => void) {
    super();
    this.chip = chip;
    this.accessed = accessed;
  }

  protected override readByte(offset: number): number {
    const value = offset === COMMAND ? this.chip.readCommand() : this.chip.readData();
    this.accessed();
    return value;
  }

  protected override writeByte(offset: number, value: number): void {
    if (offset === COMMAND) this.chip.writeCommand(value);
    else this.chip.writeData(value);
    this.accessed();
  }
}

/** The edge/level control registers, a port for each chip. */
class ElcrPorts extends BytePortHandler {
  private readonly chips: readonly I8259[];
  private readonly written: () => void;

  constructor(chips: readonly I8259[], written: () => void) {
    super();
    this.chips = chips;
    this.written = written;
  }

  protected override readByte(offset: number): number {
    return this.chips[offset].readElcr();
  }

  protected override writeByte(offset: number, value: number): void {
    this.chips[offset].writeElcr(value);
    this.written();
  }
}

/** Master (IRQ 0-7) and slave (IRQ 8-15). */
export class I8259Pair implements Device {
  /** Command and data port of the master. */
  readonly masterPorts: PortHandler;
  /** Command and data port of the slave. */
  readonly slavePorts: PortHandler;
  /** Edge/level control registers of master and slave, two ports. */
  readonly elcr: PortHandler;
  private readonly interruptChanged: (level: boolean) => void;
  private readonly master = new I8259(MASTER_ELCR_WRITABLE);
  private readonly slave = new I8259(SLAVE_ELCR_WRITABLE);
  private readonly lines: readonly InterruptLine[];
  private output = false;

  /** @param interruptChanged told each change of the master's INT output. */
  constructor(interruptChanged: (level: boolean) => void) {
    this.interruptChanged = interruptChanged;
    const update = () => this.update();
    this.masterPorts = new ChipPorts(this.master, update);
    this.slavePorts = new ChipPorts(this.slave, update);
    this.elcr = new ElcrPorts([this.master, this.slave], update);
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

  reset(): void {
    this.master.reset();
    this.slave.reset();
    this.update();
  }

  save(): DeviceState {
    return { master: this.master.save(), slave: this.slave.save() };
  }

  load(state: DeviceState): void {
    const master = registersIn(stateIn(state, 'master'));
    const slave = registersIn(stateIn(state, 'slave'));
    this.master.load(master);
    this.slave.load(slave);
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
}
