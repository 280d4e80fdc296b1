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
/** Boot protocols: the first with such a header, and those that added fields to it. */
export const PROTOCOL_2_00 = 0x0200;
export const PROTOCOL_2_01 = 0x0201;
export const PROTOCOL_2_02 = 0x0202;
const PROTOCOL_2_03 = 0x0203;
const PROTOCOL_2_04 = 0x0204;
const PROTOCOL_2_05 = 0x0205;
const PROTOCOL_2_06 = 0x0206;
const PROTOCOL_2_08 = 0x0208;
export const PROTOCOL_2_09 = 0x0209;
const PROTOCOL_2_10 = 0x020a;
const PROTOCOL_2_12 = 0x020c;
/** What boot.rst says of kernels that are too old to have the field. */
const DEFAULT_INITRD_ADDRESS_MAX = 0x37ff_ffff;
const DEFAULT_COMMAND_LINE_SIZE = 255;
const LOADFLAGS_LOADED_HIGH = 0x01;
const PAYLOAD_OFFSET = 0x248;
const PAYLOAD_LENGTH = 0x24c;
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
  /** The compressed kernel in the protected-mode code; empty where the header does not say where it is. */
  readonly payload: Uint8Array;
  /** The protected-mode code belongs at 1 MiB or above (bzImage), not at 64 KiB (zImage). */
  readonly loadedHigh: boolean;
  /** Where the real-mode code jumps to. */
  readonly code32Start: number;
  readonly relocatable: boolean;
  /** A relocatable kernel must be loaded at a multiple of this. */
  readonly kernelAlignment: number;
  /** Where it runs best; where it is loaded, in old kernels. */
  readonly preferredAddress: number;
  /** Memory the kernel needs from where it runs before it has looked at the memory map; 0 where it does not say. */
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

function payloadOf(protectedMode: Uint8Array, header: DataView): Uint8Array {
  const offset = header.getUint32(PAYLOAD_OFFSET, true);
  return protectedMode.subarray(offset, offset + header.getUint32(PAYLOAD_LENGTH, true));
}

const versionName = (version: number): string => `${version >> 8}.${String(version & 0xff).padStart(2, '0')}`;

/**
 * A bzImage of boot protocol 2.12 (Linux 3.8) or later, as its 32-bit and 64-bit entry points want it.
 * @param file the whole kernel file.
 * @throws InputError when it is none, or cut off.
 */
export function parseBzImage(file: Uint8Array): BzImage {
  const image = parseLinuxImage(file, PROTOCOL_2_12, 'Linux 3.8');
  if (image.setupHeader.length < HEADER_END_2_12 - SETUP_HEADER || !image.loadedHigh) {
    throw new InputError('not a bzImage: the setup header contradicts itself');
  }
  return image;
}

/**
 * A kernel image with a setup header, a bzImage or a zImage.
 * @param file the whole kernel file.
 * @param minimum the oldest boot protocol. @param linux the version of Linux it came with.
 * @throws InputError when it is none, cut off, or older.
 */
export function parseLinuxImage(file: Uint8Array, minimum: number, linux: string): BzImage {
  if (!hasSetupHeader(file)) throw new InputError('not a bzImage: there is no Linux setup header');
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const version = view.getUint16(0x206, true);
  if (version < minimum) {
    throw new InputError(
      `boot protocol ${versionName(version)} is too old: ${versionName(minimum)} (${linux}) or later is needed`,
    );
  }
  const has = (protocol: number): boolean => version >= protocol;
  const headerEnd = 0x202 + (file[JUMP_DISPLACEMENT] ?? 0);
  const setupSectors = view.getUint8(0x1f1) || DEFAULT_SETUP_SECTORS;
  const realModeSize = (setupSectors + 1) * SECTOR;
  if (file.length < HEADER_END_2_12 || file.length <= realModeSize) {
    throw new InputError(`truncated bzImage: the file has ${file.length} bytes, its header ends early`);
  }
  // Older kernels say it with 16 bits, which are too few.
  const size = has(PROTOCOL_2_04) ? realModeSize + view.getUint32(0x1f4, true) * PARAGRAPH : file.length;
  // Some linkers leave the file's last paragraph short (memtest86+): nothing of it is missing.
  if (!(file.length > size - PARAGRAPH)) {
    throw new InputError(
      `truncated bzImage: the file has ${file.length} bytes, it should have ${size} bytes`,
    );
  }
  const code32Start = view.getUint32(0x214, true);
  const protectedMode = file.subarray(realModeSize, size);
  return {
    version,
    setupHeader: file.subarray(SETUP_HEADER, headerEnd),
    realMode: file.subarray(0, realModeSize),
    protectedMode,
    payload: has(PROTOCOL_2_08) ? payloadOf(protectedMode, view) : new Uint8Array(0),
    loadedHigh: (view.getUint8(0x211) & LOADFLAGS_LOADED_HIGH) !== 0,
    code32Start,
    relocatable: has(PROTOCOL_2_05) && view.getUint8(0x234) !== 0,
    kernelAlignment: has(PROTOCOL_2_05) ? view.getUint32(0x230, true) : 1,
    preferredAddress: has(PROTOCOL_2_10) ? Number(view.getBigUint64(0x258, true)) : code32Start,
    initSize: has(PROTOCOL_2_10) ? view.getUint32(0x260, true) : 0,
    initrdAddressMax: has(PROTOCOL_2_03) ? view.getUint32(0x22c, true) : DEFAULT_INITRD_ADDRESS_MAX,
    commandLineSize: has(PROTOCOL_2_06) ? view.getUint32(0x238, true) : DEFAULT_COMMAND_LINE_SIZE,
    hasEntry64: hasEntry64(file),
  };
}
