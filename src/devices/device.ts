/**
 * The interfaces between devices and the rest of the machine. A device is a plain state machine: it
 * is told the time, is given its interrupt lines and timers, and answers port and memory accesses.
 * It imports neither the processor nor the JIT.
 */

/** Access width in bytes. */
export type AccessSize = 1 | 2 | 4 | 8;

/** Something that answers IN and OUT of a range of ports. Values are unsigned 32-bit numbers. */
export interface PortHandler {
  /**
   * @param offset of the port from the first one of the range.
   * @param size 1, 2 or 4; all of the access lies within the range.
   * Returns an unsigned value of that size.
   */
  readPort(offset: number, size: AccessSize): number;
  /** @param value unsigned, `size` bytes wide. */
  writePort(offset: number, size: AccessSize, value: number): void;
}

/** Something that answers loads and stores to a range of guest-physical addresses. */
export interface MmioHandler {
  /**
   * @param offset byte offset from the start of the range.
   * @param size 1, 2 or 4; the bus splits 8-byte accesses into two of 4, low half first, but for a WideMmioHandler.
   * Returns an unsigned value of that size.
   */
  readMmio(offset: number, size: AccessSize): number;
  writeMmio(offset: number, size: AccessSize, value: number): void;
}

/** A wire: level true is asserted. Calling it again with the same level does nothing. */
export interface InterruptLine {
  set(level: boolean): void;
}

/** The machine's only source of time. One unit is one nanosecond since power-on, as a whole number. */
export interface Clock {
  now(): number;
}

/** A one-shot timer; arming an armed timer moves it. */
export interface Timer {
  /** @param deadline absolute machine time in nanoseconds; a deadline in the past fires at once after the current guest instruction. */
  arm(deadline: number): void;
  cancel(): void;
  /** Absolute deadline in nanoseconds, or undefined when idle. */
  readonly deadline: number | undefined;
}

export interface TimerFactory {
  /** @param expired called once per arming, with the machine time at or after the deadline. */
  create(name: string, expired: (now: number) => void): Timer;
}

/** Plain data, JSON-compatible apart from Uint8Array and bigint, that brings a device back as it was. */
export type DeviceState = { readonly [key: string]: DeviceStateValue };
export type DeviceStateValue =
  | number
  | bigint
  | boolean
  | string
  | undefined
  | Uint8Array
  | readonly DeviceStateValue[]
  | DeviceState;

/** Every device can be snapshotted and can be reset to its power-on state. */
export interface Device {
  reset(): void;
  save(): DeviceState;
  load(state: DeviceState): void;
}

/** Guest-physical memory as devices and loaders see it (RAM only; other addresses throw RangeError). */
export interface GuestMemory {
  /** Bytes of RAM. */
  readonly size: number;
  /** Copies `length` bytes out of guest-physical memory. */
  read(physicalAddress: number, length: number): Uint8Array;
  /** Copies bytes into guest-physical memory; translated code that they overwrite is invalidated. */
  write(physicalAddress: number, bytes: Uint8Array): void;
  /**
   * RAM from an address on as it is, at least one and at most `length` bytes, to be changed in place where no code has been
   * translated. For use at once: memory that is touched for the first time elsewhere may move it.
   */
  view(physicalAddress: number, length: number): Uint8Array;
  /** What views are of: their byte offsets are addresses in it. */
  readonly linear: WebAssembly.Memory;
}
