import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/boot/input-error.ts';
import { unpackLz4 } from '../../../src/boot/unpack/lz4.ts';
import { compressLz4, frameOf } from './lz4-fixtures.ts';
import { changeBytes, piecesOf, repetitive, unpackAll } from './samples.ts';

const unpack = (payload: Uint8Array, size: number): Uint8Array => unpackAll(unpackLz4, payload, size);

/** With something else at both ends. */
function withEnds(data: Uint8Array): Uint8Array {
  data.set([1, 2, 3]);
  data.set([4, 5, 6, 7, 8, 9], data.length - 6);
  return data;
}

describe('LZ4', () => {
  it('unpacks matches of all distances and lengths', () => {
    const data = repetitive(300_000);
    const payload = compressLz4(data);
    expect(payload.length).toBeLessThan(data.length * 0.8);
    expect(Buffer.compare(unpack(payload, data.length), data)).toBe(0);
  });

  it.each([1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33])('repeats a pattern of %i bytes', (period) => {
    const data = Uint8Array.from({ length: 20_000 }, (_, at) => 1 + (at % period) * 7);
    expect(Buffer.compare(unpack(compressLz4(data), data.length), data)).toBe(0);
  });

  it.each<[string, Uint8Array]>([
    ['sequences', repetitive(1_200_000, 65_535)],
    ['literals', Uint8Array.from({ length: 1_200_000 }, (_, at) => Math.imul(at, 0x9e37_79b1) >>> 24)],
    ['a pattern', Uint8Array.from({ length: 1_200_000 }, (_, at) => 1 + (at % 7))],
    ['zeros', withEnds(new Uint8Array(2_000_001))],
    ['ones', new Uint8Array(2_000_000).fill(1)],
  ])('goes on in the middle of %s', (_name, data) => {
    expect(Buffer.compare(unpack(compressLz4(data), data.length), data)).toBe(0);
  });

  it('has zeros that were left out where a match goes back to them', () => {
    const [before, zeros, copied] = [2 ** 19 - 100, 100_001, 60_100];
    const size = 1 + before + 1 + zeros + copied + 5;
    const payload = frameOf(
      [
        { literals: Uint8Array.of(1), match: before, distance: 1 },
        { literals: Uint8Array.of(0), match: zeros, distance: 1 },
        { literals: new Uint8Array(0), match: copied, distance: 60_000 },
        { literals: Uint8Array.of(2, 3, 4, 5, 6), match: 0, distance: 0 },
      ],
      size,
    );
    const expected = new Uint8Array(size).fill(1, 0, 1 + before);
    expected.set([2, 3, 4, 5, 6], size - 5);
    expect(Buffer.compare(unpack(payload, size), expected)).toBe(0);
  });

  it('leaves out pages of zeros, and goes on in the next block', () => {
    const data = new Uint8Array(8 * 2 ** 20 + 5000);
    data.set([1, 2, 3], 10_000);
    data.set([4, 5], 8 * 2 ** 20 + 4990);
    const pieces = [...piecesOf(unpackLz4(compressLz4(data), data.length))];
    expect(pieces.map(({ at, bytes }) => [at, bytes.length])).toEqual([
      [8192, 4096],
      [8 * 2 ** 20 + 4096, 904],
    ]);
    expect(Buffer.compare(unpack(compressLz4(data), data.length), data)).toBe(0);
  });

  it('refuses another size, and what ends early', () => {
    const data = repetitive(5000);
    const payload = compressLz4(data);
    for (const size of [4999, 5001, 9 * 2 ** 20]) expect(() => unpack(payload, size)).toThrow(InputError);
    for (let length = 0; length < payload.length - 4; length += 7)
      expect(() => unpack(payload.slice(0, length), data.length)).toThrow(InputError);
  });

  it('unpacks what is left of damaged files, or says that it cannot', () => {
    const data = repetitive(3000);
    expect(changeBytes(unpackLz4, compressLz4(data), data.length, 300)).toBeGreaterThan(30);
  });
});
