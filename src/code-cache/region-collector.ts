/**
 * Chooses the blocks of a region: from a hot head record along direct branches, into other pages and into called
 * functions, and back from those to where they were called.
 *
 * A function is taken in once for each place it is called from (a *context*), so that its RET has one known
 * target in the region. Blocks of the entry's page need no check; an edge into another page is guarded by the
 * compiled code (edges.ts).
 */

import { type CompiledTier, OUTSIDE, type RegionBlockSource } from '../compile/region-source.ts';
import type { MemoryViews } from '../cpu/memory-views.ts';
import type { RuntimeExports } from '../cpu/runtime.ts';
import { SLOT_GUARDED } from '../isa/instruction-set.ts';
import {
  HEAD_COUNT,
  HEAD_COUNTDOWN,
  HEAD_FLAGS,
  HEAD_MODE,
  HEAD_PAGE_COUNT,
  HEAD_PHYSICAL_PAGE,
  HEAD_STALE,
  HEAD_WATCHED,
  RECORD_DISP,
  RECORD_FN,
  RECORD_HINT_FALL,
  RECORD_HINT_TAKEN,
  RECORD_LENGTH,
  RECORD_LINK_FALL,
  RECORD_LINK_TAKEN,
  RECORD_PAGE_OFFSET,
  RECORD_SIZE,
} from '../layout/record.ts';
import { readBlockEnd } from './block-end.ts';

/** Which blocks a region may consist of. */
export interface RegionSize {
  /** Most blocks and instructions. */
  readonly blocks: number;
  readonly instructions: number;
  /** Deepest nesting of calls. */
  readonly depth: number;
  /** A call is only followed while the region has fewer instructions than this. */
  readonly callInstructions: number;
  /** Takes blocks in that other regions have too; else those that have become warm since they were compiled. */
  readonly joins: boolean;
}

export const REGION_SIZE: Readonly<Record<Exclude<CompiledTier, 'third'>, RegionSize>> = {
  first: { blocks: 48, instructions: 160, depth: 3, callInstructions: 80, joins: false },
  second: { blocks: 96, instructions: 600, depth: 4, callInstructions: 300, joins: true },
};

/** A place in the chain of calls from the region's entry. */
interface Context {
  readonly id: number;
  readonly parent: Context | undefined;
  readonly depth: number;
  /** First block of the function. */
  readonly callee: number;
  /** Block after the call, 0 = unknown, and its page relative to the entry's. */
  readonly returnHead: number;
  readonly returnPage: number;
}

interface Node {
  readonly head: number;
  readonly context: Context;
  /** Linear page relative to the entry's page. */
  readonly page: number;
}

export class RegionCollector {
  private readonly views: MemoryViews;
  private readonly runtime: RuntimeExports;

  constructor(views: MemoryViews, runtime: RuntimeExports) {
    this.views = views;
    this.runtime = runtime;
  }

