/**
 * Chooses the blocks of a region: from a hot head record along direct branches that have been taken (their
 * links are set), within one page.
 */
import type { MemoryViews } from '../cpu/memory-views.ts';
import { SLOT_END, variantOfSlot } from '../isa/instruction-set.ts';
import {
  HEAD_COUNT,
  HEAD_FLAGS,
  HEAD_HOTNESS,
  HEAD_STALE,
  RECORD_FN,
  RECORD_LINK_FALL,
  RECORD_LINK_TAKEN,
  RECORD_SIZE,
} from '../layout/record.ts';
import type { RegionBlockSource } from './compiler.ts';

/** Most blocks and instructions in one region. */
const MAX_BLOCKS = 64;
const MAX_INSTRUCTIONS = 400;

/** True if the record at the end of a block links to other blocks: a direct branch or the end record. */
function linkKinds(slot: number): { taken: boolean; fall: boolean } {
  if (slot === SLOT_END) return { taken: false, fall: true };
  const variant = variantOfSlot(slot);
  if (variant === undefined || variant.row.ending !== 'direct') return { taken: false, fall: false };
  return { taken: true, fall: variant.row.conditional };
}

/**
 * @param coldest HEAD_HOTNESS above which a block is too cold to be worth compiling (the count goes down).
 */
export function collectRegion(views: MemoryViews, head: number, coldest: number): RegionBlockSource[] {
  const { i32, u32, u16, u8 } = views;
  const blocks: { head: number; records: Uint8Array; takenHead: number; fallHead: number }[] = [];
  const indexOf = new Map<number, number>();
  const queue = [head];
  let instructions = 0;
  indexOf.set(head, 0);
  for (let at = 0; at < queue.length; at++) {
    const block = queue[at] as number;
    const count = u16[(block + HEAD_COUNT) >> 1] as number;
    instructions += count;
    const afterLast = block + (count + 1) * RECORD_SIZE;
    const lastSlot = u32[(afterLast - RECORD_SIZE + RECORD_FN) >> 2] as number;
    const hasEnd = lastSlot !== SLOT_END && !endsBlock(lastSlot);
    const end = hasEnd ? afterLast + RECORD_SIZE : afterLast;
    const last = end - RECORD_SIZE;
    const kinds = linkKinds(u32[(last + RECORD_FN) >> 2] as number);
    const follow = (enabled: boolean, offset: number): number => {
      if (!enabled) return 0;
      const target = u32[(last + offset) >> 2] as number;
      if (target === 0 || (u8[target + HEAD_FLAGS] as number) & HEAD_STALE) return 0;
      if (indexOf.has(target)) return target;
      if ((i32[(target + HEAD_HOTNESS) >> 2] as number) > coldest) return 0;
      const targetCount = u16[(target + HEAD_COUNT) >> 1] as number;
      if (queue.length >= MAX_BLOCKS || instructions + targetCount > MAX_INSTRUCTIONS) return 0;
      indexOf.set(target, queue.length);
      queue.push(target);
      return target;
    };
    const takenHead = follow(kinds.taken, RECORD_LINK_TAKEN);
    const fallHead = follow(kinds.fall, RECORD_LINK_FALL);
    blocks.push({ head: block, records: u8.slice(block, end), takenHead, fallHead });
  }
  return blocks.map(({ head: address, records, takenHead, fallHead }) => ({
    head: address,
    records,
    taken: takenHead === 0 ? -1 : (indexOf.get(takenHead) as number),
    fall: fallHead === 0 ? -1 : (indexOf.get(fallHead) as number),
  }));
}

function endsBlock(slot: number): boolean {
  const variant = variantOfSlot(slot);
  return variant === undefined || variant.row.ending !== 'next';
}

