import { describe, expect, it } from 'vitest';
import { complaints, kernelLines } from './kernel-log.ts';
import { boot, findGuest, type Guest, NO_CIPHER_TESTS, scriptWord } from './linux-guest.ts';

const MINUTES = 60_000;
const guest = await findGuest();

const APPEND = `${NO_CIPHER_TESTS} ${scriptWord('echo door open; grep MemTotal /proc/meminfo')}`;

describe.skipIf(guest === undefined)("Debian's kernel", () => {
  it(
    'boots from its 32-bit entry point',
    async () => {
      const { ending, output } = await boot(guest as Guest, {
        clock: 'instructions',
        entry: '32',
        append: APPEND,
      });
      expect(kernelLines(output)).toContain('door open');
      expect(complaints(output)).toEqual([]);
      expect(ending).toEqual({ kind: 'power off' });
    },
    5 * MINUTES,
  );
});
