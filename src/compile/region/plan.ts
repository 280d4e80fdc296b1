/** What a region's blocks are to each other, known before their code is made. */
import { SLOT_END, variantOfSlot } from '../../isa/instruction-set.ts';
import { flagsLiveIn } from '../flags/liveness.ts';
import { BlockRecords } from '../record-view.ts';
import { OUTSIDE, type RegionBlockSource } from '../region-source.ts';
import { type Structure, structure } from './control-flow.ts';

export interface PlannedBlock {
  readonly records: BlockRecords;
  /** Linear page relative to the entry's. */
  readonly page: number;
  /** Index of the first instruction that only its handler can run, or the number of records. */
  readonly length: number;
  /** Index of the block a taken branch leads to and of the one behind it, or OUTSIDE. */
  readonly taken: number;
  readonly fall: number;
  /**
   * The first block of its group: a block and what follows it without a merge or a loop. A group has one way out, so
   * its registers are loaded at its start.
   */
  readonly group: number;
  /** Whether it reads flags that were set before it. */
  readonly readsFlags: boolean;
}

export interface RegionPlan {
  /** The first is the entry. */
  readonly blocks: readonly PlannedBlock[];
  readonly shape: Structure;
}

/** Blocks of the region that a block leads to. */
export function successors({ taken, fall }: { readonly taken: number; readonly fall: number }): number[] {
  return [taken, fall].filter((block) => block !== OUTSIDE);
}

function compiledLength(records: BlockRecords): number {
  for (let index = 0; index < records.length; index++) {
    const slot = records.slot(index);
    if (slot === SLOT_END) continue;
    const variant = variantOfSlot(slot);
    if (variant === undefined || variant.row.tier === 'handler') return index;
  }
  return records.length;
}

/** A block that is left to a handler leads nowhere. */
function cutBlock({ head, records: bytes, page, taken, fall }: RegionBlockSource) {
  const records = new BlockRecords(head, bytes);
  const length = compiledLength(records);
  const isWhole = length === records.length;
  return { records, page, length, taken: isWhole ? taken : OUTSIDE, fall: isWhole ? fall : OUTSIDE };
}

/** For each block the first one of its group. */
function findGroups(
  blocks: readonly { readonly taken: number; readonly fall: number }[],
  { order, isMerge, isLoopHeader }: Structure,
): number[] {
  const groups = blocks.map((_, b) => b);
  for (const b of order) {
    for (const next of successors(blocks[b] as PlannedBlock)) {
      if (!isMerge[next] && !isLoopHeader[next]) groups[next] = groups[b] as number;
    }
  }
  return groups;
}

export function planRegion(sources: readonly RegionBlockSource[]): RegionPlan {
  const whole = sources.map(cutBlock);
  const shape = structure({ successors: whole.map(successors) });
  const structured = (from: number, to: number): number =>
    to !== OUTSIDE && shape.isIrreducible(from, to) ? OUTSIDE : to;
  const blocks = whole.map((block, b) => ({
    ...block,
    taken: structured(b, block.taken),
    fall: structured(b, block.fall),
  }));
  const groups = findGroups(blocks, shape);
  const live = flagsLiveIn(blocks);
  return {
    blocks: blocks.map((block, b) => ({
      ...block,
      group: groups[b] as number,
      readsFlags: live[b] as boolean,
    })),
    shape,
  };
}
