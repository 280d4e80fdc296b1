/** The root file systems: Debian's minimal system of an architecture with the packages that programs need. */
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { InputError } from '../../src/boot/input-error.ts';
import { runCommand } from '../../src/host/node/command.ts';
import { listDebs, unpackDeb } from '../../src/host/node/deb.ts';
import { downloadWithApt } from '../../src/host/node/debian-apt.ts';

export type Architecture = 'amd64' | 'i386';

const SUITE = 'bookworm';
const BUILD_SCRIPT = fileURLToPath(new URL('./build-root.sh', import.meta.url));
/** cpio packs the root, depmod finds its modules, ip is the runner's. */
const ALWAYS = ['cpio', 'iproute2', 'kmod'];
const KERNEL_PREFIX = 'linux-image-';
/** Folders of the kernel's modules that programs load: of the cipher code, and what it depends on. */
const MODULE_FOLDERS = ['arch/x86/crypto', 'crypto', 'lib'];

export interface Root {
  /** To be run in natively; what is run does not write to it. */
  readonly folder: string;
  /** The same as an initramfs. */
  readonly archive: string;
}

export interface Roots {
  readonly kernel: string;
  readonly of: ReadonlyMap<Architecture, Root>;
}

export interface RootOptions {
  readonly cacheFolder: string;
  /** Base URL of a Debian mirror; without it, that of apt's own sources. */
  readonly mirror: string | undefined;
  progress(message: string): void;
}

/**
 * Runs a command as root in a mount namespace of its own; what it prints goes to a log.
 * @param told called with each line.
 * @throws InputError with its last line.
 */
async function runLogged(args: readonly string[], log: string, told: (line: string) => void): Promise<void> {
  const child = spawn('unshare', ['--mount', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const file = createWriteStream(log, { flags: 'a' });
  let last = '';
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      file.write(`${line}\n`);
      if (line.trim() !== '') last = line;
      told(line);
    });
  }
  const status = await new Promise<number | string | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(signal ?? code));
  }).finally(() => file.end());
  if (status !== 0) throw new InputError(`${args[0]} ended with ${status}: ${last} (all of it is in ${log})`);
}

/** Where apt gets the packages of SUITE from. @throws InputError where its sources do not have it. */
async function aptMirror(): Promise<string> {
  const [mirror = ''] = (
    await runCommand('apt-get', ['indextargets', '--format', '$(REPO_URI)', `Codename: ${SUITE}`])
  ).split('\n');
  if (mirror === '')
    throw new InputError(`apt has no source for Debian ${SUITE}: name a mirror with --mirror`);
  return mirror;
}

/** Puts the newest cloud kernel into `kernelFile` and the modules of MODULE_FOLDERS into the root. */
async function addKernel(
  root: string,
  work: string,
  kernelFile: string,
  progress: (message: string) => void,
) {
  const wanted = {
    meta: 'linux-image-cloud-amd64',
    prefix: KERNEL_PREFIX,
    others: [],
    architecture: 'amd64',
  };
  await downloadWithApt(wanted, work, progress);
  const [[name, deb] = []] = await listDebs(work);
  if (name === undefined || deb === undefined) throw new InputError('apt downloaded no kernel');
  const version = name.slice(KERNEL_PREFIX.length);
  const unpacked = join(work, 'kernel');
  await unpackDeb(deb, unpacked);
  const from = join(unpacked, 'lib/modules', version);
  const to = join(root, 'usr/lib/modules', version);
  for (const folder of MODULE_FOLDERS) {
    await mkdir(join(to, 'kernel', folder, '..'), { recursive: true });
    await rename(join(from, 'kernel', folder), join(to, 'kernel', folder));
  }
  for (const file of await readdir(from)) {
    if (file.startsWith('modules.')) await rename(join(from, file), join(to, file));
  }
  await rename(join(unpacked, 'boot', `vmlinuz-${version}`), kernelFile);
  return version;
}

/** Makes a root and its archive, unless they are there with these packages. The amd64 one comes with the kernel. */
async function makeRoot(
  architecture: Architecture,
  packages: readonly string[],
  { cacheFolder, mirror, progress }: RootOptions,
): Promise<Root> {
  const folder = join(cacheFolder, architecture);
  const files = { folder: join(folder, 'root'), archive: join(folder, 'root.cpio') };
  const stampFile = join(folder, 'packages');
  const wanted = [...new Set([...ALWAYS, ...packages])].sort();
  const stamp = `${SUITE} ${wanted.join(' ')}\n`;
  if ((await readFile(stampFile, 'utf8').catch(() => '')) === stamp) return files;

  if (process.getuid?.() !== 0) throw new InputError('a Debian root is made and run in as root: use sudo');
  progress(`${architecture}: installing ${wanted.length} packages and what they need`);
  await mkdir(folder, { recursive: true });
  const work = await mkdtemp(join(folder, 'work-'));
  const log = join(folder, 'build.log');
  await rm(log, { force: true });
  try {
    const root = join(work, 'root');
    const told = (line: string) => {
      if (/^I: (Retrieving|Extracting|Unpacking|Configuring) /.test(line)) return;
      if (/^I: |^Fetched /.test(line)) progress(`${architecture}: ${line.replace(/^I: /, '')}`);
    };
    const from = mirror ?? (await aptMirror());
    await runLogged(['bash', BUILD_SCRIPT, architecture, SUITE, from, root, ...wanted], log, told);
    if (architecture === 'amd64') {
      const version = await addKernel(root, work, join(cacheFolder, 'vmlinuz'), progress);
      await runLogged(['chroot', root, 'depmod', version], log, () => {});
    }
    progress(`${architecture}: packing`);
    const pack = `cd / && find . -xdev | cpio --create --format=newc --quiet`;
    const archive = join(work, 'root.cpio');
    await runLogged(['bash', '-c', 'chroot "$0" sh -c "$1" >"$2"', root, pack, archive], log, () => {});
    await rm(files.folder, { recursive: true, force: true });
    await rename(root, files.folder);
    await rename(archive, files.archive);
    await writeFile(stampFile, stamp);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return files;
}

/**
 * The roots with these packages, and the kernel that guests boot.
 * @throws InputError that says which command failed, and where its log is.
 */
export async function makeRoots(
  packages: ReadonlyMap<Architecture, readonly string[]>,
  options: RootOptions,
): Promise<Roots> {
  const of = new Map<Architecture, Root>();
  for (const [architecture, names] of packages)
    of.set(architecture, await makeRoot(architecture, names, options));
  return { kernel: join(options.cacheFolder, 'vmlinuz'), of };
}
