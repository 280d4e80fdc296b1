/**
 * Data and I/O breakpoints (Intel SDM Vol. 3 "Debug Registers"): which accesses they watch. A page with one has no
 * tags in the TLB for what is watched, so that all accesses to it come to the slow paths, which ask here.
 *
 * The first access of an instruction that hits a breakpoint abandons it, before anything has changed; the host loop
 * runs it again alone and delivers the trap behind it (EVENT_BREAKPOINT).
 */
import { raiseBreakpoint } from '../events/raise';
import { BREAKPOINT_HITS, BREAKPOINT_STEP, BREAKPOINTS, CPU_STATE, DR } from '../generated/layout';

/** Kinds of breakpoints in BREAKPOINTS: four bits each, for DR0 to DR3. */
export const ARMED_INSTRUCTION: u32 = 0;
export const ARMED_WRITE: u32 = 4;
export const ARMED_ACCESS: u32 = 8;
export const ARMED_IO: u32 = 12;
/** All of BREAKPOINTS that data accesses may hit. */
export const ARMED_DATA: u32 = (15 << ARMED_WRITE) | (15 << ARMED_ACCESS);

const PAGE_MASK: u64 = ~(<u64>0xfff);

/** @inline */
export function debugRegisterValue(index: u32): u64 {
  return load<u64>(CPU_STATE + DR + index * 8);
}

/**
 * Bytes that the breakpoint in DRn watches: LEN of DR7.
 * @inline
 */
function watchedBytes(index: u32): u64 {
  const length = <u32>(debugRegisterValue(7) >> (18 + index * 4)) & 3;
  return length === 2 ? 8 : <u64>length + 1;
}

/** Breakpoints, as bits 0 to 3, that a read or a write of data can hit. */
function armedFor(write: bool): u32 {
  const armed = load<u32>(CPU_STATE + BREAKPOINTS);
  return ((armed >> ARMED_ACCESS) | (write ? armed >> ARMED_WRITE : 0)) & 15;
}

/**
 * Whether a read or a write in the page of `la` may hit a data breakpoint.
 * @inline
 */
export function isWatched(la: u64, write: bool): bool {
  return (load<u32>(CPU_STATE + BREAKPOINTS) & ARMED_DATA) !== 0 && isWatchedPage(la, write);
}

function isWatchedPage(la: u64, write: bool): bool {
  const armed = armedFor(write);
  for (let n: u32 = 0; n < 4; n++) {
    if (((armed >> n) & 1) !== 0 && ((debugRegisterValue(n) ^ la) & PAGE_MASK) === 0) return true;
  }
  return false;
}

/** Breakpoints among `armed` whose bytes overlap the `size` bytes at `address`, a linear address or a port. */
function hits(armed: u32, address: u64, size: u64): u32 {
  let found: u32 = 0;
  for (let n: u32 = 0; n < 4; n++) {
    const bytes = watchedBytes(n);
    const start = debugRegisterValue(n) & ~(bytes - 1);
    if (((armed >> n) & 1) !== 0 && (address - start < bytes || start - address < size)) found |= 1 << n;
  }
  return found;
}

function note(record: u32, found: u32): void {
  if (found === 0) return;
  if (load<i32>(CPU_STATE + BREAKPOINT_STEP) === 0) raiseBreakpoint(record);
  store<u32>(CPU_STATE + BREAKPOINT_HITS, load<u32>(CPU_STATE + BREAKPOINT_HITS) | found);
}

/** Before an access of an instruction; never returns if it hits a breakpoint that was not known yet. */
export function watchData(record: u32, la: u64, size: u32, write: bool): void {
  note(record, hits(armedFor(write), la, size));
}

/** The same for an access to ports. */
export function watchPort(record: u32, port: u32, size: u32): void {
  const armed = (load<u32>(CPU_STATE + BREAKPOINTS) >> ARMED_IO) & 15;
  if (armed !== 0) note(record, hits(armed, port, size));
}
