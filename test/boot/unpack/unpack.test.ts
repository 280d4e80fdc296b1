import { readFileSync } from 'node:fs';
import { zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/boot/input-error.ts';
import { beginUnpacking, loadUnpacker, type Piece, type Unpack } from '../../../src/boot/unpack/unpack.ts';
import { makeBzImage } from '../guest-fixtures.ts';
import { compressLz4 } from './lz4-fixtures.ts';
import { repetitive, sample } from './samples.ts';

const MIB = 2 ** 20;

/** A kernel with a payload, and the size behind it. */
function bzImage(packed: Uint8Array, size: number): Uint8Array {
  const file = makeBzImage({ payload: Math.ceil((packed.length + 4) / 16) * 16 });
  const start = 5 * 512;
  file.set(packed, start);
  const view = new DataView(file.buffer);
  view.setUint32(start + packed.length, size, true);
  view.setUint32(0x248, 0, true);
  view.setUint32(0x24c, packed.length + 4, true);
  return file;
}

async function begin(file: Uint8Array) {
  let pauses = 0;
  const unpack = (await loadUnpacker(file)) as Unpack;
  const pieces = await beginUnpacking(file, unpack, async () => {
    pauses += 1;
  });
  return { pieces, pauses: () => pauses };
}

async function all(pieces: AsyncIterable<Piece>): Promise<Piece[]> {
  const found: Piece[] = [];
  for await (const piece of pieces) found.push(piece);
  return found;
}

const XZ = Uint8Array.from(readFileSync(new URL('../../data/unpack/sample.x86.xz', import.meta.url)));
const REPETITIVE = repetitive(4 * MIB);

describe('unpacking in steps', () => {
  it.each([
    ['xz', bzImage(XZ, sample().length), 2],
    ['zstd', bzImage(Uint8Array.from(zstdCompressSync(REPETITIVE)), REPETITIVE.length), 7],
    ['LZ4', bzImage(compressLz4(REPETITIVE).slice(0, -4), REPETITIVE.length), 0],
  ])('pauses where it takes long until there are pieces: %s', async (_name, file, expected) => {
    const { pieces, pauses } = await begin(file);
    const before = pauses();
    expect(before).toBeGreaterThanOrEqual(expected);
    const { length } = await all(pieces);
    expect(length).toBeGreaterThan(0);
    expect(pauses() - before).toBeGreaterThanOrEqual(length - 1);
  });

  it.each([
    ['early', bzImage(XZ.slice(0, 30), sample().length)],
    ['late', bzImage(compressLz4(REPETITIVE).slice(0, -1000), REPETITIVE.length)],
    ['at once, since it would be larger than the kernel', bzImage(XZ, 0xffff_fff0)],
  ])('tells who asks for the pieces what is wrong: %s', async (_when, file) => {
    const { pieces } = await begin(file);
    await expect(all(pieces)).rejects.toThrow(InputError);
  });
});
