import { describe, expect, it } from 'vitest';
import { complaints } from './kernel-log.ts';
import { boot, findGuest, type Guest, NO_CIPHER_TESTS, scriptWord } from './linux-guest.ts';

const GIB = 2 ** 30;
const MINUTES = 60_000;
const guest = await findGuest();

describe.skipIf(guest === undefined)('a machine with 32 GiB', () => {
  it(
    'boots, and takes from the host what the guest touches: mostly the 512 MiB of page descriptors',
    async () => {
      const { ending, output, statistics } = await boot(guest as Guest, {
        clock: 'instructions',
        memorySize: 32 * GIB,
        append: `${NO_CIPHER_TESTS} ${scriptWord('grep MemTotal /proc/meminfo')}`,
      });
      expect(ending).toEqual({ kind: 'power off' });
      const total = Number(output.match(/^MemTotal: +(\d+) kB/m)?.[1]) * 1024;
      expect(total).toBeGreaterThan(31 * GIB);
      expect(total).toBeLessThan(32 * GIB);
      expect(output).toMatch(/BIOS-e820: \[mem 0x0000000100000000-0x000000083fffffff\] usable/);
      expect(complaints(output)).toEqual([]);
      expect(statistics.memory.ramTouched).toBeLessThan(0.8 * GIB);
    },
    5 * MINUTES,
  );
});
