/**
 * xz as Linux uses it: LZMA2, with the filter for x86 code or without, and CRC-32.
 * Source: The .xz File Format 1.2.1; XZ Embedded for LZMA2.
 */
import { MODULE } from './generated/xz-module.ts';
import { type PageFinder, piecesOf } from './pages.ts';
import type { Piece } from './unpack.ts';
import { checkOf, STEP, WASM_PAGE, type Workspace, workspace } from './workspace.ts';

const MAGIC = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00];
const CHECK = 7;
const CRC32 = 1;
const STREAM_HEADER = 12;
const FILTER_X86 = 4;
const FILTER_LZMA2 = 0x21;
/** Sizes in a block's header. */
const HAS_PACKED_SIZE = 0x40;
const HAS_SIZE = 0x80;
/** Tables of wasm-runtime/unpack/xz.ts are below, and room behind input and output that is read and written too early. */
const INPUT = WASM_PAGE;
const SLACK = 64;

interface Exports extends PageFinder {
  resetDictionary(address: number): void;
  setProperties(properties: number): number;
  resetState(): void;
  unpackLzma(from: number, inputEnd: number, to: number, end: number): number;
  beginFilter(from: number): void;
  filterX86(enough: number, end: number): number;
  prepareCrc(): void;
  crc32(sum: number, from: number, end: number): number;
}

const check = checkOf("xz's for x86");

class Unpacker {
  private readonly space: Workspace<Exports>;
  /** Where it is in input and output. */
  private from = INPUT;
  private to: number;

  constructor(space: Workspace<Exports>) {
    this.space = space;
    this.to = space.start;
    space.exports.prepareCrc();
  }

  *unpack(): Generator<Piece | undefined> {
    const { bytes, exports, start, end } = this.space;
    check(MAGIC.every((byte, index) => bytes[INPUT + index] === byte));
    check(bytes[INPUT + CHECK] === CRC32);
    this.from += STREAM_HEADER;
    while (this.to < end) yield* this.block();
    yield* piecesOf(bytes, start, end, 0, exports);
  }

  private byte(): number {
    check(this.from < this.space.inputEnd);
    return this.space.bytes[this.from++] as number;
  }

  /** Most significant byte first. */
  private u16(): number {
    return this.byte() * 256 + this.byte();
  }

  private number(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 49; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    check(false);
    return value;
  }

  private u32(at: number): number {
    check(at + 4 <= this.space.inputEnd);
    return this.space.view.getUint32(at, true);
  }

  private *block(): Generator<undefined> {
    const { exports } = this.space;
    const start = this.from;
    const headerEnd = start + (this.byte() + 1) * 4;
    // 0 begins the index, which is behind all blocks.
    check(headerEnd > start + 4);
    const flags = this.byte();
    if ((flags & HAS_PACKED_SIZE) !== 0) this.number();
    if ((flags & HAS_SIZE) !== 0) this.number();
    const filters = Array.from({ length: (flags & 3) + 1 }, () => {
      const filter = this.number();
      const propertiesSize = this.number();
      this.from += propertiesSize;
      return { filter, propertiesSize };
    });
    const [first, last = first] = filters;
    check(last?.filter === FILTER_LZMA2 && this.from <= headerEnd - 4);
    const isFiltered = filters.length === 2;
    // A place in the file that is not 0 would be its property.
    if (isFiltered) check(first?.filter === FILTER_X86 && first.propertiesSize === 0);
    check(filters.length <= 2);
    check(exports.crc32(0, start, headerEnd - 4) >>> 0 === this.u32(headerEnd - 4));
    this.from = headerEnd;
    const outputStart = this.to;
    yield* this.lzma2();
    this.from = start + Math.ceil((this.from - start) / 4) * 4;
    check((yield* this.checksum(outputStart, isFiltered)) === this.u32(this.from));
    this.from += 4;
  }

  /** Of a block's output, when what was done to it before it was compressed has been undone. */
  private *checksum(from: number, isFiltered: boolean): Generator<undefined, number> {
    const { exports } = this.space;
    if (isFiltered) exports.beginFilter(from);
    let sum = 0;
    for (let at = from; at < this.to; ) {
      const enough = Math.min(at + STEP, this.to);
      const next = isFiltered ? exports.filterX86(enough, this.to) : enough;
      sum = exports.crc32(sum, at, next);
      at = next;
      yield;
    }
    return sum >>> 0;
  }

  /** Chunks, each with a byte that tells what it is and what begins anew. */
  private *lzma2(): Generator<undefined> {
    const { exports } = this.space;
    for (let needsDictionary = true, needsProperties = true; ; ) {
      const control = this.byte();
      if (control === 0) return;
      const isLzma = control >= 0x80;
      if (control === 1 || control >= 0xe0) {
        exports.resetDictionary(this.to);
        needsDictionary = false;
      }
      check(!needsDictionary && (isLzma || control <= 2));
      const size = (isLzma ? (control & 0x1f) << 16 : 0) + this.u16() + 1;
      const end = this.to + size;
      check(end <= this.space.end);
      if (isLzma) {
        const packedSize = this.u16() + 1;
        if (control >= 0xc0) {
          check(exports.setProperties(this.byte()) !== 0);
          needsProperties = false;
        }
        check(!needsProperties);
        if (control >= 0xa0) exports.resetState();
        const inputEnd = this.from + packedSize;
        check(packedSize >= 5 && inputEnd <= this.space.inputEnd);
        check(exports.unpackLzma(this.from, inputEnd, this.to, end) !== 0);
        this.from = inputEnd;
      } else {
        check(this.from + size <= this.space.inputEnd);
        this.space.bytes.copyWithin(this.to, this.from, this.from + size);
        this.from += size;
      }
      this.to = end;
      yield;
    }
  }
}

export function unpackXz(payload: Uint8Array, size: number): Generator<Piece | undefined> {
  return new Unpacker(workspace(MODULE, payload, size, { input: INPUT, slack: SLACK })).unpack();
}
