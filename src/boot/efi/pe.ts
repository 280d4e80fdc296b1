/**
 * Reads EFI applications: PE32+ images.
 * Source: Microsoft PE format, "Optional Header", "Section Table", "The .reloc Section".
 */
import type { GuestMemory } from '../../devices/device.ts';
import { viewOf } from '../elf.ts';
import { InputError } from '../input-error.ts';
import { PIECE } from './pausing.ts';

const MZ = 0x5a4d;
const PE_SIGNATURE = 0x00004550;
const HEADER_POINTER = 0x3c;
const COFF_SIZE = 24;
const MACHINE_X64 = 0x8664;
const MACHINE_IA32 = 0x014c;
const MAGIC_PE32_PLUS = 0x20b;
const SUBSYSTEM_EFI_APPLICATION = 10;
/** Up to the directories, of which the sixth are the base relocations. */
const OPTIONAL_HEADER_SIZE = 112;
const RELOCATION_DIRECTORY = 5;
const SECTION_SIZE = 40;
const IMAGE_MAX = 2 ** 31;

const RELOCATION_ABSOLUTE = 0;
const RELOCATION_DIR64 = 10;
/** Bytes of a block, which is for a page: two for each place in it, and as many again. */
const BLOCK_MAX = 0x4000;

export interface PeImage {
  /** Bytes in memory. */
  readonly size: number;
  /** From the image's start. */
  readonly entry: number;
  /** Where it would not need to be relocated. */
  readonly base: bigint;
  /** Headers and sections; what is between is 0. */
  readonly parts: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
  readonly relocations: { readonly offset: number; readonly size: number } | undefined;
}

function headerOffset(file: Uint8Array): number | undefined {
  if (file.length < 64) return undefined;
  const view = viewOf(file);
  if (view.getUint16(0, true) !== MZ) return undefined;
  const offset = view.getUint32(HEADER_POINTER, true);
  if (offset + COFF_SIZE > file.length || view.getUint32(offset, true) !== PE_SIGNATURE) return undefined;
  return offset;
}

/** Whether a file begins as a PE image does. */
export function hasPeHeader(file: Uint8Array): boolean {
  return headerOffset(file) !== undefined;
}

/** @throws InputError for a file that is cut off, contradicts itself, or is no EFI application for x86-64. */
export function parsePe(file: Uint8Array): PeImage {
  const header = headerOffset(file);
  if (header === undefined) throw new InputError('not an EFI application: there is no PE header');
  const view = viewOf(file);
  const machine = view.getUint16(header + 4, true);
  if (machine === MACHINE_IA32) {
    throw new InputError('its EFI entry point is for 32-bit firmware, this machine has 64-bit firmware');
  }
  if (machine !== MACHINE_X64) {
    throw new InputError(`this PE image is for another machine (0x${machine.toString(16)}), not for x86-64`);
  }
  const damaged = (what: string) => new InputError(`damaged PE image: ${what}`);
  const sectionCount = view.getUint16(header + 6, true);
  const optionalSize = view.getUint16(header + 20, true);
  const optional = header + COFF_SIZE;
  if (optionalSize < OPTIONAL_HEADER_SIZE || optional + optionalSize > file.length) {
    throw damaged('its optional header ends early');
  }
  if (view.getUint16(optional, true) !== MAGIC_PE32_PLUS) throw damaged('it is not in the PE32+ format');
  if (view.getUint16(optional + 68, true) !== SUBSYSTEM_EFI_APPLICATION) {
    throw new InputError('this PE image is no EFI application');
  }
  const size = view.getUint32(optional + 56, true);
  const headersSize = view.getUint32(optional + 60, true);
  const entry = view.getUint32(optional + 16, true);
  if (size === 0 || size > IMAGE_MAX || entry >= size) throw damaged('its entry point is outside of it');
  if (headersSize > size || headersSize > file.length) throw damaged('its headers are larger than it is');
  const sections = optional + optionalSize;
  if (sections + sectionCount * SECTION_SIZE > file.length) throw damaged('its section table ends early');
  const parts = [{ offset: 0, bytes: file.subarray(0, headersSize) }];
  for (let index = 0; index < sectionCount; index++) {
    const at = sections + index * SECTION_SIZE;
    const virtualSize = view.getUint32(at + 8, true);
    const offset = view.getUint32(at + 12, true);
    const rawSize = view.getUint32(at + 16, true);
    const raw = view.getUint32(at + 20, true);
    const length = Math.min(rawSize, virtualSize === 0 ? rawSize : virtualSize);
    if (offset + Math.max(virtualSize, length) > size) throw damaged('a section is outside of it');
    if (length === 0) continue;
    if (raw + length > file.length) {
      throw new InputError(
        `truncated PE image: a section ends at ${raw + length}, the file has ${file.length} bytes`,
      );
    }
    parts.push({ offset, bytes: file.subarray(raw, raw + length) });
  }
  const directories = view.getUint32(optional + 108, true);
  const directory = optional + OPTIONAL_HEADER_SIZE + RELOCATION_DIRECTORY * 8;
  const hasRelocations = directories > RELOCATION_DIRECTORY && directory + 8 <= optional + optionalSize;
  const relocations = hasRelocations
    ? { offset: view.getUint32(directory, true), size: view.getUint32(directory + 4, true) }
    : undefined;
  if (relocations !== undefined && relocations.offset + relocations.size > size) {
    throw damaged('its relocations are outside of it');
  }
  const base = view.getBigUint64(optional + 24, true);
  return { size, entry, base, parts, relocations: relocations?.size === 0 ? undefined : relocations };
}

