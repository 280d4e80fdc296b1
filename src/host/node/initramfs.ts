/** Packs the guest's first file system: the files of scripts/initramfs/, a static busybox and a few kernel modules. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CpioEntry } from '../../boot/cpio.ts';
import { writeCpio } from '../../boot/cpio.ts';

/** Where the modules go. */
const MODULES = 'lib/modules';
/** Folders the kernel mounts on, busybox links its applets into, or scripts expect. */
const FOLDERS = [
  'bin',
  'dev',
  'lib',
  MODULES,
  'proc',
  'root',
  'sbin',
  'sys',
  'tmp',
  'usr',
  'usr/bin',
  'usr/sbin',
];

const DIRECTORY = 0o040755;
const EXECUTABLE = 0o100755;
const PLAIN_FILE = 0o100644;
const CONSOLE = 0o020600;

/** Decided from the content, so that a checkout without execute bits packs the same archive. */
function fileMode(data: Uint8Array): number {
  const isScript = data[0] === 0x23 && data[1] === 0x21;
  return isScript ? EXECUTABLE : PLAIN_FILE;
}

/**
 * @param folder every file beneath it goes into the archive at the same path.
 * @param busybox a statically linked busybox, which becomes /bin/busybox.
 * @param modules folder with kernel modules, which go to /lib/modules.
 * Returns a newc cpio archive; the same input gives the same bytes.
 */
export async function packInitramfs(
  folder: string,
  busybox: Uint8Array,
  modules: string,
): Promise<Uint8Array> {
  const entries = new Map<string, CpioEntry>();
  for (const path of FOLDERS) entries.set(path, { path, mode: DIRECTORY });
  // The kernel opens the console for the first process before anything has mounted devtmpfs.
  entries.set('dev/console', { path: 'dev/console', mode: CONSOLE, device: { major: 5, minor: 1 } });
  entries.set('bin/busybox', { path: 'bin/busybox', mode: EXECUTABLE, data: busybox });

  for (const name of (await readdir(modules)).sort()) {
    const path = `${MODULES}/${name}`;
    entries.set(path, { path, mode: PLAIN_FILE, data: await readFile(join(modules, name)) });
  }

  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = found.map((item) => ({ item, full: join(item.parentPath, item.name) }));
  paths.sort((a, b) => (a.full < b.full ? -1 : 1));
  for (const { item, full } of paths) {
    const path = full.slice(join(folder, '/').length).replaceAll('\\', '/');
    if (item.isDirectory()) {
      entries.set(path, { path, mode: DIRECTORY });
    } else {
      const data = await readFile(full);
      entries.set(path, { path, mode: fileMode(data), data });
    }
  }
  return writeCpio([...entries.values()]);
}
