import { constants, gzipSync, type ZlibOptions } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/boot/input-error.ts';
import { unpackGzip } from '../../../src/boot/unpack/gzip.ts';
import { changeBits, letters, randomNumbers, repetitive, sample, unpackAll } from './samples.ts';

const random = randomNumbers(5);
const compress = (data: Uint8Array, options: ZlibOptions = {}): Uint8Array =>
  Uint8Array.from(gzipSync(data, { level: 9, ...options }));

const unpack = (payload: Uint8Array, size: number): Uint8Array => unpackAll(unpackGzip, payload, size);

const DATA: readonly (readonly [string, Uint8Array])[] = [
  ['repetitions', repetitive(1_300_000, 32_000)],
  ['code and zeros', sample()],
  ['literals with long codes', letters(300_000, 9)],
  ['what cannot be compressed', Uint8Array.from({ length: 300_000 }, () => 256 * random())],
  ['a pattern', Uint8Array.from({ length: 200_000 }, (_, at) => 1 + (at % 7))],
  ['hardly anything', Uint8Array.of(1)],
];

describe('gzip', () => {
  it.each(DATA)('unpacks %s', (_name, data) => {
    for (const options of [
      {},
      { level: 0 },
      { level: 1 },
      { strategy: constants.Z_FIXED },
      { strategy: constants.Z_HUFFMAN_ONLY },
    ])
      expect(Buffer.compare(unpack(compress(data, options), data.length), data)).toBe(0);
  });

  it('takes a header with everything in it', () => {
    const data = repetitive(5000);
    const payload = compress(data);
    payload[3] = 2 + 4 + 8 + 16;
    const header = [3, 0, 1, 2, 3, 65, 66, 0, 67, 0, 0, 0];
    const file = Uint8Array.of(...payload.subarray(0, 10), ...header, ...payload.subarray(10));
    expect(Buffer.compare(unpack(file, data.length), data)).toBe(0);
  });

  it('refuses another size, another checksum, and what ends early', () => {
    const data = repetitive(200_000, 30_000);
    const payload = compress(data);
    for (const size of [199_999, 200_001, 2 ** 20]) expect(() => unpack(payload, size)).toThrow(InputError);
    for (let length = 20; length < payload.length; length += 997)
      expect(() => unpack(payload.slice(0, length), data.length)).toThrow(InputError);
    payload[payload.length - 5] = (payload[payload.length - 5] as number) ^ 1;
    expect(() => unpack(payload, data.length)).toThrow(InputError);
  });

  it('refuses damaged files, but where it makes no difference', () => {
    const data = Uint8Array.of(...repetitive(20_000, 20_000), ...letters(3000, 9));
    const payload = compress(data);
    const places = { rounds: 500, first: 10, end: payload.length - 4 };
    expect(changeBits(unpackGzip, payload, data, places)).toBeLessThan(5);
  });
});
