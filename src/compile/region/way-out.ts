/**
 * How a region is left: all ways lead to one sequence that stores what the region has in locals, and from there to a
 * function of the runtime as a tail call (interpreter/ways-out.ts).
 */
import type { RuntimeFunction } from '../../layout/generated/runtime-function.ts';
import { RECORD_LINK_FALL, RECORD_LINK_TAKEN } from '../../layout/record.ts';

/** What LOCAL_WAY says. Locals start at 0: the commonest way needs no store. */
export const WAY_RECORD = 0;
/** To the linear address in LOCAL_RIP, by the instruction LOCAL_TARGET. */
export const WAY_INDIRECT = 1;
/** Back to the host: the block of the head LOCAL_TARGET does not fit into the budget. */
export const WAY_OUT_OF_BUDGET = 2;
/** By a link of the record LOCAL_TARGET; the number is the link's offset. */
export const WAY_TAKEN = RECORD_LINK_TAKEN;
export const WAY_FALL = RECORD_LINK_FALL;

export type Way =
  | typeof WAY_RECORD
  | typeof WAY_INDIRECT
  | typeof WAY_OUT_OF_BUDGET
  | typeof WAY_TAKEN
  | typeof WAY_FALL;

/** Functions of the runtime that regions end in, and what those of the first tier call when they have become hot. */
export type WayOutFunction = 'continueAt' | 'followLink' | 'jumpTo' | 'outOfBudget' | 'requestCompile';
/** Functions that regions import. */
export type RegionImport = RuntimeFunction | WayOutFunction;
