/**
 * Where things are in guest-physical memory. Everything that wires, describes or loads the machine
 * takes the addresses from here. All sizes in bytes.
 *
 *     0          RAM (conventional memory)
 *     0x9_FC00   reserved (extended BIOS data area)
 *     0xA_0000   nothing (no VGA; the BIOS keeps its text at 0xB_8000)
 *     0xF_0000   reserved (BIOS area; holds the ACPI RSDP, the SMBIOS tables, and the BIOS)
 *     0x10_0000  RAM up to 3 GiB; its last 64 KiB hold the ACPI tables
 *     3 GiB      PCI memory window
 *     0xE000_0000 PCI Express configuration space (ECAM)
 *     0xFEC0_0000 I/O APIC, 0xFED0_0000 HPET, 0xFEE0_0000 local APIC
 *     4 GiB      the rest of the RAM
 */

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;
export const PAGE_SIZE = 4 * KIB;

/** End of the RAM below the extended BIOS data area. */
export const CONVENTIONAL_MEMORY_END = 0x9fc00;
export const EBDA_END = 0xa0000;

export const BIOS_AREA = 0xf0000;
export const BIOS_AREA_END = 0x100000;
/** SMBIOS entry point and, right after it, the structures. */
export const SMBIOS_AREA = 0xf0040;

/** RAM from here on is contiguous up to `lowRamEnd`. */
export const EXTENDED_MEMORY = 0x100000;

/** RAM beyond this goes above 4 GiB. */
export const LOW_RAM_LIMIT = 3 * GIB;
export const HIGH_RAM = 4 * GIB;

/** What the PCI host bridge hands out to memory BARs. */
export const PCI_MEMORY_WINDOW = 0xc0000000;
export const PCI_MEMORY_WINDOW_END = 0xe0000000;

/**
 * PCI Express enhanced configuration access, 1 MiB a bus. There are no bridges to others than bus 0: of 256 that might be there Linux
 * asks each of 32 slots who it is, which takes 8,000 pairs of port accesses.
 */
export const ECAM = 0xe0000000;
export const ECAM_SIZE = MIB;
export const ECAM_LAST_BUS = 0;

export const IO_APIC = 0xfec00000;
export const HPET = 0xfed00000;
export const LOCAL_APIC = 0xfee00000;
/** Each of the three above is given a page in the map. */
export const SYSTEM_DEVICE_SIZE = PAGE_SIZE;

/** The HPET's registers proper. */
export const HPET_REGISTERS_SIZE = KIB;

/** Top of the RAM below 4 GiB: ACPI tables, and last a page the operating system must preserve (FACS). */
export const ACPI_TABLES_SIZE = 60 * KIB;
export const ACPI_NVS_SIZE = PAGE_SIZE;

/** End of the RAM below 4 GiB of a machine with `ramSize` bytes of RAM. */
export function lowRamEnd(ramSize: number): number {
  return Math.min(ramSize, LOW_RAM_LIMIT);
}

/** End of the RAM above 4 GiB; `HIGH_RAM` when there is none. */
export function highRamEnd(ramSize: number): number {
  return HIGH_RAM + ramSize - lowRamEnd(ramSize);
}

/** Start of the ACPI tables in a machine whose RAM below 4 GiB ends at `ramTop`. */
export function acpiTablesAddress(ramTop: number): number {
  return ramTop - ACPI_NVS_SIZE - ACPI_TABLES_SIZE;
}

/** Start of the page with the FACS. */
export function acpiNvsAddress(ramTop: number): number {
  return ramTop - ACPI_NVS_SIZE;
}
