/** Splitting and filling of port and memory accesses, shared by the buses and by byte-wide chips. */

import type { AccessSize } from './device.ts';

/** Widths a single bus transfer can have, in bytes. */
export type TransferSize = Exclude<AccessSize, 8>;

/** A claimed range of a bus; `remove` gives it back, and doing so again does nothing. */
export interface Mapping {
  remove(): void;
}

/** What a bus reads when nobody drives it: `size` bytes of 0xff, unsigned. */
export function allOnes(size: AccessSize): number {
  return size === 1 ? 0xff : size === 2 ? 0xffff : 0xffff_ffff;
}

/** Makes a little-endian value of `size` (at most 4) bytes out of single-byte reads, lowest address first. */
export function readAsBytes(
  address: number,
  size: AccessSize,
  readByte: (address: number) => number,
): number {
  let value = 0;
  for (let index = 0; index < size; index++) value |= readByte(address + index) << (8 * index);
  return value >>> 0;
}

/** Takes a little-endian value of `size` (at most 4) bytes apart into single-byte writes, lowest address first. */
export function writeAsBytes(
  address: number,
  size: AccessSize,
  value: number,
  writeByte: (address: number, value: number) => void,
): void {
  for (let index = 0; index < size; index++) writeByte(address + index, (value >>> (8 * index)) & 0xff);
}
