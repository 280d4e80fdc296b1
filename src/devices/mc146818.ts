import { BytePortHandler } from './byte-port-handler.ts';
import type { Clock, Device, DeviceState, InterruptLine, Timer, TimerFactory } from './device.ts';
import { bytesIn, restoreRegisters, stateIn } from './device-state.ts';
import {
  decodeTime,
  encodeTimeByte,
  RTC_24_HOUR,
  RTC_HOURS,
  RTC_MINUTES,
  RTC_SECONDS,
  RTC_TIME_REGISTERS,
} from './rtc-calendar.ts';
import { ticksAt, timeOfTick } from './ticks.ts';

/** Offset of the index port; the other one is the data port. */
const INDEX = 0;

const NANOSECONDS_PER_SECOND = 1_000_000_000;
const CRYSTAL_HERTZ = 32_768;
/** UIP rises this long before the time bytes change, in nanoseconds. */
const UPDATE_IN_PROGRESS_TIME = 244_000;
const SECONDS_PER_DAY = 86_400;

const REGISTER_A = 0x0a;
const REGISTER_B = 0x0b;
const REGISTER_C = 0x0c;
const REGISTER_D = 0x0d;
const REGISTERS = 128;

/** Register A: divider (DV) and periodic rate (RS). */
const UIP = 1 << 7;
const DIVIDER = 0x70;
const DIVIDER_32_KHZ = 0x20;
const RATE = 0x0f;

/** Register B. */
const SET = 1 << 7;
const PIE = 1 << 6;
const AIE = 1 << 5;
const UIE = 1 << 4;
const SQWE = 1 << 3;

/** Register C: each flag is in the place of its enable bit in register B. */
const IRQF = 1 << 7;
const PF = PIE;
const AF = AIE;
const UF = UIE;

/** Register D: valid RAM and time. */
const VRT = 1 << 7;

/** An alarm byte from here on matches every value. */
const ALARM_ANY = 0xc0;

export interface Mc146818Options {
  readonly clock: Clock;
  readonly timers: TimerFactory;
  /** IRQ 8. */
  readonly line: InterruptLine;
  /** Wall-clock time when the machine clock is 0: milliseconds since 1970 UTC. */
  readonly epochMilliseconds: number;
  /** RAM in bytes, left for old software in the bytes where a BIOS puts it. */
  readonly memory: { readonly below4GiB: number; readonly above4GiB: number };
}

function initialRegisters() {
  return {
    /** As last written to the index port, with the NMI mask in bit 7. */
    index: 0,
    a: DIVIDER_32_KHZ | 0x06,
    b: RTC_24_HOUR,
    /** Register C without IRQF. */
    flags: 0,
    /** Time of day when the divider chain has made no second yet: seconds since 1970 UTC. */
    originSecond: 0,
    /** Machine time plus this, in nanoseconds, is what the divider chain has counted. */
    phase: 0,
    /** Machine time up to which `flags` is right. */
    checkedTo: 0,
  };
}

/**
 * The Motorola MC146818A real-time clock and its battery-backed RAM as in a PC, with a 32.768 kHz
 * crystal. The time bytes are UTC. They change at once at the end of the second, when an update-ended
 * interrupt comes. The day of the week always follows from the date. Daylight saving is not offered.
 */
export class Mc146818 extends BytePortHandler implements Device {
  private readonly clock: Clock;
  private readonly line: InterruptLine;
  private readonly timer: Timer;
  private registers = initialRegisters();
  /** RAM, alarm bytes and, while the clock is stopped, the time bytes. */
  private ram = new Uint8Array(REGISTERS);

  constructor(options: Mc146818Options) {
    super();
    this.clock = options.clock;
    this.line = options.line;
    this.timer = options.timers.create('MC146818A', () => {
      this.collectFlags();
      this.update();
    });
    const seconds = Math.floor(options.epochMilliseconds / 1000);
    this.registers.originSecond = seconds;
    this.registers.phase = Math.round((options.epochMilliseconds - seconds * 1000) * 1e6);
    this.registers.checkedTo = options.clock.now();
    describeMemory(this.ram, options.memory);
  }

  /** Bit 7 of the index port: the machine must hold NMIs back. */
  get isNmiMasked(): boolean {
    return (this.registers.index & 0x80) !== 0;
  }

