import { readAsBytes, writeAsBytes } from './access.ts';
import type { AccessSize, PortHandler } from './device.ts';

/**
 * An 8-bit chip on the ISA bus. Wider accesses become one bus cycle a byte, lowest port first, which is
 * what a chipset does for an 8-bit target.
 */
export abstract class BytePortHandler implements PortHandler {
  /** @param port absolute port number. Returns 0..0xff. */
  protected abstract readByte(port: number): number;
  /** @param value 0..0xff. */
  protected abstract writeByte(port: number, value: number): void;

  readPort(port: number, size: AccessSize): number {
    if (size === 1) return this.readByte(port);
    return readAsBytes(port, size, (address) => this.readByte(address));
  }

  writePort(port: number, size: AccessSize, value: number): void {
    if (size === 1) this.writeByte(port, value);
    else writeAsBytes(port, size, value, (address, byte) => this.writeByte(address, byte));
  }
}
