/** Kernels of Debian that the loader unpacks, beside the same that unpack themselves. */
import { describe, expect, it } from 'vitest';
import { complaints, kernelLines } from './kernel-log.ts';
import {
  boot,
  findGuest,
  findGuest32,
  type Guest,
  NO_CIPHER_TESTS,
  type SessionOptions,
  scriptWord,
} from './linux-guest.ts';

const MINUTES = 60_000;
const SCRIPT = scriptWord("grep ' _text$' /proc/kallsyms; cat /proc/cmdline");

async function bootLines(guest: Guest, options: SessionOptions, words = ''): Promise<string[]> {
  const { ending, output } = await boot(guest, {
    clock: 'instructions',
    append: `${NO_CIPHER_TESTS} ${words} ${SCRIPT}`,
    ...options,
  });
  // Only the decompressor knows the word.
  const expected = words === 'nokaslr' ? [expect.stringMatching(/^Unknown kernel .*"nokaslr"/)] : [];
  expect(complaints(output)).toEqual(expected);
  expect(ending).toEqual({ kind: 'power off' });
  return kernelLines(output);
}

/** Virtual address of the kernel. */
const textOf = (lines: readonly string[]): string =>
  lines.flatMap((line) => /^([0-9a-f]+) T _text$/.exec(line)?.[1] ?? []).join();

/** In a fixed order, without what depends on the kernel's place, or on time. */
const comparable = (lines: readonly string[]): string[] =>
  lines
    .filter(
      (line) => !/ T _text$|^Memory: |^sched_clock: |^audit: type=2000 |setting system clock to/.test(line),
    )
    .sort();

const [cloud, old] = [await findGuest(), await findGuest32('686')];

describe.skipIf(cloud === undefined)("Debian's kernel", { timeout: 5 * MINUTES }, () => {
  it('says the same whoever has unpacked it', async () => {
    const guest = cloud as Guest;
    const byLoader = await bootLines(guest, { entry: 'unpacked' });
    const byItself = await bootLines(guest, { entry: '64' });
    expect(comparable(byLoader)).toEqual(comparable(byItself));
    // Without a choice it is the loader.
    expect(await bootLines(guest, {})).toEqual(byLoader);
  });

  it('is somewhere else with another seed', async () => {
    const places = new Set<string>();
    for (const seed of [1, 2, 3]) places.add(textOf(await bootLines(cloud as Guest, { seed })));
    expect(places.size).toBe(3);
    for (const place of places) expect(place).toMatch(/^ffffffff[89ab][0-9a-f]{7}$/);
    expect(textOf(await bootLines(cloud as Guest, { seed: 1 }, 'nokaslr'))).toBe('ffffffff81000000');
  });
});

describe.skipIf(old === undefined)("Debian's 32-bit kernel", { timeout: 5 * MINUTES }, () => {
  it('says the same whoever has unpacked it, and is somewhere else with another seed', async () => {
    const byLoader = await bootLines(old as Guest, { seed: 1 });
    expect(comparable(byLoader)).toEqual(comparable(await bootLines(old as Guest, { seed: 1, entry: '32' })));
    const other = textOf(await bootLines(old as Guest, { seed: 2 }));
    expect(other).toMatch(/^[cd][0-9a-f]{7}$/);
    expect(other).not.toBe(textOf(byLoader));
  });
});