  /** The RESET pin: interrupts go off; the time and the RAM stay. */
  reset(): void {
    const { registers } = this;
    registers.index = 0;
    registers.b &= ~(PIE | AIE | UIE | SQWE);
    registers.flags = 0;
    registers.checkedTo = this.clock.now();
    this.update();
  }

  save(): DeviceState {
    return { registers: { ...this.registers }, ram: this.ram.slice() };
  }

  load(state: DeviceState): void {
    const ram = bytesIn(state, 'ram', REGISTERS).slice();
    restoreRegisters(this.registers, stateIn(state, 'registers'));
    this.ram = ram;
    this.update();
  }

  protected override readByte(offset: number): number {
    const { registers } = this;
    if (offset === INDEX) return registers.index;
    const register = registers.index & 0x7f;
    switch (register) {
      case REGISTER_A:
        return registers.a | (this.isUpdateInProgress() ? UIP : 0);
      case REGISTER_B:
        return registers.b;
      case REGISTER_C:
        return this.readFlags();
      case REGISTER_D:
        return VRT;
    }
    if (!this.isKeepingTime || !RTC_TIME_REGISTERS.includes(register)) return this.ram[register];
    return encodeTimeByte(register, this.secondsAt(this.clock.now()), registers.b);
  }

  protected override writeByte(offset: number, value: number): void {
    if (offset === INDEX) {
      this.registers.index = value;
      return;
    }
    this.collectFlags();
    this.writeRegister(this.registers.index & 0x7f, value);
    this.update();
  }

  /** The divider runs and SET does not hold the time bytes. */
  private get isKeepingTime(): boolean {
    return this.isDividerRunning && (this.registers.b & SET) === 0;
  }

  private get isDividerRunning(): boolean {
    return (this.registers.a & DIVIDER) === DIVIDER_32_KHZ;
  }

  /** Pulses of the crystal between two periodic flags; 0 for none. */
  private get periodicPulses(): number {
    const rate = this.registers.a & RATE;
    if (rate === 0 || !this.isDividerRunning) return 0;
    // Rates 1 and 2 repeat 8 and 9.
    return 1 << (rate < 3 ? rate + 6 : rate - 1);
  }

  private dividerSeconds(now: number): number {
    return Math.floor((now + this.registers.phase) / NANOSECONDS_PER_SECOND);
  }

  private secondsAt(now: number): number {
    return this.registers.originSecond + this.dividerSeconds(now);
  }

  /** Machine time of the next change of the time bytes. */
  private nextSecond(now: number): number {
    return (this.dividerSeconds(now) + 1) * NANOSECONDS_PER_SECOND - this.registers.phase;
  }

  private isUpdateInProgress(): boolean {
    const now = this.clock.now();
    return this.isKeepingTime && this.nextSecond(now) - now <= UPDATE_IN_PROGRESS_TIME;
  }

  private writeRegister(register: number, value: number): void {
    const { registers } = this;
    switch (register) {
      case REGISTER_A:
        this.changeControl(value & ~UIP, registers.b);
        break;
      case REGISTER_B:
        // SET going high clears UIE.
        this.changeControl(registers.a, (value & SET) !== 0 ? value & ~UIE : value);
        break;
      case REGISTER_C:
      case REGISTER_D:
        break;
      default:
        if (this.isKeepingTime && RTC_TIME_REGISTERS.includes(register)) {
          this.holdTime(this.secondsAt(registers.checkedTo));
          this.ram[register] = value;
          this.releaseTime();
        } else this.ram[register] = value;
    }
  }

  private changeControl(a: number, b: number): void {
    const { registers } = this;
    const wasKeepingTime = this.isKeepingTime;
    const wasRunning = this.isDividerRunning;
    const seconds = this.secondsAt(registers.checkedTo);
    registers.a = a;
    registers.b = b;
    if (this.isDividerRunning && !wasRunning) {
      // The first update comes half a second after the divider leaves its reset.
      const intoSecond = registers.checkedTo % NANOSECONDS_PER_SECOND;
      registers.phase = (1.5 * NANOSECONDS_PER_SECOND - intoSecond) % NANOSECONDS_PER_SECOND;
    }
    if (wasKeepingTime && !this.isKeepingTime) this.holdTime(seconds);
    if (!wasKeepingTime && this.isKeepingTime) this.releaseTime();
  }

  /** Puts the time into the RAM, where software can change it. */
  private holdTime(seconds: number): void {
    for (const register of RTC_TIME_REGISTERS) {
      this.ram[register] = encodeTimeByte(register, seconds, this.registers.b);
    }
  }

