import { BytePortHandler } from './byte-port-handler.ts';
import type { Device, DeviceState, InterruptLine } from './device.ts';
import { numbersIn, restoreRegisters, stateIn } from './device-state.ts';
import { BREAK, type SerialItem, SerialLine } from './serial-line.ts';

const FIFO_BYTES = 16;

/** Register offsets. */
const RBR_THR_DLL = 0;
const IER_DLM = 1;
const IIR_FCR = 2;
const LCR = 3;
const MCR = 4;
const LSR = 5;
const MSR = 6;

/** Interrupt enable register. */
const ERBFI = 1 << 0;
const ETBEI = 1 << 1;
const ELSI = 1 << 2;
const EDSSI = 1 << 3;

/** Interrupt identification register, "Interrupt Control Functions". */
const IIR_NONE = 0x01;
const IIR_LINE_STATUS = 0x06;
const IIR_DATA_AVAILABLE = 0x04;
const IIR_CHARACTER_TIMEOUT = 0x0c;
const IIR_THR_EMPTY = 0x02;
const IIR_MODEM_STATUS = 0x00;
const IIR_FIFOS_ENABLED = 0xc0;

/** FIFO control register. */
const FCR_ENABLE = 1 << 0;
const FCR_CLEAR_RECEIVER = 1 << 1;
const TRIGGER_LEVELS: readonly number[] = [1, 4, 8, 14];

/** Line control register. */
const DLAB = 1 << 7;

/** Modem control register. */
const MCR_DTR = 1 << 0;
const MCR_RTS = 1 << 1;
const MCR_OUT1 = 1 << 2;
const MCR_OUT2 = 1 << 3;
const MCR_LOOP = 1 << 4;

/** Line status register. */
const LSR_DATA_READY = 1 << 0;
const LSR_OVERRUN = 1 << 1;
const LSR_BREAK = 1 << 4;
const LSR_THR_EMPTY = 1 << 5;
const LSR_TRANSMITTER_EMPTY = 1 << 6;
/** With FIFOs: something in the receive FIFO is no good character. */
const LSR_FIFO_ERROR = 1 << 7;

/** Modem status register: the levels, and below them the changes. */
const MSR_CTS = 1 << 4;
const MSR_DSR = 1 << 5;
const MSR_RI = 1 << 6;
const MSR_DCD = 1 << 7;
const MSR_TRAILING_EDGE_RI = 1 << 2;

/** A terminal is connected and ready. */
const CONNECTED = MSR_CTS | MSR_DSR | MSR_DCD;

/**
 * A guest that reads LSR this often without writing anything in between waits for input without interrupts.
 * One that sends reads it a few times at most between two bytes.
 */
const POLLS_BEFORE_INPUT = 16;

export interface Uart16550AOptions {
  readonly line: InterruptLine;
  /** Takes each byte the guest sends, at once. */
  readonly transmit: (byte: number) => void;
  /** What the terminal has sent already; nothing by default. It outlives a UART that is replaced at a reset. */
  readonly input?: SerialLine;
}

function initialRegisters() {
  return {
    ier: 0,
    fcr: 0,
    lcr: 0,
    mcr: 0,
    scratch: 0,
    /** 115200 baud. */
    divisor: 1,
    overrun: false,
    thrEmptyPending: false,
    modemChanges: 0,
    /** Reads of LSR since the last write to any register, up to POLLS_BEFORE_INPUT. */
    polls: 0,
    /** The guest has raised RTS and then dropped it: it asks the sender to wait. */
    stopped: false,
    /** Bytes at the head of the receive FIFO that the guest has been told of, by LSR or IIR. */
    announced: 0,
  };
}

/**
 * National Semiconductor PC16550D in a PC, where OUT2 gates the interrupt.
 *
 * Time does not pass in it: a byte is sent the moment it is written, and a receive FIFO below its trigger
 * level has timed out already. Behind the FIFO is a queue without limit. Nothing leaves the queue before
 * the guest wants input (it lets receive interrupts through, or polls) nor while the guest drops RTS.
 * Clearing the FIFO drops what the guest has been told of; the rest may as well be on the line still, and goes
 * back to the queue. So a driver that tries interrupts out and clears FIFOs while it starts loses nothing.
 */
export class Uart16550A extends BytePortHandler implements Device {
  private readonly line: InterruptLine;
  private readonly transmit: (byte: number) => void;
  private registers = initialRegisters();
  /** Received items, the oldest first. */
  private fifo: SerialItem[] = [];
  private readonly input: SerialLine;

  constructor(options: Uart16550AOptions) {
    super();
    this.line = options.line;
    this.transmit = options.transmit;
    this.input = options.input ?? new SerialLine();
  }

  /** Bytes and breaks given to `receive` that the guest has not read. */
  get pendingInput(): number {
    return this.input.length + (this.isLooping ? 0 : this.fifo.length);
  }

