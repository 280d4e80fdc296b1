/** UEFI specification 2.10, "Time Services": the time of the chipset's clock. */
import { RTC_CENTURY_REGISTER, RTC_PORT } from '../../io-map.ts';
import type { EfiCall } from '../call.ts';
import { INVALID_PARAMETER, SUCCESS } from '../status.ts';
import type { EfiSystem } from '../system.ts';

const SECONDS = 0;
const MINUTES = 2;
const HOURS = 4;
const DAY = 7;
const MONTH = 8;
const YEAR = 9;
const REGISTER_A = 10;
const REGISTER_B = 11;
const UPDATE_IN_PROGRESS = 0x80;
const SET = 0x80;
const BINARY = 4;
const HOURS_24 = 2;
const PM = 0x80;
/** Reads of register A for which an update can last. */
const UPDATE_READS = 100_000;

const TIME_SIZE = 16;
const TIME_ZONE_UNSPECIFIED = 0x7ff;
/** In EFI_TIME_CAPABILITIES: one second, 50 parts in a million. */
const RESOLUTION = 1;
const ACCURACY = 50_000_000;

export class Clock {
  private readonly system: EfiSystem;

  constructor(system: EfiSystem) {
    this.system = system;
  }

  private read(register: number): number {
    this.system.hardware.writePort(RTC_PORT, 1, register);
    return this.system.hardware.readPort(RTC_PORT + 1, 1);
  }

  private write(register: number, value: number): void {
    this.system.hardware.writePort(RTC_PORT, 1, register);
    this.system.hardware.writePort(RTC_PORT + 1, 1, value);
  }

  readonly getTime = (call: EfiCall): bigint => {
    const target = call.argument(0);
    if (target === 0n) return INVALID_PARAMETER;
    for (let reads = 0; reads < UPDATE_READS && (this.read(REGISTER_A) & UPDATE_IN_PROGRESS) !== 0; reads++);
    const format = this.read(REGISTER_B);
    const decode = (value: number): number =>
      (format & BINARY) !== 0 ? value : (value >> 4) * 10 + (value & 15);
    const rawHours = this.read(HOURS);
    let hours = decode((format & HOURS_24) !== 0 ? rawHours : rawHours & ~PM);
    if ((format & HOURS_24) === 0) hours = (hours % 12) + ((rawHours & PM) !== 0 ? 12 : 0);
    const time = new Uint8Array(TIME_SIZE);
    const view = new DataView(time.buffer);
    view.setUint16(0, decode(this.read(RTC_CENTURY_REGISTER)) * 100 + decode(this.read(YEAR)), true);
    view.setUint8(2, decode(this.read(MONTH)));
    view.setUint8(3, decode(this.read(DAY)));
    view.setUint8(4, hours);
    view.setUint8(5, decode(this.read(MINUTES)));
    view.setUint8(6, decode(this.read(SECONDS)));
    view.setInt16(12, TIME_ZONE_UNSPECIFIED, true);
    call.setBytes(target, time);
    const capabilities = call.argument(1);
    if (capabilities !== 0n) {
      call.setU32(capabilities, RESOLUTION);
      call.setU32(capabilities + 4n, ACCURACY);
      call.setU32(capabilities + 8n, 0);
    }
    return SUCCESS;
  };

  readonly setTime = (call: EfiCall): bigint => {
    const bytes = call.bytes(call.argument(0), TIME_SIZE);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const year = view.getUint16(0, true);
    const [month, day, hours, minutes, seconds] = [2, 3, 4, 5, 6].map((at) => view.getUint8(at)) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const isTime =
      year >= 1900 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 && day <= 31 && hours < 24;
    if (!isTime || minutes > 59 || seconds > 59) return INVALID_PARAMETER;
    const format = this.read(REGISTER_B) | HOURS_24;
    const encode = (value: number): number =>
      (format & BINARY) !== 0 ? value : (Math.floor(value / 10) << 4) | (value % 10);
    this.write(REGISTER_B, format | SET);
    this.write(RTC_CENTURY_REGISTER, encode(Math.floor(year / 100)));
    this.write(YEAR, encode(year % 100));
    this.write(MONTH, encode(month));
    this.write(DAY, encode(day));
    this.write(HOURS, encode(hours));
    this.write(MINUTES, encode(minutes));
    this.write(SECONDS, encode(seconds));
    this.write(REGISTER_B, format & ~SET);
    return SUCCESS;
  };
}
