import { readAsBytes, writeAsBytes } from './access.ts';
import type { AccessSize, PortHandler } from './device.ts';

/**
 * An 8-bit chip on the ISA bus. Wider accesses become one bus cycle a byte, lowest port first, which is
 * what a chipset does for an 8-bit target.
 */
export abstract class BytePortHandler implements PortHandler {
  /** @param offset of the port from the first one of the range. Returns 0..0xff. */
  protected abstract readByte(offset: number): number;
  /** @param value 0..0xff. */
  protected abstract writeByte(offset: number, value: number): void;

  readPort(offset: number, size: AccessSize): number {
    if (size === 1) return this.readByte(offset);
    return readAsBytes(offset, size, (at) => this.readByte(at));
  }

  writePort(offset: number, size: AccessSize, value: number): void {
    if (size === 1) this.writeByte(offset, value);
    else writeAsBytes(offset, size, value, (at, byte) => this.writeByte(at, byte));
  }
}
