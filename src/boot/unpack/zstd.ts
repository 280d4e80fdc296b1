/**
 * zstd as Linux uses it: a frame without a dictionary.
 * Source: RFC 8878.
 */
import { MODULE } from './generated/zstd-module.ts';
import { type PageFinder, piecesOf } from './pages.ts';
import type { Piece } from './unpack.ts';
import { checkOf, STEP, WASM_PAGE, workspace } from './workspace.ts';

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
/** Tables of wasm-runtime/unpack/zstd.ts are below, and room behind input and output that is read and written too early. */
const INPUT = 3 * WASM_PAGE;
const SLACK = 64;

interface Exports extends PageFinder {
  beginFrame(output: number): void;
  unpackBlock(from: number, end: number, to: number, limit: number): number;
  repeat(to: number, byte: number, size: number): void;
  hash(end: number): void;
  checksum(end: number): number;
}

const check = checkOf("zstd's");

export function* unpackZstd(payload: Uint8Array, size: number): Generator<Piece | undefined> {
  const room = { input: INPUT, slack: SLACK };
  const { exports, bytes, view, inputEnd, start, end } = workspace<Exports>(MODULE, payload, size, room);
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
    const blockEnd = from + (kind === REPEATED ? 1 : length);
    const limit = Math.min(to + LARGEST_BLOCK, end);
    check(kind <= COMPRESSED && blockEnd <= inputEnd && (kind === COMPRESSED || length <= limit - to));
    if (kind === COMPRESSED) {
      to = exports.unpackBlock(from, blockEnd, to, limit);
      check(to !== 0);
    } else {
      if (kind === RAW) bytes.copyWithin(to, from, blockEnd);
      else exports.repeat(to, bytes[from] as number, length);
      to += length;
    }
    from = blockEnd;
    if (to - hashed < STEP) continue;
    exports.hash(to);
    hashed = to;
    yield;
  }
  check(to === end);
  const sum = exports.checksum(end) >>> 0;
  if ((descriptor & HAS_CHECKSUM) !== 0) check(from + 4 <= inputEnd && sum === view.getUint32(from, true));
  yield* piecesOf(bytes, start, end, 0, exports);
}
