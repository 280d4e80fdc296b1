/**
 * The tables by which an operating system tells what machine it is on.
 * Source: SMBIOS reference specification 3.3 (DSP0134), "SMBIOS 3.0 (64-bit) entry point" and "Structure
 * definitions". The processor is described by CPUID and the slots by PCI; their structures are left out.
 */
import { setChecksum } from './acpi/table.ts';
import type { MemoryRegion } from './acpi/tables.ts';
import { ByteWriter } from './byte-writer.ts';
import { HIGH_RAM, highRamEnd, KIB, lowRamEnd, MIB, SMBIOS_AREA } from './memory-map.ts';

const MANUFACTURER = 'longmode';
const PRODUCT = 'x86-64 virtual machine';
const FIRMWARE_VERSION = '1.0';
/** Linux takes Intel firmware since 2015 for a laptop's, whose RTC alarms come through ACPI. */
const FIRMWARE_DATE = '01/01/2014';

const ENTRY_POINT_LENGTH = 24;
const ENTRY_POINT_CHECKSUM = 5;
const ENTRY_POINT_REVISION = 1;
const SPECIFICATION_VERSION = [3, 3, 0] as const;
const TABLE_ALIGNMENT = 16;

/** A field that names no other structure. */
const NO_ERROR_INFORMATION = 0xfffe;
const UNKNOWN_WIDTH = 0xffff;
/** "The real value is in the extended field." */
const EXTENDED_CAPACITY = 0x80000000;
const EXTENDED_SIZE = 0x7fff;
const EXTENDED_ADDRESS = 0xffffffff;

/** Collects structures; a structure's handle is its number. */
class StructureTable {
  private readonly writer = new ByteWriter();
  private count = 0;

  /**
   * @param body what follows the four bytes that all structures start with.
   * @param strings that the body refers to as 1, 2, ...
   * @returns the structure's handle.
   */
  add(type: number, body: ByteWriter, strings: readonly string[] = []): number {
    const handle = this.count++;
    const header = 4;
    this.writer
      .u8(type, header + body.length)
      .u16(handle)
      .bytes(body.toBytes());
    for (const string of strings) this.writer.text(string, string.length).u8(0);
    // A second zero ends the strings; without strings there are two as well.
    this.writer.zeros(strings.length === 0 ? 2 : 1);
    return handle;
  }

  toBytes(): Uint8Array {
    return this.writer.toBytes();
  }
}

/** "BIOS Information (Type 0)" */
function firmware(): ByteWriter {
  const segment = 0xf000;
  const characteristicsUnknown = 1n << 3n;
  const acpiSupported = 1 << 0;
  const virtualMachine = 1 << 4;
  return new ByteWriter()
    .u8(1, 2)
    .u16(segment)
    .u8(3)
    .u8(0) // 64 KiB
    .u64(characteristicsUnknown)
    .u8(acpiSupported, virtualMachine)
    .u8(1, 0) // version
    .u8(0xff, 0xff) // no embedded controller
    .u16(0);
}

/** "System Information (Type 1)" */
function system(): ByteWriter {
  const uuidLength = 16;
  const powerSwitch = 6;
  return new ByteWriter().u8(1, 2, 3, 0).zeros(uuidLength).u8(powerSwitch, 0, 0);
}

/** "System Enclosure or Chassis (Type 3)" */
function chassis(): ByteWriter {
  const other = 1;
  const unknown = 2;
  const safe = 3;
  return new ByteWriter().u8(1, other, 2, 0, 0).u8(safe, safe, safe, unknown).u32(0).zeros(5);
}

/** "Physical Memory Array (Type 16)" */
function memoryArray(size: number): ByteWriter {
  const other = 1;
  const systemMemory = 3;
  const noErrorCorrection = 3;
  const isExtended = size / KIB >= EXTENDED_CAPACITY;
  return new ByteWriter()
    .u8(other, systemMemory, noErrorCorrection)
    .u32(isExtended ? EXTENDED_CAPACITY : size / KIB)
    .u16(NO_ERROR_INFORMATION)
    .u16(1)
    .u64(isExtended ? BigInt(size) : 0n);
}

/** "Memory Device (Type 17)" */
function memoryDevice(array: number, size: number): ByteWriter {
  const dimm = 9;
  const ram = 7;
  const otherDetail = 1 << 1;
  const mebibytes = Math.floor(size / MIB);
  const isExtended = mebibytes >= EXTENDED_SIZE;
  return new ByteWriter()
    .u16(array)
    .u16(NO_ERROR_INFORMATION)
    .u16(UNKNOWN_WIDTH)
    .u16(UNKNOWN_WIDTH)
    .u16(isExtended ? EXTENDED_SIZE : mebibytes)
    .u8(dimm, 0, 1, 0, ram)
    .u16(otherDetail)
    .u16(0)
    .u8(2, 0, 0, 0, 0)
    .u32(isExtended ? mebibytes : 0)
    .zeros(8);
}

/** "Memory Array Mapped Address (Type 19)" of the addresses from `start` up to and without `end`. */
function mappedAddress(array: number, start: number, end: number): ByteWriter {
  const isExtended = end / KIB > EXTENDED_ADDRESS;
  return new ByteWriter()
    .u32(isExtended ? EXTENDED_ADDRESS : start / KIB)
    .u32(isExtended ? EXTENDED_ADDRESS : end / KIB - 1)
    .u16(array)
    .u8(1)
    .u64(isExtended ? BigInt(start) : 0n)
    .u64(isExtended ? BigInt(end - 1) : 0n);
}

function buildStructures(ramSize: number): Uint8Array {
  const table = new StructureTable();
  table.add(0, firmware(), [MANUFACTURER, FIRMWARE_VERSION, FIRMWARE_DATE]);
  table.add(1, system(), [MANUFACTURER, PRODUCT, FIRMWARE_VERSION]);
  table.add(3, chassis(), [MANUFACTURER, FIRMWARE_VERSION]);
  const array = table.add(16, memoryArray(ramSize));
  table.add(17, memoryDevice(array, ramSize), ['DIMM 0', MANUFACTURER]);
  table.add(19, mappedAddress(array, 0, lowRamEnd(ramSize)));
  if (highRamEnd(ramSize) > HIGH_RAM) table.add(19, mappedAddress(array, HIGH_RAM, highRamEnd(ramSize)));
  const reserved = 6;
  const noErrors = 0;
  table.add(32, new ByteWriter().zeros(reserved).u8(noErrors));
  table.add(127, new ByteWriter());
  return table.toBytes();
}

/** @param ramSize in bytes, a multiple of 4 KiB. */
export function buildSmbios(ramSize: number): readonly MemoryRegion[] {
  const structures = buildStructures(ramSize);
  const address = Math.ceil((SMBIOS_AREA + ENTRY_POINT_LENGTH) / TABLE_ALIGNMENT) * TABLE_ALIGNMENT;
  const entryPoint = new ByteWriter()
    .text('_SM3_', 5)
    .u8(0, ENTRY_POINT_LENGTH, ...SPECIFICATION_VERSION, ENTRY_POINT_REVISION, 0)
    .u32(structures.length)
    .u64(BigInt(address))
    .toBytes();
  setChecksum(entryPoint, ENTRY_POINT_CHECKSUM);
  return [
    { address: SMBIOS_AREA, bytes: entryPoint },
    { address, bytes: structures },
  ];
}
