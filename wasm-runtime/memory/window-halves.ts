/** Windows of the running region (src/compile/region/window-halves.ts) that are not in one page of the TLB. */

import {
  CPU_STATE,
  TLB_ADDEND,
  TLB_READ_TAG,
  TLB_TABLE,
  TLB_WRITE_TAG,
  WINDOW_ADDRESS,
  WINDOW_HALVES,
  WINDOW_HALVES_KNOWN,
  WINDOW_HALVES_SIZE,
  WINDOW_READ,
  WINDOW_SPLIT,
  WINDOW_WRITE,
} from '../generated/layout';
import { fillRead, fillWrite } from './mmu';
import { tlbEntry } from './tlb';

const PAGE_SIZE: u64 = 0x1000;

/**
 * Looks up both pages of window `number`, which begins at `low`. Its first access, of `size` bytes at `first`, has its page filled in.
 */
export function findHalvesToRead(low: u64, first: u64, size: i32, number: u32): void {
  fillRead(first, size);
  findHalves(low, number);
}

/** The same if the first access writes. */
export function findHalvesToWrite(low: u64, first: u64, size: i32, number: u32): void {
  fillWrite(first, size);
  findHalves(low, number);
}

function findHalves(low: u64, number: u32): void {
  const place = CPU_STATE + WINDOW_HALVES + number * WINDOW_HALVES_SIZE;
  const page = low & ~(PAGE_SIZE - 1);
  const known = CPU_STATE + WINDOW_HALVES_KNOWN;
  store<u32>(known, load<u32>(known) | (1 << number));
  store<u64>(place + WINDOW_ADDRESS, low);
  store<u32>(place + WINDOW_SPLIT, <u32>(page + PAGE_SIZE - low));
  findHalf(low, page, place);
  findHalf(low, page + PAGE_SIZE, place + 4);
}

/** @inline */
function findHalf(low: u64, page: u64, place: u32): void {
  const entry = tlbEntry(load<u32>(CPU_STATE + TLB_TABLE), page);
  const host = <u32>low + load<u32>(entry + TLB_ADDEND);
  store<u32>(place + WINDOW_READ, load<u64>(entry + TLB_READ_TAG) === page ? host : 0);
  store<u32>(place + WINDOW_WRITE, load<u64>(entry + TLB_WRITE_TAG) === page ? host : 0);
}