  /** Bytes and breaks arrive from the terminal. They wait as long as the guest does not read them. */
  receive(items: ArrayLike<SerialItem>): void {
    this.input.push(items);
    this.update();
  }

  /** What the guest has not been told of stays: it is still on the terminal's side. */
  reset(): void {
    this.clearFifo();
    this.registers = initialRegisters();
    this.update();
  }

  save(): DeviceState {
    return {
      registers: { ...this.registers },
      fifo: [...this.fifo],
      input: this.input.toItems(),
    };
  }

  load(state: DeviceState): void {
    const fifo = numbersIn(state, 'fifo');
    const input = numbersIn(state, 'input');
    restoreRegisters(this.registers, stateIn(state, 'registers'));
    this.fifo = [...fifo];
    this.input.clear();
    this.input.push(input);
    this.update();
  }

  protected override readByte(register: number): number {
    const { registers } = this;
    if (register === LSR) registers.polls = Math.min(registers.polls + 1, POLLS_BEFORE_INPUT);
    const value = this.readRegister(register);
    this.update();
    return value;
  }

  protected override writeByte(register: number, value: number): void {
    this.registers.polls = 0;
    this.writeRegister(register, value);
    this.update();
  }

  private get isDivisorSelected(): boolean {
    return (this.registers.lcr & DLAB) !== 0;
  }

  private get isFifoEnabled(): boolean {
    return (this.registers.fcr & FCR_ENABLE) !== 0;
  }

  private get isLooping(): boolean {
    return (this.registers.mcr & MCR_LOOP) !== 0;
  }

  private get capacity(): number {
    return this.isFifoEnabled ? FIFO_BYTES : 1;
  }

  /** Bytes in the FIFO that make it interrupt without a timeout. */
  private get triggerLevel(): number {
    return this.isFifoEnabled ? (TRIGGER_LEVELS[this.registers.fcr >> 6] as number) : 1;
  }

  /** An interrupt would leave the chip: OUT2 drives the gate to the line, unless loopback idles the pin. */
  private get isInterruptConnected(): boolean {
    return (this.registers.mcr & (MCR_OUT2 | MCR_LOOP)) === MCR_OUT2;
  }

  private readRegister(register: number): number {
    const { registers } = this;
    switch (register) {
      case RBR_THR_DLL:
        return this.isDivisorSelected ? registers.divisor & 0xff : this.readData();
      case IER_DLM:
        return this.isDivisorSelected ? registers.divisor >> 8 : registers.ier;
      case IIR_FCR:
        return this.readInterruptIdentification();
      case LCR:
        return registers.lcr;
      case MCR:
        return registers.mcr;
      case LSR:
        return this.readLineStatus();
      case MSR:
        return this.readModemStatus();
      default:
        return registers.scratch;
    }
  }

  private writeRegister(register: number, value: number): void {
    const { registers } = this;
    switch (register) {
      case RBR_THR_DLL:
        if (this.isDivisorSelected) registers.divisor = (registers.divisor & 0xff00) | value;
        else this.send(value);
        break;
      case IER_DLM:
        if (this.isDivisorSelected) registers.divisor = (registers.divisor & 0xff) | (value << 8);
        else this.writeInterruptEnable(value & (ERBFI | ETBEI | ELSI | EDSSI));
        break;
      case IIR_FCR:
        this.writeFifoControl(value);
        break;
      case LCR:
        registers.lcr = value;
        break;
      case MCR:
        this.writeModemControl(value & (MCR_DTR | MCR_RTS | MCR_OUT1 | MCR_OUT2 | MCR_LOOP));
        break;
      case LSR:
      case MSR:
        break;
      default:
        registers.scratch = value;
    }
  }

  private readData(): number {
    this.registers.announced = Math.max(0, this.registers.announced - 1);
    // The character of a break is 0.
    return (this.fifo.shift() ?? 0) & 0xff;
  }

  private clearFifo(): void {
    if (!this.isLooping) this.input.unshift(this.fifo.slice(this.registers.announced));
    this.registers.announced = 0;
    this.fifo = [];
  }

  private send(byte: number): void {
    if (!this.isLooping) this.transmit(byte);
    else if (this.fifo.length < this.capacity) this.fifo.push(byte);
    else this.registers.overrun = true;
    // The byte has gone on its way already.
    this.registers.thrEmptyPending = true;
  }

  /** Enabling the interrupt of an empty THR raises it, which drivers rely on to start sending. */
  private writeInterruptEnable(value: number): void {
    if ((value & ~this.registers.ier & ETBEI) !== 0) this.registers.thrEmptyPending = true;
    this.registers.ier = value;
  }

