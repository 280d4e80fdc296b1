/**
 * A bzImage without its decompressor: what that does, the loader does, and enters the kernel proper, at startup_64 or
 * startup_32.
 * Source: Linux Documentation/arch/x86/boot.rst, "payload_offset"; arch/x86/boot/compressed/ for what the kernel relies on.
 */
import type { GuestMemory } from '../devices/device.ts';
import { type BzImage, hasSetupHeader, parseBzImage, SETUP_HEADER } from './bzimage.ts';
import { type BootInput, ClosedDoor, type Door } from './door.ts';
import { type ElfHeaders, parseElfHeaders } from './elf.ts';
import { BOOT_CODE, BOOT_DATA, buildGdt } from './gdt.ts';
import { buildIdentityMap } from './identity-map.ts';
import { joinInitramfs } from './initramfs.ts';
import { InputError } from './input-error.ts';
import { handOver, PAGE_TABLES_ADDRESS } from './linux-handover.ts';
import { checkSegments } from './load-elf.ts';
import { placeInitrd, placeKernel } from './placement.ts';
import { longModeStart, protectedModeStart, type StartState } from './start-state.ts';
import { canRandomize, chooseRandomly, type Placement } from './unpack/randomization.ts';
import { relocate } from './unpack/relocations.ts';
import { isUnpackable, type Piece, unpackedSize } from './unpack/unpack.ts';

const LOADFLAGS = 0x211;
const KASLR_FLAG = 2;
/** __START_KERNEL_map without its upper half. */
const KERNEL_MAP_64 = 0x8000_0000;

const NO_RANDOMIZATION = /(?:^|\s)nokaslr(?=\s|$)/;
/** Words by which the decompressor knows of memory that the kernel may not use. */
const MEMORY_OPTIONS = /(?:^|\s)(?:(?:mem|memmap|hugepages|efi_fake_mem)=|movable_node(?=\s|$))/;

/** @throws ClosedDoor where the kernel's decompressor does more than is done here. */
function checkOpen(image: BzImage, { fiveLevelPaging = false, commandLine }: BootInput): void {
  if (image.hasEntry64 && fiveLevelPaging)
    throw new ClosedDoor("5-level paging is turned on by the kernel's decompressor");
  if (!image.relocatable || image.initSize === 0)
    throw new ClosedDoor('this kernel does not say where it may be');
  if (MEMORY_OPTIONS.test(commandLine) && canRandomize(image))
    throw new ClosedDoor('memory is taken away on the command line, which the decompressor heeds');
}

interface Placed extends Placement {
  readonly isRandom: boolean;
}

function place(image: BzImage, input: BootInput): Placed {
  const { e820, modules, commandLine, hardware } = input;
  const bits = image.hasEntry64 ? 64 : 32;
  const range = placeKernel(image, e820);
  if (NO_RANDOMIZATION.test(commandLine) || !canRandomize(image)) {
    const distance = bits === 64 ? 0 : range.start - image.preferredAddress;
    return { physical: range.start, distance, isRandom: false };
  }
  const size = joinInitramfs(modules).length;
  const initrd = size === 0 ? 0 : placeInitrd(size, range, image.initrdAddressMax, e820);
  const taken = { start: initrd, end: initrd + size };
  const chosen = chooseRandomly(image, bits, range.start, taken, e820, () => hardware.random());
  return { ...chosen, isRandom: true };
}

/** The ELF file's headers for where it is loaded. @throws InputError when it is not for there. */
function headersAt(elf: ElfHeaders, image: BzImage, physical: number, input: BootInput): ElfHeaders {
  if (elf.bits !== (image.hasEntry64 ? 64 : 32) || elf.machine !== (elf.bits === 64 ? 'x86-64' : 'i386'))
    throw new InputError('damaged bzImage: its payload is for another processor');
  const moved = physical - image.preferredAddress;
  const segments = elf.segments.map((segment) => ({
    ...segment,
    physicalAddress: segment.physicalAddress + moved,
  }));
  const entry = elf.entry + moved;
  const { end } = checkSegments(segments, entry, input.e820, physical);
  if (end > physical + image.initSize) throw new InputError('damaged bzImage: its payload is too large');
  return { ...elf, segments, entry };
}

