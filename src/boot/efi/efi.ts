/**
 * EFI applications, the EFI stub of Linux among them, entered by firmware that is in TypeScript: the PE entry point
 * is called with an image handle and a system table.
 * Source: UEFI specification 2.10.
 */
import { ByteWriter } from '../byte-writer.ts';
import type { BootInput, Door } from '../door.ts';
import { BOOT_CODE, BOOT_DATA, buildGdt } from '../gdt.ts';
import { buildIdentityMap, identityMapSize } from '../identity-map.ts';
import { joinInitramfs } from '../initramfs.ts';
import { InputError } from '../input-error.ts';
import { HIGH_RAM, PAGE_SIZE, SMBIOS_AREA } from '../memory-map.ts';
import { longModeStart } from '../start-state.ts';
import { type EfiCall, encodeText } from './call.ts';
import {
  ACPI_2_TABLE,
  DEVICE_PATH,
  encodeGuid,
  MEMORY_ATTRIBUTES_TABLE,
  SIMPLE_TEXT_INPUT,
  SIMPLE_TEXT_OUTPUT,
  SMBIOS_3_TABLE,
} from './guid.ts';
import { OutOfMemory } from './out-of-memory.ts';
import { DESCRIPTOR_SIZE, isRuntime, MemoryType, Pages } from './pages.ts';
import { withoutPauses } from './pausing.ts';
import { hasPeHeader } from './pe.ts';
import { bootServices } from './services/boot.ts';
import { EventServices } from './services/events.ts';
import { offerGraphics } from './services/graphics.ts';
import { ImageServices } from './services/images.ts';
import { END_NODE, offerInitrd } from './services/initrd.ts';
import { MemoryServices } from './services/memory.ts';
import { offerRandomNumbers } from './services/random.ts';
import { RESET_SHUTDOWN, resetSystem } from './services/reset.ts';
import { runtimeServices } from './services/runtime.ts';
import { TextInput } from './services/text-input.ts';
import { TextOutput } from './services/text-output.ts';
import { SUCCESS } from './status.ts';
import { EfiSystem, encodePointers } from './system.ts';
import { EfiTables } from './tables.ts';

/** "x64 Platforms": at least 128 KiB. */
const STACK_PAGES = 64;
/** OSFXSR and OSXMMEXCPT: applications may use SSE. */
const CR4_SSE = 0x600n;
/** cli; hlt; jmp to the hlt */
const HALT = Uint8Array.of(0xfa, 0xf4, 0xeb, 0xfd);
/** mov rdx, rax: the second argument of Exit is the status. */
const STATUS_TO_ARGUMENT = [0x48, 0x89, 0xc2];
/** The bus that the console and the boot medium hang on: a vendor's hardware. */
const HARDWARE_TYPE = 1;
const VENDOR_SUBTYPE = 4;
/** What the application comes from: a file with a name, though there is no file system. */
const MEDIA_TYPE = 4;
const FILE_PATH_SUBTYPE = 4;
const FILE_NAME = '\\kernel.efi';
const MACHINE_GUID = '6c6f6e67-6d6f-4465-8d61-6368696e6500';

const MEMORY_READ_ONLY = 1n << 17n;
const MEMORY_NO_EXECUTE = 1n << 14n;
const MEMORY_RUNTIME = 1n << 63n;

/** The memory attributes table: runtime code is not written, runtime data not executed. */
function memoryAttributes(pages: Pages): Uint8Array {
  const regions = pages.map().filter(isRuntime);
  const writer = new ByteWriter().u32(1).u32(regions.length).u32(DESCRIPTOR_SIZE).u32(0);
  for (const { type, start, end } of regions) {
    const protection = type === MemoryType.runtimeServicesCode ? MEMORY_READ_ONLY : MEMORY_NO_EXECUTE;
    writer.u32(type).u32(0).u64(BigInt(start)).u64(0n);
    writer
      .u64(BigInt((end - start) / PAGE_SIZE))
      .u64(protection | MEMORY_RUNTIME)
      .u64(0n);
  }
  return writer.toBytes();
}

