/** Where code is fetched from: pages, and the addresses that faults of a fetch have. */
import { noteFault, notePageFault, raiseFault } from '../events/raise';
import {
  CPU_STATE,
  MODE,
  MODE_CODE_64,
  PAGE_BASE,
  SEGMENT_BASE,
  SEGMENT_CS,
  TLB_TABLE,
  VECTOR_GP,
} from '../generated/layout';
import { WALK_NON_CANONICAL, walkError } from '../memory/page-walk';
import { accessPhysical, translateFetch } from '../memory/tlb';
import { raise } from '../system/host';
import { isBeyondCode } from './code-limit';

/**
 * For the translator: number of the physical page that follows the page of RIP in linear memory, when the
 * instruction at RIP crosses into it. Raises #PF with RIP unchanged if it cannot be fetched from.
 */
export function fetchNextCodePage(): u32 {
  const la = nextCodePage();
  const mode = load<i32>(CPU_STATE + MODE);
  if ((mode & MODE_CODE_64) === 0 && isBeyondCode(ripOf(la, mode))) raiseFault(0, VECTOR_GP, 0);
  if (!translateFetch(load<u32>(CPU_STATE + TLB_TABLE), la)) raiseFetch(la);
  return <u32>(accessPhysical >> 12);
}

/** Linear address of the page behind that of RIP. */
export function nextCodePage(): u64 {
  const la = load<u64>(CPU_STATE + PAGE_BASE) + 0x1000;
  return load<i32>(CPU_STATE + MODE) & MODE_CODE_64 ? la : la & 0xffff_ffff;
}

/** Raises the fault that the last walk found for a fetch at RIP that reaches `la`. */
function raiseFetch(la: u64): void {
  noteFetch(la);
  raise();
}

/** Notes that fault. */
export function noteFetch(la: u64): void {
  if (walkError === WALK_NON_CANONICAL) noteFault(0, VECTOR_GP, 0);
  else notePageFault(0, la, walkError);
}

/**
 * RIP for linear address `la`: outside 64-bit code the offset in the segment.
 * @inline
 */
export function ripOf(la: u64, mode: i32): u64 {
  if (mode & MODE_CODE_64) return la;
  return (la - load<u64>(CPU_STATE + SEGMENT_BASE + SEGMENT_CS * 8)) & 0xffff_ffff;
}
