/** How a block ends: the one place that reads it from the records. */
import type { MemoryViews } from '../cpu/memory-views.ts';
import { variantOfSlot } from '../isa/instruction-set.ts';
import type { Ending } from '../isa/row.ts';
import { HEAD_COUNT, HEAD_END_RECORD, HEAD_FLAGS, RECORD_FN, RECORD_SIZE } from '../layout/record.ts';

export interface BlockEnd {
  /** Address of the last record: a branch, an instruction that leaves by itself, or the end record. */
  readonly last: number;
  /** `next`: it goes on with the next instruction. */
  readonly ending: Ending;
}

export function readBlockEnd({ u8, u16, u32 }: MemoryViews, head: number): BlockEnd {
  const lastInstruction = head + (u16[(head + HEAD_COUNT) >> 1] as number) * RECORD_SIZE;
  if ((u8[head + HEAD_FLAGS] as number) & HEAD_END_RECORD)
    return { last: lastInstruction + RECORD_SIZE, ending: 'next' };
  // What is no instruction raises its fault.
  const ending = variantOfSlot(u32[(lastInstruction + RECORD_FN) >> 2] as number)?.row.ending ?? 'dispatch';
  return { last: lastInstruction, ending };
}
