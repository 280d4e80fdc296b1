/** Debian's memtest86+, where it is installed: a program of its own in the shapes of a Linux kernel, which knows the BIOS and 32-bit code, and of an EFI application. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { Session } from './linux-guest.ts';

const MEMTEST = '/boot/memtest86+x64';

function isInstalled(): boolean {
  if (existsSync(`${MEMTEST}.bin`)) return true;
  console.warn(`skipped: no ${MEMTEST}.bin (package memtest86+)`);
  return false;
}

describe.skipIf(!isInstalled())('memtest86+', () => {
  // As an EFI application it draws, too, and does not have the memory of the firmware.
  it.each([
    ['16', '.bin', '16MB'],
    ['efi', '.efi', '1[45]MB'],
  ] as const)('tests memory, by the entry %s', async (entry, suffix, size) => {
    const kernel = await readFile(`${MEMTEST}${suffix}`);
    const session = await Session.start(
      { kernel },
      { entry, memorySize: 16 * 2 ** 20, append: 'nopause nobench' },
    );
    await session.waitFor(/Memtest86\+ v/);
    await session.waitFor(new RegExp(`Memory +: +${size}`));
    // The first test's name, and what it tests.
    await session.waitFor(/Address test, walking ones/);
    await session.waitFor(/\[\d+MB of 1\d(\.\d)?MB\]/);
    // One behind it. It tells by its clock what it is at, so most of them, and which part of memory, are seen in some runs only.
    await session.waitFor(/#(?:[1-9]|10) +\[/);
    expect(await session.stop()).toEqual({ kind: 'stopped' });
    expect(session.output).toMatch(/Errors: 0/);
  });
});