  /**
   * @param coldest HEAD_COUNTDOWN above which a block is too cold to be worth compiling (the count goes down).
   * @param size how large the region may become.
   */
  collect(entry: number, coldest: number, size = REGION_SIZE.first): RegionBlockSource[] {
    const { i32, u32, u16, u8 } = this.views;
    const root: Context = { id: 0, parent: undefined, depth: 0, callee: entry, returnHead: 0, returnPage: 0 };
    let contexts = 1;
    const nodes: Node[] = [];
    const indexOf = new Map<string, number>();
    let instructions = 0;

    /** Index of a block in the region, taking it in if there is room, or OUTSIDE. */
    const take = (head: number, context: Context, page: number): number => {
      if (head === 0) return OUTSIDE;
      const key = `${context.id}:${page}:${head}`;
      const known = indexOf.get(key);
      if (known !== undefined) return known;
      const count = u16[(head + HEAD_COUNT) >> 1] as number;
      if (nodes.length > 0) {
        const flags = u8[head + HEAD_FLAGS] as number;
        if (flags & HEAD_STALE || u8[head + HEAD_PAGE_COUNT] !== 1) return OUTSIDE;
        const isJoined = size.joins && (flags & HEAD_WATCHED) !== 0;
        if (!isJoined && (i32[(head + HEAD_COUNTDOWN) >> 2] as number) > coldest) return OUTSIDE;
        if (u32[(head + RECORD_FN) >> 2] === SLOT_GUARDED) return OUTSIDE;
        if (nodes.length >= size.blocks || instructions + count > size.instructions) return OUTSIDE;
      }
      instructions += count;
      indexOf.set(key, nodes.length);
      nodes.push({ head, context, page });
      return nodes.length - 1;
    };

    take(entry, root, 0);
    const blocks: RegionBlockSource[] = [];
    for (let at = 0; at < nodes.length; at++) {
      const node = nodes[at] as Node;
      const { head, context, page } = node;
      const { last, ending } = readBlockEnd(this.views, head);
      let taken = OUTSIDE;
      let fall = OUTSIDE;
      const takenPage = page + ((i32[(last + RECORD_DISP) >> 2] as number) >> 12);
      const fallOffset =
        (u16[(last + RECORD_PAGE_OFFSET) >> 1] as number) + (u8[last + RECORD_LENGTH] as number);
      const fallPage = page + (fallOffset >> 12);
      const takenHead = (): number =>
        this.target(
          head,
          last,
          RECORD_LINK_TAKEN,
          RECORD_HINT_TAKEN,
          i32[(last + RECORD_DISP) >> 2] as number,
        );
      const fallHead = (): number => this.target(head, last, RECORD_LINK_FALL, RECORD_HINT_FALL, fallOffset);
      switch (ending) {
        case 'jump':
          taken = take(takenHead(), context, takenPage);
          break;
        case 'branch':
          taken = take(takenHead(), context, takenPage);
          fall = take(fallHead(), context, fallPage);
          break;
        case 'next':
          fall = take(fallHead(), context, fallPage);
          break;
        case 'call': {
          const callee = takenHead();
          if (callee === 0 || instructions > size.callInstructions || !mayEnter(context, callee, size.depth))
            break;
          const returnHead = fallPage === page ? this.registered(head, fallOffset) : 0;
          const inner: Context = {
            id: contexts++,
            parent: context,
            depth: context.depth + 1,
            callee,
            returnHead,
            returnPage: fallPage,
          };
          taken = take(callee, inner, takenPage);
          break;
        }
        case 'return':
          if (context.parent !== undefined)
            taken = take(context.returnHead, context.parent, context.returnPage);
          break;
        default:
          break;
      }
      blocks.push({ head, records: u8.slice(head, last + RECORD_SIZE), taken, fall, page });
    }
    return blocks;
  }

  /**
   * Head record a branch leads to: its link, what was seen when it last led to another page, or what is known at
   * the address within the page.
   * @param offset target relative to the start of the branch's page.
   */
  private target(head: number, last: number, link: number, hint: number, offset: number): number {
    const { u16, u32 } = this.views;
    if (offset >= 0 && offset < 4096) {
      const linked = u32[(last + link) >> 2] as number;
      return linked !== 0 ? linked : this.registered(head, offset);
    }
    const seen = u32[(last + hint) >> 2] as number;
    if (seen === 0 || (u16[(seen + RECORD_PAGE_OFFSET) >> 1] as number) !== (offset & 0xfff)) return 0;
    return u16[(seen + HEAD_MODE) >> 1] === u16[(head + HEAD_MODE) >> 1] ? seen : 0;
  }

  /** The block at an offset of the same page, if it has been run. */
  private registered(head: number, offset: number): number {
    const { u16, u32 } = this.views;
    const page = u32[(head + HEAD_PHYSICAL_PAGE) >> 2] as number;
    return this.runtime.findRegistered(page, offset, u16[(head + HEAD_MODE) >> 1] as number);
  }
}

/** Not too deep, and no recursion. */
function mayEnter(context: Context, callee: number, depth: number): boolean {
  if (context.depth >= depth) return false;
  for (let at: Context | undefined = context; at !== undefined; at = at.parent)
    if (at.callee === callee) return false;
  return true;
}
