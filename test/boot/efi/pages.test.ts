import { describe, expect, it } from 'vitest';
import { buildE820 } from '../../../src/boot/e820.ts';
import { MemoryType, Pages } from '../../../src/boot/efi/pages.ts';

const MIB = 2 ** 20;
const PAGE = 4096;
const ANYWHERE = 2 ** 32;

const pages = () => new Pages(buildE820(64 * MIB));
const typeAt = (map: Pages, address: number) =>
  map.map().find(({ start, end }) => address >= start && address < end)?.type;

describe('the memory map', () => {
  it('follows E820, RAM in whole pages, page 0 taken', () => {
    const map = pages();
    expect(typeAt(map, 0)).toBe(4);
    expect(typeAt(map, 0x9e000)).toBe(7);
    // E820 RAM ends at 9FC00H, inside of this page.
    expect(typeAt(map, 0x9f000)).toBe(0);
    expect(typeAt(map, 0xb0000)).toBeUndefined();
    expect(typeAt(map, 0x100000)).toBe(7);
    expect(typeAt(map, 64 * MIB - PAGE)).toBe(10);
    expect(typeAt(map, 64 * MIB - 2 * PAGE)).toBe(9);
  });

  it('is described as EFI_MEMORY_DESCRIPTORs with a version and attributes', () => {
    const map = pages();
    map.allocateAt(MemoryType.runtimeServicesData, 0x200000, 2);
    const bytes = map.describe();
    expect(bytes.length % 48).toBe(0);
    const view = new DataView(bytes.buffer);
    const descriptors = Array.from({ length: bytes.length / 48 }, (_, index) => ({
      type: view.getUint32(index * 48, true),
      start: Number(view.getBigUint64(index * 48 + 8, true)),
      pages: Number(view.getBigUint64(index * 48 + 24, true)),
      attributes: view.getBigUint64(index * 48 + 32, true),
    }));
    expect(descriptors.find(({ type }) => type === 6)).toEqual({
      type: 6,
      start: 0x200000,
      pages: 2,
      attributes: (1n << 63n) | 0xfn,
    });
    expect(descriptors.find(({ start }) => start === 0x202000)).toMatchObject({ type: 7, attributes: 0xfn });
  });
});

describe('allocating pages', () => {
  it('takes them from the top below a limit, aligned', () => {
    const map = pages();
    expect(map.allocate(2, 1, ANYWHERE)).toBe(64 * MIB - 17 * PAGE);
    expect(map.allocate(2, 2, 0x300000)).toBe(0x2fe000);
    expect(map.allocate(2, 1, 0x2fe000, 0x100000)).toBe(0x200000);
    expect(typeAt(map, 0x200000)).toBe(2);
  });

  it('fails where there is no room, and at addresses that are taken', () => {
    const map = pages();
    expect(map.allocate(2, 64 * 256, ANYWHERE)).toBeUndefined();
    expect(map.allocateAt(2, 0x200000, 4)).toBe(true);
    expect(map.allocateAt(2, 0x203000, 1)).toBe(false);
    expect(map.allocateAt(2, 0x204800, 1)).toBe(false);
    expect(map.allocateAt(2, 0xf0000, 1)).toBe(false);
  });

  it('gives back what was taken, and changes the key each time', () => {
    const map = pages();
    const before = map.map();
    const key = map.key;
    map.allocateAt(2, 0x200000, 4);
    expect(map.key).not.toBe(key);
    expect(map.free(0x201000, 1)).toBe(true);
    expect(map.free(0x201000, 1)).toBe(false);
    expect(map.free(0xf0000, 1)).toBe(false);
    expect(map.free(0x200000, 1)).toBe(true);
    expect(map.free(0x202000, 2)).toBe(true);
    expect(map.map()).toEqual(before);
  });
});
