/**
 * What a firmware image finds in the configuration device: memory, tables, and the kernel to start.
 * Source: QEMU docs/specs/fw_cfg.rst and include/standard-headers/linux/qemu_fw_cfg.h for the numbers; the files'
 * names are what SeaBIOS and OVMF look for.
 */
import type { ConfigurationFile, FirmwareConfiguration } from '../../devices/fw-cfg/directory.ts';
import { ByteWriter } from '../byte-writer.ts';
import type { BootModule } from '../door.ts';
import { buildE820, E820_ACPI, E820_NVS, E820_RAM, E820_RESERVED, type E820Entry } from '../e820.ts';
import { COM1_PORT, S5_SLEEP_TYPE } from '../io-map.ts';
import { prepareLinux } from '../linux16.ts';
import { EXTENDED_MEMORY, lowRamEnd, MIB } from '../memory-map.ts';
import { buildSmbios } from '../smbios.ts';
import { acpiFiles } from './acpi-loader.ts';
import { buildLinuxRom } from './linux-rom.ts';

const Item = {
  uuid: 0x02,
  ramSize: 0x03,
  noGraphics: 0x04,
  cpuCount: 0x05,
  kernelAddress: 0x07,
  kernelSize: 0x08,
  initrdAddress: 0x0a,
  initrdSize: 0x0b,
  bootMenu: 0x0e,
  maxCpus: 0x0f,
  kernelData: 0x11,
  initrdData: 0x12,
  commandLineAddress: 0x13,
  commandLineSize: 0x14,
  commandLineData: 0x15,
  setupAddress: 0x16,
  setupSize: 0x17,
  setupData: 0x18,
} as const;

/** Highest RAM below 4 GiB, where a BIOS puts tables of its own. */
const BIOS_TABLES_ROOM = MIB;
const ROM_FILE = 'genroms/linux.bin';
/** Suspend to RAM and to disk are not there; power-off is. Six bytes, one a sleep state: bit 7 and the type. */
const SYSTEM_STATES = [0x80, 0, 0, 0, 0, 0x80 | S5_SLEEP_TYPE];

const u16 = (value: number): Uint8Array => new ByteWriter().u16(value).toBytes();
const u32 = (value: number): Uint8Array => new ByteWriter().u32(value).toBytes();
const u64 = (value: number): Uint8Array => new ByteWriter().u64(BigInt(value)).toBytes();

export interface ConfigurationInput {
  /** Undefined: the firmware has nothing to start. */
  readonly kernel: Uint8Array | undefined;
  readonly modules: readonly BootModule[];
  readonly commandLine: string;
  /** Bytes of RAM. */
  readonly memorySize: number;
}

/** RAM as two pieces, which the firmware takes its own from, and what is reserved for devices. */
function memoryFile(memorySize: number): Uint8Array {
  const top = lowRamEnd(memorySize);
  const reserved = buildE820(memorySize).filter(
    ({ address, type }) => address >= top && type !== E820_ACPI && type !== E820_NVS,
  );
  const writer = new ByteWriter();
  for (const { address, length, type } of [{ address: 0, length: top, type: E820_RAM }, ...reserved]) {
    writer.u64(BigInt(address)).u64(BigInt(length)).u32(type);
  }
  return writer.toBytes();
}

/** Where a kernel may be put while a BIOS is there, too. */
function kernelRam(memorySize: number): E820Entry[] {
  const end = lowRamEnd(memorySize) - BIOS_TABLES_ROOM;
  return [
    { address: EXTENDED_MEMORY, length: Math.max(0, end - EXTENDED_MEMORY), type: E820_RAM },
    { address: end, length: BIOS_TABLES_ROOM, type: E820_RESERVED },
  ];
}

/** @throws InputError when the kernel is no Linux kernel, or does not fit. */
function kernelItems(input: ConfigurationInput, kernel: Uint8Array) {
  const { modules, commandLine, memorySize } = input;
  const parts = prepareLinux({ kernel, modules, commandLine, e820: kernelRam(memorySize) });
  const code = { ...parts.protectedMode, bytes: kernel.subarray(parts.realMode.bytes.length) };
  const placed = [
    [Item.setupData, parts.realMode],
    [Item.kernelData, code],
    [Item.commandLineData, parts.commandLine],
    [Item.initrdData, parts.initrd],
  ] as const;
  const rom = buildLinuxRom(
    parts,
    placed.map(([item, { address, bytes }]) => ({ item, address, length: bytes.length })),
  );
  const items: [number, Uint8Array][] = [
    ...placed.map(([item, { bytes }]): [number, Uint8Array] => [item, bytes]),
    [Item.setupAddress, u32(parts.realMode.address)],
    [Item.setupSize, u32(parts.realMode.bytes.length)],
    [Item.kernelAddress, u32(code.address)],
    [Item.kernelSize, u32(code.bytes.length)],
    [Item.commandLineAddress, u32(parts.commandLine.address)],
    [Item.commandLineSize, u32(parts.commandLine.bytes.length)],
    [Item.initrdAddress, u32(parts.initrd.address)],
    [Item.initrdSize, u32(parts.initrd.bytes.length)],
  ];
  return { items, rom };
}

/** @throws InputError when the kernel cannot be used. */
export function buildConfiguration(input: ConfigurationInput): FirmwareConfiguration {
  const { memorySize } = input;
  const [anchor, structures] = buildSmbios(memorySize);
  const items = new Map<number, Uint8Array>([
    [Item.uuid, new Uint8Array(16)],
    [Item.ramSize, u64(memorySize)],
    [Item.noGraphics, u16(1)],
    [Item.cpuCount, u16(1)],
    [Item.maxCpus, u16(1)],
    // The user chooses where there is nothing to start.
    [Item.bootMenu, u16(input.kernel === undefined ? 1 : 0)],
  ]);
  const files: ConfigurationFile[] = [
    { name: 'etc/e820', data: memoryFile(memorySize) },
    { name: 'etc/smbios/smbios-anchor', data: anchor?.bytes ?? new Uint8Array(0) },
    { name: 'etc/smbios/smbios-tables', data: structures?.bytes ?? new Uint8Array(0) },
    { name: 'etc/system-states', data: Uint8Array.from(SYSTEM_STATES) },
    { name: 'etc/sercon-port', data: u64(COM1_PORT) },
    ...acpiFiles(),
  ];
  if (input.kernel !== undefined) {
    const kernel = kernelItems(input, input.kernel);
    for (const [item, bytes] of kernel.items) items.set(item, bytes);
    files.push({ name: ROM_FILE, data: kernel.rom }, { name: 'bootorder', data: bootOrder(ROM_FILE) });
  }
  return { items, files };
}

/** Lines with a 0 at the end. */
function bootOrder(file: string): Uint8Array {
  const text = `/rom@${file}\0`;
  return new ByteWriter().text(text, text.length).toBytes();
}
