/**
 * gzip as Linux uses it: a member, of which the end tells the size.
 * Source: RFC 1952.
 */
import { MODULE } from './generated/gzip-module.ts';
import { type PageFinder, piecesOf } from './pages.ts';
import type { Piece } from './unpack.ts';
import { checkOf, STEP, WASM_PAGE, workspace } from './workspace.ts';

const FLAGS = 3;
const HEADER = 10;
const HAS_HEADER_CHECKSUM = 2;
const HAS_EXTRA = 4;
/** A name, and a comment, each with a zero behind it. */
const TEXTS = [8, 16];
/** Tables of wasm-runtime/unpack/gzip.ts are below, and room behind input and output that is read and written too early. */
const INPUT = WASM_PAGE;
const SLACK = 512;

interface Exports extends PageFinder {
  beginStream(from: number, end: number, output: number): void;
  unpack(to: number, enough: number, limit: number): number;
  streamEnd(): number;
  prepareCrc(): void;
  crc32(sum: number, from: number, end: number): number;
}

const check = checkOf("gzip's");

/** Where the header ends. */
function headerEnd(payload: Uint8Array): number {
  const flags = payload[FLAGS] as number;
  let end = HEADER;
  if ((flags & HAS_EXTRA) !== 0) end += 2 + (payload[end] ?? 0) + 256 * (payload[end + 1] ?? 0);
  for (const text of TEXTS) {
    if ((flags & text) === 0) continue;
    const zero = payload.indexOf(0, end);
    check(zero >= 0);
    end = zero + 1;
  }
  return (flags & HAS_HEADER_CHECKSUM) === 0 ? end : end + 2;
}

export function* unpackGzip(payload: Uint8Array, size: number): Generator<Piece | undefined> {
  const header = headerEnd(payload);
  check(header < payload.length);
  const room = { input: INPUT, slack: SLACK };
  const { exports, bytes, view, inputEnd, start, end } = workspace<Exports>(MODULE, payload, size, room);
  exports.prepareCrc();
  exports.beginStream(INPUT + header, inputEnd, start);
  let sum = 0;
  for (let to = start; exports.streamEnd() === 0; ) {
    // The end of the stream is behind the last byte.
    const next = exports.unpack(to, Math.min(to + STEP, end + 1), end);
    check(next !== 0);
    sum = exports.crc32(sum, to, next);
    to = next;
    check(exports.streamEnd() === 0 || to === end);
    yield;
  }
  const checksum = exports.streamEnd();
  check(checksum + 8 <= inputEnd);
  check(sum >>> 0 === view.getUint32(checksum, true));
  yield* piecesOf(bytes, start, end, 0, exports);
}
