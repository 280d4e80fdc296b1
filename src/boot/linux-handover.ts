/**
 * What every entry point of Linux that takes boot_params is handed: kernel code, initramfs, command line, seed,
 * boot_params and a descriptor table, in conventional memory where the kernel expects a loader's leftovers.
 * Source: Linux Documentation/arch/x86/boot.rst.
 */
import type { GuestMemory } from '../devices/device.ts';
import { BOOT_PARAMS_SIZE, buildBootParams, buildSeedSetupData } from './boot-params.ts';
import type { BootInput } from './door.ts';
import { joinInitramfs } from './initramfs.ts';
import { InputError } from './input-error.ts';
import { PAGE_SIZE } from './memory-map.ts';
import { placeInitrd, type Range } from './placement.ts';
import type { DescriptorTable } from './start-state.ts';
import { encodeUtf8 } from './utf8.ts';

const GDT_ADDRESS = 0x1000;
const BOOT_PARAMS_ADDRESS = GDT_ADDRESS + PAGE_SIZE;
const SETUP_DATA_ADDRESS = BOOT_PARAMS_ADDRESS + BOOT_PARAMS_SIZE;
const SETUP_DATA_ROOM = PAGE_SIZE;
const STACK_TOP = SETUP_DATA_ADDRESS + SETUP_DATA_ROOM + 4 * PAGE_SIZE;
/** Free for page tables, up to the command line. */
export const PAGE_TABLES_ADDRESS = STACK_TOP;
const COMMAND_LINE_ADDRESS = 0x20000;
/** The kernel puts a trampoline of its own right below 0x9f000. */
const COMMAND_LINE_ROOM = 0x90000 - COMMAND_LINE_ADDRESS;

/** A kernel as its handover sees it. Addresses are guest-physical. */
export interface LinuxKernel {
  /** boot_params from SETUP_HEADER on. */
  readonly setupHeader: Uint8Array;
  /** Where its code lies, and what it needs beside. */
  readonly range: Range;
  /** Highest address the initramfs may occupy. */
  readonly initrdAddressMax: number;
  /** Longest command line, without the final 0. */
  readonly commandLineSize: number;
}

/** Guest-physical addresses. */
export interface Handover {
  readonly bootParams: number;
  readonly gdt: DescriptorTable;
  readonly stack: number;
}

/**
 * The command line as the kernel wants it, with a 0 at the end.
 * @throws InputError when it is longer than the kernel can take.
 */
export function encodeCommandLine(commandLine: string, maximum: number): Uint8Array {
  const bytes = encodeUtf8(`${commandLine}\0`);
  const length = bytes.length - 1;
  if (length > maximum) {
    throw new InputError(`the kernel command line has ${length} bytes, this kernel takes at most ${maximum}`);
  }
  return bytes;
}

/** @param gdt the descriptor table to start with, at most a page. */
export function handOver(
  memory: GuestMemory,
  kernel: LinuxKernel,
  gdt: Uint8Array,
  input: BootInput,
): Handover {
  const { e820, seed } = input;
  const commandLine = encodeCommandLine(input.commandLine, kernel.commandLineSize);
  if (commandLine.length > COMMAND_LINE_ROOM) throw new InputError('the kernel command line is too long');
  if (seed !== undefined && seed.length > SETUP_DATA_ROOM - 16) throw new RangeError('seed too long');
  const initrd = joinInitramfs(input.modules);
  const initrdAddress =
    initrd.length === 0 ? 0 : placeInitrd(initrd.length, kernel.range, kernel.initrdAddressMax, e820);

  if (initrd.length > 0) memory.write(initrdAddress, initrd);
  memory.write(COMMAND_LINE_ADDRESS, commandLine);
  if (seed !== undefined) memory.write(SETUP_DATA_ADDRESS, buildSeedSetupData(seed));
  const bootParams = buildBootParams(kernel.setupHeader, {
    kernelAddress: kernel.range.start,
    commandLineAddress: COMMAND_LINE_ADDRESS,
    initrdAddress,
    initrdSize: initrd.length,
    rsdpAddress: input.rsdpAddress,
    setupDataAddress: seed === undefined ? 0 : SETUP_DATA_ADDRESS,
    e820,
  });
  memory.write(BOOT_PARAMS_ADDRESS, bootParams);
  memory.write(GDT_ADDRESS, gdt);
  return {
    bootParams: BOOT_PARAMS_ADDRESS,
    gdt: { base: GDT_ADDRESS, limit: gdt.length - 1 },
    stack: STACK_TOP,
  };
}
