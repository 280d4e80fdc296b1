import { allOnes, type Mapping, readAsBytes, type TransferSize, writeAsBytes } from './access.ts';
import type { MmioHandler } from './device.ts';

/**
 * A handler whose 8-byte registers change by themselves, such as a running counter: two 4-byte reads
 * could see a carry between them, so it also takes 8-byte accesses whole. Offsets are multiples of 8.
 */
export interface WideMmioHandler extends MmioHandler {
  readMmio64(offset: number): bigint;
  writeMmio64(offset: number, value: bigint): void;
}

interface MmioRange {
  readonly base: number;
  /** First address after the range. */
  readonly end: number;
  readonly handler: MmioHandler;
  readonly wide: WideMmioHandler | undefined;
}

/** Guest-physical addresses that are not RAM. */
export class MmioBus {
  /** Sorted by base; ranges do not overlap. */
  private ranges: MmioRange[] = [];
  /** Accesses come in runs to one device, so the last range found is tried first. */
  private recent: MmioRange | undefined;

  /**
   * Gives `length` bytes from physical address `base` to `handler`.
   * Throws RangeError when the range is empty, negative, beyond 2^53 or overlaps one already claimed.
   */
  add(base: number, length: number, handler: MmioHandler): Mapping {
    if (!this.isFree(base, length)) {
      throw new RangeError(`physical range 0x${base.toString(16)}+0x${length.toString(16)} is not free`);
    }
    const wide = isWide(handler) ? handler : undefined;
    const range: MmioRange = { base, end: base + length, handler, wide };
    this.ranges = [...this.ranges, range].sort((a, b) => a.base - b.base);
    return {
      remove: () => {
        this.ranges = this.ranges.filter((other) => other !== range);
        if (this.recent === range) this.recent = undefined;
      },
    };
  }

  /** True when the range is a valid one and no address of it is claimed. */
  isFree(base: number, length: number): boolean {
    const end = base + length;
    if (base < 0 || length <= 0 || !Number.isSafeInteger(base) || !Number.isSafeInteger(end)) return false;
    return this.ranges.every((range) => end <= range.base || range.end <= base);
  }

  /** Returns an unsigned value of `size` bytes; all ones where nobody answers. */
  read(physicalAddress: number, size: TransferSize): number {
    const range = this.find(physicalAddress);
    if (range !== undefined && physicalAddress + size <= range.end) {
      return range.handler.readMmio(physicalAddress - range.base, size);
    }
    if (size === 1) return allOnes(1);
    return readAsBytes(physicalAddress, size, (address) => this.read(address, 1));
  }

  /** @param value unsigned, `size` bytes wide. */
  write(physicalAddress: number, size: TransferSize, value: number): void {
    const range = this.find(physicalAddress);
    if (range !== undefined && physicalAddress + size <= range.end) {
      range.handler.writeMmio(physicalAddress - range.base, size, value);
    } else if (size > 1) {
      writeAsBytes(physicalAddress, size, value, (address, byte) => this.write(address, 1, byte));
    }
  }

  /** An 8-byte load, unsigned: two 4-byte reads, low half first, unless the handler takes it whole. */
  read64(physicalAddress: number): bigint {
    const range = this.findWide(physicalAddress);
    if (range?.wide !== undefined) return range.wide.readMmio64(physicalAddress - range.base);
    const low = this.read(physicalAddress, 4);
    return BigInt(low) | (BigInt(this.read(physicalAddress + 4, 4)) << 32n);
  }

  /** An 8-byte store: two 4-byte writes, low half first, unless the handler takes it whole. */
  write64(physicalAddress: number, value: bigint): void {
    const range = this.findWide(physicalAddress);
    if (range?.wide !== undefined) {
      range.wide.writeMmio64(physicalAddress - range.base, BigInt.asUintN(64, value));
      return;
    }
    this.write(physicalAddress, 4, Number(BigInt.asUintN(32, value)));
    this.write(physicalAddress + 4, 4, Number(BigInt.asUintN(32, value >> 32n)));
  }

  private findWide(physicalAddress: number): MmioRange | undefined {
    const range = this.find(physicalAddress);
    if (range === undefined || physicalAddress + 8 > range.end) return undefined;
    return (physicalAddress - range.base) % 8 === 0 ? range : undefined;
  }

  private find(physicalAddress: number): MmioRange | undefined {
    const recent = this.recent;
    if (recent !== undefined && physicalAddress >= recent.base && physicalAddress < recent.end) return recent;
    let low = 0;
    let high = this.ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const range = this.ranges[middle];
      if (physicalAddress < range.base) high = middle;
      else if (physicalAddress >= range.end) low = middle + 1;
      else {
        this.recent = range;
        return range;
      }
    }
    return undefined;
  }
}

function isWide(handler: MmioHandler): handler is WideMmioHandler {
  return 'readMmio64' in handler && 'writeMmio64' in handler;
}