/** Writes the kernel to where it is to be. @returns its headers for there, and what follows the ELF file. */
async function write(
  memory: GuestMemory,
  image: BzImage,
  physical: number,
  pieces: AsyncIterable<Piece>,
  input: BootInput,
): Promise<{ elf: ElfHeaders; rest: Uint8Array }> {
  const size = unpackedSize(image.payload);
  let elf: ElfHeaders | undefined;
  let rest = new Uint8Array(0);
  for await (const { at, bytes } of pieces) {
    const end = at + bytes.length;
    if (elf === undefined) {
      if (at !== 0) throw new InputError('damaged bzImage: its payload is no kernel');
      elf = headersAt(parseElfHeaders(bytes, size), image, physical, input);
      rest = new Uint8Array(Math.max(0, size - elf.end));
    }
    for (const { physicalAddress, fileOffset, fileSize } of elf.segments) {
      const from = Math.max(at, fileOffset);
      const to = Math.min(end, fileOffset + fileSize);
      if (from < to) memory.write(physicalAddress + from - fileOffset, bytes.subarray(from - at, to - at));
    }
    const from = Math.max(at, elf.end);
    if (from < end) rest.set(bytes.subarray(from - at), from - elf.end);
  }
  if (elf === undefined) throw new InputError('damaged bzImage: its payload is empty');
  return { elf, rest };
}

/** Unpacks the kernel, and moves it to where it was to be. @returns the address of its entry. */
async function loadKernelProper(
  memory: GuestMemory,
  image: BzImage,
  { physical, distance }: Placement,
  pieces: AsyncIterable<Piece>,
  input: BootInput,
): Promise<number> {
  const { elf, rest } = await write(memory, image, physical, pieces, input);
  if (distance === 0) return elf.entry;
  const [first] = elf.segments as [ElfHeaders['segments'][number]];
  const moved = physical - image.preferredAddress;
  const virtualStart =
    elf.bits === 64 ? KERNEL_MAP_64 : first.virtualAddress - (first.physicalAddress - moved);
  relocate(memory, rest, {
    bits: elf.bits,
    segments: elf.segments.map(({ physicalAddress, fileSize }) => ({
      start: physicalAddress,
      end: physicalAddress + fileSize,
    })),
    end: physical + image.initSize,
    toPhysical: moved - virtualStart,
    distance,
  });
  return elf.entry;
}

function withFlag(setupHeader: Uint8Array, isRandom: boolean): Uint8Array {
  const header = setupHeader.slice();
  const at = LOADFLAGS - SETUP_HEADER;
  header[at] = ((header[at] as number) & ~KASLR_FLAG) | (isRandom ? KASLR_FLAG : 0);
  return header;
}

export const unpacked: Door<Promise<StartState>> = {
  entry: 'unpacked',
  description: 'Linux bzImage, unpacked by the loader, at the entry point of the kernel itself',
  recognises(file) {
    try {
      return hasSetupHeader(file) && isUnpackable(parseBzImage(file).payload);
    } catch (error) {
      if (error instanceof InputError) return false;
      throw error;
    }
  },
  async load(memory, input) {
    const image = parseBzImage(input.kernel);
    const { unpacked: pieces } = input;
    if (pieces === undefined) throw new ClosedDoor('there is nothing that unpacks this kernel');
    checkOpen(image, input);
    const placed = place(image, input);
    let rip: number;
    try {
      rip = await loadKernelProper(memory, image, placed, pieces, input);
    } catch (error) {
      // The decompressor says what is wrong, or makes more of it.
      throw error instanceof InputError ? new ClosedDoor(error.message) : error;
    }
    const kernel = {
      ...image,
      setupHeader: withFlag(image.setupHeader, placed.isRandom),
      range: { start: placed.physical, end: placed.physical + image.initSize },
    };
    const bits = image.hasEntry64 ? '64-bit' : '32-bit';
    const { bootParams, gdt, stack } = handOver(memory, kernel, buildGdt(bits), input);
    const entry = {
      rip,
      selectors: { code: BOOT_CODE, data: BOOT_DATA },
      gdt,
      registers: { si: bootParams, sp: stack },
    };
    if (bits === '32-bit') return protectedModeStart(entry);
    memory.write(PAGE_TABLES_ADDRESS, buildIdentityMap(PAGE_TABLES_ADDRESS));
    return longModeStart(entry, PAGE_TABLES_ADDRESS);
  },
};
