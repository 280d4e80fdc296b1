/** Where code is, as far as it matters to its constants. */
import type { MemoryViews } from '../cpu/memory-views.ts';
import { CPU_STATE } from '../layout/linear-memory.ts';
import { MODE_CODE_64, MODE_CODE_MASK } from '../layout/mode.ts';
import { PAGE_BASE } from '../layout/runtime-state.ts';

/** The low half of the linear page of the block being entered, if that is 64-bit code in the uppermost 2 GiB, where kernels are. Else 0. */
export function linearPageOf({ i32 }: MemoryViews, mode: number): number {
  if ((mode & MODE_CODE_MASK) !== MODE_CODE_64) return 0;
  const low = i32[(CPU_STATE + PAGE_BASE) >> 2] as number;
  return i32[(CPU_STATE + PAGE_BASE + 4) >> 2] === -1 && low < 0 ? low : 0;
}
