/**
 * The descriptor table that a loader leaves.
 * Source: Intel SDM Vol. 3 "Segment Descriptors".
 */

/** Selectors Linux expects (boot.rst: __BOOT_CS and __BOOT_DS); others take any. */
export const BOOT_CODE = 0x10;
export const BOOT_DATA = 0x18;

/** Present, ring 0, execute and read, 4 GiB limit. */
const CODE_32 = 0x00cf9b000000ffffn;
const CODE_64 = 0x00af9b000000ffffn;
/** Present, ring 0, read and write, 32-bit stack, 4 GiB limit. */
const DATA = 0x00cf93000000ffffn;

/** A global descriptor table with BOOT_CODE and BOOT_DATA. */
export function buildGdt(code: '32-bit' | '64-bit'): Uint8Array {
  const gdt = new Uint8Array(BOOT_DATA + 8);
  const view = new DataView(gdt.buffer);
  view.setBigUint64(BOOT_CODE, code === '32-bit' ? CODE_32 : CODE_64, true);
  view.setBigUint64(BOOT_DATA, DATA, true);
  return gdt;
}
