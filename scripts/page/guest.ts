/**
 * Copies the demo guest, downloaded if need be, to build/page-public/, from where the page has its files.
 * Usage: node scripts/page/guest.ts
 */
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { guestCacheFolder } from '../../src/cli/guest-cache.ts';
import { fetchGuest } from '../../src/host/node/guest.ts';

/** @returns the folder with `guest/` in it. */
export async function copyPageGuest(): Promise<string> {
  const folder = fileURLToPath(new URL('../../build/page-public/', import.meta.url));
  const { kernel, initrd } = await fetchGuest({ cacheFolder: guestCacheFolder(), progress: console.log });
  await mkdir(join(folder, 'guest'), { recursive: true });
  await copyFile(kernel, join(folder, 'guest', 'vmlinuz'));
  await copyFile(initrd, join(folder, 'guest', 'initrd.cpio'));
  return folder;
}

if (import.meta.main) await copyPageGuest();
