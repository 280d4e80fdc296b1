/**
 * Loads Linux for its 64-bit entry point.
 * Source: Linux Documentation/arch/x86/boot.rst, "64-bit Boot Protocol".
 */
import type { GuestMemory } from '../devices/device.ts';
import { BOOT_PARAMS_SIZE, buildBootParams, buildSeedSetupData } from './boot-params.ts';
import { encodeCommandLine, parseBzImage } from './bzimage.ts';
import type { E820Entry } from './e820.ts';
import { InputError } from './input-error.ts';
import { buildGdt, buildIdentityMap } from './long-mode-tables.ts';
import { PAGE_SIZE } from './memory-map.ts';
import { placeInitrd, placeKernel } from './placement.ts';

/** What the kernel is handed, in conventional memory where it expects a loader's leftovers. */
const GDT_ADDRESS = 0x1000;
const BOOT_PARAMS_ADDRESS = GDT_ADDRESS + PAGE_SIZE;
const SETUP_DATA_ADDRESS = BOOT_PARAMS_ADDRESS + BOOT_PARAMS_SIZE;
const SETUP_DATA_ROOM = PAGE_SIZE;
const STACK_TOP = SETUP_DATA_ADDRESS + SETUP_DATA_ROOM + 4 * PAGE_SIZE;
const PAGE_TABLES_ADDRESS = STACK_TOP;
const COMMAND_LINE_ADDRESS = 0x20000;
/** The kernel puts a trampoline of its own right below 0x9f000. */
const COMMAND_LINE_ROOM = 0x90000 - COMMAND_LINE_ADDRESS;

const ENTRY64_OFFSET = 0x200;

export interface Linux64Options {
  /** A bzImage. */
  readonly kernel: Uint8Array;
  readonly initrd?: Uint8Array | undefined;
  readonly commandLine: string;
  readonly e820: readonly E820Entry[];
  /** Guest-physical address of the ACPI root pointer; 0 when there is none. */
  readonly rsdpAddress: number;
  /** Random bytes the kernel may credit as entropy, at most 4080. */
  readonly seed?: Uint8Array | undefined;
}

/**
 * The state to enter the kernel in, all guest-physical addresses: RIP, RSI, CR3, GDTR, RSP. CS is BOOT_CS,
 * the data segments are BOOT_DS, and interrupts are disabled.
 */
export interface Linux64Entry {
  readonly entry: number;
  readonly bootParams: number;
  readonly pageTables: number;
  /** Limit is in bytes less one, as GDTR has it. */
  readonly gdt: { readonly base: number; readonly limit: number };
  readonly stack: number;
}

/**
 * Puts kernel, initramfs, boot_params, command line and tables into memory.
 * @throws InputError when the kernel cannot be used or something does not fit; RangeError for too long a seed.
 */
export function loadLinux64(memory: GuestMemory, options: Linux64Options): Linux64Entry {
  const { initrd, e820, seed } = options;
  const image = parseBzImage(options.kernel);
  if (!image.hasEntry64) throw new InputError('this is a 32-bit kernel: it has no 64-bit entry point');
  const commandLine = encodeCommandLine(image, options.commandLine);
  if (commandLine.length > COMMAND_LINE_ROOM) throw new InputError('the kernel command line is too long');
  if (seed !== undefined && seed.length > SETUP_DATA_ROOM - 16) throw new RangeError('seed too long');
  const kernel = placeKernel(image, e820);
  const hasInitrd = initrd !== undefined && initrd.length > 0;
  const initrdAddress = hasInitrd ? placeInitrd(image, kernel, initrd.length, e820) : 0;

  memory.write(kernel.start, image.protectedMode);
  if (hasInitrd) memory.write(initrdAddress, initrd);
  memory.write(COMMAND_LINE_ADDRESS, commandLine);
  if (seed !== undefined) memory.write(SETUP_DATA_ADDRESS, buildSeedSetupData(seed));
  const bootParams = buildBootParams(image, {
    kernelAddress: kernel.start,
    commandLineAddress: COMMAND_LINE_ADDRESS,
    initrdAddress,
    initrdSize: hasInitrd ? initrd.length : 0,
    rsdpAddress: options.rsdpAddress,
    setupDataAddress: seed === undefined ? 0 : SETUP_DATA_ADDRESS,
    e820,
  });
  memory.write(BOOT_PARAMS_ADDRESS, bootParams);
  const gdt = buildGdt();
  memory.write(GDT_ADDRESS, gdt);
  memory.write(PAGE_TABLES_ADDRESS, buildIdentityMap(PAGE_TABLES_ADDRESS));

  return {
    entry: kernel.start + ENTRY64_OFFSET,
    bootParams: BOOT_PARAMS_ADDRESS,
    pageTables: PAGE_TABLES_ADDRESS,
    gdt: { base: GDT_ADDRESS, limit: gdt.length - 1 },
    stack: STACK_TOP,
  };
}
