/** Gets a stock Linux kernel and packs a small initramfs for it, to have something to boot. */
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError } from '../../boot/input-error.ts';
import { CommandMissing } from './command.ts';
import { type DebianPackages, listDebs, unpackDeb } from './deb.ts';
import { downloadWithApt } from './debian-apt.ts';
import { downloadFromMirror } from './debian-mirror.ts';
import { packInitramfs } from './initramfs.ts';
import { replaceFiles } from './replace-files.ts';

const BUSYBOX_PACKAGE = 'busybox-static';
const KERNEL_PREFIX = 'linux-image-';

function packages(meta: string, architecture: string): DebianPackages {
  return { meta, prefix: KERNEL_PREFIX, others: [BUSYBOX_PACKAGE], architecture };
}

/** Debian's newest kernels: for virtual machines, for any machine, and the 32-bit ones without and with PAE (Debian 12 is the last to have them). */
const KERNELS = {
  cloud: packages('linux-image-cloud-amd64', 'amd64'),
  generic: packages('linux-image-amd64', 'amd64'),
  '686': packages('linux-image-686', 'i386'),
  '686-pae': packages('linux-image-686-pae', 'i386'),
};
export type GuestKernel = keyof typeof KERNELS;

/**
 * Modules that the guest hears of the power button by, which a kernel may have built in, and the driver of an APM BIOS,
 * which 32-bit kernels have.
 */
const MODULES = /\/(apm|button|evdev)\.ko(\.[a-z]+)?$/;

const INITRAMFS_FOLDER = fileURLToPath(new URL('../../../scripts/initramfs/', import.meta.url));

export interface FetchGuestOptions {
  /** `cloud` by default. Each needs a cache folder of its own. */
  readonly kind?: GuestKernel;
  /** Made if it is not there. What it already holds is not downloaded again; delete it to get a newer kernel. */
  readonly cacheFolder: string;
  /** Base URL of a Debian mirror to use instead of apt. */
  readonly mirror?: string | undefined;
  /** SHA256 sum of the mirror's Release file in hexadecimal, where its signature cannot be checked. */
  readonly releaseSha256?: string | undefined;
  /** Told in a few words what is going on. */
  readonly progress: (message: string) => void;
}

/** Paths of the files, and the kernel's release as `uname -r` prints it. */
export interface Guest {
  readonly kernel: string;
  readonly busybox: string;
  readonly initrd: string;
  /** Folder with the kernel's modules that are in the initramfs. */
  readonly modules: string;
  readonly kernelVersion: string;
}

async function download(options: FetchGuestOptions, folder: string): Promise<void> {
  const { mirror, releaseSha256, progress } = options;
  const wanted = KERNELS[options.kind ?? 'cloud'];
  try {
    if (mirror !== undefined) {
      progress(`reading the package index of ${mirror}`);
      await downloadFromMirror(mirror, { releaseSha256 }, wanted, folder, progress);
    } else {
      progress('downloading a Linux kernel and busybox with apt');
      await downloadWithApt(wanted, folder, progress);
    }
  } catch (error) {
    if (error instanceof CommandMissing) {
      throw new InputError(
        `${error.message}, so there is no kernel to be had here: pass --kernel and --initrd, or --mirror with the URL of a Debian mirror`,
      );
    }
    throw error;
  }
}

/**
 * Takes the kernel, some of its modules and busybox out of the packages; the version file comes last and marks the rest as whole.
 * Others may do the same at the same time, as test files do where there is no guest yet.
 */
async function unpack(work: string, guest: Omit<Guest, 'initrd' | 'kernelVersion'>, versionFile: string) {
  const packages = await listDebs(work);
  const image = [...packages.keys()].find((name) => name.startsWith(KERNEL_PREFIX));
  const kernelPackage = image === undefined ? undefined : packages.get(image);
  const busyboxPackage = packages.get(BUSYBOX_PACKAGE);
  if (image === undefined || kernelPackage === undefined || busyboxPackage === undefined) {
    throw new InputError('the download did not bring the packages asked for');
  }
  const root = join(work, 'root');
  await unpackDeb(kernelPackage, root);
  await unpackDeb(busyboxPackage, root);
  const kernelVersion = image.slice(KERNEL_PREFIX.length);
  await rename(join(root, 'boot', `vmlinuz-${kernelVersion}`), guest.kernel);
  // Newer releases of Debian keep everything in /usr.
  await rename(join(root, 'bin', 'busybox'), guest.busybox).catch(() =>
    rename(join(root, 'usr', 'bin', 'busybox'), guest.busybox),
  );
  const modules = (await readdir(root, { recursive: true })).filter((path) => MODULES.test(path));
  await replaceFiles(
    guest.modules,
    modules.map((path) => join(root, path)),
  );
  const newVersionFile = join(work, 'kernel-version');
  await writeFile(newVersionFile, `${kernelVersion}\n`);
  await rename(newVersionFile, versionFile);
}

/**
 * Downloads the newest Debian kernel of a kind and a static busybox into a cache folder, unless they are
 * there, and packs the initramfs from scripts/initramfs/.
 * @throws InputError when there is no apt and no mirror was given, or when the download fails.
 */
export async function fetchGuest(options: FetchGuestOptions): Promise<Guest> {
  const { cacheFolder } = options;
  const versionFile = join(cacheFolder, 'kernel-version');
  const files = {
    kernel: join(cacheFolder, 'vmlinuz'),
    busybox: join(cacheFolder, 'busybox'),
    initrd: join(cacheFolder, 'initrd.cpio'),
    modules: join(cacheFolder, 'modules'),
  };
  await mkdir(cacheFolder, { recursive: true });
  let kernelVersion = await readFile(versionFile, 'utf8').catch(() => undefined);
  // A cache from before the initramfs had modules, or that of APM, is filled again.
  const modules = await readdir(files.modules).catch(() => undefined);
  const hasApm = modules?.some((name) => name.startsWith('apm.'));
  const needsApm = KERNELS[options.kind ?? 'cloud'].architecture === 'i386';
  if (modules === undefined || (needsApm && !hasApm)) kernelVersion = undefined;
  const work = await mkdtemp(join(cacheFolder, 'work-'));
  try {
    if (kernelVersion === undefined) {
      await download(options, work);
      options.progress('unpacking');
      await unpack(work, files, versionFile);
      kernelVersion = await readFile(versionFile, 'utf8');
    }
    // Packed anew every time, so that it follows the scripts; uncompressed, so that the guest need not inflate it.
    const newInitrd = join(work, 'initrd.cpio');
    const busybox = await readFile(files.busybox);
    await writeFile(newInitrd, await packInitramfs(INITRAMFS_FOLDER, busybox, files.modules));
    await rename(newInitrd, files.initrd);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return { ...files, kernelVersion: kernelVersion.trim() };
}
