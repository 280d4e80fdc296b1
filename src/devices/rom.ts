import { readAsBytes } from './access.ts';
import type { AccessSize, MmioHandler } from './device.ts';

/** Read-only memory as the bus sees it: writes to it, and what an instruction reads that writes there. */
export class Rom implements MmioHandler {
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  readMmio(offset: number, size: AccessSize): number {
    return readAsBytes(offset, size, (at) => this.bytes[at]);
  }

  writeMmio(): void {}
}
