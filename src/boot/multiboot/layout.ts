/** What both versions of Multiboot load by: an address override in the header, or the file as ELF. */
import type { GuestMemory } from '../../devices/device.ts';
import type { E820Entry } from '../e820.ts';
import { type ElfFile, hasElfMagic, parseElf } from '../elf.ts';
import { InputError } from '../input-error.ts';
import { loadElf } from '../load-elf.ts';
import { isRam, type Range } from '../placement.ts';

/** The address fields of a header. */
export interface AddressOverride {
  /** Where in the file the header is. */
  readonly headerOffset: number;
  readonly headerAddress: number;
  /** Where the file's bytes from the header back by the difference belong; ALL loads the file from its start. */
  readonly loadAddress: number;
  /** 0: to the end of the file. */
  readonly loadEnd: number;
  /** 0: no memory to be cleared behind it. */
  readonly bssEnd: number;
}

/** A load address of all ones. */
const ALL = 0xffffffff;

export interface LoadedKernel {
  readonly range: Range;
  readonly entry: number;
}

/** The entry point as a physical address: it may be given as a virtual one of a segment. */
function physicalEntry({ entry, segments }: ElfFile): number {
  const within = (start: number, size: number) => entry >= start && entry < start + size;
  if (segments.some(({ physicalAddress, size }) => within(physicalAddress, size))) return entry;
  const segment = segments.find(({ virtualAddress, size }) => within(virtualAddress, size));
  return segment === undefined ? entry : entry - segment.virtualAddress + segment.physicalAddress;
}

function loadByAddresses(
  memory: GuestMemory,
  file: Uint8Array,
  fields: AddressOverride,
  entry: number,
  e820: readonly E820Entry[],
): LoadedKernel {
  const { headerOffset, headerAddress, loadEnd, bssEnd } = fields;
  const loadAddress = fields.loadAddress === ALL ? headerAddress - headerOffset : fields.loadAddress;
  const from = headerOffset - (headerAddress - loadAddress);
  const length = loadEnd === 0 ? file.length - from : loadEnd - loadAddress;
  const contradiction = () => new InputError('damaged Multiboot header: its addresses contradict each other');
  if (loadAddress < 0 || from < 0 || from >= file.length || length <= 0) throw contradiction();
  if (from + length > file.length) {
    throw new InputError(
      `truncated Multiboot kernel: its code ends at ${from + length}, the file has ${file.length} bytes`,
    );
  }
  const end = loadAddress + length;
  if (bssEnd !== 0 && bssEnd < end) throw contradiction();
  const range = { start: loadAddress, end: Math.max(end, bssEnd) };
  if (!isRam(range, e820)) {
    throw new InputError(
      `this kernel belongs to 0x${range.start.toString(16)} to 0x${(range.end - 1).toString(16)}, where there is no memory`,
    );
  }
  if (entry < range.start || entry >= range.end) throw contradiction();
  memory.write(loadAddress, file.subarray(from, from + length));
  return { range, entry };
}

/**
 * @param addresses of the header, if it has them.
 * @param entryOverride entry point of the header, if it has one.
 * @throws InputError for a file that cannot be loaded.
 */
export function loadKernel(
  memory: GuestMemory,
  file: Uint8Array,
  addresses: AddressOverride | undefined,
  entryOverride: number | undefined,
  e820: readonly E820Entry[],
): LoadedKernel {
  if (addresses !== undefined) {
    return loadByAddresses(memory, file, addresses, entryOverride ?? addresses.headerAddress, e820);
  }
  if (!hasElfMagic(file))
    throw new InputError('this Multiboot kernel says neither by ELF nor by its header where it goes');
  const elf = parseElf(file);
  const entry = entryOverride ?? physicalEntry(elf);
  return { range: loadElf(memory, elf, entry, e820), entry };
}
