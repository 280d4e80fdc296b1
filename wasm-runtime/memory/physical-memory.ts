/**
 * Guest-physical memory: a map of 2 MiB chunks, each given host memory when it is first touched, and the
 * metadata of their pages. Nothing is RAM until mapRam() says so.
 */
import {
  ARENA_EPOCH,
  CHUNK_COUNT,
  CHUNK_ENTRY_SIZE,
  CHUNK_MAP,
  CHUNK_SHIFT,
  CPU_STATE,
  EVENT_KIND,
  EVENT_OUT_OF_MEMORY,
  HEAP_BASE,
  HEAP_TOP,
  JUMP_GENERATION,
  JUMP_SUPERVISOR,
  JUMP_USER,
  PAGE_META_CODE_MASK,
  PAGE_META_SIZE,
  RECORD_ARENA,
  RECORD_ARENA_END,
  RECORD_HALF,
  RECORD_HALF_SIZE,
  RECORD_OLDER_TOP,
  RECORD_TOP,
  ROM_END,
  ROM_START,
  TLB_BASE,
  TLB_ENTRIES,
  TLB_ENTRY_SIZE,
  TLB_EXEC_TAG,
  TLB_INVALID,
  TLB_READ_TAG,
  TLB_WRITE_TAG,
  VIEW_USER_ALIGNED,
} from '../generated/layout';
import { raise } from '../system/host';

/** Host offset in a chunk map entry of a chunk that is not RAM. */
const NOT_RAM: u32 = 1;
const CHUNK_META: i32 = 4;
const CHUNK_BYTES: u32 = 1 << CHUNK_SHIFT;
const CHUNK_MASK: u32 = CHUNK_BYTES - 1;
const CHUNK_META_BYTES: u32 = (CHUNK_BYTES >> 12) * PAGE_META_SIZE;
/** WebAssembly pages to grow by at least: growing detaches every view JavaScript has of the memory. */
const GROWTH: i32 = 512;

/** Puts everything of linear memory that is not zero at the start into its first state. Once, before anything else. */
export function initializeMemory(): void {
  for (let chunk: u32 = 0; chunk < <u32>CHUNK_COUNT; chunk++) {
    store<u64>(CHUNK_MAP + chunk * CHUNK_ENTRY_SIZE, <u64>NOT_RAM);
  }
  for (
    let entry: u32 = TLB_BASE;
    entry < <u32>(TLB_BASE + (VIEW_USER_ALIGNED + 1) * TLB_ENTRIES * TLB_ENTRY_SIZE);
    entry += TLB_ENTRY_SIZE
  ) {
    store<i64>(entry + TLB_READ_TAG, TLB_INVALID);
    store<i64>(entry + TLB_WRITE_TAG, TLB_INVALID);
    store<i64>(entry + TLB_EXEC_TAG, TLB_INVALID);
  }
  store<i32>(CPU_STATE + JUMP_GENERATION + 4 * JUMP_USER, 1);
  store<i32>(CPU_STATE + JUMP_GENERATION + 4 * JUMP_SUPERVISOR, 1);
  store<i32>(CPU_STATE + ARENA_EPOCH, 0);
  store<u32>(CPU_STATE + RECORD_HALF, RECORD_ARENA);
  store<u32>(CPU_STATE + RECORD_HALF_SIZE, (RECORD_ARENA_END - RECORD_ARENA) / 2);
  store<u32>(CPU_STATE + RECORD_OLDER_TOP, 0);
  store<u32>(CPU_STATE + RECORD_TOP, RECORD_ARENA);
  store<u32>(CPU_STATE + HEAP_TOP, HEAP_BASE);
}

/**
 * Makes `count` chunks of 2 MiB from number `firstChunk` on RAM. Chunks that are RAM already keep their content;
 * those beyond the map are left out.
 */
export function mapRam(firstChunk: u32, count: u32): void {
  const end = min(<u64>firstChunk + count, <u64>CHUNK_COUNT);
  for (let chunk = <u64>firstChunk; chunk < end; chunk++) {
    const entry = CHUNK_MAP + <u32>chunk * CHUNK_ENTRY_SIZE;
    if (load<u32>(entry) === NOT_RAM) store<u32>(entry, 0);
  }
}

/** Makes the chunks of mapRam() ROM, of which there is one range at most. */
export function mapRom(firstChunk: u32, count: u32): void {
  mapRam(firstChunk, count);
  store<u64>(CPU_STATE + ROM_START, (<u64>firstChunk) << CHUNK_SHIFT);
  store<u64>(CPU_STATE + ROM_END, (<u64>firstChunk + count) << CHUNK_SHIFT);
}

