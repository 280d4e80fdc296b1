/**
 * The table that says where PCI Express configuration space is.
 * Source: PCI Firmware specification, "MCFG Table Description".
 */
import { ByteWriter } from '../byte-writer.ts';
import { ECAM, ECAM_LAST_BUS } from '../memory-map.ts';
import { buildTable } from './table.ts';

export function buildMcfg(): Uint8Array {
  const segment = 0;
  const firstBus = 0;
  const body = new ByteWriter().zeros(8).u64(BigInt(ECAM)).u16(segment).u8(firstBus, ECAM_LAST_BUS).zeros(4);
  return buildTable('MCFG', 1, body.toBytes());
}
