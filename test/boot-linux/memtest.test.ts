/** Debian's memtest86+, where it is installed: a program of its own in the shape of a Linux kernel, which knows the BIOS and 32-bit code. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { Session } from './linux-guest.ts';

const MEMTEST = '/boot/memtest86+x64.bin';

function isInstalled(): boolean {
  if (existsSync(MEMTEST)) return true;
  console.warn(`skipped: no ${MEMTEST} (package memtest86+)`);
  return false;
}

describe.skipIf(!isInstalled())('memtest86+', () => {
  it('tests memory, entered in real mode', async () => {
    const kernel = await readFile(MEMTEST);
    const session = await Session.start(
      { kernel },
      { entry: '16', memorySize: 16 * 2 ** 20, append: 'nopause nobench' },
    );
    await session.waitFor(/Memtest86\+ v/);
    await session.waitFor(/Memory +: +16MB/);
    // The first test's name, and what it tests.
    await session.waitFor(/Address test, walking ones/);
    await session.waitFor(/MB - 1\d(\.\d)?MB/);
    expect(await session.stop()).toEqual({ kind: 'stopped' });
    expect(session.output).toMatch(/Errors: 0/);
  });
});
