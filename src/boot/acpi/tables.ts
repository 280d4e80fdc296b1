/**
 * All ACPI tables of the machine, laid out in memory.
 * Source: ACPI specification 6.5, "Root System Description Pointer" and "Extended System Description Table".
 */
import { ByteWriter } from '../byte-writer.ts';
import { ACPI_TABLES_SIZE, acpiNvsAddress, acpiTablesAddress, BIOS_AREA } from '../memory-map.ts';
import { buildDsdt } from './dsdt.ts';
import { buildFacs, buildFadt } from './fadt.ts';
import { buildHpetTable } from './hpet.ts';
import { buildMadt } from './madt.ts';
import { buildMcfg } from './mcfg.ts';
import { buildTable, OEM_ID, setChecksum } from './table.ts';

const RSDP_REVISION = 2;
const RSDP_LENGTH = 36;
const RSDP_V1_LENGTH = 20;
const RSDP_CHECKSUM = 8;
const RSDP_EXTENDED_CHECKSUM = 32;
const XSDT_REVISION = 1;
const TABLE_ALIGNMENT = 64;

export interface AcpiOptions {
  /** Number of processors, 1..255. */
  readonly cpuCount: number;
  /** End of the RAM below 4 GiB; the tables go right beneath it, where `buildE820` has room for them. */
  readonly ramTop: number;
}

/** Bytes to put at a guest-physical address. */
export interface MemoryRegion {
  readonly address: number;
  readonly bytes: Uint8Array;
}

export interface AcpiTables {
  /** Of the root pointer, which is also where a search of the BIOS area finds it. */
  readonly rsdpAddress: number;
  readonly regions: readonly MemoryRegion[];
}

function buildRsdp(xsdtAddress: number): Uint8Array {
  const noRsdt = 0;
  const rsdp = new ByteWriter()
    .text('RSD PTR ', 8)
    .u8(0)
    .text(OEM_ID, 6)
    .u8(RSDP_REVISION)
    .u32(noRsdt)
    .u32(RSDP_LENGTH)
    .u64(BigInt(xsdtAddress))
    .zeros(4)
    .toBytes();
  setChecksum(rsdp.subarray(0, RSDP_V1_LENGTH), RSDP_CHECKSUM);
  setChecksum(rsdp, RSDP_EXTENDED_CHECKSUM);
  return rsdp;
}

function buildXsdt(tableAddresses: readonly number[]): Uint8Array {
  const body = new ByteWriter();
  for (const address of tableAddresses) body.u64(BigInt(address));
  return buildTable('XSDT', XSDT_REVISION, body.toBytes());
}

/** @throws RangeError for a number of processors the tables cannot describe. */
export function buildAcpiTables({ cpuCount, ramTop }: AcpiOptions): AcpiTables {
  const regions: MemoryRegion[] = [];
  const start = acpiTablesAddress(ramTop);
  let next = start;
  const place = (bytes: Uint8Array): number => {
    const address = next;
    regions.push({ address, bytes });
    next = Math.ceil((address + bytes.length) / TABLE_ALIGNMENT) * TABLE_ALIGNMENT;
    if (next > start + ACPI_TABLES_SIZE) throw new RangeError('the ACPI tables do not fit');
    return address;
  };
  const facs = acpiNvsAddress(ramTop);
  regions.push({ address: facs, bytes: buildFacs() });
  const dsdt = place(buildDsdt());
  const fadt = place(buildFadt(facs, dsdt));
  const listed = [fadt, ...[buildMadt(cpuCount), buildHpetTable(), buildMcfg()].map(place)];
  const rsdpAddress = BIOS_AREA;
  regions.push({ address: rsdpAddress, bytes: buildRsdp(place(buildXsdt(listed))) });
  return { rsdpAddress, regions };
}
