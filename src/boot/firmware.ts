/**
 * Firmware without an image: what a real machine's firmware does in its own code, TypeScript does here. Its entry
 * points are a few bytes of guest code that write the number of the service to a port and return:
 *
 *     b0 NN     mov al, number
 *     e6 b2     out 0b2h, al
 *     c3        ret
 *
 * The port is the one by which guests of real machines ask for system management mode, where their firmware does
 * such things. Whatever reads the caller's registers and memory runs inside the OUT.
 */
import { FIRMWARE_PORT } from './io-map.ts';
import type { RegisterName, SegmentName } from './start-state.ts';

/** The processor in the middle of a call. */
export interface Caller {
  register(name: RegisterName): bigint;
  setRegister(name: RegisterName, value: bigint): void;
  /** Linear address at which a segment begins. */
  segmentBase(name: SegmentName): bigint;
  /** Guest memory by linear address. @throws BadAddress where nothing is mapped. */
  read(address: bigint, length: number): Uint8Array;
  write(address: bigint, bytes: Uint8Array): void;
}

/** The guest gave an address where there is no memory. */
export class BadAddress extends Error {
  override readonly name = 'BadAddress';
}

export interface Firmware {
  /** @param service what was written to the port, 0 to 255. */
  call(service: number, caller: Caller): void;
}

/** What firmware drives, as the firmware of a real machine does: its ports, and what tells time and chance. */
export interface Hardware {
  /** @param size 1, 2 or 4. */
  readPort(port: number, size: 1 | 2 | 4): number;
  writePort(port: number, size: 1 | 2 | 4, value: number): void;
  /** Machine time in nanoseconds. */
  now(): number;
  /** 32 random bits. */
  random(): number;
  /** What survives a reset: non-volatile variables by their name. */
  readonly nonVolatile: Map<string, Uint8Array>;
}

/** Guest code of an entry point that asks for `service`. */
export function firmwareStub(service: number): Uint8Array {
  return Uint8Array.of(0xb0, service, 0xe6, FIRMWARE_PORT, 0xc3);
}
