import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { fetchGuest } from '../../../src/host/node/guest.ts';
import { packInitramfs } from '../../../src/host/node/initramfs.ts';

const decode = (bytes: Uint8Array) => new TextDecoder('latin1').decode(bytes);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'longmode-guest-'));
  return () => rm(folder, { recursive: true });
});

/** Header fields of an entry, by its path. */
function modeOf(archive: Uint8Array, path: string): number {
  const text = decode(archive);
  const at = text.indexOf(`${path}\0`);
  return Number.parseInt(text.slice(at - 110 + 14, at - 110 + 22), 16);
}

describe('packInitramfs', () => {
  it('packs scripts as executables, other files as data, busybox and modules', async () => {
    await mkdir(join(folder, 'etc'));
    await writeFile(join(folder, 'init'), '#!/bin/busybox sh\n');
    await writeFile(join(folder, 'etc', 'motd'), 'welcome');
    const modules = await mkdtemp(join(tmpdir(), 'longmode-modules-'));
    await writeFile(join(modules, 'button.ko'), 'the module');
    const pack = () => packInitramfs(folder, new TextEncoder().encode('\x7fELF busybox'), modules);
    const archive = await pack();
    expect(modeOf(archive, 'init')).toBe(0o100755);
    expect(modeOf(archive, 'etc/motd')).toBe(0o100644);
    expect(modeOf(archive, 'etc')).toBe(0o040755);
    expect(modeOf(archive, 'bin/busybox')).toBe(0o100755);
    expect(modeOf(archive, 'dev/console')).toBe(0o020600);
    expect(modeOf(archive, 'lib/modules/button.ko')).toBe(0o100644);
    expect(decode(archive)).toContain('welcome');
    expect(decode(archive)).toContain('the module');
    expect(await pack()).toEqual(archive);
    await rm(modules, { recursive: true });
  });
});

describe('fetchGuest', () => {
  /** Where neither apt nor anything else is installed. */
  async function withoutPrograms(): Promise<unknown> {
    const path = process.env.PATH;
    process.env.PATH = '/nonexistent';
    try {
      return await fetchGuest({ cacheFolder: folder, progress: () => {} });
    } finally {
      process.env.PATH = path;
    }
  }

  it('uses a filled cache without downloading, and packs the initramfs anew', async () => {
    await writeFile(join(folder, 'vmlinuz'), 'kernel');
    await writeFile(join(folder, 'busybox'), 'the busybox program');
    await writeFile(join(folder, 'kernel-version'), '6.1.0-1-cloud-amd64\n');
    await mkdir(join(folder, 'modules'));
    await writeFile(join(folder, 'modules', 'button.ko'), 'the button module');
    const said: string[] = [];
    const guest = await fetchGuest({ cacheFolder: folder, progress: (message) => said.push(message) });
    expect(guest).toEqual({
      kernel: join(folder, 'vmlinuz'),
      busybox: join(folder, 'busybox'),
      initrd: join(folder, 'initrd.cpio'),
      modules: join(folder, 'modules'),
      kernelVersion: '6.1.0-1-cloud-amd64',
    });
    expect(said).toEqual([]);
    const initrd = decode(await readFile(guest.initrd));
    expect(initrd).toContain('the busybox program');
    expect(initrd).toContain('the button module');
    expect(initrd).toContain('longmode.run');
    const files = ['busybox', 'initrd.cpio', 'kernel-version', 'modules', 'vmlinuz'];
    expect((await readdir(folder)).sort()).toEqual(files);
  });

  it('does not do with a cache from before there were modules', async () => {
    await writeFile(join(folder, 'kernel-version'), '6.1.0-1-cloud-amd64\n');
    await expect(withoutPrograms()).rejects.toThrow(/--mirror/);
  });

  it('says what to do where there is no apt, and leaves nothing behind', async () => {
    await expect(withoutPrograms()).rejects.toThrow(
      /apt-cache is not installed.*--kernel and --initrd.*--mirror/,
    );
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('the init script', () => {
  it('is accepted by a POSIX shell', () => {
    const script = new URL('../../../scripts/initramfs/init', import.meta.url).pathname;
    expect(() => execFileSync('sh', ['-n', script], { stdio: 'pipe' })).not.toThrow();
  });
});
