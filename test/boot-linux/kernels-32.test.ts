import { describe, expect, it } from 'vitest';
import { complaints, kernelLines } from './kernel-log.ts';
import { boot, findGuest, type Guest, NO_CIPHER_TESTS, scriptWord } from './linux-guest.ts';

/** Debian 12 is the last release with 32-bit kernels. */
const guest = await findGuest('686').catch((error: Error) => {
  console.warn(`skipped: no 32-bit kernel: ${error.message}`);
  return undefined;
});

describe.skipIf(guest === undefined)("Debian's 32-bit kernel", () => {
  it('boots to a shell, and says nothing that it would not say on other machines', async () => {
    const { ending, output, statistics } = await boot(guest as Guest, {
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
