/** A device for test programs: what is written to it ends the machine. Source: QEMU's `isa-debug-exit`. */
import type { AccessSize, PortHandler } from './device.ts';

/** Any write to its ports, four in QEMU, is the same. It has no state. Reads give 0, as QEMU's do. */
export class DebugExit implements PortHandler {
  private readonly exit: (code: number) => void;

  /** @param exit given `(value << 1) | 1`, an unsigned 32-bit number, which is never 0. */
  constructor(exit: (code: number) => void) {
    this.exit = exit;
  }

  readPort(): number {
    return 0;
  }

  writePort(_offset: number, _size: AccessSize, value: number): void {
    this.exit(((value << 1) | 1) >>> 0);
  }
}
