/**
 * Reads the headers of ELF executables. Nothing of the file is copied.
 * Source: System V Application Binary Interface, "Object Files" and "Program Loading".
 */
import { InputError } from './input-error.ts';

const MAGIC = 0x464c457f;
const CLASS = 4;
const CLASS_32 = 1;
const CLASS_64 = 2;
const DATA = 5;
const LITTLE_ENDIAN = 1;

const ET_EXEC = 2;
const ET_DYN = 3;
const EM_386 = 3;
const EM_X86_64 = 62;
const PT_LOAD = 1;
const PT_NOTE = 4;
/** More than any kernel has; a damaged count is not worth reading on. */
const PROGRAM_HEADERS_MAX = 4096;

const NOTE_HEADER = 12;
const NOTE_ALIGNMENT = 4;

/** Where a part of the file that is loaded is. Addresses and sizes as in the file: up to 2^64, rounded beyond 2^53. */
export interface ElfSegmentHeader {
  readonly physicalAddress: number;
  readonly virtualAddress: number;
  /** Bytes in memory; those beyond what the file has are zero. */
  readonly size: number;
  /** From the start of the file. */
  readonly fileOffset: number;
  readonly fileSize: number;
}

export interface ElfSegment extends ElfSegmentHeader {
  readonly data: Uint8Array;
}

export interface ElfNote {
  readonly name: string;
  readonly type: number;
  readonly descriptor: Uint8Array;
}

/** What is at the beginning of a file. */
export interface ElfHeaders {
  readonly bits: 32 | 64;
  readonly machine: 'i386' | 'x86-64';
  readonly entry: number;
  readonly segments: readonly ElfSegmentHeader[];
  /** Where notes are in the file. */
  readonly notes: readonly { readonly offset: number; readonly size: number }[];
  /** The end of headers, segments and the table of sections. */
  readonly end: number;
}

