import { describe, expect, it } from 'vitest';
import { writeCpio } from '../../src/boot/cpio.ts';
import { complaints, kernelLines } from './kernel-log.ts';
import { boot, findGuest32, type Guest, NO_CIPHER_TESTS, scriptWord } from './linux-guest.ts';

/** Without PAE, and with it: page tables of two and of three levels. */
const [plain, pae] = [await findGuest32('686'), await findGuest32('686-pae')];

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

/**
 * A program for i386: ioctl(open("/dev/apm_bios", O_RDWR), 4100h + argc), whose error number it ends with. Alone that is
 * APM_IOC_STANDBY, with an argument APM_IOC_SUSPEND.
 */
function apmProgram(): Uint8Array {
  const parts = [
    '7f454c46 01010100 0000000000000000 0200 0300 01000000', // ELF, 32 bits, executable, i386
    '54800408 34000000 00000000 00000000 3400 2000 0100 0000 0000 0000', // entry 8048054h, one program header
    '01000000 00000000 00800408 00800408 a0000000 a0000000 05000000 00100000', // this file, at 8048000h
    '5d b805000000 bb90800408 b902000000 cd80', // pop ebp; mov eax, 5; mov ebx, path; mov ecx, 2; int 80h
    '93 8d8d00410000 b836000000 cd80', // xchg ebx, eax; lea ecx, [ebp + 4100h]; mov eax, 54; int 80h
    'f7d8 93 31c0 40 cd80', // neg eax; xchg ebx, eax; xor eax, eax; inc eax; int 80h
  ];
  const [file, path] = [Buffer.alloc(0xa0), 0x90];
  file.write(parts.join('').replaceAll(' ', ''), 'hex');
  file.write('/dev/apm_bios', path);
  return file;
}

describe.skipIf(plain === undefined)("Debian's 32-bit kernel without ACPI", () => {
  it('finds the APM BIOS, stands by, is suspended, and powers off by it', async () => {
    const script = [
      'insmod /lib/modules/apm.ko* power_off=1',
      'cat /proc/apm',
      'grep apm_bios /proc/misc',
      '/apm-sleep; echo standby $?',
      '/apm-sleep suspend; echo suspend $?',
      'poweroff -f',
    ];
    const { kernel, initrd } = plain as Guest;
    const program = writeCpio([{ path: 'apm-sleep', mode: 0o100755, data: apmProgram() }]);
    const guest = { kernel, initrd: Buffer.concat([initrd, program]) };
    const { ending, output } = await boot(guest, {
      clock: 'instructions',
      entry: '16',
      append: `${NO_CIPHER_TESTS} acpi=off ${scriptWord(script.join('; '))}`,
    });
    const lines = kernelLines(output);
    expect(lines).toContain('apm: BIOS version 1.2 Flags 0x02 (Driver version 1.16ac)');
    // Driver, BIOS, flags, on line, no battery.
    expect(lines.find((line) => /^1\.16ac 1\.2 0x02 0x01 /.test(line))).toBeDefined();
    expect(lines.find((line) => / apm_bios$/.test(line))).toBeDefined();
    expect(lines).toEqual(expect.arrayContaining(['standby 0', 'suspend 0']));
    // The driver's errors begin so.
    expect(lines.filter((line) => /^apm: (standby|suspend):/.test(line))).toEqual([]);
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
