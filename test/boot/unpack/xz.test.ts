/**
 * The files of test/data/unpack/ are `sample()` compressed by XZ Utils 5.4.1: `xz --check=crc32` with `--x86
 * --lzma2=preset=9e,lc=4,lp=0,pb=0` and with `--lzma2=preset=6,lc=0,lp=2,pb=2`.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/boot/input-error.ts';
import { unpackXz } from '../../../src/boot/unpack/xz.ts';
import { changeBits, piecesOf, sample, unpackAll } from './samples.ts';

const MIB = 2 ** 20;
const read = (name: string): Uint8Array =>
  Uint8Array.from(readFileSync(new URL(`../../data/unpack/sample.${name}.xz`, import.meta.url)));
const SAMPLE = sample();
/** 200 bytes that cannot be compressed, so that they are as they are in the file. */
const STORED = Buffer.from(
  [
    '/Td6WFoAAAFpIt42AgEEACEBFgANhjUfAQDHL2i//5BJZXjf60e/id+9T0j6eBAYQ1PBnh25jlppN+meXqT2RrdIjKezG087',
    '0TTpwZK/R3ERNmk5mmSwgMzklXMQDbD7GWJNg5s52+Y8ppIU9ZShMRgy8ya/pFnV65nSoRGu4L/t7y7arAe6smhjrVI4v89F',
    'kstZazL7UzAmcFhzrXjps5yyx8IBz3YiBkuAiqSoe2j2aFUkMJuhzZAj/Lhu/70Mwg9UKbjx6vvquKKOHfuHwDsmZa9xcT+A',
    'g7y/lqEMbFCBglcAt/6HAAAB3AHIAQAA543yKT4wDYsCAAAAAAFZWg==',
  ].join(''),
  'base64',
);

const unpack = (payload: Uint8Array, size: number): Uint8Array => unpackAll(unpackXz, payload, size);

describe('xz', () => {
  it.each(['x86', 'plain'])('unpacks what has been compressed as %s', (name) => {
    expect(Buffer.compare(unpack(read(name), SAMPLE.length), SAMPLE)).toBe(0);
  });

  it('leaves out pages of zeros', () => {
    const pieces = [...piecesOf(unpackXz(read('x86'), SAMPLE.length))];
    expect(pieces.map(({ at }) => at)).toEqual([4096, 98_304, 2 * MIB]);
    expect(pieces[0]?.bytes.length).toBe(28_672 - 4096);
  });

  it('takes over what is not compressed', () => {
    expect(Buffer.from(unpack(STORED, 200)).toString('hex')).toBe(STORED.subarray(27, 227).toString('hex'));
  });

  it('refuses another size, another checksum, and what ends early', () => {
    const payload = read('x86');
    for (const size of [SAMPLE.length - 1, SAMPLE.length + 1])
      expect(() => unpack(payload, size)).toThrow(InputError);
    for (let length = 0; length < payload.length - 64; length += 97)
      expect(() => unpack(payload.slice(0, length), SAMPLE.length)).toThrow(InputError);
    // In front of the index of one block, and the footer.
    const indexSize = 4 * ((payload[payload.length - 8] as number) + 1);
    const checksum = payload.length - 12 - indexSize - 4;
    payload[checksum] = (payload[checksum] as number) ^ 1;
    expect(() => unpack(payload, SAMPLE.length)).toThrow(InputError);
  });

  it('refuses damaged files', () => {
    const payload = read('plain');
    const places = { rounds: 60, first: 24, end: payload.length - 32 };
    expect(changeBits(unpackXz, payload, SAMPLE, places)).toBe(0);
  });
});
