/** The registers of the real-time clock, in BCD and 24 hours as the BIOS keeps them. */
import type { Hardware } from '../firmware.ts';
import { RTC_PORT } from '../io-map.ts';

export const ClockRegister = {
  seconds: 0x00,
  minutes: 0x02,
  hours: 0x04,
  day: 0x07,
  month: 0x08,
  year: 0x09,
  a: 0x0a,
  b: 0x0b,
  century: 0x32,
} as const;

const UPDATE_IN_PROGRESS = 0x80;
const SET = 0x80;
/** Reads of register A for which an update can last. */
const UPDATE_READS = 100_000;

export class BiosClock {
  private readonly hardware: Hardware;

  constructor(hardware: Hardware) {
    this.hardware = hardware;
  }

  read(register: number): number {
    this.hardware.writePort(RTC_PORT, 1, register);
    return this.hardware.readPort(RTC_PORT + 1, 1);
  }

  private write(register: number, value: number): void {
    this.hardware.writePort(RTC_PORT, 1, register);
    this.hardware.writePort(RTC_PORT + 1, 1, value);
  }

  /** Several registers, all of the same second. */
  readAll(registers: readonly number[]): number[] {
    for (let reads = 0; reads < UPDATE_READS; reads++) {
      if ((this.read(ClockRegister.a) & UPDATE_IN_PROGRESS) === 0) break;
    }
    return registers.map((register) => this.read(register));
  }

  /** Sets registers while the clock stands. @param values register and value. */
  writeAll(values: readonly (readonly [register: number, value: number])[]): void {
    const mode = this.read(ClockRegister.b);
    this.write(ClockRegister.b, mode | SET);
    for (const [register, value] of values) this.write(register, value);
    this.write(ClockRegister.b, mode & ~SET);
  }

  /** Seconds since midnight. */
  secondsOfDay(): number {
    const decimal = (bcd: number): number => (bcd >> 4) * 10 + (bcd & 15);
    const [hours = 0, minutes = 0, seconds = 0] = this.readAll([
      ClockRegister.hours,
      ClockRegister.minutes,
      ClockRegister.seconds,
    ]).map(decimal);
    return (hours * 60 + minutes) * 60 + seconds;
  }
}
