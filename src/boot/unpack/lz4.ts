/**
 * LZ4's legacy frames, as Linux uses them: blocks of 8 MiB, each unpacked for itself.
 * Source: LZ4 doc/lz4_Frame_format.md, "Legacy frame".
 */
import { MODULE } from './generated/lz4-module.ts';
import { type PageFinder, piecesOf } from './pages.ts';
import type { Piece } from './unpack.ts';
import { checkOf, instantiate, STEP, WASM_PAGE } from './workspace.ts';

const MAGIC_SIZE = 4;
const BLOCK = 8 * 2 ** 20;
/** Of a block that cannot be compressed. */
const LARGEST_COMPRESSED = BLOCK + Math.floor(BLOCK / 255) + 16;
/** wasm-runtime/unpack/lz4.ts: what is kept of what has been unpacked, and room behind input and window. */
const HISTORY = 65_536;
const SLACK = 64;
const WINDOW = WASM_PAGE;
const OUTPUT = WINDOW + HISTORY;
const INPUT = OUTPUT + STEP + WASM_PAGE;
const END = INPUT + LARGEST_COMPRESSED + SLACK;

interface Exports extends PageFinder {
  beginBlock(from: number, end: number, to: number): void;
  unpackBlock(to: number, limit: number): number;
  isEnd(): number;
  skipZeros(to: number, most: number): number;
  slide(window: number, end: number): void;
}

const check = checkOf("LZ4's");

export function* unpackLz4(payload: Uint8Array, size: number): Generator<Piece | undefined> {
  const memory = new WebAssembly.Memory({ initial: Math.ceil(END / WASM_PAGE) });
  const exports = instantiate<Exports>(MODULE, memory);
  const bytes = new Uint8Array(memory.buffer);
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  let from = MAGIC_SIZE;
  for (let done = 0; done < size; ) {
    check(from + 4 <= payload.length);
    const length = view.getUint32(from, true);
    from += 4;
    check(length <= LARGEST_COMPRESSED && from + length <= payload.length);
    bytes.set(payload.subarray(from, from + length), INPUT);
    from += length;
    exports.beginBlock(INPUT, INPUT + length, OUTPUT);
    // All but the last block are full.
    for (const end = Math.min(done + BLOCK, size); done < end; ) {
      const zeros = exports.skipZeros(OUTPUT, end - done);
      done += zeros;
      if (zeros > 0) continue;
      const limit = OUTPUT + Math.min(STEP, end - done);
      check(exports.unpackBlock(OUTPUT, limit) === limit);
      yield* piecesOf(bytes, OUTPUT, limit, done, exports);
      exports.slide(WINDOW, limit);
      done += limit - OUTPUT;
    }
    check(exports.isEnd() !== 0);
  }
}
