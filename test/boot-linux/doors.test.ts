import { describe, expect, it } from 'vitest';
import type { EntryName } from '../../src/boot/door.ts';
import { extractVmlinux } from './extract-vmlinux.ts';
import { complaints, kernelLines } from './kernel-log.ts';
import { boot, findGuest, type Guest, NO_CIPHER_TESTS, Session, scriptWord } from './linux-guest.ts';

const guest = await findGuest();

const LOADER = 'echo loader $(cat /proc/sys/kernel/bootloader_type)';

/** type_of_loader of boot_params: ours, and what the kernel's own PVH entry point fills in. */
const UNDEFINED_LOADER = 'loader 255';
const PVH_LOADER = 'loader 176';

interface BootOptions {
  readonly kernel?: Uint8Array;
  readonly script?: string;
  readonly tier?: 'auto' | 'interpreter';
}

/** Boots to the end; the log. */
async function bootBy(entry: EntryName, { kernel, script = LOADER, tier = 'auto' }: BootOptions = {}) {
  const files = { ...(guest as Guest), ...(kernel === undefined ? {} : { kernel }) };
  const { ending, output } = await boot(files, {
    clock: 'instructions',
    entry,
    tier,
    append: `${NO_CIPHER_TESTS} ${scriptWord(script)}`,
  });
  expect(complaints(output)).toEqual([]);
  expect(ending).toEqual({ kind: 'power off' });
  return output;
}

const vmlinux = (): Uint8Array => extractVmlinux((guest as Guest).kernel);

describe.skipIf(guest === undefined)("Debian's kernel boots", () => {
  it('from its 32-bit entry point', async () => {
    expect(kernelLines(await bootBy('32'))).toContain(UNDEFINED_LOADER);
  });

  it('from its real-mode entry point, with what the BIOS says', async () => {
    const output = await bootBy('16');
    const lines = kernelLines(output);
    expect(lines[0]).toBe('Probing EDD (edd=off to disable)... ok');
    expect(lines).toContain(UNDEFINED_LOADER);
    expect(lines).toContain('BIOS-e820: [mem 0x0000000000100000-0x000000001ffeffff] usable');
    expect(lines).toContain('Console: colour *CGA 80x25');
    // To the nanosecond: the calls of the BIOS are instructions of the guest like others.
    expect(await bootBy('16', { tier: 'interpreter' })).toBe(output);
  });

  it('as a vmlinux from its 64-bit entry point', async () => {
    expect(kernelLines(await bootBy('64', { kernel: vmlinux() }))).toContain(UNDEFINED_LOADER);
  });

  it('as a vmlinux by PVH', async () => {
    expect(kernelLines(await bootBy('pvh', { kernel: vmlinux() }))).toContain(PVH_LOADER);
  });

  it('by its EFI stub, with the initramfs from LoadFile2', async () => {
    const script = 'ls /sys/firmware/efi | tr "\\n" " "; echo';
    const output = await bootBy('efi', { script });
    const lines = kernelLines(output);
    expect(lines).toContain('EFI stub: Loaded initrd from LINUX_EFI_INITRD_MEDIA_GUID device path');
    expect(lines.filter((line) => /^efi: EFI v2\.70 by longmode$/.test(line))).toHaveLength(1);
    expect(
      lines.filter((line) => /^efi: ACPI 2\.0=0xf0000 SMBIOS 3\.0=0xf0040 MEMATTR/.test(line)),
    ).toHaveLength(1);
    expect(lines.filter((line) => /config_table.*runtime.*systab/.test(line))).toHaveLength(1);
    expect(lines).toContain('Registered efivars operations');
    // To the nanosecond: the calls of the firmware are instructions of the guest like others.
    expect(await bootBy('efi', { script, tier: 'interpreter' })).toBe(output);
  });

  it('by its EFI stub, and restarts by the firmware at its virtual address', async () => {
    const session = await Session.start(guest as Guest, {
      clock: 'instructions',
      entry: 'efi',
      reboot: false,
      append: `${NO_CIPHER_TESTS} reboot=efi ${scriptWord('reboot -f')}`,
    });
    expect(await session.ended).toEqual({ kind: 'restart' });
    // Linux maps the runtime services below -4 GiB. The machine ends in the stub of ResetSystem.
    expect(session.machine.processor.rip >> 32n).toBe(0xffff_fffen);
  });
});
