/**
 * Fills in `struct boot_params`, the "zero page" Linux is handed by its 32-bit and 64-bit entry points.
 * Source: Linux Documentation/arch/x86/zero-page.rst and boot.rst.
 */
import { SETUP_HEADER } from './bzimage.ts';
import type { E820Entry } from './e820.ts';

export const BOOT_PARAMS_SIZE = 4096;

const ACPI_RSDP_ADDR = 0x070;
const E820_ENTRIES = 0x1e8;
const TYPE_OF_LOADER = 0x210;
const CODE32_START = 0x214;
const RAMDISK_IMAGE = 0x218;
const RAMDISK_SIZE = 0x21c;
const CMD_LINE_PTR = 0x228;
const SETUP_DATA = 0x250;
const E820_TABLE = 0x2d0;
const E820_ENTRY_SIZE = 20;
const E820_MAX_ENTRIES = 128;

/** A boot loader without an assigned number. */
const LOADER_UNDEFINED = 0xff;
const SETUP_RNG_SEED = 9;

/** Guest-physical addresses below 4 GiB, sizes in bytes; 0 for what is not there. */
export interface BootParams {
  readonly kernelAddress: number;
  readonly commandLineAddress: number;
  readonly initrdAddress: number;
  readonly initrdSize: number;
  readonly rsdpAddress: number;
  /** First element of the setup_data list. */
  readonly setupDataAddress: number;
  readonly e820: readonly E820Entry[];
}

/**
 * @param setupHeader what stands from SETUP_HEADER on.
 * @throws RangeError for more than 128 memory map entries.
 */
export function buildBootParams(setupHeader: Uint8Array, params: BootParams): Uint8Array {
  if (params.e820.length > E820_MAX_ENTRIES) throw new RangeError('too many memory map entries');
  const bytes = new Uint8Array(BOOT_PARAMS_SIZE);
  const view = new DataView(bytes.buffer);
  bytes.set(setupHeader, SETUP_HEADER);
  view.setBigUint64(ACPI_RSDP_ADDR, BigInt(params.rsdpAddress), true);
  view.setUint8(TYPE_OF_LOADER, LOADER_UNDEFINED);
  view.setUint32(CODE32_START, params.kernelAddress, true);
  view.setUint32(RAMDISK_IMAGE, params.initrdAddress, true);
  view.setUint32(RAMDISK_SIZE, params.initrdSize, true);
  view.setUint32(CMD_LINE_PTR, params.commandLineAddress, true);
  view.setBigUint64(SETUP_DATA, BigInt(params.setupDataAddress), true);
  view.setUint8(E820_ENTRIES, params.e820.length);
  params.e820.forEach(({ address, length, type }, index) => {
    const offset = E820_TABLE + index * E820_ENTRY_SIZE;
    view.setBigUint64(offset, BigInt(address), true);
    view.setBigUint64(offset + 8, BigInt(length), true);
    view.setUint32(offset + 16, type, true);
  });
  return bytes;
}

/** The only element of a setup_data list: random bytes for the kernel's generator. */
export function buildSeedSetupData(seed: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(16 + seed.length);
  const view = new DataView(bytes.buffer);
  const endOfList = 0n;
  view.setBigUint64(0, endOfList, true);
  view.setUint32(8, SETUP_RNG_SEED, true);
  view.setUint32(12, seed.length, true);
  bytes.set(seed, 16);
  return bytes;
}