/** @inline */
export function isRom(pa: u64): bool {
  const start = load<u64>(CPU_STATE + ROM_START);
  return pa - start < load<u64>(CPU_STATE + ROM_END) - start;
}

/** There is nothing left to give the guest: its end. Never returns. */
function outOfMemory(): void {
  store<i32>(CPU_STATE + EVENT_KIND, EVENT_OUT_OF_MEMORY);
  raise();
}

/** Zeroed host memory, aligned to 4096 when `bytes` is a multiple of it. Raises EVENT_OUT_OF_MEMORY when the host has no more. */
function allocate(bytes: u32): u32 {
  const start = load<u32>(CPU_STATE + HEAP_TOP);
  const end = <u64>start + bytes;
  const available = (<u64>memory.size()) << 16;
  if (end > available) {
    const missing = <i32>((end - available + 0xffff) >> 16);
    if (memory.grow(max(missing, GROWTH)) < 0 && memory.grow(missing) < 0) outOfMemory();
  }
  if (end > 0xffff_ffff) outOfMemory();
  store<u32>(CPU_STATE + HEAP_TOP, <u32>end);
  return start;
}

/** Host offset of the RAM byte at guest-physical `pa`, or 0 when there is no RAM. */
export function hostAddress(pa: u64): u32 {
  const chunk = <u32>min(pa >> CHUNK_SHIFT, <u64>CHUNK_COUNT);
  if (chunk === CHUNK_COUNT) return 0;
  const host = load<u32>(CHUNK_MAP + chunk * CHUNK_ENTRY_SIZE);
  if (host > NOT_RAM) return host + (<u32>pa & CHUNK_MASK);
  return host === NOT_RAM ? 0 : touchChunk(chunk) + (<u32>pa & CHUNK_MASK);
}

/** hostAddress() of the page with number `physicalPage` (physical address >> 12), for callers in JavaScript. */
export function hostPageAddress(physicalPage: u32): u32 {
  return hostAddress((<u64>physicalPage) << 12);
}

function touchChunk(chunk: u32): u32 {
  const host = allocate(CHUNK_BYTES);
  store<u32>(CHUNK_MAP + chunk * CHUNK_ENTRY_SIZE, host);
  return host;
}

/** Address of the metadata of the page at `pa`, or 0 when the page is not RAM. */
export function pageMeta(pa: u64): u32 {
  const chunk = <u32>min(pa >> CHUNK_SHIFT, <u64>CHUNK_COUNT);
  if (chunk === CHUNK_COUNT) return 0;
  const entry = CHUNK_MAP + chunk * CHUNK_ENTRY_SIZE;
  let meta = load<u32>(entry + CHUNK_META);
  if (meta === 0) {
    if (load<u32>(entry) === NOT_RAM) return 0;
    meta = allocate(CHUNK_META_BYTES);
    store<u32>(entry + CHUNK_META, meta);
  }
  return meta + ((<u32>pa & CHUNK_MASK) >> 12) * PAGE_META_SIZE;
}

/** Code mask of the page at `pa`: bit n set = translated code in its bytes n*64..n*64+63. */
export function codeMask(pa: u64): u64 {
  const chunk = <u32>min(pa >> CHUNK_SHIFT, <u64>CHUNK_COUNT);
  if (chunk === CHUNK_COUNT) return 0;
  const meta = load<u32>(CHUNK_MAP + chunk * CHUNK_ENTRY_SIZE + CHUNK_META);
  if (meta === 0) return 0;
  return load<u64>(meta + ((<u32>pa & CHUNK_MASK) >> 12) * PAGE_META_SIZE + PAGE_META_CODE_MASK);
}

/** Aligned 8 bytes of physical memory; all ones, as on a bus where nobody answers, when there is no RAM. */
export function readPhysical64(pa: u64): u64 {
  const host = hostAddress(pa);
  return host === 0 ? u64.MAX_VALUE : load<u64>(host);
}

export function readPhysical32(pa: u64): u32 {
  const host = hostAddress(pa);
  return host === 0 ? u32.MAX_VALUE : load<u32>(host);
}

/** Writes aligned 8 bytes; ignored where there is no RAM, or ROM. Translated code in them is not invalidated. */
export function writePhysical64(pa: u64, value: u64): void {
  const host = hostAddress(pa);
  if (host !== 0 && !isRom(pa)) store<u64>(host, value);
}

export function writePhysical32(pa: u64, value: u32): void {
  const host = hostAddress(pa);
  if (host !== 0 && !isRom(pa)) store<u32>(host, value);
}