  private writeFifoControl(value: number): void {
    const { registers } = this;
    // Changing between FIFO mode and 16450 mode clears the FIFOs too.
    const switched = ((value ^ registers.fcr) & FCR_ENABLE) !== 0;
    const enabled = (value & FCR_ENABLE) !== 0;
    if (switched || (enabled && (value & FCR_CLEAR_RECEIVER) !== 0)) this.clearFifo();
    registers.fcr = enabled ? value : 0;
  }

  private writeModemControl(value: number): void {
    const { registers } = this;
    const before = this.modemLines;
    const raisedRts = !this.isLooping && (registers.mcr & MCR_RTS) !== 0;
    // Input and what loops back never mix.
    if (((value ^ registers.mcr) & MCR_LOOP) !== 0) this.clearFifo();
    registers.mcr = value;
    const changed = before ^ this.modemLines;
    // RI has only a trailing edge detector.
    const ringEnded = (changed & before & MSR_RI) !== 0;
    registers.modemChanges |= ((changed & CONNECTED) >> 4) | (ringEnded ? MSR_TRAILING_EDGE_RI : 0);
    // The pins are idle during loopback, which says nothing about what the guest wants.
    if (this.isLooping) return;
    if ((value & MCR_RTS) !== 0) registers.stopped = false;
    else if (raisedRts) registers.stopped = true;
  }

  /** The modem inputs; during loopback they are the modem outputs. */
  private get modemLines(): number {
    if (!this.isLooping) return CONNECTED;
    const { mcr } = this.registers;
    return (
      ((mcr & MCR_RTS) !== 0 ? MSR_CTS : 0) |
      ((mcr & MCR_DTR) !== 0 ? MSR_DSR : 0) |
      ((mcr & MCR_OUT1) !== 0 ? MSR_RI : 0) |
      ((mcr & MCR_OUT2) !== 0 ? MSR_DCD : 0)
    );
  }

  private readInterruptIdentification(): number {
    const source = this.interruptSource();
    if (source === IIR_DATA_AVAILABLE) this.announce(this.triggerLevel);
    else if (source === IIR_CHARACTER_TIMEOUT) this.announce(1);
    // Reading clears the THR interrupt only when it is the one that is shown.
    if (source === IIR_THR_EMPTY) this.registers.thrEmptyPending = false;
    return source | (this.isFifoEnabled ? IIR_FIFOS_ENABLED : 0);
  }

  /** BI belongs to the character at the head of the FIFO, and is shown once. */
  private readLineStatus(): number {
    const { registers, fifo } = this;
    const value =
      LSR_THR_EMPTY |
      LSR_TRANSMITTER_EMPTY |
      (this.fifo.length > 0 ? LSR_DATA_READY : 0) |
      (registers.overrun ? LSR_OVERRUN : 0) |
      (fifo[0] === BREAK ? LSR_BREAK : 0) |
      (this.isFifoEnabled && fifo.includes(BREAK) ? LSR_FIFO_ERROR : 0);
    registers.overrun = false;
    if (fifo[0] === BREAK) fifo[0] = 0;
    if (fifo.length > 0) this.announce(1);
    return value;
  }

  /** The guest learns that at least `count` bytes have come. */
  private announce(count: number): void {
    this.registers.announced = Math.max(this.registers.announced, count);
  }

  private readModemStatus(): number {
    const value = this.modemLines | this.registers.modemChanges;
    this.registers.modemChanges = 0;
    return value;
  }

  /** The pending interrupt of the highest priority, as IIR codes it. */
  private interruptSource(): number {
    const { registers, fifo } = this;
    if ((registers.ier & ELSI) !== 0 && (registers.overrun || fifo[0] === BREAK)) return IIR_LINE_STATUS;
    if ((registers.ier & ERBFI) !== 0 && fifo.length > 0) {
      return fifo.length >= this.triggerLevel ? IIR_DATA_AVAILABLE : IIR_CHARACTER_TIMEOUT;
    }
    if ((registers.ier & ETBEI) !== 0 && registers.thrEmptyPending) return IIR_THR_EMPTY;
    if ((registers.ier & EDSSI) !== 0 && registers.modemChanges !== 0) return IIR_MODEM_STATUS;
    return IIR_NONE;
  }

  /** Moves waiting input into the FIFO as far as the guest wants it, and drives the line. */
  private update(): void {
    const { registers } = this;
    const interrupts = this.isInterruptConnected;
    const wanted = (interrupts && (registers.ier & ERBFI) !== 0) || registers.polls >= POLLS_BEFORE_INPUT;
    if (wanted && !this.isLooping && !registers.stopped) {
      while (this.fifo.length < this.capacity) {
        const item = this.input.shift();
        if (item === undefined) break;
        this.fifo.push(item);
      }
    }
    this.line.set(interrupts && this.interruptSource() !== IIR_NONE);
  }
}
