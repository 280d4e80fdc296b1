/** A memory runtime with two pages to hold code, one after the other but not neighbours in memory. */

import { PAGE_META_CODE_MASK } from '../../src/layout/linear-memory.ts';
import { CR4_PGE, D, MemoryRuntime, P, U, W } from './memory-runtime.ts';

/** Linear address of the first page, physical addresses of both. */
export const LA = 0x5555_0000_0000n;
export const CODE = 0x20_7000n;
export const NEXT = 0x40_3000n;
export const ALL = P | W | U | D;

export function createWithCodePages(): MemoryRuntime {
  const runtime = MemoryRuntime.create();
  runtime.enableLongMode(CR4_PGE);
  runtime.map(LA, CODE, ALL);
  runtime.map(LA + 0x1000n, NEXT, ALL);
  return runtime;
}

/** The code mask of the page at a physical address. */
export function codeMask(runtime: MemoryRuntime, pa: bigint): bigint {
  return runtime.view.getBigUint64(runtime.exports.pageMeta(pa) + PAGE_META_CODE_MASK, true);
}
