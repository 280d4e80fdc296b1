import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { writeCpio } from '../../src/boot/cpio.ts';
import { isArchive } from '../../src/page/drop.ts';
import { makeKernel } from '../cli/guests.ts';

const blobOf = (bytes: Uint8Array): Blob => new Blob([bytes.slice()]);

describe('isArchive', () => {
  it('knows an initramfs from a kernel', async () => {
    const cpio = writeCpio([]);
    expect(await isArchive(blobOf(cpio))).toBe(true);
    expect(await isArchive(blobOf(gzipSync(cpio)))).toBe(true);
    expect(await isArchive(blobOf(makeKernel([])))).toBe(false);
    expect(await isArchive(new Blob([]))).toBe(false);
  });
});
