import { describe, expect, it } from 'vitest';
import { complaints, SPECULATION_OF_AMD } from './kernel-log.ts';
import { boot, findGuest, type Guest, NO_CIPHER_TESTS, scriptWord } from './linux-guest.ts';

const MINUTES = 60_000;
const guest = await findGuest();
const SCRIPT = scriptWord('grep -c -w la57 /proc/cpuinfo; grep "address sizes" /proc/cpuinfo');

describe.skipIf(guest === undefined)('5-level paging', { timeout: 5 * MINUTES }, () => {
  it.each([
    ['', 'max', '1'],
    // The kernel is told not to use it, and hides the flag. Another vendor's processor, so that a boot shows that, too.
    ['no5lvl', 'max,vendor=AuthenticAMD', '0'],
  ])('with the kernel word "%s" on %s', async (word, cpu, count) => {
    const { ending, output } = await boot(guest as Guest, {
      clock: 'instructions',
      cpu,
      append: `${NO_CIPHER_TESTS} ${word} ${SCRIPT}`,
    });
    expect(ending).toEqual({ kind: 'power off' });
    expect(output).toMatch(new RegExp(`^${count}\\r$`, 'm'));
    expect(output).toContain('57 bits virtual');
    const isAmd = cpu.endsWith('AMD');
    expect(/^\[.*\] smpboot: CPU0: AMD longmode x86-64 \(family: 0x1a, model: 0x2/m.test(output)).toBe(isAmd);
    // Only the decompressor knows the word.
    const expected = isAmd ? [/^Unknown kernel command line .*no5lvl/, SPECULATION_OF_AMD] : [];
    const isExpected = (line: string): boolean => expected.some((pattern) => pattern.test(line));
    expect(complaints(output).filter((line) => !isExpected(line))).toEqual([]);
  });
});
