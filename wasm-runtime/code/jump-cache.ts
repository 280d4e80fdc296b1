/**
 * The jump cache: direct-mapped, from linear address and mode to head record. An entry is valid while its
 * generation is the current one, so everything that may move code raises the generation.
 */
import {
  CPU_STATE,
  JUMP_ADDRESS,
  JUMP_CACHE,
  JUMP_CACHE_ENTRIES,
  JUMP_CACHE_ENTRY_SIZE,
  JUMP_GENERATION,
  JUMP_GENERATION_SHIFT,
  JUMP_HEAD,
  JUMP_PAGE_FILTER,
  JUMP_PAGE_FILTER_SIZE,
  JUMP_TAG,
} from '../generated/layout';

/**
 * Head record for linear address `la` in `mode`, or 0.
 * @inline
 */
export function probeJumpCache(la: u64, mode: i32): u32 {
  const entry = jumpCacheEntry(la);
  if (load<u64>(entry + JUMP_ADDRESS) !== la || load<i32>(entry + JUMP_TAG) !== jumpCacheTag(mode)) return 0;
  return load<u32>(entry + JUMP_HEAD);
}

export function fillJumpCache(la: u64, mode: i32, head: u32): void {
  const entry = jumpCacheEntry(la);
  store<u64>(entry + JUMP_ADDRESS, la);
  store<u32>(entry + JUMP_HEAD, head);
  store<i32>(entry + JUMP_TAG, jumpCacheTag(mode));
  const bit = filterBit(la);
  const byte = JUMP_PAGE_FILTER + (bit >> 3);
  store<u8>(byte, <u8>(<u32>load<u8>(byte) | ((<u32>1) << (bit & 7))));
}

/** Invalidates every entry. */
export function clearJumpCache(): void {
  let generation = load<i32>(CPU_STATE + JUMP_GENERATION) + 1;
  if (generation > 0xff_ffff) {
    memory.fill(JUMP_CACHE, 0, JUMP_CACHE_ENTRIES * JUMP_CACHE_ENTRY_SIZE);
    generation = 1;
  }
  store<i32>(CPU_STATE + JUMP_GENERATION, generation);
  memory.fill(JUMP_PAGE_FILTER, 0, JUMP_PAGE_FILTER_SIZE);
}

/** Invalidates every entry if the page of `la` has any. */
export function clearJumpCachePage(la: u64): void {
  const bit = filterBit(la);
  if (<u32>load<u8>(JUMP_PAGE_FILTER + (bit >> 3)) & ((<u32>1) << (bit & 7))) clearJumpCache();
}

/**
 * Linear addresses of code differ most in their low bits, but functions are aligned to 16: fold the page number in.
 * @inline
 */
function jumpCacheEntry(la: u64): u32 {
  return JUMP_CACHE + ((<u32>la ^ (<u32>la >> 12)) & (JUMP_CACHE_ENTRIES - 1)) * JUMP_CACHE_ENTRY_SIZE;
}

/** @inline */
function jumpCacheTag(mode: i32): i32 {
  return mode | (load<i32>(CPU_STATE + JUMP_GENERATION) << JUMP_GENERATION_SHIFT);
}

/** @inline */
function filterBit(la: u64): u32 {
  const page = <u32>(la >> 12);
  return (page ^ (page >> 13)) & (JUMP_PAGE_FILTER_SIZE * 8 - 1);
}