/** Everything an application finds, and its image. */
function build(system: EfiSystem, input: BootInput) {
  const { handles, pages } = system;
  const hardware = [HARDWARE_TYPE, VENDOR_SUBTYPE, 20, 0, ...encodeGuid(MACHINE_GUID)];
  const name = encodeText(FILE_NAME);
  const file = [MEDIA_TYPE, FILE_PATH_SUBTYPE, 4 + name.length, 0, ...name, ...END_NODE];
  const device = handles.create();
  handles.install(device, DEVICE_PATH, BigInt(system.placeBootData(Uint8Array.of(...hardware, ...END_NODE))));
  const events = new EventServices(system);
  const output = new TextOutput(system);
  const keyboard = new TextInput(system, events);
  handles.install(device, SIMPLE_TEXT_OUTPUT, BigInt(output.protocol));
  handles.install(device, SIMPLE_TEXT_INPUT, BigInt(keyboard.protocol));
  const images = new ImageServices(system, device);
  const memory = new MemoryServices(system);
  offerGraphics(system, memory, device);
  const halt = system.stubs.addCode(system.bootCode, HALT);
  const applicationEnded = (call: EfiCall, status: bigint): void => {
    if (status === SUCCESS) resetSystem(system, RESET_SHUTDOWN);
    else output.write(`\r\nThe EFI application ended with status 0x${status.toString(16)}.\r\n`);
    call.goOnAt(halt);
  };
  const tables: EfiTables = new EfiTables(
    system,
    bootServices(system, { events, images, memory, tables: () => tables, applicationEnded }),
    runtimeServices(system, () => tables),
    { handle: device, input: keyboard.protocol, output: output.protocol },
  );
  images.systemTable = tables.address;
  offerRandomNumbers(system);
  const initrd = joinInitramfs(input.modules);
  if (initrd.length > 0) offerInitrd(system, initrd);
  const options = input.commandLine === '' ? new Uint8Array(0) : encodeText(input.commandLine);
  const image = withoutPauses(
    images.load(input.kernel, options, 0n, {
      filePath: system.placeBootData(Uint8Array.from(file)),
      devicePath: system.placeBootData(Uint8Array.of(...hardware, ...file)),
    }),
  );
  image.started = true;
  tables.install(ACPI_2_TABLE, BigInt(input.rsdpAddress));
  tables.install(SMBIOS_3_TABLE, BigInt(SMBIOS_AREA));
  const returned = system.stubs.add(
    system.bootCode,
    (call) => {
      applicationEnded(call, call.argument(1));
      return undefined;
    },
    STATUS_TO_ARGUMENT,
  );
  const attributes = system.placeBootData(memoryAttributes(pages));
  tables.install(MEMORY_ATTRIBUTES_TABLE, BigInt(attributes));
  return { image, systemTable: tables.address, returned };
}

export const efi: Door = {
  entry: 'efi',
  description: 'EFI application for x86-64, such as a Linux bzImage with an EFI stub',
  recognises: hasPeHeader,
  load(memory, input) {
    const { hardware } = input;
    const pages = new Pages(input.e820);
    const ramEnd = Math.max(HIGH_RAM, ...input.e820.map(({ address, length }) => address + length));
    try {
      const system = new EfiSystem(memory, pages, hardware);
      const { image, systemTable, returned } = build(system, input);
      const tablesSize = identityMapSize(ramEnd);
      const pageTables = system.allocate(MemoryType.bootServicesData, tablesSize / PAGE_SIZE);
      memory.write(pageTables, buildIdentityMap(pageTables, ramEnd));
      const gdt = buildGdt('64-bit');
      const gdtAddress = system.placeBootData(gdt);
      const stack = system.allocate(MemoryType.bootServicesData, STACK_PAGES) + STACK_PAGES * PAGE_SIZE;
      // As a call leaves it: the return address, above it the four slots of the callee.
      const stackPointer = stack - 40;
      memory.write(stackPointer, encodePointers([returned]));
      const start = longModeStart(
        {
          rip: image.entry,
          selectors: { code: BOOT_CODE, data: BOOT_DATA },
          gdt: { base: gdtAddress, limit: gdt.length - 1 },
          registers: { cx: Number(image.handle), dx: systemTable, sp: stackPointer },
        },
        pageTables,
      );
      return { ...start, cr4: start.cr4 | CR4_SSE, firmware: system.stubs };
    } catch (error) {
      if (error instanceof OutOfMemory) {
        throw new InputError('too little memory: there is no room for this EFI application');
      }
      throw error;
    }
  },
};
