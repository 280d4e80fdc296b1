/** How the MC146818A writes a moment into its ten time bytes and how it reads them back. */

/** Register numbers of the time bytes, and of the century byte PCs add. */
export const RTC_SECONDS = 0x00;
export const RTC_MINUTES = 0x02;
export const RTC_HOURS = 0x04;
const RTC_DAY_OF_WEEK = 0x06;
const RTC_DAY_OF_MONTH = 0x07;
const RTC_MONTH = 0x08;
const RTC_YEAR = 0x09;
const RTC_CENTURY = 0x32;

export const RTC_TIME_REGISTERS: readonly number[] = [
  RTC_SECONDS,
  RTC_MINUTES,
  RTC_HOURS,
  RTC_DAY_OF_WEEK,
  RTC_DAY_OF_MONTH,
  RTC_MONTH,
  RTC_YEAR,
  RTC_CENTURY,
];

/** Bits of register B that choose the format of the time bytes. */
export const RTC_24_HOUR = 1 << 1;
const RTC_BINARY = 1 << 2;

const AFTERNOON = 1 << 7;

/** The byte in `register`, one of RTC_TIME_REGISTERS, at `seconds` since 1970 UTC in the format of register B. */
export function encodeTimeByte(register: number, seconds: number, registerB: number): number {
  const date = new Date(seconds * 1000);
  switch (register) {
    case RTC_SECONDS:
      return encode(date.getUTCSeconds(), registerB);
    case RTC_MINUTES:
      return encode(date.getUTCMinutes(), registerB);
    case RTC_HOURS:
      return encodeHours(date.getUTCHours(), registerB);
    case RTC_DAY_OF_WEEK:
      return encode(date.getUTCDay() + 1, registerB);
    case RTC_DAY_OF_MONTH:
      return encode(date.getUTCDate(), registerB);
    case RTC_MONTH:
      return encode(date.getUTCMonth() + 1, registerB);
    case RTC_YEAR:
      return encode(date.getUTCFullYear() % 100, registerB);
    default:
      return encode(Math.floor(date.getUTCFullYear() / 100), registerB);
  }
}

/**
 * Seconds since 1970 UTC of the time bytes in `bytes`, indexed by register number. The day of the week is
 * not used. Values out of range carry into the next field.
 */
export function decodeTime(bytes: Uint8Array, registerB: number): number {
  const field = (register: number) => decode(bytes[register], registerB);
  return (
    Date.UTC(
      field(RTC_CENTURY) * 100 + field(RTC_YEAR),
      field(RTC_MONTH) - 1,
      field(RTC_DAY_OF_MONTH),
      decodeHours(bytes[RTC_HOURS], registerB),
      field(RTC_MINUTES),
      field(RTC_SECONDS),
    ) / 1000
  );
}

function encode(value: number, registerB: number): number {
  return (registerB & RTC_BINARY) !== 0 ? value : (Math.floor(value / 10) << 4) | (value % 10);
}

function decode(byte: number, registerB: number): number {
  return (registerB & RTC_BINARY) !== 0 ? byte : (byte >> 4) * 10 + (byte & 0xf);
}

function encodeHours(hours: number, registerB: number): number {
  if ((registerB & RTC_24_HOUR) !== 0) return encode(hours, registerB);
  return encode(hours % 12 || 12, registerB) | (hours >= 12 ? AFTERNOON : 0);
}

function decodeHours(byte: number, registerB: number): number {
  if ((registerB & RTC_24_HOUR) !== 0) return decode(byte, registerB);
  return (decode(byte & ~AFTERNOON, registerB) % 12) + ((byte & AFTERNOON) !== 0 ? 12 : 0);
}
