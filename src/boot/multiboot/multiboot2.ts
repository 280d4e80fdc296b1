/**
 * Multiboot 2 kernels.
 * Source: Multiboot2 Specification version 2.0.
 */
import type { GuestMemory } from '../../devices/device.ts';
import { ByteWriter } from '../byte-writer.ts';
import type { BootInput, Door } from '../door.ts';
import { viewOf } from '../elf.ts';
import { buildGdt } from '../gdt.ts';
import { InputError } from '../input-error.ts';
import { encodeUtf8 } from '../utf8.ts';
import { type AddressOverride, loadKernel } from './layout.ts';
import { FreeMemory, type LoadedModule, loadModules, placeInformation } from './modules.ts';
import { LOWER_MEMORY, upperMemory } from './multiboot1.ts';
import { multibootStart } from './start.ts';

const HEADER_MAGIC = 0xe85250d6;
const START_MAGIC = 0x36d76289;
/** The header is at a multiple of 8 in the first 32 KiB. */
const SEARCHED = 32768;
const HEADER_SIZE = 16;
const TAG_ALIGNMENT = 8;
const ARCHITECTURE_I386 = 0;

/** Tags of the header. */
const TAG_END = 0;
const TAG_INFORMATION_REQUEST = 1;
const TAG_ADDRESSES = 2;
const TAG_ENTRY = 3;
/** Console, framebuffer, module alignment, EFI, relocation: wishes, and what only concerns EFI. */
const TAG_LAST_KNOWN = 10;
const OPTIONAL = 1;
const ADDRESSES_SIZE = 24;
const ENTRY_SIZE = 12;

/** Tags of the information. */
const COMMAND_LINE = 1;
const LOADER_NAME = 2;
const MODULE = 3;
const BASIC_MEMORY = 4;
const MEMORY_MAP = 6;
const ACPI_NEW_RSDP = 15;
const OFFERED = [COMMAND_LINE, LOADER_NAME, MODULE, BASIC_MEMORY, MEMORY_MAP, ACPI_NEW_RSDP];
const MAP_ENTRY_SIZE = 24;
const MAP_ENTRY_VERSION = 0;
const RSDP_SIZE = 36;
const GDT_ROOM = 64;

function findHeader(file: Uint8Array): number | undefined {
  const view = viewOf(file);
  for (let at = 0; at + HEADER_SIZE <= Math.min(file.length, SEARCHED); at += 8) {
    if (view.getUint32(at, true) !== HEADER_MAGIC) continue;
    let sum = 0;
    for (let field = 0; field < HEADER_SIZE; field += 4) sum += view.getUint32(at + field, true);
    if (sum % 2 ** 32 === 0) return at;
  }
  return undefined;
}

interface Header {
  readonly addresses: AddressOverride | undefined;
  readonly entry: number | undefined;
}

const damaged = (what: string) => new InputError(`damaged Multiboot header: ${what}`);

function checkRequest(view: DataView, at: number, size: number): void {
  for (let offset = 8; offset + 4 <= size; offset += 4) {
    const type = view.getUint32(at + offset, true);
    if (!OFFERED.includes(type)) {
      throw new InputError(`this Multiboot kernel requires information that there is not: type ${type}`);
    }
  }
}

