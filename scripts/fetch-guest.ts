/**
 * Puts a kernel and an initramfs to boot into .cache/guest and prints their paths.
 * Usage: node scripts/fetch-guest.ts [cache folder] [Debian mirror URL] [SHA256 of its Release file]
 */
import { fileURLToPath } from 'node:url';
import { InputError } from '../src/boot/input-error.ts';
import { fetchGuest } from '../src/host/node/guest.ts';

const [folder, mirror, releaseSha256] = process.argv.slice(2);
const cacheFolder = folder ?? fileURLToPath(new URL('../.cache/guest', import.meta.url));

try {
  const guest = await fetchGuest({
    cacheFolder,
    mirror,
    releaseSha256,
    progress: (message) => console.error(message),
  });
  console.log(`kernel   ${guest.kernel}`);
  console.log(`busybox  ${guest.busybox}`);
  console.log(`initrd   ${guest.initrd}`);
  console.log(`version  ${guest.kernelVersion}`);
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  console.error(`fetch-guest: ${error.message}`);
  process.exitCode = 1;
}
