/** Puts a kernel and an initramfs to boot into a folder and prints their paths. */
import { parseArgs } from 'node:util';
import { InputError } from '../src/boot/input-error.ts';
import { guestCacheFolder } from '../src/cli/guest-cache.ts';
import { fetchGuest } from '../src/host/node/guest.ts';

const USAGE = `usage: npm run fetch-guest -- [options]

  --folder FOLDER         where the files go, by default .cache/guest; what is there is not downloaded again
  --mirror URL            download from this Debian mirror instead of with apt
  --release-sha256 HEX    SHA256 sum of the mirror's Release file, where its signature cannot be checked
  --help                  print this
`;

try {
  const { values } = parseArgs({
    options: {
      folder: { type: 'string', default: guestCacheFolder() },
      mirror: { type: 'string' },
      'release-sha256': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) process.stdout.write(USAGE);
  else {
    const guest = await fetchGuest({
      cacheFolder: values.folder,
      mirror: values.mirror,
      releaseSha256: values['release-sha256'],
      progress: (message) => console.error(message),
    });
    console.log(`kernel   ${guest.kernel}`);
    console.log(`busybox  ${guest.busybox}`);
    console.log(`initrd   ${guest.initrd}`);
    console.log(`version  ${guest.kernelVersion}`);
  }
} catch (error) {
  const isUsage = String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS');
  if (!isUsage && !(error instanceof InputError)) throw error;
  console.error(`fetch-guest: ${(error as Error).message}`);
  process.exitCode = isUsage ? 2 : 1;
}
