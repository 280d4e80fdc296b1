/**
 * The ACPI tables as files, and the script by which firmware places them: where to allocate, which fields are pointers,
 * which checksums to make.
 * Source: QEMU docs/specs/acpi_... and include/hw/acpi/bios-linker-loader.h describe the commands.
 */
import type { ConfigurationFile } from '../../devices/fw-cfg/directory.ts';
import { buildMovableAcpiTables } from '../acpi/tables.ts';
import { ByteWriter } from '../byte-writer.ts';
import { PM_PORT } from '../io-map.ts';

const TABLES_FILE = 'etc/acpi/tables';
const RSDP_FILE = 'etc/acpi/rsdp';
const SCRIPT_FILE = 'etc/table-loader';

const COMMAND_SIZE = 128;
const NAME_SIZE = 56;
const ALLOCATE = 1;
const ADD_POINTER = 2;
const ADD_CHECKSUM = 3;
/** Anywhere below 4 GiB, or in the BIOS area, where a root pointer is looked for. */
const ZONE_HIGH = 1;
const ZONE_BIOS_AREA = 2;
const TABLES_ALIGNMENT = 64;
const RSDP_ALIGNMENT = 16;

class Script {
  private readonly writer = new ByteWriter();

  private command(number: number, body: ByteWriter): void {
    this.writer
      .u32(number)
      .bytes(body.toBytes())
      .zeros(COMMAND_SIZE - 4 - body.length);
  }

  allocate(file: string, alignment: number, zone: number): void {
    this.command(ALLOCATE, new ByteWriter().text(file, NAME_SIZE, '\0').u32(alignment).u8(zone));
  }

  addPointer(file: string, target: string, at: number, size: number): void {
    const names = new ByteWriter().text(file, NAME_SIZE, '\0').text(target, NAME_SIZE, '\0');
    this.command(ADD_POINTER, names.u32(at).u8(size));
  }

  addChecksum(file: string, at: number, start: number, length: number): void {
    this.command(ADD_CHECKSUM, new ByteWriter().text(file, NAME_SIZE, '\0').u32(at).u32(start).u32(length));
  }

  toBytes(): Uint8Array {
    return this.writer.toBytes();
  }
}

const CPU_COUNT = 1;

export function acpiFiles(): readonly ConfigurationFile[] {
  const tables = buildMovableAcpiTables(CPU_COUNT, PM_PORT);
  const script = new Script();
  script.allocate(TABLES_FILE, TABLES_ALIGNMENT, ZONE_HIGH);
  script.allocate(RSDP_FILE, RSDP_ALIGNMENT, ZONE_BIOS_AREA);
  for (const { at, size } of tables.pointers) script.addPointer(TABLES_FILE, TABLES_FILE, at, size);
  for (const { at, start, length } of tables.checksums) script.addChecksum(TABLES_FILE, at, start, length);
  script.addPointer(RSDP_FILE, TABLES_FILE, tables.rsdpPointer.at, tables.rsdpPointer.size);
  for (const { at, start, length } of tables.rsdpChecksums) script.addChecksum(RSDP_FILE, at, start, length);
  return [
    { name: TABLES_FILE, data: tables.bytes },
    { name: RSDP_FILE, data: tables.rsdp },
    { name: SCRIPT_FILE, data: script.toBytes() },
  ];
}

/** Firmware has moved the power management registers: the tables that it reads afterwards say where. */
export function tellPowerManagementPort(files: readonly ConfigurationFile[], port: number): void {
  const tables = files.find(({ name }) => name === TABLES_FILE);
  tables?.data.set(buildMovableAcpiTables(CPU_COUNT, port).bytes);
}
