/**
 * The PVH entry point of an ELF kernel, which its Xen note names: 32-bit protected mode with the address of a
 * hvm_start_info in EBX.
 * Source: Xen, "x86/HVM direct boot ABI" (docs/misc/pvh.pandoc) and the structures of its public interface,
 * "start_info".
 */
import { ByteWriter } from './byte-writer.ts';
import type { Door } from './door.ts';
import type { E820Entry } from './e820.ts';
import { type ElfFile, hasElfMagic, parseElf, viewOf } from './elf.ts';
import { BOOT_CODE, BOOT_DATA, buildGdt } from './gdt.ts';
import { joinInitramfs } from './initramfs.ts';
import { InputError } from './input-error.ts';
import { loadElf } from './load-elf.ts';
import { EXTENDED_MEMORY, PAGE_SIZE } from './memory-map.ts';
import { placeInitrd } from './placement.ts';
import { protectedModeStart } from './start-state.ts';
import { encodeUtf8 } from './utf8.ts';

const NOTE_NAME = 'Xen';
/** XEN_ELFNOTE_PHYS32_ENTRY */
const NOTE_PHYSICAL_32_ENTRY = 18;

const GDT_ADDRESS = 0x1000;
const START_INFO_ADDRESS = 0x2000;
const COMMAND_LINE_ADDRESS = 0x20000;
const COMMAND_LINE_ROOM = 0x60000;
const STACK_TOP = 0x20000;
const HIGHEST_ADDRESS = 0xffff_ffff;

const START_INFO_MAGIC = 0x336ec578;
const START_INFO_VERSION = 1;
const START_INFO_SIZE = 56;
const MODULE_SIZE = 32;

/** A TSS that is there but empty, as the ABI asks for. */
const TASK = { selector: 0, base: 0, limit: 0x67, rights: 0x8b };

/** Guest-physical addresses; 0 for what is not there. */
interface StartInfo {
  readonly commandLine: number;
  readonly rsdp: number;
  readonly initrd: { readonly address: number; readonly size: number } | undefined;
  readonly e820: readonly E820Entry[];
}

/** hvm_start_info, and behind it its module list and memory map. @param address where it will lie. */
function buildStartInfo(address: number, info: StartInfo): Uint8Array {
  const { initrd } = info;
  const modules = address + START_INFO_SIZE;
  const memoryMap = modules + (initrd === undefined ? 0 : MODULE_SIZE);
  const flags = 0;
  const writer = new ByteWriter()
    .u32(START_INFO_MAGIC)
    .u32(START_INFO_VERSION)
    .u32(flags)
    .u32(initrd === undefined ? 0 : 1)
    .u64(BigInt(initrd === undefined ? 0 : modules))
    .u64(BigInt(info.commandLine))
    .u64(BigInt(info.rsdp))
    .u64(BigInt(memoryMap))
    .u32(info.e820.length)
    .u32(0);
  if (initrd !== undefined) {
    const commandLine = 0n;
    writer.u64(BigInt(initrd.address)).u64(BigInt(initrd.size)).u64(commandLine).u64(0n);
  }
  for (const { address: start, length, type } of info.e820) {
    writer.u64(BigInt(start)).u64(BigInt(length)).u32(type).u32(0);
  }
  return writer.toBytes();
}

/** The address that the note gives; undefined without such a note. */
function pvhEntry(elf: ElfFile): number | undefined {
  const note = elf.notes.find(({ name, type }) => name === NOTE_NAME && type === NOTE_PHYSICAL_32_ENTRY);
  if (note === undefined || note.descriptor.length < 4) return undefined;
  return viewOf(note.descriptor).getUint32(0, true);
}

function recognises(file: Uint8Array): boolean {
  if (!hasElfMagic(file)) return false;
  try {
    return pvhEntry(parseElf(file)) !== undefined;
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}

export const pvh: Door = {
  entry: 'pvh',
  description: 'ELF kernel with a PVH note, such as a Linux vmlinux, entered by PVH',
  recognises,
  load(memory, input) {
    const { e820 } = input;
    const elf = parseElf(input.kernel);
    const entry = pvhEntry(elf);
    if (entry === undefined) throw new InputError('this ELF file has no PVH note');
    const range = loadElf(memory, elf, entry, e820, EXTENDED_MEMORY);
    const initrd = joinInitramfs(input.modules);
    const initrdAddress = initrd.length === 0 ? 0 : placeInitrd(initrd.length, range, HIGHEST_ADDRESS, e820);
    if (initrd.length > 0) memory.write(initrdAddress, initrd);
    const commandLine = encodeUtf8(`${input.commandLine}\0`);
    if (commandLine.length > COMMAND_LINE_ROOM) throw new InputError('the kernel command line is too long');
    memory.write(COMMAND_LINE_ADDRESS, commandLine);
    const startInfo = buildStartInfo(START_INFO_ADDRESS, {
      commandLine: COMMAND_LINE_ADDRESS,
      rsdp: input.rsdpAddress,
      initrd: initrd.length === 0 ? undefined : { address: initrdAddress, size: initrd.length },
      e820,
    });
    if (startInfo.length > STACK_TOP - PAGE_SIZE - START_INFO_ADDRESS) {
      throw new RangeError('too many memory map entries');
    }
    memory.write(START_INFO_ADDRESS, startInfo);
    const gdt = buildGdt('32-bit');
    memory.write(GDT_ADDRESS, gdt);
    return {
      ...protectedModeStart({
        rip: entry,
        selectors: { code: BOOT_CODE, data: BOOT_DATA },
        gdt: { base: GDT_ADDRESS, limit: gdt.length - 1 },
        registers: { bx: START_INFO_ADDRESS, sp: STACK_TOP },
      }),
      task: TASK,
    };
  },
};
