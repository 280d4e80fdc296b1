import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/boot/input-error.ts';
import { type RelocatedKernel, relocate } from '../../../src/boot/unpack/relocations.ts';
import { FlatMemory } from '../guest-fixtures.ts';

const KERNEL: RelocatedKernel = {
  bits: 64,
  segments: [
    { start: 0x1000, end: 0x1100 },
    { start: 0x2000, end: 0x2010 },
  ],
  // Linked for 8000_1000H and on, loaded at 1000H and on.
  end: 0x3000,
  toPhysical: -0x8000_0000,
  distance: 0x20_0000,
};

/** Lists as they are in the file, the last one first. */
function lists(...given: number[][]): Uint8Array {
  return new Uint8Array(Uint32Array.from(given.reverse().flatMap((list) => [0, ...list])).buffer);
}

function relocated(relocations: Uint8Array, changes: Partial<RelocatedKernel> = {}, pieceSize?: number) {
  const memory = new FlatMemory(0x3000, pieceSize);
  const view = new DataView(memory.bytes.buffer);
  view.setUint32(0x1000, 0x8123_4567, true);
  view.setUint32(0x1001 + 0x40, 0xfff0_0000, true);
  view.setUint32(0x10fc, 5, true);
  view.setBigUint64(0x2008, 0xffff_ffff_ffe0_1234n, true);
  relocate(memory, relocations, { ...KERNEL, ...changes });
  return view;
}

describe('relocations', () => {
  it('moves 32-bit places, inverse ones, and 64-bit places with their carry', () => {
    const view = relocated(lists([0x8000_1000, 0x8000_1041], [0x8000_10fc], [0x8000_2008]));
    expect(view.getUint32(0x1000, true)).toBe(0x8143_4567);
    expect(view.getUint32(0x1041, true)).toBe(0x0010_0000);
    expect(view.getUint32(0x1045, true)).toBe(0);
    expect(view.getUint32(0x10fc, true)).toBe((5 - 0x20_0000) >>> 0);
    expect(view.getBigUint64(0x2008, true)).toBe(0x1234n);
  });

  it('goes on in other pieces of memory, also in the middle of a number', () => {
    const many = Array.from({ length: 40 }, (_, index) => 0x8000_1002 + 6 * index);
    const relocations = lists(many, [], [0x8000_2007]);
    const whole = relocated(relocations);
    const inPieces = relocated(relocations, {}, 8);
    expect(Buffer.compare(Buffer.from(inPieces.buffer), Buffer.from(whole.buffer))).toBe(0);
    for (const address of many)
      expect(whole.getUint32(address - 0x8000_0000, true)).toBeGreaterThanOrEqual(0x20_0000);
  });

  it('has no inverse ones since Linux 6.15, and one list for 32-bit kernels', () => {
    const two = relocated(lists([0x8000_1000], [0x8000_2008]));
    expect([two.getUint32(0x1000, true), two.getBigUint64(0x2008, true)]).toEqual([0x8143_4567, 0x1234n]);
    expect(two.getUint32(0x10fc, true)).toBe(5);
    const one = relocated(lists([0xc000_10fc]), { bits: 32, toPhysical: -0xc000_0000 });
    expect(one.getUint32(0x10fc, true)).toBe(5 + 0x20_0000);
  });

  it('has empty lists', () => {
    expect(relocated(lists([], [], [])).getUint32(0x1000, true)).toBe(0x8123_4567);
  });

  it.each([
    ['nothing', new Uint8Array(0), {}],
    ['half a word', new Uint8Array(10), {}],
    ['no end', new Uint8Array(Uint32Array.of(0x8000_1000).buffer), {}],
    ['a list too few', lists([0x8000_1000]), {}],
    ['lists too many', lists([], [], [], []), {}],
    ['two lists for 32 bits', lists([], []), { bits: 32 }],
    ['a place before the kernel', lists([0x8000_0fff], []), {}],
    ['a place between its segments', lists([0x8000_1800], []), {}],
    ['a place that ends behind a segment', lists([0x8000_10fd], []), {}],
    ['a place behind others that ends behind a segment', lists([0x8000_1000, 0x8000_10fd], []), {}],
    ['8 bytes that end behind a segment', lists([], [0x8000_2009]), {}],
    ['no room behind the kernel', lists([], [], []), { end: 0x2018 }],
  ] as const)('refuses %s', (_name, relocations, changes) => {
    expect(() => relocated(relocations, changes)).toThrow(InputError);
  });
});