  /** Goes on from the time in the RAM. */
  private releaseTime(): void {
    const { registers } = this;
    registers.originSecond = decodeTime(this.ram, registers.b) - this.dividerSeconds(registers.checkedTo);
  }

  private readFlags(): number {
    this.collectFlags();
    const value = this.registers.flags | (this.isInterruptRequested ? IRQF : 0);
    this.registers.flags = 0;
    this.update();
    return value;
  }

  private get isInterruptRequested(): boolean {
    return (this.registers.flags & this.registers.b & (PIE | AIE | UIE)) !== 0;
  }

  /** Raises the flags of everything that has happened since the last look. */
  private collectFlags(): void {
    const { registers } = this;
    const now = this.clock.now();
    const pulses = this.periodicPulses;
    if (pulses > 0 && this.periodsAt(now, pulses) > this.periodsAt(registers.checkedTo, pulses)) {
      registers.flags |= PF;
    }
    if (this.isKeepingTime) {
      const last = this.secondsAt(now);
      const first = this.secondsAt(registers.checkedTo) + 1;
      if (first <= last) registers.flags |= UF;
      if ((registers.flags & AF) === 0 && this.alarmComes(first, last)) registers.flags |= AF;
    }
    registers.checkedTo = now;
  }

  private periodsAt(now: number, pulses: number): number {
    return Math.floor(ticksAt(now + this.registers.phase, CRYSTAL_HERTZ) / pulses);
  }

  /** True when the alarm bytes match some second from `first` to `last`, inclusive. */
  private alarmComes(first: number, last: number): boolean {
    for (let second = Math.max(first, last - SECONDS_PER_DAY + 1); second <= last; second++) {
      if ([RTC_SECONDS, RTC_MINUTES, RTC_HOURS].every((register) => this.alarmMatches(register, second))) {
        return true;
      }
    }
    return false;
  }

  private alarmMatches(register: number, second: number): boolean {
    // Each alarm byte follows its time byte.
    const alarm = this.ram[register + 1];
    return alarm >= ALARM_ANY || alarm === encodeTimeByte(register, second, this.registers.b);
  }

  /** Sets the timer to the next event that could raise the line, and drives it. */
  private update(): void {
    const requested = this.isInterruptRequested;
    const deadline = requested ? Number.POSITIVE_INFINITY : this.nextEvent();
    if (deadline === Number.POSITIVE_INFINITY) this.timer.cancel();
    else this.timer.arm(deadline);
    this.line.set(requested);
  }

  private nextEvent(): number {
    const { registers } = this;
    const now = registers.checkedTo;
    let next = Number.POSITIVE_INFINITY;
    // An alarm is looked for at each second: finding its day ahead costs more than waking up.
    if (this.isKeepingTime && (registers.b & (AIE | UIE)) !== 0) next = this.nextSecond(now);
    const pulses = this.periodicPulses;
    if (pulses > 0 && (registers.b & PIE) !== 0) {
      const tick = (this.periodsAt(now, pulses) + 1) * pulses;
      next = Math.min(next, timeOfTick(tick, CRYSTAL_HERTZ) - registers.phase);
    }
    return next;
  }
}

/** The configuration bytes a BIOS leaves: memory sizes in KiB and 64 KiB units, and the checksum over them. */
function describeMemory(ram: Uint8Array, memory: Mc146818Options['memory']): void {
  const putLittleEndian = (register: number, value: number, bytes: number) => {
    for (let index = 0; index < bytes; index++) ram[register + index] = Math.floor(value / 2 ** (8 * index));
  };
  const baseKiB = Math.min(memory.below4GiB / 1024, 640);
  const extendedKiB = Math.min(Math.max(memory.below4GiB / 1024 - 1024, 0), 0xffff);
  const above16MiB = Math.min(Math.max((memory.below4GiB - 0x100_0000) / 0x1_0000, 0), 0xffff);
  putLittleEndian(0x15, baseKiB, 2);
  putLittleEndian(0x17, extendedKiB, 2);
  putLittleEndian(0x30, extendedKiB, 2);
  putLittleEndian(0x34, above16MiB, 2);
  putLittleEndian(0x5b, memory.above4GiB / 0x1_0000, 3);
  const checksum = ram.subarray(0x10, 0x2e).reduce((sum, byte) => sum + byte, 0);
  ram[0x2e] = checksum >> 8;
  ram[0x2f] = checksum & 0xff;
}
