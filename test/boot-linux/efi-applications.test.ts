/** Boot loaders of Debian as EFI applications, where they are installed, as far as they need no disk. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { Session } from './linux-guest.ts';

const GRUB = '/usr/lib/grub/x86_64-efi/monolithic/grubx64.efi';
const SYSTEMD_BOOT = '/usr/lib/systemd/boot/efi/systemd-bootx64.efi';

/** Whether the image is there; says so if not. */
function has(file: string, debianPackage: string): boolean {
  if (existsSync(file)) return true;
  console.warn(`skipped: no ${file} (package ${debianPackage})`);
  return false;
}

const start = async (file: string): Promise<Session> =>
  await Session.start(
    { kernel: await readFile(file) },
    { entry: 'efi', memorySize: 128 * 2 ** 20, append: '' },
  );

describe('a boot loader as an EFI application', () => {
  it.skipIf(!has(GRUB, 'grub-efi-amd64-bin'))('GRUB takes commands, and powers off', async () => {
    const session = await start(GRUB);
    await session.waitFor(/grub> /);
    session.type('set word=spoken\r');
    await session.waitFor(/grub> /);
    session.type('echo $word\r');
    await session.waitFor(/spoken/);
    session.type('halt\r');
    expect(await session.ended).toEqual({ kind: 'power off' });
  });

  it.skipIf(!has(SYSTEMD_BOOT, 'systemd-boot-efi'))('systemd-boot says that it finds no disk', async () => {
    const session = await start(SYSTEMD_BOOT);
    await session.ended;
    expect(session.output).toContain('Unable to open root directory: Unsupported');
    expect(session.output).toContain('ended with status 0x8000000000000003');
  });
});
