/** The limit of the code segment, outside 64-bit mode (Intel SDM Vol. 3 "Limit Checking"). */
import { instructionRip, raiseFault } from '../events/raise';
import {
  BUDGET,
  CPU_STATE,
  MODE,
  MODE_CODE_LIMITED,
  RECORD_LENGTH,
  RECORD_SIZE,
  RIP,
  SEGMENT_CS,
  SEGMENT_LIMIT,
  VECTOR_GP,
} from '../generated/layout';

/** @inline */
export function isBeyondCode(offset: u64): bool {
  return offset > <u64>load<u32>(CPU_STATE + SEGMENT_LIMIT + SEGMENT_CS * 4);
}

/** #GP(0) where execution runs on to an offset beyond the segment. */
export function checkNextOffset(offset: u64): void {
  if (!isBeyondCode(offset)) return;
  store<u64>(CPU_STATE + RIP, offset);
  raiseFault(0, VECTOR_GP, 0);
}

/**
 * On the way into a block of limited code, which has one instruction: #GP(0) at it if it does not lie within the segment.
 * Not where the budget is used up, so that the block will be entered again.
 */
export function checkCodeLimit(head: u32): void {
  if ((load<u32>(CPU_STATE + MODE) & MODE_CODE_LIMITED) === 0 || load<i32>(CPU_STATE + BUDGET) <= 0) return;
  const record = head + RECORD_SIZE;
  const rip = instructionRip(record);
  if (!isBeyondCode(rip + <u64>load<u8>(record + RECORD_LENGTH) - 1)) return;
  store<u64>(CPU_STATE + RIP, rip);
  raiseFault(0, VECTOR_GP, 0);
}
