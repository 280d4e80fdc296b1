/**
 * The multiple APIC description table: processors and how interrupts reach them.
 * Source: ACPI specification 6.5, "Multiple APIC Description Table".
 */
import { ByteWriter } from '../byte-writer.ts';
import { IO_APIC_ID, PIT_GSI, SCI_IRQ } from '../io-map.ts';
import { IO_APIC, LOCAL_APIC } from '../memory-map.ts';
import { buildTable } from './table.ts';

const MADT_REVISION = 5;
/** There are 8259 controllers too. */
const FLAG_PCAT_COMPAT = 1;

const ENTRY_LOCAL_APIC = 0;
const ENTRY_IO_APIC = 1;
const ENTRY_INTERRUPT_OVERRIDE = 2;
const ENTRY_LOCAL_APIC_NMI = 4;

const LOCAL_APIC_ENABLED = 1;
const BUS_ISA = 0;
const ALL_PROCESSORS = 0xff;
const LINT1 = 1;

/** MPS INTI flags: as the bus has it (ISA: edge, active high); active high and level triggered. */
const CONFORMS_TO_BUS = 0;
const ACTIVE_HIGH_LEVEL = 0b1101;

/** APIC identifiers 0xff and above need another kind of entry. */
const MAXIMUM_CPUS = 255;

/** Processor n has APIC identifier n. @throws RangeError unless `cpuCount` is 1..255. */
export function buildMadt(cpuCount: number): Uint8Array {
  if (!(cpuCount >= 1 && cpuCount <= MAXIMUM_CPUS))
    throw new RangeError(`cannot describe ${cpuCount} processors`);
  const body = new ByteWriter().u32(LOCAL_APIC).u32(FLAG_PCAT_COMPAT);
  for (let cpu = 0; cpu < cpuCount; cpu++) {
    body.u8(ENTRY_LOCAL_APIC, 8, cpu, cpu).u32(LOCAL_APIC_ENABLED);
  }
  const firstInterrupt = 0;
  body.u8(ENTRY_IO_APIC, 12, IO_APIC_ID, 0).u32(IO_APIC).u32(firstInterrupt);
  body.u8(ENTRY_INTERRUPT_OVERRIDE, 10, BUS_ISA, 0).u32(PIT_GSI).u16(CONFORMS_TO_BUS);
  body.u8(ENTRY_INTERRUPT_OVERRIDE, 10, BUS_ISA, SCI_IRQ).u32(SCI_IRQ).u16(ACTIVE_HIGH_LEVEL);
  body.u8(ENTRY_LOCAL_APIC_NMI, 6, ALL_PROCESSORS).u16(CONFORMS_TO_BUS).u8(LINT1);
  return buildTable('APIC', MADT_REVISION, body.toBytes());
}
