/** v86, an emulator of 32-bit machines that compiles to WebAssembly too: installs it and runs a guest in it. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { guestCacheFolder } from '../../src/cli/guest-cache.ts';
import { type ChildRun, runChild, type Started } from './child.ts';
import { BOOT_TIMEOUT, type GuestFiles } from './guest.ts';
import { progress } from './progress.ts';

/** Of npm's package. */
const V86_VERSION = '0.5.462';
export const V86 = `v86 ${V86_VERSION}`;
const FOLDER = join(guestCacheFolder(), `../v86-${V86_VERSION}`);
const PACKAGE = join(FOLDER, 'node_modules', 'v86');
const LIBRARY = join(PACKAGE, 'build', 'libv86.mjs');
/** Of Debian's package seabios. */
const BIOS = '/usr/share/seabios/bios.bin';
const VGA_BIOS = '/usr/share/seabios/vgabios-stdvga.bin';
const PROGRAM = fileURLToPath(new URL('v86-guest.mjs', import.meta.url));
/** Longest time to install it, in milliseconds. */
const INSTALL_TIMEOUT = 120_000;

/** Installs v86 in the cache if it is not there: nothing of longmode needs it. Returns a line that says why it cannot run. */
export async function whyNoV86(): Promise<string | undefined> {
  const missing = [BIOS, VGA_BIOS].find((file) => !existsSync(file));
  if (missing !== undefined) return `there is no ${missing}, which is in Debian's package seabios`;
  if (existsSync(LIBRARY)) return undefined;
  progress(`installing ${V86}`);
  const args = ['install', '--prefix', FOLDER, '--no-audit', '--no-fund', `v86@${V86_VERSION}`];
  try {
    await promisify(execFile)('npm', args, { timeout: INSTALL_TIMEOUT });
    return undefined;
  } catch (error) {
    return (error as Error).message.replaceAll(/\s+/g, ' ').trim();
  }
}

/** Boots until the guest powers off; the time-out is in seconds. */
export function runV86(
  files: GuestFiles,
  commandLine: string,
  timeout = BOOT_TIMEOUT,
  started?: Started,
): Promise<ChildRun> {
  const args = [PROGRAM, PACKAGE, BIOS, VGA_BIOS, files.kernel, files.initrd, commandLine];
  return runChild(process.execPath, args, timeout, started);
}
