/** How much is done in one step: other events of the host have to wait for as long. */
import { readFileSync } from 'node:fs';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { unpackGzip } from '../../../src/boot/unpack/gzip.ts';
import { unpackLz4 } from '../../../src/boot/unpack/lz4.ts';
import type { Unpack } from '../../../src/boot/unpack/unpack.ts';
import { unpackXz } from '../../../src/boot/unpack/xz.ts';
import { unpackZstd } from '../../../src/boot/unpack/zstd.ts';
import { compressLz4 } from './lz4-fixtures.ts';
import { randomNumbers, sample } from './samples.ts';

const MIB = 2 ** 20;
const STEP = MIB / 2;
/** Of LZMA2. */
const LARGEST_CHUNK = 2 * MIB;

type Numbers = readonly number[];

/** Bytes that calls of the modules' functions have gone over, by their numbers, what they have returned, and what that was before. */
const BYTES: Readonly<Record<string, (numbers: Numbers, result: number, before: number) => number>> = {
  unpack: ([to = 0], result) => result - to,
  unpackBlock: ([first = 0, , third], result) => result - (third ?? first),
  skipZeros: (_, result) => result,
  unpackLzma: ([, , to = 0, end = 0]) => end - to,
  filterX86: (_, result, before) => (before === 0 ? 0 : result - before),
  crc32: ([, from = 0, end = 0]) => end - from,
  findPage: ([from = 0], result) => result - from,
};

/** What is gone over in the step that has begun, by function. */
let counts: Record<string, number> = {};

/** WebAssembly.Instance, with functions that count. */
class CountingInstance {
  readonly exports: Record<string, unknown>;

  constructor(module: WebAssembly.Module, imports: WebAssembly.Imports) {
    const { exports } = new INSTANCE(module, imports);
    this.exports = Object.fromEntries(
      Object.entries(exports).map(([name, value]) => {
        const bytesOf = BYTES[name];
        if (bytesOf === undefined) return [name, value];
        let before = 0;
        const counting = (...numbers: number[]): number => {
          const result = (value as (...numbers: number[]) => number)(...numbers);
          counts[name] = (counts[name] ?? 0) + bytesOf(numbers, result, before);
          before = result;
          return result;
        };
        return [name, counting];
      }),
    );
  }
}
const INSTANCE = WebAssembly.Instance;

const DATA = new Uint8Array(5 * MIB);
const random = randomNumbers(3);
for (let at = 0; at < 3.5 * MIB; at++) DATA[at] = random() * 4;
const XZ = Uint8Array.from(readFileSync(new URL('../../data/unpack/sample.x86.xz', import.meta.url)));

describe('a step of unpacking', () => {
  afterEach(() => void vi.restoreAllMocks());

  it.each<[string, Unpack, Uint8Array, number, readonly string[]]>([
    ['xz', unpackXz, XZ, sample().length, ['unpackLzma', 'filterX86', 'crc32', 'findPage']],
    ['gzip', unpackGzip, Uint8Array.from(gzipSync(DATA)), DATA.length, ['unpack', 'crc32', 'findPage']],
    ['zstd', unpackZstd, Uint8Array.from(zstdCompressSync(DATA)), DATA.length, ['unpackBlock', 'findPage']],
    ['LZ4', unpackLz4, compressLz4(DATA), DATA.length, ['unpackBlock', 'findPage']],
  ])('goes over so many bytes at most: %s', (_name, unpack, payload, size, functions) => {
    vi.spyOn(WebAssembly, 'Instance').mockImplementation(CountingInstance as never);
    const largest: Record<string, number> = {};
    const sum: Record<string, number> = {};
    let pieces = 0;
    for (const step of unpack(payload, size)) {
      for (const [name, count] of Object.entries(counts)) {
        largest[name] = Math.max(largest[name] ?? 0, count);
        sum[name] = (sum[name] ?? 0) + count;
      }
      counts = {};
      pieces = Math.max(pieces, step?.bytes.length ?? 0);
    }
    expect(pieces).toBeLessThanOrEqual(STEP);
    for (const name of functions) {
      expect(sum[name], name).toBeGreaterThan(size / 2);
      const most = name === 'unpackLzma' ? LARGEST_CHUNK : STEP + MIB / 8;
      expect(largest[name], name).toBeLessThanOrEqual(most);
    }
  });
});