function readHeader(file: Uint8Array, header: number): Header {
  const view = viewOf(file);
  const architecture = view.getUint32(header + 4, true);
  if (architecture !== ARCHITECTURE_I386) {
    throw new InputError(`this Multiboot kernel is for another machine (architecture ${architecture})`);
  }
  const end = header + view.getUint32(header + 8, true);
  if (end > file.length) throw new InputError('truncated Multiboot kernel: its header ends early');
  let addresses: AddressOverride | undefined;
  let entry: number | undefined;
  for (let at = header + HEADER_SIZE; at + 8 <= end; ) {
    const type = view.getUint16(at, true);
    const isOptional = (view.getUint16(at + 2, true) & OPTIONAL) !== 0;
    const size = view.getUint32(at + 4, true);
    if (size < 8 || at + size > end) throw damaged('a tag is larger than the header');
    if (type === TAG_END) return { addresses, entry };
    if (type === TAG_INFORMATION_REQUEST && !isOptional) checkRequest(view, at, size);
    else if (type === TAG_ADDRESSES) {
      if (size < ADDRESSES_SIZE) throw damaged('its address tag ends early');
      addresses = {
        headerOffset: header,
        headerAddress: view.getUint32(at + 8, true),
        loadAddress: view.getUint32(at + 12, true),
        loadEnd: view.getUint32(at + 16, true),
        bssEnd: view.getUint32(at + 20, true),
      };
    } else if (type === TAG_ENTRY) {
      if (size < ENTRY_SIZE) throw damaged('its entry tag ends early');
      entry = view.getUint32(at + 8, true);
    } else if (type > TAG_LAST_KNOWN && !isOptional) {
      throw new InputError(`this Multiboot kernel requires what is not known: tag ${type}`);
    }
    at += Math.ceil(size / TAG_ALIGNMENT) * TAG_ALIGNMENT;
  }
  throw damaged('its tags have no end');
}

function buildInformation(
  memory: GuestMemory,
  modules: readonly LoadedModule[],
  input: BootInput,
): Uint8Array {
  const tags = new ByteWriter();
  const tag = (type: number, body: ByteWriter): void => {
    const headerSize = 8;
    tags
      .u32(type)
      .u32(headerSize + body.length)
      .bytes(body.toBytes());
    tags.zeros((TAG_ALIGNMENT - (tags.length % TAG_ALIGNMENT)) % TAG_ALIGNMENT);
  };
  const text = (value: string) => encodeUtf8(`${value}\0`);
  tag(COMMAND_LINE, new ByteWriter().bytes(text(input.commandLine)));
  tag(LOADER_NAME, new ByteWriter().bytes(text('longmode')));
  for (const { start, end, commandLine } of modules) {
    tag(MODULE, new ByteWriter().u32(start).u32(end).bytes(text(commandLine)));
  }
  tag(BASIC_MEMORY, new ByteWriter().u32(LOWER_MEMORY).u32(upperMemory(input)));
  const map = new ByteWriter().u32(MAP_ENTRY_SIZE).u32(MAP_ENTRY_VERSION);
  for (const { address, length, type } of input.e820) {
    map.u64(BigInt(address)).u64(BigInt(length)).u32(type).u32(0);
  }
  tag(MEMORY_MAP, map);
  if (input.rsdpAddress !== 0) {
    tag(ACPI_NEW_RSDP, new ByteWriter().bytes(memory.read(input.rsdpAddress, RSDP_SIZE)));
  }
  tag(0, new ByteWriter());
  const headerSize = 8;
  return new ByteWriter()
    .u32(headerSize + tags.length)
    .u32(0)
    .bytes(tags.toBytes())
    .toBytes();
}

export const multiboot2: Door = {
  entry: 'multiboot',
  description: 'Multiboot 2 kernel: ELF of 32 or 64 bits, or with addresses in its header',
  recognises: (file) => findHeader(file) !== undefined,
  load(memory, input) {
    const { kernel: file, e820 } = input;
    const header = findHeader(file);
    if (header === undefined) throw new InputError('there is no Multiboot header');
    const { addresses, entry } = readHeader(file, header);
    const kernel = loadKernel(memory, file, addresses, entry, e820);
    const free = new FreeMemory(e820, [kernel.range]);
    const modules = loadModules(memory, free, kernel.range, input);
    const gdt = buildGdt('32-bit');
    const information = buildInformation(memory, modules, input);
    const address = placeInformation(free, GDT_ROOM + information.length);
    memory.write(address, gdt);
    memory.write(address + GDT_ROOM, information);
    return multibootStart(kernel.entry, START_MAGIC, address + GDT_ROOM, {
      base: address,
      limit: gdt.length - 1,
    });
  },
};
