import { describe, expect, it } from 'vitest';
import { complaints } from './kernel-log.ts';
import { boot, findGuest, type Guest, NO_CIPHER_TESTS, scriptWord } from './linux-guest.ts';

const MINUTES = 60_000;
const guest = await findGuest();
const SCRIPT = scriptWord('grep -c -w la57 /proc/cpuinfo; grep "address sizes" /proc/cpuinfo');

describe.skipIf(guest === undefined)('5-level paging', { timeout: 5 * MINUTES }, () => {
  it.each([
    ['', '1'],
    // The kernel is told not to use it, and hides the flag.
    ['no5lvl', '0'],
  ])('with the kernel word "%s"', async (word, count) => {
    const { ending, output } = await boot(guest as Guest, {
      clock: 'instructions',
      cpu: 'max',
      append: `${NO_CIPHER_TESTS} ${word} ${SCRIPT}`,
    });
    expect(ending).toEqual({ kind: 'power off' });
    expect(output).toMatch(new RegExp(`^${count}\\r$`, 'm'));
    expect(output).toContain('57 bits virtual');
    // Only the decompressor knows the word.
    const others = complaints(output).filter((line) => !/^Unknown kernel command line .*no5lvl/.test(line));
    expect(others).toEqual([]);
  });
});
