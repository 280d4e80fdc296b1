/**
 * The table that announces the HPET.
 * Source: IA-PC HPET specification, "The ACPI 2.0 HPET Description Table (HPET)".
 */
import { ByteWriter } from '../byte-writer.ts';
import { HPET } from '../memory-map.ts';
import { buildTable, SPACE_MEMORY, writeGenericAddress } from './table.ts';

/**
 * The low half of the capabilities register: revision 1, three comparators, a 64-bit counter, legacy
 * replacement routing, vendor 8086h.
 */
const HPET_EVENT_TIMER_BLOCK_ID = 0x8086a201;

/** Shortest period in counter ticks: 1 us at 100 MHz. */
const MINIMUM_TICK = 100;

export function buildHpetTable(): Uint8Array {
  const sequenceNumber = 0;
  const noPageProtection = 0;
  const body = new ByteWriter().u32(HPET_EVENT_TIMER_BLOCK_ID);
  writeGenericAddress(body, SPACE_MEMORY, HPET, 8, 0);
  body.u8(sequenceNumber).u16(MINIMUM_TICK).u8(noPageProtection);
  return buildTable('HPET', 1, body.toBytes());
}
