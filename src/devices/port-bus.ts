import { allOnes, type Mapping, readAsBytes, type TransferSize, writeAsBytes } from './access.ts';
import type { PortHandler } from './device.ts';

const PORTS = 0x1_0000;

/** Slot of the ports nobody has claimed. Unlike the other slots it is not one contiguous range. */
const UNCLAIMED = 0;

/** A contiguous range of ports and who answers there. */
interface Range {
  readonly first: number;
  readonly handler: PortHandler;
}

const unclaimed: Range = {
  first: 0,
  handler: {
    readPort: (_offset, size) => allOnes(size),
    writePort: () => {},
  },
};

/** The processor's 65536 I/O ports. Every port has a slot number in a table, so finding a handler is one load. */
export class PortBus {
  private readonly slots = new Uint16Array(PORTS);
  private readonly ranges: (Range | undefined)[] = [unclaimed];

  /**
   * Gives `count` ports from `first` on to `handler`, which is told offsets from `first`.
   * Throws RangeError when the range is not within 0..0xffff or overlaps one already claimed.
   */
  add(first: number, count: number, handler: PortHandler): Mapping {
    if (!this.isFree(first, count)) {
      throw new RangeError(
        `ports 0x${first.toString(16)}-0x${(first + count - 1).toString(16)} are not free`,
      );
    }
    let slot = this.ranges.indexOf(undefined);
    if (slot < 0) slot = this.ranges.length;
    this.ranges[slot] = { first, handler };
    this.slots.fill(slot, first, first + count);
    let removed = false;
    return {
      remove: () => {
        if (removed) return;
        removed = true;
        this.slots.fill(UNCLAIMED, first, first + count);
        this.ranges[slot] = undefined;
      },
    };
  }

  /** True when the `count` (at least 1) numbers from `first` on are ports and none of them is claimed. */
  isFree(first: number, count: number): boolean {
    if (first < 0 || count < 1 || first + count > PORTS) return false;
    return this.slots.subarray(first, first + count).every((slot) => slot === UNCLAIMED);
  }

  /** IN. @param port 0..0xffff. Returns an unsigned value of `size` bytes; all ones where nobody answers. */
  read(port: number, size: TransferSize): number {
    const slot = this.slots[port];
    if (size === 1 || this.isWithinOneRange(port, size, slot)) {
      const { first, handler } = this.ranges[slot] as Range;
      return handler.readPort(port - first, size);
    }
    return readAsBytes(port, size, (address) => this.read(address & 0xffff, 1));
  }

  /** OUT. @param port 0..0xffff. @param value unsigned, `size` bytes wide. */
  write(port: number, size: TransferSize, value: number): void {
    const slot = this.slots[port];
    if (size === 1 || this.isWithinOneRange(port, size, slot)) {
      const { first, handler } = this.ranges[slot] as Range;
      handler.writePort(port - first, size, value);
    } else {
      writeAsBytes(port, size, value, (address, byte) => this.write(address & 0xffff, 1, byte));
    }
  }

  private isWithinOneRange(port: number, size: TransferSize, slot: number): boolean {
    return slot !== UNCLAIMED && this.slots[port + size - 1] === slot;
  }
}
