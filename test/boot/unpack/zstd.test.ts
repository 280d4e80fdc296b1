import { constants, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/boot/input-error.ts';
import { unpackZstd } from '../../../src/boot/unpack/zstd.ts';
import {
  changeBits,
  changeBytes,
  letters,
  piecesOf,
  randomNumbers,
  repetitive,
  sample,
  unpackAll,
} from './samples.ts';

const MIB = 2 ** 20;
const random = randomNumbers(3);

function compress(data: Uint8Array, level = 22, changes: Readonly<Record<number, number>> = {}): Uint8Array {
  const params = {
    [constants.ZSTD_c_compressionLevel]: level,
    [constants.ZSTD_c_checksumFlag]: 1,
    ...changes,
  };
  return Uint8Array.from(zstdCompressSync(data, { params }));
}

const unpack = (payload: Uint8Array, size: number): Uint8Array => unpackAll(unpackZstd, payload, size);

const DATA: readonly (readonly [string, Uint8Array])[] = [
  ['repetitions', repetitive(1_300_000, 1_000_000)],
  ['code', sample()],
  ['literals', letters(300_000, 5)],
  ['literals in one stream', letters(200, 5)],
  ['what cannot be compressed', Uint8Array.from({ length: 300_000 }, () => 256 * random())],
  ['a byte', new Uint8Array(400_000).fill(7)],
  ['a pattern', Uint8Array.from({ length: 200_000 }, (_, at) => 1 + (at % 7))],
  ['text', new TextEncoder().encode(Array.from({ length: 30_000 }, (_, at) => `${at * at};`).join(''))],
  ['hardly anything', Uint8Array.of(1)],
];

describe('zstd', () => {
  it.each(DATA)('unpacks %s of all levels', (_name, data) => {
    for (const level of [-5, 1, 3, 9, 22])
      expect(Buffer.compare(unpack(compress(data, level), data.length), data)).toBe(0);
  });

  it('unpacks frames without a checksum, and without their size', () => {
    const data = repetitive(300_000);
    for (const changes of [{ [constants.ZSTD_c_checksumFlag]: 0 }, { [constants.ZSTD_c_contentSizeFlag]: 0 }])
      expect(Buffer.compare(unpack(compress(data, 19, changes), data.length), data)).toBe(0);
  });

  it('leaves out pages of zeros, also where something has been written too early', () => {
    const data = new Uint8Array(3 * MIB + 500);
    data.set(repetitive(5000), 10_000);
    data.set([1, 2, 3, 4, 5], 2 * MIB + 4096);
    for (const level of [1, 22]) {
      const pieces = [...piecesOf(unpackZstd(compress(data, level), data.length))];
      expect(pieces.map(({ at, bytes }) => [at, bytes.length])).toEqual([
        [8192, 8192],
        [2 * MIB + 4096, 4096],
      ]);
      expect(Buffer.compare(unpack(compress(data, level), data.length), data)).toBe(0);
    }
  });

  it('refuses another size, another checksum, and what ends early', () => {
    const data = repetitive(200_000);
    const payload = compress(data);
    for (const size of [199_999, 200_001, MIB]) expect(() => unpack(payload, size)).toThrow(InputError);
    for (let length = 0; length < payload.length; length += 997)
      expect(() => unpack(payload.slice(0, length), data.length)).toThrow(InputError);
    payload[payload.length - 1] = (payload.at(-1) as number) ^ 1;
    expect(() => unpack(payload, data.length)).toThrow(InputError);
  });

  it('refuses damaged files, but where it makes no difference', () => {
    let same = 0;
    for (const data of [repetitive(20_000), letters(5000, 5), sample().subarray(95_000, 120_000)]) {
      const payload = compress(data);
      // Behind what tells about the window and the size, which are not needed.
      same += changeBits(unpackZstd, payload, data, { rounds: 200, first: 10, end: payload.length });
    }
    expect(same).toBeLessThan(10);
  });

  it('takes damaged files without a checksum, or refuses them', () => {
    const data = Uint8Array.of(...repetitive(20_000), ...letters(3000, 5));
    const original = compress(data, 19, { [constants.ZSTD_c_checksumFlag]: 0 });
    expect(changeBytes(unpackZstd, original, data.length, 1000)).toBeGreaterThan(100);
  });
});
