/**
 * The way a boot loader starts Linux on a PC with a BIOS: the real-mode code of a bzImage or zImage, which asks the
 * BIOS about the machine and enters protected mode itself.
 * Source: Linux Documentation/arch/x86/boot.rst, "Memory Layout" to "Running the Kernel".
 */
import type { GuestMemory } from '../devices/device.ts';
import { installBios } from './bios/bios.ts';
import { buildSeedSetupData } from './boot-params.ts';
import {
  type BzImage,
  hasSetupHeader,
  PROTOCOL_2_00,
  PROTOCOL_2_01,
  PROTOCOL_2_02,
  PROTOCOL_2_09,
  parseLinuxImage,
} from './bzimage.ts';
import type { BootInput, Door } from './door.ts';
import type { E820Entry } from './e820.ts';
import { joinInitramfs } from './initramfs.ts';
import { InputError } from './input-error.ts';
import { encodeCommandLine } from './linux-handover.ts';
import { CONVENTIONAL_MEMORY_END, EXTENDED_MEMORY, PAGE_SIZE } from './memory-map.ts';
import { isRam, placeInitrd, placeKernel, type Range } from './placement.ts';
import { realModeStart } from './start-state.ts';
import { videoMode } from './video-mode.ts';

/** Header fields, from the start of the real-mode code. */
const VIDEO_MODE = 0x1fa;
const TYPE_OF_LOADER = 0x210;
const LOADFLAGS = 0x211;
const SETUP_MOVE_SIZE = 0x212;
const RAMDISK_IMAGE = 0x218;
const RAMDISK_SIZE = 0x21c;
const HEAP_END_PTR = 0x224;
const CMD_LINE_PTR = 0x228;
const SETUP_DATA = 0x250;
/** Where kernels before protocol 2.02 look for the command line's place. */
const OLD_COMMAND_LINE_MAGIC = 0x20;
const OLD_COMMAND_LINE_OFFSET = 0x22;
const OLD_MAGIC = 0xa33f;

const LOADER_UNDEFINED = 0xff;
const CAN_USE_HEAP = 0x80;
/** The heap ends this much below the end of the stack. */
const STACK_ROOM = 0x200;
/** The real-mode code starts this much into its segment. */
const ENTRY_PARAGRAPHS = 0x20;

const ZIMAGE_ADDRESS = 0x1_0000;

/** Guest-physical addresses, but for the heap's end. */
interface Layout {
  /** Of the real-mode code, with its heap and stack behind it. */
  readonly realMode: number;
  /** End of heap and stack, from there. */
  readonly heapEnd: number;
  readonly commandLine: number;
  readonly commandLineEnd: number;
  /** A page. */
  readonly setupData: number;
}

const LOW_LAYOUT: Layout = {
  realMode: 0x9_0000,
  heapEnd: 0x9800,
  commandLine: 0x9_9800,
  commandLineEnd: CONVENTIONAL_MEMORY_END,
  setupData: 0x1000,
};
/** Below LOW_LAYOUT's, so that kernels which are loaded high have room for a long command line. */
const HIGH_LAYOUT: Layout = {
  realMode: 0x1_0000,
  heapEnd: 0xe000,
  setupData: 0x1_f000,
  commandLine: 0x2_0000,
  commandLineEnd: 0x9_0000,
};

const putLow = (bytes: Uint8Array, offset: number, size: 2 | 4, value: number): void => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (size === 2) view.setUint16(offset, value, true);
  else view.setUint32(offset, value, true);
};

/** Where the protected-mode code lies, and where it will. */
function placeCode(image: BzImage, e820: readonly E820Entry[]): Range {
  const { length } = image.protectedMode;
  if (!image.loadedHigh) {
    if (ZIMAGE_ADDRESS + length > LOW_LAYOUT.realMode)
      throw new InputError('this zImage is too large to be one');
    return { start: ZIMAGE_ADDRESS, end: ZIMAGE_ADDRESS + length };
  }
  const start = image.code32Start;
  const code = { start, end: start + length };
  if (start < EXTENDED_MEMORY || !isRam(code, e820)) {
    throw new InputError(
      `too little memory: this kernel is loaded at 0x${start.toString(16)}, where there is no room`,
    );
  }
  // Where there is not enough room from where it is loaded, the kernel moves itself up to where it runs.
  const end = image.initSize === 0 ? code.end : placeKernel(image, e820).end;
  return { start, end: Math.max(end, code.end) };
}

