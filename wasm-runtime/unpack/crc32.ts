/** CRC-32 as in Ethernet, eight bytes at a time. */

/** Eight tables, of 1024 bytes each. */
const TABLES: usize = 1024;
/** Free for others from here on. */
export const CRC_END: usize = TABLES + 8 * 1024;

/** Makes the tables of crc32(). */
export function prepareCrc(): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    let sum = byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (0xedb8_8320 & (0 - (sum & 1)));
    store<u32>(TABLES + byte * 4, sum);
  }
  for (let at = TABLES + 1024; at < CRC_END; at += 4) {
    const sum = load<u32>(at - 1024);
    store<u32>(at, (sum >>> 8) ^ load<u32>(TABLES + (sum & 0xff) * 4));
  }
}

/** @param sum of what comes before; 0 at the beginning. */
export function crc32(sum: u32, from: usize, end: usize): u32 {
  sum = ~sum;
  for (; from + 8 <= end; from += 8) {
    const low = load<u32>(from) ^ sum;
    const high = load<u32>(from + 4);
    sum =
      load<u32>(TABLES + 7 * 1024 + (low & 0xff) * 4) ^
      load<u32>(TABLES + 6 * 1024 + ((low >>> 8) & 0xff) * 4) ^
      load<u32>(TABLES + 5 * 1024 + ((low >>> 16) & 0xff) * 4) ^
      load<u32>(TABLES + 4 * 1024 + (low >>> 24) * 4) ^
      load<u32>(TABLES + 3 * 1024 + (high & 0xff) * 4) ^
      load<u32>(TABLES + 2 * 1024 + ((high >>> 8) & 0xff) * 4) ^
      load<u32>(TABLES + 1024 + ((high >>> 16) & 0xff) * 4) ^
      load<u32>(TABLES + (high >>> 24) * 4);
  }
  for (; from < end; from++) sum = (sum >>> 8) ^ load<u32>(TABLES + ((sum ^ load<u8>(from)) & 0xff) * 4);
  return ~sum;
}
