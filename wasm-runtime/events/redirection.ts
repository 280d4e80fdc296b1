/**
 * INT n that a virtual-8086 task handles by itself, with CR4.VME (Intel SDM Vol. 3 "Class 3: Software Interrupt Handling in
 * Virtual-8086 Mode"): through the vectors at linear address 0, as in real mode.
 */
import {
  CPU_STATE,
  CR4,
  CR4_VME,
  FLAG_IF,
  FLAG_RF,
  FLAG_TF,
  FLAG_VIF,
  FLAG_VM,
  RIP,
  SEGMENT_CS,
  SEGMENT_SELECTOR,
  SYSTEM_FLAGS,
} from '../generated/layout';
import { getFlags } from '../integer/flags';
import { isVirtualAndSensitive, virtualImage } from '../integer/virtual-interrupts';
import { readData32 } from '../memory/mmu';
import { setParagraphSegment, updateMode } from '../segments/segments';
import { commitStack, pushStack, useCurrentStack } from '../segments/stack';
import { redirectionAllows } from './task-state';

/** Whether INT `vector` stays in the virtual-8086 task. */
export function isRedirected(vector: i32): bool {
  return (
    (load<u32>(CPU_STATE + SYSTEM_FLAGS) & FLAG_VM) !== 0 &&
    (load<u32>(CPU_STATE + CR4) & CR4_VME) !== 0 &&
    redirectionAllows(vector)
  );
}

export function deliverRedirected(vector: i32, returnRip: u64): void {
  const entry = readData32(0, <u64>vector * 4);
  const isSensitive = isVirtualAndSensitive();
  const flags = getFlags();
  useCurrentStack();
  pushStack(0, 2, isSensitive ? virtualImage(flags) : flags);
  pushStack(0, 2, load<u32>(CPU_STATE + SEGMENT_SELECTOR + SEGMENT_CS * 4));
  pushStack(0, 2, returnRip);
  commitStack();
  store<u64>(CPU_STATE + RIP, entry & 0xffff);
  setParagraphSegment(SEGMENT_CS, entry >>> 16);
  const cleared = FLAG_TF | FLAG_RF | (isSensitive ? FLAG_VIF : FLAG_IF);
  store<u32>(CPU_STATE + SYSTEM_FLAGS, load<u32>(CPU_STATE + SYSTEM_FLAGS) & ~cleared);
  updateMode();
}
