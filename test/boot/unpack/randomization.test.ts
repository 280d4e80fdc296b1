import { describe, expect, it } from 'vitest';
import { parseBzImage } from '../../../src/boot/bzimage.ts';
import { E820_RAM } from '../../../src/boot/e820.ts';
import { chooseRandomly } from '../../../src/boot/unpack/randomization.ts';
import { makeBzImage } from '../guest-fixtures.ts';

const MIB = 2 ** 20;
const ALIGNMENT = 2 * MIB;
const START = 16 * MIB;
const NOTHING = { start: 0, end: 0 };
const RAM = [{ address: MIB, length: 63 * MIB, type: E820_RAM }];
const LARGE = [
  { address: MIB, length: 3071 * MIB, type: E820_RAM },
  { address: 4096 * MIB, length: 4096 * MIB, type: E820_RAM },
];
// 8 MiB of memory at a multiple of 2 MiB, 16 MiB if it can be had.
const image = parseBzImage(makeBzImage());

/** All that can be chosen, by counting numbers up. */
function choices(bits: 32 | 64, taken = NOTHING, e820 = RAM, start = START) {
  const physical = new Set<number>();
  const distances = new Set<number>();
  for (let number = 0; number < 4096; number++) {
    const chosen = chooseRandomly(image, bits, start, taken, e820, () => number);
    physical.add(chosen.physical);
    distances.add(chosen.distance);
  }
  return { physical: [...physical].sort((a, b) => a - b), distances: [...distances].sort((a, b) => a - b) };
}

describe('a random place', () => {
  it('is any from the usual one on that has room', () => {
    const { physical } = choices(64);
    expect(physical).toEqual(Array.from({ length: 21 }, (_, index) => START + index * ALIGNMENT));
  });

  it('is clear of what else is loaded', () => {
    const { physical } = choices(64, { start: 40 * MIB + 4096, end: 48 * MIB });
    expect(physical).toEqual([16, 18, 20, 22, 24, 26, 28, 30, 32, 48, 50, 52, 54, 56].map((at) => at * MIB));
  });

  it('has virtual addresses of its own in a 64-bit kernel, up to a gibibyte', () => {
    const { distances } = choices(64);
    expect(distances[0]).toBe(0);
    expect(distances.at(-1)).toBe((1024 - 16 - 8) * MIB);
    expect(distances).toHaveLength(501);
  });

  it('has virtual addresses at the same distance in a 32-bit kernel, below 512 MiB', () => {
    const { physical, distances } = choices(32, NOTHING, LARGE);
    expect(physical.at(-1)).toBe((512 - 8) * MIB);
    expect(distances).toEqual(physical.map((at) => at - START));
  });

  it('is below 4 GiB, and not above 512 MiB only because the kernel was', () => {
    expect(choices(64, NOTHING, LARGE).physical.at(-1)).toBe((3072 - 8) * MIB);
    expect(choices(64, NOTHING, LARGE, 1024 * MIB).physical[0]).toBe(512 * MIB);
  });

  it('is the usual one where there is no other', () => {
    expect(choices(64, { start: MIB, end: 64 * MIB }).physical).toEqual([START]);
  });
});