export interface ElfFile extends Pick<ElfHeaders, 'bits' | 'machine' | 'entry'> {
  readonly segments: readonly ElfSegment[];
  readonly notes: readonly ElfNote[];
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Whether a file begins as an ELF file does. */
export function hasElfMagic(file: Uint8Array): boolean {
  return file.length >= 20 && viewOf(file).getUint32(0, true) === MAGIC;
}

function damaged(what: string): InputError {
  return new InputError(`damaged ELF file: ${what}`);
}

/** Offsets of the fields that differ between the classes, and how wide their addresses are. */
interface Layout {
  readonly headerSize: number;
  readonly entry: number;
  readonly programHeaders: number;
  readonly sectionHeaders: number;
  readonly sectionHeaderSize: number;
  readonly sectionHeaderCount: number;
  readonly programHeaderSize: number;
  readonly programHeaderCount: number;
  readonly minimumProgramHeader: number;
  readonly segment: {
    readonly offset: number;
    readonly virtualAddress: number;
    readonly physicalAddress: number;
    readonly fileSize: number;
    readonly memorySize: number;
  };
  readonly address: (view: DataView, offset: number) => number;
}

const LAYOUT_32: Layout = {
  headerSize: 52,
  entry: 24,
  programHeaders: 28,
  sectionHeaders: 32,
  sectionHeaderSize: 46,
  sectionHeaderCount: 48,
  programHeaderSize: 42,
  programHeaderCount: 44,
  minimumProgramHeader: 32,
  segment: { offset: 4, virtualAddress: 8, physicalAddress: 12, fileSize: 16, memorySize: 20 },
  address: (view, offset) => view.getUint32(offset, true),
};

const LAYOUT_64: Layout = {
  headerSize: 64,
  entry: 24,
  programHeaders: 32,
  sectionHeaders: 40,
  sectionHeaderSize: 58,
  sectionHeaderCount: 60,
  programHeaderSize: 54,
  programHeaderCount: 56,
  minimumProgramHeader: 56,
  segment: { offset: 8, virtualAddress: 16, physicalAddress: 24, fileSize: 32, memorySize: 40 },
  address: (view, offset) => Number(view.getBigUint64(offset, true)),
};

function layoutOf(file: Uint8Array): { bits: 32 | 64; layout: Layout } {
  if (file[DATA] !== LITTLE_ENDIAN) throw new InputError('this ELF file is not for x86: it is big-endian');
  switch (file[CLASS]) {
    case CLASS_32:
      return { bits: 32, layout: LAYOUT_32 };
    case CLASS_64:
      return { bits: 64, layout: LAYOUT_64 };
    default:
      throw damaged('it is neither of 32 nor of 64 bits');
  }
}

function readNotes(bytes: Uint8Array): ElfNote[] {
  const notes: ElfNote[] = [];
  const view = viewOf(bytes);
  const aligned = (size: number) => Math.ceil(size / NOTE_ALIGNMENT) * NOTE_ALIGNMENT;
  for (let at = 0; at + NOTE_HEADER <= bytes.length; ) {
    const nameSize = view.getUint32(at, true);
    const descriptorSize = view.getUint32(at + 4, true);
    const name = at + NOTE_HEADER;
    const descriptor = name + aligned(nameSize);
    const end = descriptor + descriptorSize;
    if (end > bytes.length) throw damaged('a note ends after the notes do');
    notes.push({
      name: String.fromCharCode(...bytes.subarray(name, name + Math.min(nameSize, 64))).replace(/\0.*$/s, ''),
      type: view.getUint32(at + 8, true),
      descriptor: bytes.subarray(descriptor, end),
    });
    at = descriptor + aligned(descriptorSize);
  }
  return notes;
}

/**
 * @param file its beginning with the program headers. @param length that of all of it.
 * @throws InputError for a file that is cut off, contradicts itself, or is no executable for x86.
 */
export function parseElfHeaders(file: Uint8Array, length: number): ElfHeaders {
  if (!hasElfMagic(file)) throw new InputError('not an ELF file');
  const { bits, layout } = layoutOf(file);
  if (file.length < layout.headerSize) throw damaged('its header ends early');
  const view = viewOf(file);
  const machine = view.getUint16(18, true);
  if (machine !== EM_386 && machine !== EM_X86_64) {
    throw new InputError(`this ELF file is not for x86: its machine number is ${machine}`);
  }
  const type = view.getUint16(16, true);
  if (type !== ET_EXEC && type !== ET_DYN) throw new InputError('this ELF file is no executable');
  const start = layout.address(view, layout.programHeaders);
  const size = view.getUint16(layout.programHeaderSize, true);
  const count = view.getUint16(layout.programHeaderCount, true);
  if (count === 0) throw damaged('it has no program headers');
  if (size < layout.minimumProgramHeader || count > PROGRAM_HEADERS_MAX) {
    throw damaged('its program headers have a wrong size');
  }
  if (start + count * size > file.length) {
    throw new InputError(`truncated ELF file: its program headers end at ${start + count * size}`);
  }

  const segments: ElfSegmentHeader[] = [];
  const notes: ElfHeaders['notes'][number][] = [];
  const sectionHeadersSize =
    view.getUint16(layout.sectionHeaderSize, true) * view.getUint16(layout.sectionHeaderCount, true);
  let end = Math.max(
    start + count * size,
    sectionHeadersSize === 0 ? 0 : layout.address(view, layout.sectionHeaders) + sectionHeadersSize,
  );
  for (let index = 0; index < count; index++) {
    const at = start + index * size;
    const headerType = view.getUint32(at, true);
    if (headerType !== PT_LOAD && headerType !== PT_NOTE) continue;
    const field = (offset: number): number => layout.address(view, at + offset);
    const fileOffset = field(layout.segment.offset);
    const fileSize = field(layout.segment.fileSize);
    if (fileOffset + fileSize > length) {
      throw new InputError(
        `truncated ELF file: a segment ends at ${fileOffset + fileSize}, the file has ${length} bytes`,
      );
    }
    end = Math.max(end, fileOffset + fileSize);
    if (headerType === PT_NOTE) {
      notes.push({ offset: fileOffset, size: fileSize });
      continue;
    }
    const memorySize = field(layout.segment.memorySize);
    if (memorySize < fileSize) throw damaged('a segment is larger in the file than in memory');
    if (memorySize === 0) continue;
    segments.push({
      physicalAddress: field(layout.segment.physicalAddress),
      virtualAddress: field(layout.segment.virtualAddress),
      size: memorySize,
      fileOffset,
      fileSize,
    });
  }
  if (segments.length === 0) throw damaged('it has nothing to load');
  return {
    bits,
    machine: machine === EM_386 ? 'i386' : 'x86-64',
    entry: layout.address(view, layout.entry),
    segments,
    notes,
    end,
  };
}

/** @throws InputError for a file that is cut off, contradicts itself, or is no executable for x86. */
export function parseElf(file: Uint8Array): ElfFile {
  const { bits, machine, entry, segments, notes } = parseElfHeaders(file, file.length);
  return {
    bits,
    machine,
    entry,
    segments: segments.map((segment) => ({
      ...segment,
      data: file.subarray(segment.fileOffset, segment.fileOffset + segment.fileSize),
    })),
    notes: notes.flatMap(({ offset, size }) => readNotes(file.subarray(offset, offset + size))),
  };
}
