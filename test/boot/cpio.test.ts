import { describe, expect, it } from 'vitest';
import { writeCpio } from '../../src/boot/cpio.ts';

/** Reads an archive back by the rules of buffer-format.rst. */
function readCpio(archive: Uint8Array) {
  const text = (start: number, length: number) =>
    new TextDecoder().decode(archive.subarray(start, start + length));
  const entries = [];
  for (let offset = 0; ; ) {
    expect(offset % 4).toBe(0);
    expect(text(offset, 6)).toBe('070701');
    const field = (index: number) => Number.parseInt(text(offset + 6 + 8 * index, 8), 16);
    const [size, nameSize] = [field(6), field(11)];
    const path = text(offset + 110, nameSize - 1);
    expect(archive[offset + 110 + nameSize - 1]).toBe(0);
    const start = Math.ceil((offset + 110 + nameSize) / 4) * 4;
    const entry = { path, inode: field(0), mode: field(1), owner: [field(2), field(3)], links: field(4) };
    const rest = { time: field(5), device: [field(9), field(10)], data: text(start, size) };
    offset = Math.ceil((start + size) / 4) * 4;
    if (path === 'TRAILER!!!') {
      expect(offset).toBe(archive.length);
      return entries;
    }
    entries.push({ ...entry, ...rest });
  }
}

describe('writeCpio', () => {
  const entries = [
    { path: 'dev', mode: 0o040755 },
    { path: 'dev/console', mode: 0o020600, device: { major: 5, minor: 1 } },
    { path: 'init', mode: 0o100755, data: new TextEncoder().encode('hello') },
    { path: 'bin/sh', mode: 0o120777, linkTarget: 'busybox' },
    { path: 'empty', mode: 0o100644 },
  ];

  it('writes every kind of entry', () => {
    const common = { owner: [0, 0], time: 0, device: [0, 0], data: '' };
    expect(readCpio(writeCpio(entries))).toEqual([
      { ...common, inode: 1, path: 'dev', mode: 0o040755, links: 2 },
      { ...common, inode: 2, path: 'dev/console', mode: 0o020600, links: 1, device: [5, 1] },
      { ...common, inode: 3, path: 'init', mode: 0o100755, links: 1, data: 'hello' },
      { ...common, inode: 4, path: 'bin/sh', mode: 0o120777, links: 1, data: 'busybox' },
      { ...common, inode: 5, path: 'empty', mode: 0o100644, links: 1 },
    ]);
  });

  it('gives the same bytes for the same entries', () => {
    expect(writeCpio(entries)).toEqual(writeCpio(structuredClone(entries)));
  });
});
