/**
 * The memory map the firmware would give through INT 15h, AX=E820h.
 * Source: ACPI specification, "System Address Map Interfaces".
 */
import { InputError } from './input-error.ts';
import {
  ACPI_NVS_SIZE,
  ACPI_TABLES_SIZE,
  acpiNvsAddress,
  acpiTablesAddress,
  BIOS_AREA,
  BIOS_AREA_END,
  CONVENTIONAL_MEMORY_END,
  EBDA_END,
  ECAM,
  ECAM_SIZE,
  EXTENDED_MEMORY,
  HIGH_RAM,
  HPET,
  highRamEnd,
  IO_APIC,
  LOCAL_APIC,
  lowRamEnd,
  MIB,
  PAGE_SIZE,
  SYSTEM_DEVICE_SIZE,
} from './memory-map.ts';

export const E820_RAM = 1;
export const E820_RESERVED = 2;
/** ACPI tables; RAM once the operating system has read them. */
export const E820_ACPI = 3;
/** Memory the operating system must preserve. */
export const E820_NVS = 4;

/** A range of guest-physical addresses, in bytes; at most 2^53. */
export interface E820Entry {
  readonly address: number;
  readonly length: number;
  readonly type: number;
}

const MINIMUM_RAM = 2 * MIB;

/**
 * The map of a machine with `ramSize` bytes of RAM, in ascending order without overlaps.
 * @throws InputError when there is too little RAM to describe, or not a whole number of pages.
 */
export function buildE820(ramSize: number): E820Entry[] {
  if (ramSize < MINIMUM_RAM) throw new InputError('the guest needs at least 2 MiB of memory');
  if (ramSize % PAGE_SIZE !== 0) throw new InputError('the memory size must be a multiple of 4 KiB');
  const ramTop = lowRamEnd(ramSize);
  const entry = (address: number, end: number, type: number): E820Entry => ({
    address,
    length: end - address,
    type,
  });
  const tables = acpiTablesAddress(ramTop);
  const nvs = acpiNvsAddress(ramTop);
  const map = [
    entry(0, CONVENTIONAL_MEMORY_END, E820_RAM),
    entry(CONVENTIONAL_MEMORY_END, EBDA_END, E820_RESERVED),
    entry(BIOS_AREA, BIOS_AREA_END, E820_RESERVED),
    entry(EXTENDED_MEMORY, tables, E820_RAM),
    entry(tables, tables + ACPI_TABLES_SIZE, E820_ACPI),
    entry(nvs, nvs + ACPI_NVS_SIZE, E820_NVS),
    entry(ECAM, ECAM + ECAM_SIZE, E820_RESERVED),
    entry(IO_APIC, IO_APIC + SYSTEM_DEVICE_SIZE, E820_RESERVED),
    entry(HPET, HPET + SYSTEM_DEVICE_SIZE, E820_RESERVED),
    entry(LOCAL_APIC, LOCAL_APIC + SYSTEM_DEVICE_SIZE, E820_RESERVED),
  ];
  const highEnd = highRamEnd(ramSize);
  if (highEnd > HIGH_RAM) map.push(entry(HIGH_RAM, highEnd, E820_RAM));
  return map;
}
