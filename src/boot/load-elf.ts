/** Puts an ELF executable where its program headers say. */
import type { GuestMemory } from '../devices/device.ts';
import type { E820Entry } from './e820.ts';
import type { ElfFile, ElfSegmentHeader } from './elf.ts';
import { InputError } from './input-error.ts';
import { isRam, type Range } from './placement.ts';

const hexadecimal = (address: number): string => `0x${address.toString(16)}`;

/**
 * @param lowest address that the loader leaves to them.
 * @returns the memory from their first to their last byte.
 * @throws InputError when they overlap, are not in RAM, or do not contain the entry point.
 */
export function checkSegments(
  segments: readonly ElfSegmentHeader[],
  entry: number,
  e820: readonly E820Entry[],
  lowest: number,
): Range {
  const ranges = segments
    .map(({ physicalAddress, size }) => ({ start: physicalAddress, end: physicalAddress + size }))
    .sort((a, b) => a.start - b.start);
  let previousEnd = 0;
  for (const range of ranges) {
    if (range.start < lowest) {
      throw new InputError(
        `this ELF file is no such kernel: it belongs to ${hexadecimal(range.start)}, and the memory below ${hexadecimal(lowest)} is the loader's`,
      );
    }
    if (range.start < previousEnd) throw new InputError('damaged ELF file: its segments overlap');
    if (!isRam(range, e820)) {
      throw new InputError(
        `this kernel belongs to ${hexadecimal(range.start)} to ${hexadecimal(range.end - 1)}, where there is no memory`,
      );
    }
    previousEnd = range.end;
  }
  if (!ranges.some(({ start, end }) => entry >= start && entry < end)) {
    throw new InputError(
      `damaged ELF file: its entry point ${hexadecimal(entry)} is in none of its segments`,
    );
  }
  return { start: (ranges[0] as Range).start, end: previousEnd };
}

/** Writes the segments to their physical addresses, as checkSegments() has them; what is not in the file is zero already. */
export function loadElf(
  memory: GuestMemory,
  elf: ElfFile,
  entry: number,
  e820: readonly E820Entry[],
  lowest = 0,
): Range {
  const range = checkSegments(elf.segments, entry, e820, lowest);
  for (const { physicalAddress, data } of elf.segments) memory.write(physicalAddress, data);
  return range;
}
