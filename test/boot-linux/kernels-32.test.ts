import { describe, expect, it } from 'vitest';
import { complaints, kernelLines } from './kernel-log.ts';
import { boot, findGuest, type Guest, NO_CIPHER_TESTS, scriptWord } from './linux-guest.ts';

/** Debian 12 is the last release with 32-bit kernels. */
async function find(kind: '686' | '686-pae'): Promise<Guest | undefined> {
  return await findGuest(kind).catch((error: Error) => {
    console.warn(`skipped: no ${kind} kernel: ${error.message}`);
    return undefined;
  });
}

/** Without PAE, and with it: page tables of two and of three levels. */
const [plain, pae] = [await find('686'), await find('686-pae')];

describe.skipIf(plain === undefined)("Debian's 32-bit kernel", () => {
  it('boots to a shell, and says nothing that it would not say on other machines', async () => {
    const { ending, output, statistics } = await boot(plain as Guest, {
      clock: 'instructions',
      entry: '32',
      append: `${NO_CIPHER_TESTS} ${scriptWord('uname -m; busybox sha256sum /init | cut -c 1-8; sleep 0.1; echo slept')}`,
    });
    expect(complaints(output)).toEqual([]);
    expect(kernelLines(output)).toEqual(expect.arrayContaining(['i686', 'slept']));
    expect(ending).toEqual({ kind: 'power off' });
    expect(statistics.regions.regions).toBeGreaterThan(100);
  });
});

describe.skipIf(plain === undefined)("Debian's 32-bit kernel without ACPI", () => {
  it('finds the APM BIOS, and powers off by it', async () => {
    const script = [
      'insmod /lib/modules/apm.ko* power_off=1',
      'cat /proc/apm',
      'grep apm_bios /proc/misc',
      'poweroff -f',
    ];
    const { ending, output } = await boot(plain as Guest, {
      clock: 'instructions',
      entry: '16',
      append: `${NO_CIPHER_TESTS} acpi=off ${scriptWord(script.join('; '))}`,
    });
    const lines = kernelLines(output);
    expect(lines).toContain('apm: BIOS version 1.2 Flags 0x02 (Driver version 1.16ac)');
    // Driver, BIOS, flags, on line, no battery.
    expect(lines.find((line) => /^1\.16ac 1\.2 0x02 0x01 /.test(line))).toBeDefined();
    expect(lines.find((line) => / apm_bios$/.test(line))).toBeDefined();
    expect(ending).toEqual({ kind: 'power off' });
  });
});

describe.skipIf(pae === undefined)("Debian's 32-bit kernel with PAE", () => {
  // The one without PAE shows the 32-bit entry.
  it('boots to a shell by the 16-bit entry', async () => {
    const { ending, output } = await boot(pae as Guest, {
      clock: 'instructions',
      entry: '16',
      append: `${NO_CIPHER_TESTS} ${scriptWord('uname -m; grep -c -w pae /proc/cpuinfo')}`,
    });
    expect(complaints(output)).toEqual([]);
    const lines = kernelLines(output);
    expect(lines.slice(-5)).toEqual(expect.arrayContaining(['i686', '1']));
    expect(lines).toContain('NX (Execute Disable) protection: active');
    // Setup code, in real mode, asks the BIOS.
    expect(lines.some((line) => line.startsWith('Probing EDD'))).toBe(true);
    expect(ending).toEqual({ kind: 'power off' });
  });
});
