/**
 * The jump cache: direct-mapped, from linear address and mode to head record. An entry is valid while its
 * generation is the current one, so everything that may move code raises the generation. User code has one and supervisor
 * code another: what a kernel does most, a change of CR3, leaves its own code where it is, if that is in global pages.
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
  JUMP_SUPERVISOR,
  JUMP_SUPERVISOR_LOCAL,
  JUMP_TAG,
  JUMP_USER,
  MODE_VIEW_MASK,
  MODE_VIEW_SHIFT,
  VIEW_USER,
  VIEW_USER_ALIGNED,
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

/**
 * `isGlobal`: the translation of `la` survives a change of CR3. Code that reaches into the next page depends on that one, too
 * (keepWithPage()).
 */
export function fillJumpCache(la: u64, mode: i32, head: u32, isGlobal: bool): void {
  const entry = jumpCacheEntry(la);
  store<u64>(entry + JUMP_ADDRESS, la);
  store<u32>(entry + JUMP_HEAD, head);
  store<i32>(entry + JUMP_TAG, jumpCacheTag(mode));
  keepWithPage(la, mode, isGlobal);
}

/** What is entered in `mode` is invalidated with the translation of the page of `la`, or with all that are not global. */
export function keepWithPage(la: u64, mode: i32, isGlobal: bool): void {
  const privilege = privilegeOf(mode);
  if (privilege === JUMP_SUPERVISOR && !isGlobal) store<i32>(CPU_STATE + JUMP_SUPERVISOR_LOCAL, 1);
  const bit = filterBit(la);
  const byte = filterByte(privilege, bit);
  store<u8>(byte, <u8>(<u32>load<u8>(byte) | ((<u32>1) << (bit & 7))));
}

/** Invalidates every entry. */
export function clearJumpCache(): void {
  raiseGeneration(JUMP_USER);
  raiseGeneration(JUMP_SUPERVISOR);
}

/** Invalidates every entry whose page may not be global. */
export function clearLocalJumps(): void {
  raiseGeneration(JUMP_USER);
  if (load<i32>(CPU_STATE + JUMP_SUPERVISOR_LOCAL) !== 0) raiseGeneration(JUMP_SUPERVISOR);
}

/** Invalidates every entry of a privilege that has one in the page of `la`. */
export function clearJumpCachePage(la: u64): void {
  const bit = filterBit(la);
  const mask = (<u32>1) << (bit & 7);
  if (<u32>load<u8>(filterByte(JUMP_USER, bit)) & mask) raiseGeneration(JUMP_USER);
  if (<u32>load<u8>(filterByte(JUMP_SUPERVISOR, bit)) & mask) raiseGeneration(JUMP_SUPERVISOR);
}

function raiseGeneration(privilege: i32): void {
  const address: u32 = CPU_STATE + JUMP_GENERATION + 4 * privilege;
  let generation = load<i32>(address) + 1;
  if (generation > 0xff_ffff) {
    memory.fill(JUMP_CACHE, 0, JUMP_CACHE_ENTRIES * JUMP_CACHE_ENTRY_SIZE);
    generation = 1;
  }
  store<i32>(address, generation);
  memory.fill(JUMP_PAGE_FILTER + privilege * JUMP_PAGE_FILTER_SIZE, 0, JUMP_PAGE_FILTER_SIZE);
  if (privilege === JUMP_SUPERVISOR) store<i32>(CPU_STATE + JUMP_SUPERVISOR_LOCAL, 0);
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
  const generation = load<i32>(CPU_STATE + JUMP_GENERATION + 4 * privilegeOf(mode));
  return mode | (generation << JUMP_GENERATION_SHIFT);
}

/** @inline */
function privilegeOf(mode: i32): i32 {
  const view = (mode >> MODE_VIEW_SHIFT) & MODE_VIEW_MASK;
  return view === VIEW_USER || view === VIEW_USER_ALIGNED ? JUMP_USER : JUMP_SUPERVISOR;
}

/** @inline */
function filterBit(la: u64): u32 {
  const page = <u32>(la >> 12);
  return (page ^ (page >> 13)) & (JUMP_PAGE_FILTER_SIZE * 8 - 1);
}

/** @inline */
function filterByte(privilege: i32, bit: u32): u32 {
  return JUMP_PAGE_FILTER + privilege * JUMP_PAGE_FILTER_SIZE + (bit >> 3);
}
