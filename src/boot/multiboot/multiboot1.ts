/**
 * Multiboot 1 kernels.
 * Source: Multiboot Specification version 0.6.96.
 */
import { ByteWriter } from '../byte-writer.ts';
import type { BootInput, Door } from '../door.ts';
import { viewOf } from '../elf.ts';
import { buildGdt } from '../gdt.ts';
import { InputError } from '../input-error.ts';
import { CONVENTIONAL_MEMORY_END, EXTENDED_MEMORY, KIB } from '../memory-map.ts';
import { encodeUtf8 } from '../utf8.ts';
import { loadKernel } from './layout.ts';
import { FreeMemory, type LoadedModule, loadModules, placeInformation } from './modules.ts';
import { multibootStart } from './start.ts';

const HEADER_MAGIC = 0x1badb002;
const START_MAGIC = 0x2badb002;
/** The header is at a multiple of 4 in the first 8 KiB. */
const SEARCHED = 8192;
const HEADER_SIZE = 12;
const ADDRESSES_END = 32;

/** Of the header: aligned modules, memory information, a video mode (there is none to give), address fields. */
const KNOWN_REQUIREMENTS = 0x0007;
const REQUIREMENTS = 0xffff;
const HAS_ADDRESSES = 1 << 16;

/** Of the information. */
const HAS_MEMORY = 1 << 0;
const HAS_COMMAND_LINE = 1 << 2;
const HAS_MODULES = 1 << 3;
const HAS_MEMORY_MAP = 1 << 6;
const HAS_LOADER_NAME = 1 << 9;
const INFORMATION_SIZE = 120;
const MODULE_SIZE = 16;
const MAP_ENTRY_SIZE = 24;
const LOADER_NAME = 'longmode';

function findHeader(file: Uint8Array): number | undefined {
  const view = viewOf(file);
  for (let at = 0; at + HEADER_SIZE <= Math.min(file.length, SEARCHED); at += 4) {
    if (view.getUint32(at, true) !== HEADER_MAGIC) continue;
    const sum = HEADER_MAGIC + view.getUint32(at + 4, true) + view.getUint32(at + 8, true);
    if (sum % 2 ** 32 === 0) return at;
  }
  return undefined;
}

/** KiB of RAM from 1 MiB on, as far as it is contiguous. */
export function upperMemory(input: BootInput): number {
  const extended = input.e820.find(({ address }) => address === EXTENDED_MEMORY);
  return Math.floor((extended?.length ?? 0) / KIB);
}

/** KiB of RAM from 0 on. */
export const LOWER_MEMORY = Math.floor(CONVENTIONAL_MEMORY_END / KIB);

/** The information structure and behind it what it points to. @param address where it will lie. */
function buildInformation(address: number, modules: readonly LoadedModule[], input: BootInput): Uint8Array {
  const moduleList = address + INFORMATION_SIZE;
  const memoryMap = moduleList + modules.length * MODULE_SIZE;
  let strings = memoryMap + input.e820.length * MAP_ENTRY_SIZE;
  const texts: Uint8Array[] = [];
  const text = (value: string): number => {
    const bytes = encodeUtf8(`${value}\0`);
    texts.push(bytes);
    strings += bytes.length;
    return strings - bytes.length;
  };
  const flags = HAS_MEMORY | HAS_COMMAND_LINE | HAS_MODULES | HAS_MEMORY_MAP | HAS_LOADER_NAME;
  const writer = new ByteWriter()
    .u32(flags)
    .u32(LOWER_MEMORY)
    .u32(upperMemory(input))
    .u32(0) // boot device
    .u32(text(input.commandLine))
    .u32(modules.length)
    .u32(moduleList)
    .zeros(16) // symbols
    .u32(input.e820.length * MAP_ENTRY_SIZE)
    .u32(memoryMap)
    .zeros(12) // drives, ROM configuration table
    .u32(text(LOADER_NAME))
    .zeros(INFORMATION_SIZE - 68);
  for (const { start, end, commandLine } of modules) {
    writer.u32(start).u32(end).u32(text(commandLine)).u32(0);
  }
  for (const { address: start, length, type } of input.e820) {
    // The size does not count itself.
    writer
      .u32(MAP_ENTRY_SIZE - 4)
      .u64(BigInt(start))
      .u64(BigInt(length))
      .u32(type);
  }
  for (const bytes of texts) writer.bytes(bytes);
  return writer.toBytes();
}

export const multiboot1: Door = {
  entry: 'multiboot',
  description: 'Multiboot 1 kernel: ELF of 32 or 64 bits, or with addresses in its header',
  recognises: (file) => findHeader(file) !== undefined,
  load(memory, input) {
    const { kernel: file, e820 } = input;
    const header = findHeader(file);
    if (header === undefined) throw new InputError('there is no Multiboot header');
    const view = viewOf(file);
    const flags = view.getUint32(header + 4, true);
    const unknown = flags & REQUIREMENTS & ~KNOWN_REQUIREMENTS;
    if (unknown !== 0) {
      throw new InputError(
        `this Multiboot kernel requires what is not known: flags 0x${unknown.toString(16)}`,
      );
    }
    const hasAddresses = (flags & HAS_ADDRESSES) !== 0;
    if (hasAddresses && header + ADDRESSES_END > file.length) {
      throw new InputError('truncated Multiboot kernel: its header ends early');
    }
    const field = (offset: number): number => view.getUint32(header + offset, true);
    const addresses = hasAddresses
      ? {
          headerOffset: header,
          headerAddress: field(12),
          loadAddress: field(16),
          loadEnd: field(20),
          bssEnd: field(24),
        }
      : undefined;
    const kernel = loadKernel(memory, file, addresses, hasAddresses ? field(28) : undefined, e820);
    const free = new FreeMemory(e820, [kernel.range]);
    const modules = loadModules(memory, free, kernel.range, input);
    const gdt = buildGdt('32-bit');
    const size = buildInformation(0, modules, input).length;
    const address = placeInformation(free, gdt.length + size);
    memory.write(address, gdt);
    const information = address + gdt.length;
    memory.write(information, buildInformation(information, modules, input));
    return multibootStart(kernel.entry, START_MAGIC, information, { base: address, limit: gdt.length - 1 });
  },
};
