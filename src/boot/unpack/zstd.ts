/**
 * zstd as Linux uses it: a frame without a dictionary.
 * Source: RFC 8878.
 */
import { InputError } from '../input-error.ts';
import { MODULE } from './generated/zstd-module.ts';
import { type PageFinder, piecesOf } from './pages.ts';
import type { Piece } from './unpack.ts';

const MAGIC_SIZE = 4;
/** In a frame's descriptor. */
const DICTIONARY = 3;
const HAS_CHECKSUM = 4;
const RESERVED = 8;
const IS_SINGLE_SEGMENT = 0x20;
/** Bytes of the size, which is not needed, by the descriptor's upper two bits. */
const SIZE_BYTES = [0, 2, 4, 8];
const BLOCK_HEADER = 3;
const LARGEST_BLOCK = 131_072;
const RAW = 0;
const REPEATED = 1;
const COMPRESSED = 2;
const WASM_PAGE = 65_536;
/** Tables of wasm-runtime/unpack/zstd.ts are below, and room behind input and output that is read and written too early. */
const INPUT = 3 * WASM_PAGE;
const SLACK = 64;
/** What is unpacked at a time: so much that it is still in the processor's caches for the checksum. */
const STEP = 2 ** 19;

interface Exports extends PageFinder {
  beginFrame(output: number): void;
  unpackBlock(from: number, end: number, to: number, limit: number): number;
  repeat(to: number, byte: number, size: number): void;
  hash(end: number): void;
  checksum(end: number): number;
}

function check(isRight: boolean): void {
  if (!isRight) throw new InputError("damaged bzImage: its payload is none of zstd's");
}

let compiled: WebAssembly.Module | undefined;

export function* unpackZstd(payload: Uint8Array, size: number): Generator<Piece | undefined> {
  const inputEnd = INPUT + payload.length;
  const start = Math.ceil((inputEnd + SLACK) / WASM_PAGE) * WASM_PAGE;
  const outputEnd = start + size;
  const memory = new WebAssembly.Memory({ initial: Math.ceil((outputEnd + SLACK) / WASM_PAGE) });
  compiled ??= new WebAssembly.Module(MODULE);
  const exports = new WebAssembly.Instance(compiled, { env: { memory } }).exports as Exports;
  const bytes = new Uint8Array(memory.buffer);
  const view = new DataView(memory.buffer);
  bytes.set(payload, INPUT);
  const descriptor = bytes[INPUT + MAGIC_SIZE] as number;
  check((descriptor & (DICTIONARY | RESERVED)) === 0);
  const isSingle = (descriptor & IS_SINGLE_SEGMENT) !== 0;
  // There is a byte for the window, or a size of at least one byte.
  let from = INPUT + MAGIC_SIZE + 1 + Math.max(SIZE_BYTES[descriptor >> 6] as number, isSingle ? 1 : 0);
  if (!isSingle) from += 1;
  exports.beginFrame(start);
  let to = start;
  let hashed = start;
  for (let isLast = false; !isLast; ) {
    check(from + BLOCK_HEADER <= inputEnd);
    const header = view.getUint32(from, true) & 0xff_ffff;
    from += BLOCK_HEADER;
    isLast = (header & 1) !== 0;
    const kind = (header >> 1) & 3;
    const length = header >> 3;
    const end = from + (kind === REPEATED ? 1 : length);
    const limit = Math.min(to + LARGEST_BLOCK, outputEnd);
    check(kind <= COMPRESSED && end <= inputEnd && (kind === COMPRESSED || length <= limit - to));
    if (kind === COMPRESSED) {
      to = exports.unpackBlock(from, end, to, limit);
      check(to !== 0);
    } else {
      if (kind === RAW) bytes.copyWithin(to, from, end);
      else exports.repeat(to, bytes[from] as number, length);
      to += length;
    }
    from = end;
    if (to - hashed < STEP) continue;
    exports.hash(to);
    hashed = to;
    yield;
  }
  check(to === outputEnd);
  const sum = exports.checksum(outputEnd) >>> 0;
  if ((descriptor & HAS_CHECKSUM) !== 0) check(from + 4 <= inputEnd && sum === view.getUint32(from, true));
  yield* piecesOf(bytes, start, outputEnd, 0, exports);
}
