/** A port that firmware images write their messages to. Source: QEMU's `isa-debugcon`. */
import type { AccessSize, PortHandler } from './device.ts';

/** By which a program knows that somebody listens. */
const PRESENT = 0xe9;

export class DebugConsole implements PortHandler {
  private readonly transmit: (byte: number) => void;

  constructor(transmit: (byte: number) => void) {
    this.transmit = transmit;
  }

  readPort(): number {
    return PRESENT;
  }

  writePort(_offset: number, _size: AccessSize, value: number): void {
    this.transmit(value & 0xff);
  }
}