/** Places that are relocated between two pauses. */
const RELOCATIONS_PIECE = 4096;

/** Makes the memory from `start` up to `end` zero. */
function* clear(memory: GuestMemory, start: number, end: number): Generator<void> {
  for (let at = start; at < end; at += PIECE) {
    memory.write(at, new Uint8Array(Math.min(PIECE, end - at)));
    yield;
  }
}

/** Writes headers and sections to their places, and zeros between and behind them. */
function* writeParts(memory: GuestMemory, image: PeImage, address: number): Generator<void> {
  let end = 0;
  for (const { offset, bytes } of [...image.parts].sort((one, other) => one.offset - other.offset)) {
    yield* clear(memory, address + end, address + offset);
    for (let at = 0; at < bytes.length; at += PIECE) {
      memory.write(address + offset + at, bytes.subarray(at, at + PIECE));
      yield;
    }
    end = Math.max(end, offset + bytes.length);
  }
  yield* clear(memory, address + end, address + image.size);
}

/**
 * Puts the image into memory at `address`, where `size` bytes of RAM are, and relocates it. It pauses after every piece
 * of the work.
 * @throws InputError for relocations that are none.
 */
export function* writeImage(memory: GuestMemory, image: PeImage, address: number): Generator<void> {
  yield* writeParts(memory, image, address);
  const delta = BigInt.asUintN(64, BigInt(address) - image.base);
  if (image.relocations === undefined || delta === 0n) return;
  const { offset, size } = image.relocations;
  const damaged = () => new InputError('damaged PE image: its relocations contradict themselves');
  const relocate = (target: number): void => {
    if (target + 8 > image.size) throw damaged();
    const bytes = memory.read(address + target, 8);
    viewOf(bytes).setBigUint64(0, viewOf(bytes).getBigUint64(0, true) + delta, true);
    memory.write(address + target, bytes);
  };
  let sincePause = 0;
  for (let block = 0; block + 8 <= size; ) {
    const header = viewOf(memory.read(address + offset + block, 8));
    const page = header.getUint32(0, true);
    const blockSize = header.getUint32(4, true);
    if (blockSize < 8 || blockSize > BLOCK_MAX || block + blockSize > size) throw damaged();
    const entries = viewOf(memory.read(address + offset + block + 8, blockSize - 8));
    for (let at = 0; at + 2 <= entries.byteLength; at += 2) {
      const entry = entries.getUint16(at, true);
      const type = entry >> 12;
      if (type === RELOCATION_ABSOLUTE) continue;
      if (type !== RELOCATION_DIR64) throw damaged();
      relocate(page + (entry & 0xfff));
    }
    block += blockSize;
    sincePause += blockSize;
    if (sincePause < 2 * RELOCATIONS_PIECE) continue;
    yield;
    sincePause = 0;
  }
}
