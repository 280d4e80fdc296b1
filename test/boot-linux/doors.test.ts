import { describe, expect, it } from 'vitest';
import type { EntryName } from '../../src/boot/door.ts';
import { extractVmlinux } from './extract-vmlinux.ts';
import { complaints, kernelLines } from './kernel-log.ts';
import { boot, findGuest, type Guest, NO_CIPHER_TESTS, scriptWord } from './linux-guest.ts';

const guest = await findGuest();

const LOADER = 'echo loader $(cat /proc/sys/kernel/bootloader_type)';

/** type_of_loader of boot_params: ours, and what the kernel's own PVH entry point fills in. */
const UNDEFINED_LOADER = 'loader 255';
const PVH_LOADER = 'loader 176';

/** Boots to the end; the log's lines. */
async function bootBy(entry: EntryName, kernel?: Uint8Array, script = LOADER): Promise<string[]> {
  const files = { ...(guest as Guest), ...(kernel === undefined ? {} : { kernel }) };
  const { ending, output } = await boot(files, {
    clock: 'instructions',
    entry,
    append: `${NO_CIPHER_TESTS} ${scriptWord(script)}`,
  });
  const lines = kernelLines(output);
  expect(complaints(output)).toEqual([]);
  expect(ending).toEqual({ kind: 'power off' });
  return lines;
}

describe.skipIf(guest === undefined)("Debian's kernel boots", () => {
  it('from its 32-bit entry point', async () => {
    expect(await bootBy('32')).toContain(UNDEFINED_LOADER);
  });

  it('as a vmlinux from its 64-bit entry point', async () => {
    expect(await bootBy('64', extractVmlinux((guest as Guest).kernel))).toContain(UNDEFINED_LOADER);
  });

  it('as a vmlinux by PVH', async () => {
    expect(await bootBy('pvh', extractVmlinux((guest as Guest).kernel))).toContain(PVH_LOADER);
  });

  it('by its EFI stub, with the initramfs from LoadFile2', async () => {
    const script = 'ls /sys/firmware/efi | tr "\\n" " "; echo';
    const lines = await bootBy('efi', undefined, script);
    expect(lines).toContain('EFI stub: Loaded initrd from LINUX_EFI_INITRD_MEDIA_GUID device path');
    expect(lines.filter((line) => /^efi: EFI v2\.70 by longmode$/.test(line))).toHaveLength(1);
    expect(
      lines.filter((line) => /^efi: ACPI 2\.0=0xf0000 SMBIOS 3\.0=0xf0040 MEMATTR/.test(line)),
    ).toHaveLength(1);
    expect(lines.filter((line) => /config_table.*runtime.*systab/.test(line))).toHaveLength(1);
    expect(lines).toContain('Registered efivars operations');
  });
});
