/**
 * Which code may be that of a block of an earlier run, by its place in the page, its mode and its first two bytes: a bit for each
 * hash of those, so that JavaScript (src/code-cache/saved-regions.ts) is asked for no other.
 */
import { SAVED_CODE, SAVED_CODE_BITS } from '../generated/layout';

const LAST_OFFSET: u32 = 0xfff;

/** There is a saved block at an offset of its page and in a mode, with these bytes. */
export function noteSaved(offset: u32, mode: u32, first: u32, second: u32): void {
  const bit = bitOf(offset, mode, first, offset === LAST_OFFSET ? 0 : second);
  const byte = SAVED_CODE + (bit >> 3);
  store<u8>(byte, <u8>(<u32>load<u8>(byte) | ((<u32>1) << (bit & 7))));
}

/** No saved block is to be used any more. */
export function forgetSaved(): void {
  memory.fill(SAVED_CODE, 0, 1 << (SAVED_CODE_BITS - 3));
}

/** @param page address in linear memory. */
export function mayBeSaved(page: u32, offset: u32, mode: u32): bool {
  const second: u32 = offset === LAST_OFFSET ? 0 : load<u8>(page + offset + 1);
  const bit = bitOf(offset, mode, load<u8>(page + offset), second);
  return ((<u32>load<u8>(SAVED_CODE + (bit >> 3)) >> (bit & 7)) & 1) !== 0;
}

/** @inline */
function bitOf(offset: u32, mode: u32, first: u32, second: u32): u32 {
  const place = (mode << 12) | offset;
  return ((place ^ (((second << 8) | first) * 0x85eb_ca6b)) * 0x9e37_79b1) >> (32 - SAVED_CODE_BITS);
}
