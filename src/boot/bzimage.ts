/**
 * Reads the setup header of a Linux kernel image.
 * Source: Linux Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header".
 */
import { InputError } from './input-error.ts';

/** Where the setup header starts, in the file and in boot_params alike. */
export const SETUP_HEADER = 0x1f1;

const SECTOR = 512;
/** The protected-mode code's size is counted in paragraphs. */
const PARAGRAPH = 16;
const BOOT_FLAG = 0xaa55;
/** "HdrS" */
const HEADER_MAGIC = 0x53726448;
/** End of the header as of protocol 2.12, the last field being handover_offset. */
const HEADER_END_2_12 = 0x268;
/** The first byte of the jump at 0x200 is its opcode, the second its displacement from 0x202. */
const JUMP_DISPLACEMENT = 0x201;
const DEFAULT_SETUP_SECTORS = 4;
const MINIMUM_VERSION = 0x020c;
const LOADFLAGS_LOADED_HIGH = 0x01;
const XLOADFLAGS = 0x236;
const XLF_KERNEL_64 = 0x01;

/** A kernel image taken apart. Addresses are guest-physical; sizes in bytes. */
export interface BzImage {
  /** Boot protocol, major in the high byte. */
  readonly version: number;
  /** The setup header as it stands in the file, from SETUP_HEADER on. */
  readonly setupHeader: Uint8Array;
  /** Boot sector and real-mode code. */
  readonly realMode: Uint8Array;
  /** The code loaded high; a signature may follow it in the file. */
  readonly protectedMode: Uint8Array;
  readonly relocatable: boolean;
  /** A relocatable kernel must be loaded at a multiple of this. */
  readonly kernelAlignment: number;
  readonly preferredAddress: number;
  /** Memory the kernel needs from where it runs before it has looked at the memory map. */
  readonly initSize: number;
  /** Highest address the initramfs may occupy. */
  readonly initrdAddressMax: number;
  /** Longest command line, without the final 0. */
  readonly commandLineSize: number;
  /** There is a 64-bit entry point 0x200 into the protected-mode code. */
  readonly hasEntry64: boolean;
}

/** Whether a file has the setup header of Linux. */
export function hasSetupHeader(file: Uint8Array): boolean {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  return (
    file.length >= 0x208 &&
    view.getUint16(0x1fe, true) === BOOT_FLAG &&
    view.getUint32(0x202, true) === HEADER_MAGIC
  );
}

/** Whether a file with a setup header says that it has a 64-bit entry point. */
export function hasEntry64(file: Uint8Array): boolean {
  if (!hasSetupHeader(file) || file.length < XLOADFLAGS + 2) return false;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  return (view.getUint16(XLOADFLAGS, true) & XLF_KERNEL_64) !== 0;
}

/**
 * @param file the whole kernel file.
 * @throws InputError when it is no bzImage, cut off, or older than boot protocol 2.12.
 */
export function parseBzImage(file: Uint8Array): BzImage {
  if (!hasSetupHeader(file)) throw new InputError('not a bzImage: there is no Linux setup header');
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const version = view.getUint16(0x206, true);
  if (version < MINIMUM_VERSION) {
    const name = `${version >> 8}.${String(version & 0xff).padStart(2, '0')}`;
    throw new InputError(`boot protocol ${name} is too old: 2.12 (Linux 3.8) or later is needed`);
  }
  const headerEnd = 0x202 + (file[JUMP_DISPLACEMENT] ?? 0);
  const setupSectors = view.getUint8(0x1f1) || DEFAULT_SETUP_SECTORS;
  const realModeSize = (setupSectors + 1) * SECTOR;
  const size =
    file.length < HEADER_END_2_12 ? Number.NaN : realModeSize + view.getUint32(0x1f4, true) * PARAGRAPH;
  // Some linkers leave the file's last paragraph short (memtest86+): nothing of it is missing.
  if (!(file.length > size - PARAGRAPH)) {
    const expected = Number.isNaN(size) ? 'its header ends early' : `it should have ${size} bytes`;
    throw new InputError(`truncated bzImage: the file has ${file.length} bytes, ${expected}`);
  }
  if (headerEnd < HEADER_END_2_12 || (view.getUint8(0x211) & LOADFLAGS_LOADED_HIGH) === 0) {
    throw new InputError('not a bzImage: the setup header contradicts itself');
  }
  return {
    version,
    setupHeader: file.subarray(SETUP_HEADER, headerEnd),
    realMode: file.subarray(0, realModeSize),
    protectedMode: file.subarray(realModeSize, size),
    relocatable: view.getUint8(0x234) !== 0,
    kernelAlignment: view.getUint32(0x230, true),
    preferredAddress: Number(view.getBigUint64(0x258, true)),
    initSize: view.getUint32(0x260, true),
    initrdAddressMax: view.getUint32(0x22c, true),
    commandLineSize: view.getUint32(0x238, true),
    hasEntry64: hasEntry64(file),
  };
}
