/** Debian's firmware images, where they are installed: they are tests of real mode and of the platform that no one here wrote. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { complaints, kernelLines } from './kernel-log.ts';
import {
  findGuest,
  type Guest,
  NO_CIPHER_TESTS,
  Session,
  type SessionOptions,
  scriptWord,
} from './linux-guest.ts';

const SEABIOS = '/usr/share/seabios/bios-256k.bin';
const OVMF = '/usr/share/OVMF/OVMF_CODE.fd';
const OVMF_VARS = '/usr/share/OVMF/OVMF_VARS.fd';
const ESCAPE = '\x1b';
/** It clears the screen four times before it asks for a boot menu. */
const SCREENS = /(\[2J[\s\S]*){4}/;

const guest = await findGuest();

/** Whether the image is there; says so if not. */
function has(file: string, debianPackage: string): boolean {
  if (existsSync(file)) return true;
  console.warn(`skipped: no ${file} (package ${debianPackage})`);
  return false;
}

async function bootThrough(file: string, script: string) {
  const session = await Session.start(guest as Guest, {
    bios: await readFile(file),
    append: `${NO_CIPHER_TESTS} ${scriptWord(script)}`,
  });
  expect(await session.ended).toEqual({ kind: 'power off' });
  expect(complaints(session.output)).toEqual([]);
  return kernelLines(session.output);
}

describe.skipIf(!has(SEABIOS, 'seabios'))('SeaBIOS', () => {
  it('shows its boot menu', async () => {
    const session = await Session.start({}, { bios: await readFile(SEABIOS) });
    await session.waitFor(/Press ESC for boot menu/);
    session.type(ESCAPE);
    await session.waitFor(/Select boot device:/);
    expect(await session.stop()).toEqual({ kind: 'stopped' });
  });

  it.skipIf(guest === undefined)('boots the kernel that it is handed', async () => {
    const lines = await bootThrough(SEABIOS, 'echo DMI $(cat /sys/class/dmi/id/product_name)');
    expect(lines).toContain('Booting from ROM...');
    // Where SeaBIOS has put them.
    expect(
      lines.filter((line) => /^ACPI: RSDP 0x00000000000F\w{4} 000024 \(v02 LNGMOD\)$/.test(line)),
    ).toHaveLength(1);
    expect(lines).toContain('DMI x86-64 virtual machine');
  });
});

describe.skipIf(!has(OVMF, 'ovmf'))('OVMF', () => {
  /** Starts it and goes past the boot menu and the script to its shell. */
  async function startShell(options: SessionOptions): Promise<Session> {
    const session = await Session.start(
      {},
      { bios: await readFile(OVMF), memorySize: 128 * 2 ** 20, ...options },
    );
    await session.waitFor(SCREENS);
    session.type('\r');
    await session.waitFor(/ESC/);
    session.type(ESCAPE);
    await session.waitFor(/Shell> /);
    return session;
  }

  it('keeps variables in its store; its shell powers the machine off, and resets it', async () => {
    const variable = 'Probe -guid 12345678-1234-1234-1234-123456789abc';
    let biosVars: Uint8Array = await readFile(OVMF_VARS);
    const first = await startShell({
      biosVars,
      onBiosVars: (content) => {
        biosVars = content;
      },
    });
    first.type(`setvar ${variable} -bs -rt -nv =0x5a5b\r`);
    await first.waitFor(/Shell> /);
    first.type('reset -s\r');
    expect(await first.ended).toEqual({ kind: 'power off' });
    const second = await startShell({ biosVars, reboot: false });
    second.type(`setvar ${variable}\r`);
    await second.waitFor(/5B 5A/);
    second.type('reset\r');
    expect(await second.ended).toEqual({ kind: 'restart' });
  });

  it.skipIf(guest === undefined)('boots the kernel that it is handed', async () => {
    const lines = await bootThrough(OVMF, 'ls /sys/firmware/efi | tr "\\n" " "; echo');
    expect(
      lines.filter((line) => /EFI stub: Loaded initrd from LINUX_EFI_INITRD_MEDIA_GUID/.test(line)),
    ).toHaveLength(1);
    expect(lines).toContain('efi: EFI v2.70 by EDK II');
    expect(lines.filter((line) => /config_table.*runtime.*systab/.test(line))).toHaveLength(1);
  });
});
