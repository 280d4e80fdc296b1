import { allOnes, type Mapping, readAsBytes, type TransferSize, writeAsBytes } from './access.ts';
import type { PortHandler } from './device.ts';

const PORTS = 0x1_0000;

/** Slot of the ports nobody has claimed. Unlike the other slots it is not one contiguous range. */
const UNCLAIMED = 0;

const unclaimedPort: PortHandler = {
  readPort: (_port, size) => allOnes(size),
  writePort: () => {},
};

/** The processor's 65536 I/O ports. Every port has a slot number in a table, so finding a handler is one load. */
export class PortBus {
  private readonly slots = new Uint16Array(PORTS);
  private readonly handlers: (PortHandler | undefined)[] = [unclaimedPort];

  /**
   * Gives the ports `first` to `last`, inclusive, to `handler`.
   * Throws RangeError when the range is not within 0..0xffff or overlaps one already claimed.
   */
  add(first: number, last: number, handler: PortHandler): Mapping {
    if (!this.isFree(first, last)) {
      throw new RangeError(`ports 0x${first.toString(16)}-0x${last.toString(16)} are not free`);
    }
    let slot = this.handlers.indexOf(undefined);
    if (slot < 0) slot = this.handlers.length;
    this.handlers[slot] = handler;
    this.slots.fill(slot, first, last + 1);
    let removed = false;
    return {
      remove: () => {
        if (removed) return;
        removed = true;
        this.slots.fill(UNCLAIMED, first, last + 1);
        this.handlers[slot] = undefined;
      },
    };
  }

  /** True when `first` to `last`, inclusive, are ports and none of them is claimed. */
  isFree(first: number, last: number): boolean {
    if (first < 0 || last < first || last >= PORTS) return false;
    return this.slots.subarray(first, last + 1).every((slot) => slot === UNCLAIMED);
  }

  /** IN. @param port 0..0xffff. Returns an unsigned value of `size` bytes; all ones where nobody answers. */
  read(port: number, size: TransferSize): number {
    const slot = this.slots[port];
    if (size === 1 || this.isWithinOneRange(port, size, slot)) {
      return (this.handlers[slot] as PortHandler).readPort(port, size);
    }
    return readAsBytes(port, size, (address) => this.read(address & 0xffff, 1));
  }

  /** OUT. @param port 0..0xffff. @param value unsigned, `size` bytes wide. */
  write(port: number, size: TransferSize, value: number): void {
    const slot = this.slots[port];
    if (size === 1 || this.isWithinOneRange(port, size, slot)) {
      (this.handlers[slot] as PortHandler).writePort(port, size, value);
    } else {
      writeAsBytes(port, size, value, (address, byte) => this.write(address & 0xffff, 1, byte));
    }
  }

  private isWithinOneRange(port: number, size: TransferSize, slot: number): boolean {
    return slot !== UNCLAIMED && this.slots[port + size - 1] === slot;
  }
}
