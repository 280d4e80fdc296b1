/** Whose processor this machine has: the emulator is to be like it. */
import { readFileSync } from 'node:fs';
import type { ProcessorOptions } from '../../src/cpu/processor.ts';
import { DEFAULT_VENDOR, VENDORS, type Vendor } from '../../src/layout/vendor.ts';

/** Instructions that only one vendor has, and that Vendor does not take away. */
const AMD_FEATURES: ReadonlySet<string> = new Set(['sse4a']);

/** The vendor that CPUID tells, if the emulator knows it. */
function nativeVendor(): Vendor {
  const [, name] = /^vendor_id\s*:\s*(\S+)/m.exec(readFileSync('/proc/cpuinfo', 'latin1')) ?? [];
  return VENDORS.find((vendor) => vendor === name) ?? DEFAULT_VENDOR;
}

export function likeNative(): Pick<ProcessorOptions, 'vendor' | 'withheld'> {
  const vendor = nativeVendor();
  return { vendor, withheld: vendor === 'AuthenticAMD' ? new Set() : AMD_FEATURES };
}
