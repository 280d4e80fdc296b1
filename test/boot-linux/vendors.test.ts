/**
 * A processor of AMD's has no CPUID leaf with frequencies, so Linux measures the TSC against the 8254, with time that passes as on the
 * host, and takes performance counters for granted.
 */
import { describe, expect, it } from 'vitest';
import { DebugHost } from '../support/debug-host.ts';
import { complaints, SPECULATION_OF_AMD } from './kernel-log.ts';
import { boot, findGuest, type Guest, NO_CIPHER_TESTS } from './linux-guest.ts';

const guest = await findGuest();

describe.skipIf(guest === undefined)("the kernel on AMD's processors", () => {
  it.each([
    ['', 'PMU not available due to virtualization, using software events only.'],
    [',-hypervisor', 'AMD PMU driver.'],
  ])('max,vendor=AuthenticAMD%s', async (features, events) => {
    const { ending, output } = await boot(guest as Guest, {
      host: new DebugHost(),
      cpu: `max,vendor=AuthenticAMD${features}`,
      append: `${NO_CIPHER_TESTS} longmode.run=poweroff`,
    });
    expect(ending).toEqual({ kind: 'power off' });
    expect(complaints(output).filter((line) => !SPECULATION_OF_AMD.test(line))).toEqual([]);
    expect(output).toContain('tsc: Fast TSC calibration using PIT');
    expect(output).toContain(`Performance Events: ${events}`);
  });
});
