/** CRC-32C (Castagnoli), the polynomial of the CRC32 instruction, eight bytes at a time. */

/** 11EDC6F41H bit-reversed. */
const POLYNOMIAL: u32 = 0x82f6_3b78;
/** Eight tables of 256 words: entry i of table k is the CRC of byte i followed by k zero bytes. */
const TABLES: usize = memory.data(8192, 16);
const TABLE_BYTES: usize = 1024;

function makeTables(): void {
  for (let i: u32 = 0; i < 256; i++) {
    let crc = i;
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (POLYNOMIAL & (0 - (crc & 1)));
    store<u32>(TABLES + i * 4, crc);
  }
  for (let i: usize = 0; i < 7 * TABLE_BYTES; i += 4) {
    const crc = load<u32>(TABLES + i);
    store<u32>(TABLES + i + TABLE_BYTES, (crc >> 8) ^ entry(0, crc));
  }
}

/**
 * Entry of table `table` for the low byte of `value`.
 * @inline
 */
function entry(table: usize, value: u32): u32 {
  return load<u32>(TABLES + table * TABLE_BYTES + (value & 0xff) * 4);
}

/** `crc` continued with the low `size` (1, 2, 4 or 8) bytes of `value`, without inversions. */
export function crc32c(crc: u32, value: u64, size: i32): u32 {
  // The last entry is never zero once the tables are made.
  if (load<u32>(TABLES + 1020) === 0) makeTables();
  const low = crc ^ <u32>value;
  if (size === 8) {
    const high = <u32>(value >> 32);
    return (
      entry(7, low) ^
      entry(6, low >> 8) ^
      entry(5, low >> 16) ^
      entry(4, low >> 24) ^
      entry(3, high) ^
      entry(2, high >> 8) ^
      entry(1, high >> 16) ^
      entry(0, high >> 24)
    );
  }
  if (size === 4) return entry(3, low) ^ entry(2, low >> 8) ^ entry(1, low >> 16) ^ entry(0, low >> 24);
  if (size === 2) return (crc >> 16) ^ entry(1, low) ^ entry(0, low >> 8);
  return (crc >> 8) ^ entry(0, low);
}
