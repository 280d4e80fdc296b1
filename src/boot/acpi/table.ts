/**
 * What all ACPI tables have in common.
 * Source: ACPI specification 6.5, "System Description Table Header", "Generic Address Structure".
 */
import { ByteWriter } from '../byte-writer.ts';

export const OEM_ID = 'LNGMOD';
const OEM_TABLE_ID = 'LONGMODE';
const OEM_REVISION = 1;
const CREATOR_ID = 'LNGM';
const CREATOR_REVISION = 1;

/** Offsets in a table's header, and its size. */
export const TABLE_LENGTH = 4;
export const TABLE_CHECKSUM = 9;
export const TABLE_HEADER = 36;

/** Sets the byte at `offset` so that all bytes add up to 0 modulo 256. */
export function setChecksum(bytes: Uint8Array, offset: number): void {
  bytes[offset] = 0;
  bytes[offset] = -bytes.reduce((sum, byte) => sum + byte, 0);
}

/**
 * A table with its header. `revision` is the table's own, as the specification of the table gives it.
 */
export function buildTable(signature: string, revision: number, body: Uint8Array): Uint8Array {
  const table = new ByteWriter()
    .text(signature, 4)
    .u32(0)
    .u8(revision, 0)
    .text(OEM_ID, 6)
    .text(OEM_TABLE_ID, 8)
    .u32(OEM_REVISION)
    .text(CREATOR_ID, 4)
    .u32(CREATOR_REVISION)
    .bytes(body)
    .toBytes();
  new DataView(table.buffer).setUint32(TABLE_LENGTH, table.length, true);
  setChecksum(table, TABLE_CHECKSUM);
  return table;
}

export const SPACE_MEMORY = 0;
export const SPACE_IO = 1;

/** Generic address structure access sizes. */
export const ACCESS_BYTE = 1;
export const ACCESS_WORD = 2;
export const ACCESS_DWORD = 3;

/** Appends a generic address structure. @param size of the register in bytes; 0 for one that is absent. */
export function writeGenericAddress(
  writer: ByteWriter,
  space: number,
  address: number,
  size: number,
  accessSize: number,
): void {
  const bitOffset = 0;
  writer.u8(space, size * 8, bitOffset, accessSize).u64(BigInt(address));
}
