/**
 * All ACPI tables of the machine, laid out in memory.
 * Source: ACPI specification 6.5, "Root System Description Pointer" and "Extended System Description Table".
 */
import { ByteWriter } from '../byte-writer.ts';
import { PM_PORT } from '../io-map.ts';
import { ACPI_TABLES_SIZE, acpiNvsAddress, acpiTablesAddress, BIOS_AREA } from '../memory-map.ts';
import { buildDsdt } from './dsdt.ts';
import { buildFacs, buildFadt, FADT_POINTERS } from './fadt.ts';
import { buildHpetTable } from './hpet.ts';
import { buildMadt } from './madt.ts';
import { buildMcfg } from './mcfg.ts';
import { buildTable, OEM_ID, setChecksum, TABLE_CHECKSUM, TABLE_HEADER, TABLE_LENGTH } from './table.ts';

const RSDP_REVISION = 2;
const RSDP_LENGTH = 36;
const RSDP_V1_LENGTH = 20;
const RSDP_CHECKSUM = 8;
const RSDP_XSDT = 24;
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

/** All tables but the root pointer. Addresses are what `address` says, or with 0 offsets in `bytes`. */
function buildTables(cpuCount: number, pmPort: number, address: number, facs: number, facsSize: number) {
  const bytes = new Uint8Array(ACPI_TABLES_SIZE);
  let end = facsSize;
  const place = (table: Uint8Array): number => {
    const at = Math.ceil(end / TABLE_ALIGNMENT) * TABLE_ALIGNMENT;
    end = at + table.length;
    if (end > bytes.length) throw new RangeError('the ACPI tables do not fit');
    bytes.set(table, at);
    return address + at;
  };
  const dsdt = place(buildDsdt(pmPort));
  const fadt = place(buildFadt(facs, dsdt, pmPort));
  const others = [buildMadt(cpuCount), buildHpetTable(), buildMcfg()].map(place);
  const xsdt = place(buildXsdt([fadt, ...others]));
  return { bytes: bytes.subarray(0, end), fadt, others, xsdt };
}

/** @throws RangeError for a number of processors the tables cannot describe. */
export function buildAcpiTables({ cpuCount, ramTop }: AcpiOptions): AcpiTables {
  const start = acpiTablesAddress(ramTop);
  const facs = acpiNvsAddress(ramTop);
  const { bytes, xsdt } = buildTables(cpuCount, PM_PORT, start, facs, 0);
  const rsdpAddress = BIOS_AREA;
  const regions = [
    { address: facs, bytes: buildFacs() },
    { address: start, bytes },
    { address: rsdpAddress, bytes: buildRsdp(xsdt) },
  ];
  return { rsdpAddress, regions };
}

/** A pointer of `size` bytes at an offset, which counts from the start of the tables until they have a place. */
export interface TablePointer {
  readonly at: number;
  readonly size: 4 | 8;
}

/** The tables without a place: what firmware needs to give them one. */
export interface MovableAcpiTables {
  /** The tables, the FACS first. */
  readonly bytes: Uint8Array;
  readonly pointers: readonly TablePointer[];
  /** Tables with pointers in them, whose checksum has to be made anew. */
  readonly checksums: readonly { readonly at: number; readonly start: number; readonly length: number }[];
  /** The root pointer, where it points to the tables, and its checksums. */
  readonly rsdp: Uint8Array;
  readonly rsdpPointer: TablePointer;
  readonly rsdpChecksums: MovableAcpiTables['checksums'];
}

/** @param pmPort where the power management registers are. @throws RangeError as buildAcpiTables(). */
export function buildMovableAcpiTables(cpuCount: number, pmPort: number): MovableAcpiTables {
  const facs = buildFacs();
  const { bytes, fadt, others, xsdt } = buildTables(cpuCount, pmPort, 0, 0, facs.length);
  bytes.set(facs);
  const view = new DataView(bytes.buffer);
  const checksums = [fadt, xsdt].map((start) => {
    bytes[start + TABLE_CHECKSUM] = 0;
    return { at: start + TABLE_CHECKSUM, start, length: view.getUint32(start + TABLE_LENGTH, true) };
  });
  const pointers: TablePointer[] = FADT_POINTERS.map(({ at, size }) => ({ at: fadt + at, size }));
  [fadt, ...others].forEach((_, index) => {
    pointers.push({ at: xsdt + TABLE_HEADER + index * 8, size: 8 });
  });
  const rsdp = buildRsdp(xsdt);
  const rsdpChecksums = [
    { at: RSDP_CHECKSUM, start: 0, length: RSDP_V1_LENGTH },
    { at: RSDP_EXTENDED_CHECKSUM, start: 0, length: RSDP_LENGTH },
  ];
  for (const { at } of rsdpChecksums) rsdp[at] = 0;
  return { bytes, pointers, checksums, rsdp, rsdpPointer: { at: RSDP_XSDT, size: 8 }, rsdpChecksums };
}
