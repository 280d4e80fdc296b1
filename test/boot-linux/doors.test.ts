import { describe, expect, it } from 'vitest';
import type { EntryName } from '../../src/boot/door.ts';
import { buildE820 } from '../../src/boot/e820.ts';
import { extractVmlinux } from './extract-vmlinux.ts';
import { complaints, kernelLines } from './kernel-log.ts';
import { boot, findGuest, type Guest, NO_CIPHER_TESTS, Session, scriptWord } from './linux-guest.ts';

const guest = await findGuest();

const LOADER = 'echo loader $(cat /proc/sys/kernel/bootloader_type)';

/** type_of_loader of boot_params: ours, and what the kernel's own PVH entry point fills in. */
const UNDEFINED_LOADER = 'loader 255';
const PVH_LOADER = 'loader 176';

const MIB = 2 ** 20;
/** In /proc/iomem, by type in the memory map. */
const RESOURCE_NAMES: Readonly<Record<number, string>> = {
  1: 'System RAM',
  2: 'Reserved',
  3: 'ACPI Tables',
  4: 'ACPI Non-volatile Storage',
};
/** Of conventional memory: the first page, and what is before, in and behind setup_data. */
const LOW_PIECES = 4;

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
  it('from its 32-bit entry point, and finds the resources that the memory map and the ports have', async () => {
    const lines = kernelLines(await bootBy('32', { script: `${LOADER}; cat /proc/iomem /proc/ioports` }));
    expect(lines).toContain(UNDEFINED_LOADER);
    const resources = lines
      .filter((line) => /^ *[0-9a-f]+-[0-9a-f]+ : /.test(line))
      .map((line) => line.trim());
    // The kernel keeps a part of conventional memory, and takes pieces out of the rest of it.
    const map = buildE820(512 * MIB).filter(({ address }) => address > 0);
    for (const { address, length, type } of map) {
      const range = [address, address + length - 1].map((end) => end.toString(16).padStart(8, '0'));
      expect(resources).toContain(`${range.join('-')} : ${RESOURCE_NAMES[type]}`);
    }
    expect(resources.filter((line) => / : (Reserved|System RAM)$/.test(line))).toHaveLength(
      map.filter(({ type }) => type <= 2).length + LOW_PIECES,
    );
    for (const port of ['0020-0021 : pic1', '0070-0071 : rtc0', '02f8-02ff : serial', '03f8-03ff : serial'])
      expect(resources).toContain(port);
    expect(resources).toContain('0600-0603 : ACPI PM1a_EVT_BLK');
    expect(resources).toContain('0cf8-0cff : PCI conf1');
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
