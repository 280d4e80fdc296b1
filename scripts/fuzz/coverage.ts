/** What the regions of a run were like: a fuzzer that compiles nothing of interest finds nothing. */
import { OUTSIDE, type RegionSource } from '../../src/compile/region-source.ts';
import { variantOfSlot } from '../../src/isa/instruction-set.ts';
import { HEAD_COUNT, RECORD_FN, RECORD_SIZE } from '../../src/layout/record.ts';

export interface Coverage {
  regions: number;
  /** Regions of several blocks; with a way back to a block before; with a function; with blocks of another page. */
  branching: number;
  loops: number;
  calls: number;
  guards: number;
  /** Regions of the second tier, those of them that are the last of their kind, and of the third. */
  second: number;
  last: number;
  third: number;
  /** Regions that were found in a pack. */
  saved: number;
  /** Instructions run, and those of them that ran in regions. */
  instructions: number;
  compiledInstructions: number;
}

export function noCoverage(): Coverage {
  return {
    regions: 0,
    branching: 0,
    loops: 0,
    calls: 0,
    guards: 0,
    second: 0,
    last: 0,
    third: 0,
    saved: 0,
    instructions: 0,
    compiledInstructions: 0,
  };
}

function endsWithCall(records: Uint8Array): boolean {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  const last = view.getUint16(HEAD_COUNT, true) * RECORD_SIZE;
  return variantOfSlot(view.getUint32(last + RECORD_FN, true))?.row.ending === 'call';
}

export function countRegion({ tier, isLast, blocks }: RegionSource, coverage: Coverage): void {
  const leadsBack = ({ taken, fall }: (typeof blocks)[number], at: number): boolean =>
    (taken !== OUTSIDE && taken <= at) || (fall !== OUTSIDE && fall <= at);
  coverage.regions += 1;
  if (tier === 'second') coverage.second += 1;
  if (tier === 'second' && isLast) coverage.last += 1;
  if (tier === 'third') coverage.third += 1;
  if (blocks.length > 1) coverage.branching += 1;
  if (blocks.some(leadsBack)) coverage.loops += 1;
  if (blocks.some(({ records, taken }) => taken !== OUTSIDE && endsWithCall(records))) coverage.calls += 1;
  if (blocks.some(({ page }) => page !== 0)) coverage.guards += 1;
}
