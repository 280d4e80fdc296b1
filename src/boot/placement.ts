/** Decides where in RAM the kernel and the initramfs go, for every entry point of Linux. */
import type { BzImage } from './bzimage.ts';
import type { E820Entry } from './e820.ts';
import { E820_RAM } from './e820.ts';
import { InputError } from './input-error.ts';
import { EXTENDED_MEMORY, HIGH_RAM, MIB, PAGE_SIZE } from './memory-map.ts';

/** Guest-physical addresses from `start` up to and without `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** RAM between 1 MiB and 4 GiB, in ascending order. */
export function usableRam(e820: readonly E820Entry[]): Range[] {
  return e820
    .filter(({ address, type }) => type === E820_RAM && address >= EXTENDED_MEMORY && address < HIGH_RAM)
    .map(({ address, length }) => ({ start: address, end: Math.min(address + length, HIGH_RAM) }))
    .sort((a, b) => a.start - b.start);
}

/** Whether all of a range is RAM. */
export function isRam({ start, end }: Range, e820: readonly E820Entry[]): boolean {
  return e820.some(
    ({ address, length, type }) => type === E820_RAM && start >= address && end <= address + length,
  );
}

export function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}

function mebibytes(size: number): string {
  return `${Math.ceil(size / MIB)} MiB`;
}

/**
 * The memory the kernel is loaded to and first runs in: at its preferred address, or where that is not
 * RAM and the kernel is relocatable, at the next suitable address above. Never below: it would only move
 * itself up to the preferred address again (boot.rst, "init_size").
 * @throws InputError when there is too little RAM.
 */
export function placeKernel(image: BzImage, e820: readonly E820Entry[]): Range {
  const size = Math.max(image.initSize, image.protectedMode.length);
  const alignment = image.relocatable ? Math.max(image.kernelAlignment, PAGE_SIZE) : 1;
  for (const ram of usableRam(e820)) {
    const start = alignUp(Math.max(ram.start, image.preferredAddress), alignment);
    if (!image.relocatable && start !== image.preferredAddress) continue;
    if (start + size <= ram.end) return { start, end: start + size };
  }
  // One more for the tables at the end of RAM.
  const needed = mebibytes(image.preferredAddress + size + MIB);
  throw new InputError(`too little memory: this kernel needs at least ${needed}`);
}

/**
 * Where the initramfs begins: page aligned, as high as RAM and the kernel's limit allow, clear of the kernel.
 * @param addressMax the highest address it may occupy.
 * @throws InputError when it fits nowhere.
 */
export function placeInitrd(
  size: number,
  kernel: Range,
  addressMax: number,
  e820: readonly E820Entry[],
): number {
  for (const ram of usableRam(e820).reverse()) {
    const limits = [ram.end, kernel.start];
    for (const limit of limits) {
      const end = Math.min(limit, ram.end, addressMax + 1);
      const start = Math.floor((end - size) / PAGE_SIZE) * PAGE_SIZE;
      const overlapsKernel = start < kernel.end && start + size > kernel.start;
      if (start >= ram.start && !overlapsKernel) return start;
    }
  }
  const total = e820.reduce((sum, { type, length }) => sum + (type === E820_RAM ? length : 0), 0);
  throw new InputError(
    `the initramfs of ${mebibytes(size)} does not fit beside the kernel into ${mebibytes(total)} of memory`,
  );
}