function placeCommandLine(image: BzImage, layout: Layout, realMode: Uint8Array, text: string): Uint8Array {
  const line = encodeCommandLine(text, image.commandLineSize);
  if (layout.commandLine + line.length > layout.commandLineEnd) {
    throw new InputError('the kernel command line is too long');
  }
  if (image.version >= PROTOCOL_2_02) putLow(realMode, CMD_LINE_PTR, 4, layout.commandLine);
  else {
    putLow(realMode, OLD_COMMAND_LINE_MAGIC, 2, OLD_MAGIC);
    putLow(realMode, OLD_COMMAND_LINE_OFFSET, 2, layout.commandLine - layout.realMode);
    putLow(realMode, SETUP_MOVE_SIZE, 2, layout.commandLine - layout.realMode + line.length);
  }
  return line;
}

/** A kernel taken apart and filled in, with the guest-physical addresses of its parts. */
export interface LinuxParts {
  readonly realMode: { readonly address: number; readonly bytes: Uint8Array };
  readonly protectedMode: { readonly address: number; readonly bytes: Uint8Array };
  readonly commandLine: { readonly address: number; readonly bytes: Uint8Array };
  /** No bytes and address 0 where there is none. */
  readonly initrd: { readonly address: number; readonly bytes: Uint8Array };
  /** Stack pointer at the start, in the segment of the real-mode code. */
  readonly stackPointer: number;
  /** A page for setup_data. */
  readonly setupData: number;
  readonly hasSetupData: boolean;
}

/**
 * All but setup_data.
 * @throws InputError as Door.load().
 */
export function prepareLinux(
  input: Pick<BootInput, 'kernel' | 'modules' | 'commandLine' | 'e820'>,
): LinuxParts {
  const image = parseLinuxImage(input.kernel, PROTOCOL_2_00, 'Linux 1.3.73');
  const layout = image.loadedHigh && image.version >= PROTOCOL_2_02 ? HIGH_LAYOUT : LOW_LAYOUT;
  if (image.realMode.length > layout.heapEnd - STACK_ROOM) {
    throw new InputError('the real-mode code of this kernel is too long');
  }
  const range = placeCode(image, input.e820);
  const realMode = image.realMode.slice();
  const commandLine = placeCommandLine(image, layout, realMode, input.commandLine);
  const mode = videoMode(input.commandLine);
  if (mode !== undefined) putLow(realMode, VIDEO_MODE, 2, mode);
  realMode[TYPE_OF_LOADER] = LOADER_UNDEFINED;
  if (image.version >= PROTOCOL_2_01) {
    realMode[LOADFLAGS] = (realMode[LOADFLAGS] ?? 0) | CAN_USE_HEAP;
    putLow(realMode, HEAP_END_PTR, 2, layout.heapEnd - STACK_ROOM);
  }
  const initrd = joinInitramfs(input.modules);
  let initrdAddress = 0;
  if (initrd.length > 0) {
    initrdAddress = placeInitrd(initrd.length, range, image.initrdAddressMax, input.e820);
    putLow(realMode, RAMDISK_IMAGE, 4, initrdAddress);
    putLow(realMode, RAMDISK_SIZE, 4, initrd.length);
  }
  return {
    realMode: { address: layout.realMode, bytes: realMode },
    protectedMode: { address: range.start, bytes: image.protectedMode },
    commandLine: { address: layout.commandLine, bytes: commandLine },
    initrd: { address: initrdAddress, bytes: initrd },
    stackPointer: layout.heapEnd,
    setupData: layout.setupData,
    hasSetupData: image.version >= PROTOCOL_2_09,
  };
}

/** Paragraph numbers that the real-mode code starts with. */
export function startSegments({ realMode }: LinuxParts): { readonly code: number; readonly data: number } {
  const data = realMode.address / 16;
  return { code: data + ENTRY_PARAGRAPHS, data };
}

function load(memory: GuestMemory, input: BootInput) {
  const parts = prepareLinux(input);
  if (input.seed !== undefined && parts.hasSetupData) {
    const data = buildSeedSetupData(input.seed);
    if (data.length > PAGE_SIZE) throw new RangeError('seed too long');
    putLow(parts.realMode.bytes, SETUP_DATA, 4, parts.setupData);
    memory.write(parts.setupData, data);
  }
  const firmware = installBios(memory, input);
  for (const { address, bytes } of [parts.realMode, parts.protectedMode, parts.commandLine, parts.initrd]) {
    if (bytes.length > 0) memory.write(address, bytes);
  }
  return realModeStart({
    segments: startSegments(parts),
    rip: 0,
    registers: { sp: parts.stackPointer },
    firmware,
  });
}

export const linux16: Door = {
  entry: '16',
  description: 'the same, or a zImage, at its real-mode entry point; a BIOS is part of the emulator',
  recognises: hasSetupHeader,
  load,
};
