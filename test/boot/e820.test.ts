import { describe, expect, it } from 'vitest';
import { buildE820, E820_ACPI, E820_NVS, E820_RAM, E820_RESERVED } from '../../src/boot/e820.ts';
import { InputError } from '../../src/boot/input-error.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

describe('buildE820', () => {
  it('describes a small machine', () => {
    expect(buildE820(64 * MIB)).toEqual([
      { address: 0, length: 0x9fc00, type: E820_RAM },
      { address: 0x9fc00, length: 0x400, type: E820_RESERVED },
      { address: 0xf0000, length: 0x10000, type: E820_RESERVED },
      { address: 0x100000, length: 0x3ef0000, type: E820_RAM },
      { address: 0x3ff0000, length: 0xf000, type: E820_ACPI },
      { address: 0x3fff000, length: 0x1000, type: E820_NVS },
      { address: 0xe0000000, length: 0x100000, type: E820_RESERVED },
      { address: 0xfec00000, length: 0x1000, type: E820_RESERVED },
      { address: 0xfed00000, length: 0x1000, type: E820_RESERVED },
      { address: 0xfee00000, length: 0x1000, type: E820_RESERVED },
    ]);
  });

  it.each([2 * MIB, 512 * MIB, 3 * GIB, 3 * GIB + 4096, 4 * GIB, 32 * GIB])(
    'is ascending, has no overlaps and accounts for all RAM: %d',
    (size) => {
      const map = buildE820(size);
      let end = 0;
      for (const { address, length } of map) {
        expect(address).toBeGreaterThanOrEqual(end);
        expect(length).toBeGreaterThan(0);
        end = address + length;
      }
      const sum = (types: number[]) =>
        map.filter(({ type }) => types.includes(type)).reduce((total, { length }) => total + length, 0);
      // Of the first MiB, 0x9fc00 bytes are RAM for the guest.
      expect(sum([E820_RAM, E820_ACPI, E820_NVS])).toBe(size - (0x100000 - 0x9fc00));
    },
  );

  it('puts what is beyond 3 GiB above 4 GiB', () => {
    expect(buildE820(3 * GIB).some(({ address }) => address >= 4 * GIB)).toBe(false);
    expect(buildE820(5 * GIB).at(-1)).toEqual({ address: 4 * GIB, length: 2 * GIB, type: E820_RAM });
    const low = buildE820(5 * GIB).filter(({ address, type }) => address < 4 * GIB && type !== E820_RESERVED);
    expect(Math.max(...low.map(({ address, length }) => address + length))).toBe(3 * GIB);
  });

  it('refuses sizes it cannot describe', () => {
    expect(() => buildE820(MIB)).toThrow(InputError);
    expect(() => buildE820(64 * MIB + 1)).toThrow(InputError);
  });
});
