/** The command lines that boot the same guest in QEMU TCG and in longmode. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { guestCacheFolder } from '../../src/cli/guest-cache.ts';
import { fetchGuest, type Guest, type GuestKernel } from '../../src/host/node/guest.ts';
import { type ChildRun, runChild, type Started } from './child.ts';
import { progress } from './progress.ts';

/** Longest time a guest may take besides what it is asked to do, in seconds. */
export const BOOT_TIMEOUT = 120;
const MEMORY = '512M';

export interface GuestFiles {
  readonly kernel: string;
  readonly initrd: string;
}

/** The name of what is measured beside its peers. */
export const LONGMODE = 'longmode';

/** The name of QEMU's software emulation as a peer. */
export const QEMU = 'QEMU TCG';

/** How QEMU is started besides what every guest needs. */
export interface QemuMachine {
  readonly name: string;
  /** Value of -M. */
  readonly machine: string;
  /** Value of -cpu. */
  readonly cpu: string;
}

/** The machine like a PC of 2009: it has a HPET, so that the kernel can always calibrate its clocks. */
export const QEMU_Q35: QemuMachine = { name: `${QEMU}, q35`, machine: 'q35', cpu: 'max' };

/** The machine made to boot fast, with the processor that has every feature QEMU knows and with the default one. */
export const QEMU_MICROVM: readonly QemuMachine[] = [
  { name: `${QEMU}, microvm`, machine: 'microvm', cpu: 'max' },
  { name: `${QEMU}, microvm, -cpu qemu64`, machine: 'microvm', cpu: 'qemu64' },
];

/** The Debian kernel and the initramfs that `longmode boot` boots, downloaded if they are not there. */
export function stockGuest(): Promise<Guest> {
  return fetchGuest({ cacheFolder: guestCacheFolder(), progress });
}

/** Another kernel of Debian's with such an initramfs. */
export function debianGuest(kind: Exclude<GuestKernel, 'cloud'>): Promise<Guest> {
  return fetchGuest({ kind, cacheFolder: `${guestCacheFolder()}-${kind}`, progress });
}

/** Boots in QEMU's software emulation, TCG, until the guest powers off; the time-out is in seconds. */
export function runQemu(
  { machine, cpu }: QemuMachine,
  files: GuestFiles,
  commandLine: string,
  timeout = BOOT_TIMEOUT,
  started?: Started,
): Promise<ChildRun> {
  const args = ['-M', machine, '-accel', 'tcg', '-cpu', cpu, '-m', MEMORY];
  args.push('-kernel', files.kernel, '-initrd', files.initrd, '-append', commandLine);
  args.push('-nographic', '-no-reboot');
  return runChild('qemu-system-x86_64', args, timeout, started);
}

/**
 * The kernel parameter without which microvm hangs now and then: it has neither a HPET nor an ACPI timer, so the
 * kernel measures the time stamp counter against the PIT, which fails on a host that has something else to do. The
 * counter is the host's; its frequency comes from the log of a kernel that could measure it.
 */
export function tscParameter(bootLog: string): string {
  const megahertz = /tsc: Detected ([\d.]+) MHz/.exec(bootLog)?.[1];
  if (megahertz === undefined)
    throw new Error('the kernel did not tell the frequency of the time stamp counter');
  return `tsc_early_khz=${Math.round(Number(megahertz) * 1000)}`;
}

/** Boots in longmode until the guest powers off; the time-out is in seconds. */
export function runLongmode(
  cli: string,
  files: GuestFiles,
  commandLine: string,
  options: readonly string[] = [],
  timeout = BOOT_TIMEOUT,
  started?: Started,
): Promise<ChildRun> {
  const args = [...longmodeArguments(cli, files, commandLine), ...options];
  return runChild(process.execPath, args, timeout, started);
}

/** Node's arguments that boot a guest. */
export function longmodeArguments(cli: string, files: GuestFiles, commandLine: string): string[] {
  const guest = ['--kernel', files.kernel, '--initrd', files.initrd, '--append', commandLine];
  // What other runs have compiled would not be compiled.
  return [cli, 'boot', ...guest, '--memory', MEMORY, '--no-reboot', '--code-cache', 'off'];
}

/** Path of the command line program: the one given, or that of the package, which is built first if it is old. */
export function longmodeCli(given: string | undefined): string {
  if (given !== undefined) return given;
  const root = fileURLToPath(new URL('../..', import.meta.url));
  execFileSync(process.execPath, [`${root}scripts/build.ts`], { stdio: ['ignore', 'ignore', 'inherit'] });
  return `${root}dist/cli.js`;
}
