/**
 * Chooses the blocks of a region: from a hot head record along direct branches, into other pages and into called
 * functions, and back from those to where they were called.
 *
 * A function is taken in once for each place it is called from (a *context*), so that its RET has one known
 * target in the region; one that calls itself, directly or by way of others, has several. Indirect branches lead to
 * where they have been seen to lead to (wasm-runtime/code/branch-targets.ts). Blocks of the entry's page need no
 * check; an edge into another page, or to an instruction that goes on in one, is guarded by the compiled code (edges.ts).
 */

import { type CompiledTier, OUTSIDE, type RegionBlockSource } from '../compile/region-source.ts';
import type { MemoryViews } from '../cpu/memory-views.ts';
import type { RuntimeExports } from '../cpu/runtime.ts';
import {
  BRANCH_SITE_HEAD,
  BRANCH_SITE_PAGE,
  BRANCH_SITE_RECORD,
  BRANCH_SITE_SIZE,
  BRANCH_SITE_TARGET_SIZE,
  BRANCH_SITE_TARGETS,
} from '../layout/linear-memory.ts';
import {
  BRANCH_SHORT_TARGET,
  HEAD_COUNT,
  HEAD_COUNTDOWN,
  HEAD_FALL,
  HEAD_FLAGS,
  HEAD_MODE,
  HEAD_PAGE_COUNT,
  HEAD_PHYSICAL_PAGE,
  HEAD_SECOND_PAGE,
  HEAD_STALE,
  HEAD_TAKEN,
  HEAD_WATCHED,
  RECORD_BRANCH,
  RECORD_DISP,
  RECORD_FN,
  RECORD_HINT_FALL,
  RECORD_HINT_TAKEN,
  RECORD_LENGTH,
  RECORD_LINK_FALL,
  RECORD_LINK_TAKEN,
  RECORD_PAGE_OFFSET,
  RECORD_SIZE,
  SLOT_GUARDED,
} from '../layout/record.ts';
import { readBlockEnd } from './block-end.ts';
import type { BlockCounts } from './block-profile.ts';

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

const REGION_SIZE: Readonly<Record<Exclude<CompiledTier, 'third'>, RegionSize>> = {
  first: { blocks: 48, instructions: 160, depth: 3, callInstructions: 80, joins: false },
  second: { blocks: 96, instructions: 600, depth: 4, callInstructions: 300, joins: true },
};

/** What a region of a later tier may come to consist of: its blocks are counted. */
const AROUND: RegionSize = { blocks: 512, instructions: 5000, depth: 5, callInstructions: 5000, joins: true };

/** A function that is in the region, called from one place. */
interface Context {
  readonly id: number;
  readonly parent: Context | undefined;
  readonly depth: number;
  /** First block of the function, and its page relative to the entry's. */
  readonly callee: number;
  readonly calleePage: number;
  /** Blocks behind the calls: of the one that the function was taken in for, and of those by which it comes to call itself. */
  readonly returns: Node[];
  /** Indices of the blocks that end in its returns. */
  readonly leaves: number[];
  /**
   * What goes on behind a call by which the function comes to call itself is a context of its own, or there would be
   * ways into its loops from before that call and from behind it: an irreducible graph.
   */
  resumed: Context | undefined;
  /** Of such a context: the one that it is of. */
  readonly original: Context | undefined;
}

interface Node {
  readonly head: number;
  readonly context: Context;
  /** Linear page relative to the entry's page. */
  readonly page: number;
}

interface TakenNode extends Node {
  /** Index of another node of the same block. */
  readonly earlier: number | undefined;
  /** A RET that is taken in although it has a region of its own, or is cold: the region is left there. */
  readonly endsRegion: boolean;
}

/** A block that an indirect branch has led to. */
export interface Target {
  readonly head: number;
  /** Linear page relative to the branch's. */
  readonly page: number;
}

/** Where the indirect branches at the ends of a region's blocks lead to in it, by the heads of those blocks. */
export function targetsWithin(blocks: readonly RegionBlockSource[]): Map<number, Target[]> {
  const known = new Map<number, Target[]>();
  for (const { head, page, targets } of blocks) {
    if (targets.length === 0) continue;
    const found = targets.map((index) => {
      const target = blocks[index] as RegionBlockSource;
      return { head: target.head, page: target.page - page };
    });
    known.set(head, distinct([...(known.get(head) ?? []), ...found]));
  }
  return known;
}

function distinct(targets: readonly Target[]): Target[] {
  return targets.filter(
    ({ head, page }, at) => at === targets.findIndex((other) => other.head === head && other.page === page),
  );
}

export class RegionCollector {
  private readonly views: MemoryViews;
  private readonly runtime: RuntimeExports;
  private readonly knownTargets: (head: number) => readonly Target[];

  /**
   * @param knownTargets of the indirect branch at the end of a block, beside those that have been noted: the table of those
   * has few places, and what a region has taken in is not noted again.
   */
  constructor(
    views: MemoryViews,
    runtime: RuntimeExports,
    knownTargets: (head: number) => readonly Target[] = () => [],
  ) {
    this.views = views;
    this.runtime = runtime;
    this.knownTargets = knownTargets;
  }

  /**
   * @param coldest HEAD_COUNTDOWN above which a block is too cold to be worth compiling (the count goes down).
   * @param size how large the region may become.
   */
  collect(entry: number, coldest: number, size = REGION_SIZE.first): RegionBlockSource[] {
    return this.gather(entry, coldest, size).blocks;
  }

  /** Whether there is more around a head than a region of a later tier has room for. */
  isCutShort(entry: number, coldest: number): boolean {
    return this.gather(entry, coldest, REGION_SIZE.second).isCutShort;
  }

  /** Heads of what is around a head. */
  around(entry: number, coldest: number): number[] {
    return this.gather(entry, coldest, AROUND).blocks.map(({ head }) => head);
  }

  /**
   * A region of a later tier: of all that is around its head, or, if there is no room for that, of all that has been entered; if
   * there is none for that either, of what has been entered twice, four times and so on.
   */
  collectCounted(entry: number, coldest: number, counts: BlockCounts): RegionBlockSource[] {
    const most = counts.get(entry) ?? 0;
    let region = this.gather(entry, coldest, REGION_SIZE.second);
    // What has been entered may be called from anywhere in the region.
    const size = { ...REGION_SIZE.second, callInstructions: REGION_SIZE.second.instructions };
    for (let least = 1; region.isCutShort && least <= most; least *= 2)
      region = this.gather(entry, coldest, size, (head) => (counts.get(head) ?? 0) >= least);
    return region.blocks;
  }

  /** @param isWorth whether a block is worth the room, by its head. */
  private gather(
    entry: number,
    coldest: number,
    size: RegionSize,
    isWorth: (head: number) => boolean = () => true,
  ): { blocks: RegionBlockSource[]; isCutShort: boolean } {
    let isCutShort = false;
    const { i32, u32, u16, u8 } = this.views;
    let contexts = 0;
    const addContext = (parent: Context | undefined, callee: number, calleePage: number): Context => {
      const depth = parent === undefined ? 0 : parent.depth + 1;
      return {
        id: contexts++,
        parent,
        depth,
        callee,
        calleePage,
        returns: [],
        leaves: [],
        resumed: undefined,
        original: undefined,
      };
    };
    /** What goes on in `context` when a call of `outermost` returns to it, which is itself or calls it. */
    const resume = (context: Context, outermost: Context): Context => {
      if (context.original !== undefined) return context;
      const { parent } = context;
      context.resumed ??=
        context === outermost || parent === undefined
          ? { ...context, id: contexts++, original: context }
          : {
              ...context,
              id: contexts++,
              original: context,
              parent: resume(parent, outermost),
              returns: context.returns.map((node) => ({ ...node, context: resume(node.context, outermost) })),
              leaves: [],
            };
      return context.resumed;
    };
    const nodes: TakenNode[] = [];
    /** The latest node of each block; `earlier` leads to those that it has in other contexts or pages. */
    const latest = new Map<number, number>();
    const indexOf = (head: number, context: Context, page: number): number | undefined => {
      for (let at = latest.get(head); at !== undefined; at = (nodes[at] as TakenNode).earlier) {
        const node = nodes[at] as TakenNode;
        if (node.context.id === context.id && node.page === page) return at;
      }
      return undefined;
    };
    /** Physical page of each linear page: those of the entry and of where a branch comes from are not checked again. */
    const frames = new Map<number, number>();
    const isElsewhere = (page: number, frame: number): boolean => (frames.get(page) ?? frame) !== frame;
    let instructions = 0;

    /** Index of a block in the region, taking it in if there is room, or OUTSIDE. */
    const take = (head: number, context: Context, page: number): number => {
      if (head === 0) return OUTSIDE;
      const known = indexOf(head, context, page);
      if (known !== undefined) return known;
      const count = u16[(head + HEAD_COUNT) >> 1] as number;
      const frame = u32[(head + HEAD_PHYSICAL_PAGE) >> 2] as number;
      const crosses = u8[head + HEAD_PAGE_COUNT] === 2;
      const secondFrame = u32[(head + HEAD_SECOND_PAGE) >> 2] as number;
      let endsRegion = false;
      if (nodes.length > 0) {
        const flags = u8[head + HEAD_FLAGS] as number;
        if (flags & HEAD_STALE) return OUTSIDE;
        const isJoined = size.joins && (flags & HEAD_WATCHED) !== 0;
        endsRegion = !isJoined && (i32[(head + HEAD_COUNTDOWN) >> 2] as number) > coldest;
        if (endsRegion && !this.isBareReturn(head)) return OUTSIDE;
        if (u32[(head + RECORD_FN) >> 2] === SLOT_GUARDED) return OUTSIDE;
        if (isElsewhere(page, frame) || (crosses && isElsewhere(page + 1, secondFrame))) return OUTSIDE;
        if (!isWorth(head)) return OUTSIDE;
        if (nodes.length >= size.blocks || instructions + count > size.instructions) {
          isCutShort = true;
          return OUTSIDE;
        }
      }
      instructions += count;
      frames.set(page, frame);
      if (crosses) frames.set(page + 1, secondFrame);
      nodes.push({ head, context, page, earlier: latest.get(head), endsRegion });
      latest.set(head, nodes.length - 1);
      return nodes.length - 1;
    };
    const takeNode = ({ head, context, page }: Node): number => take(head, context, page);

    /**
     * First block of a called function. One that is already being called is not taken in again: it has one more place to
     * return to.
     */
    const enter = (caller: Context, callee: number, page: number, behind: Node): number => {
      if (callee === 0) return OUTSIDE;
      const calling = callOf(caller, callee, page);
      let context = calling;
      if (context === undefined) {
        if (caller.depth >= size.depth || !isWorth(callee)) return OUTSIDE;
        if (instructions > size.callInstructions) {
          isCutShort = true;
          return OUTSIDE;
        }
        context = addContext(caller, callee, page);
      }
      const first = take(callee, context, page);
      if (first !== OUTSIDE && behind.head !== 0) {
        const node = calling === undefined ? behind : { ...behind, context: resume(caller, calling) };
        // Where two are at one address the first counts: not the one that is left by the next return.
        context.returns.unshift(node);
        if (context.leaves.length > 0) takeNode(node);
      }
      return first;
    };

    take(entry, addContext(undefined, entry, 0), 0);
    const blocks: (Omit<RegionBlockSource, 'targets'> & { targets: number[] })[] = [];
    for (let at = 0; at < nodes.length; at++) {
      const { head, context, page, endsRegion } = nodes[at] as TakenNode;
      const { last, ending } = readBlockEnd(this.views, head);
      let taken = OUTSIDE;
      let fall = OUTSIDE;
      const targets: number[] = [];
      const takenPage = page + ((i32[(last + RECORD_DISP) >> 2] as number) >> 12);
      const fallOffset =
        (u16[(last + RECORD_PAGE_OFFSET) >> 1] as number) + (u8[last + RECORD_LENGTH] as number);
      const fallPage = page + (fallOffset >> 12);
      const flags = u8[head + HEAD_FLAGS] as number;
      const takenHead =
        flags & HEAD_TAKEN
          ? this.target(
              head,
              last,
              RECORD_LINK_TAKEN,
              RECORD_HINT_TAKEN,
              i32[(last + RECORD_DISP) >> 2] as number,
            )
          : 0;
      const fallHead =
        flags & HEAD_FALL ? this.target(head, last, RECORD_LINK_FALL, RECORD_HINT_FALL, fallOffset) : 0;
      const behind = (): Node => ({
        head: fallPage === page ? this.registered(head, fallOffset) : 0,
        context,
        page: fallPage,
      });
      switch (ending) {
        case 'jump':
          taken = take(takenHead, context, takenPage);
          break;
        case 'branch':
          taken = take(takenHead, context, takenPage);
          fall = take(fallHead, context, fallPage);
          break;
        case 'next':
          fall = take(fallHead, context, fallPage);
          break;
        case 'call':
          taken = enter(context, takenHead, takenPage, behind());
          break;
        case 'indirectCall':
          for (const seen of this.targetsOf(head, last))
            targets.push(enter(context, seen.head, page + seen.page, behind()));
          break;
        case 'indirectJump':
          for (const seen of this.targetsOf(head, last))
            targets.push(take(seen.head, context, page + seen.page));
          break;
        case 'return':
          if (endsRegion) break;
          context.leaves.push(at);
          context.returns.forEach(takeNode);
          break;
        default:
          break;
      }
      blocks.push({
        head,
        records: u8.slice(head, last + RECORD_SIZE),
        taken,
        fall,
        takenHead: this.usable(takenHead),
        fallHead: this.usable(fallHead),
        targets,
        page,
      });
    }
    // Where a function returns to is known when all is known that calls it.
    nodes.forEach(({ context: { returns, leaves } }, at) => {
      const block = blocks[at] as (typeof blocks)[number];
      if (leaves.includes(at)) block.targets = returns.map(takeNode);
      block.targets = [...new Set(block.targets)].filter((target) => target !== OUTSIDE);
    });
    return { blocks, isCutShort };
  }

  /**
   * Whether a block is only a RET. All functions of Linux jump to the same one to return, until it patches them: it is in each region
   * that leads to it, which need not enter another one for it. To go on behind calls there makes regions so much longer that nothing is gained.
   */
  private isBareReturn(head: number): boolean {
    if (this.views.u16[(head + HEAD_COUNT) >> 1] !== 1) return false;
    return readBlockEnd(this.views, head).ending === 'return';
  }

  /** Where the last instruction of a block, an indirect branch, may lead to. */
  private targetsOf(head: number, last: number): Target[] {
    return distinct([...this.knownTargets(head), ...this.seenTargets(head, last)]);
  }

  /** Where it has been seen to lead to. */
  private seenTargets(head: number, last: number): Target[] {
    const { u16, u32, i32 } = this.views;
    const site = this.runtime.branchSite(last);
    if (u32[(site + BRANCH_SITE_RECORD) >> 2] !== last) return [];
    const targets: Target[] = [];
    for (let at = BRANCH_SITE_TARGETS; at < BRANCH_SITE_SIZE; at += BRANCH_SITE_TARGET_SIZE) {
      const target = u32[(site + at + BRANCH_SITE_HEAD) >> 2] as number;
      if (target === 0) break;
      if (u16[(target + HEAD_MODE) >> 1] !== u16[(head + HEAD_MODE) >> 1]) continue;
      targets.push({ head: target, page: i32[(site + at + BRANCH_SITE_PAGE) >> 2] as number });
    }
    return targets;
  }

  /**
   * Head record a branch leads to: its link, what was seen when it last led to another page, or what is known at
   * the address within the page.
   * @param offset target relative to the start of the branch's page.
   */
  private target(head: number, last: number, link: number, hint: number, offset: number): number {
    const { u16, u32 } = this.views;
    // Its offset in the code segment may wrap at 64 KiB: where that is depends on the segment's base.
    const wraps =
      link === RECORD_LINK_TAKEN &&
      ((u16[(last + RECORD_BRANCH) >> 1] as number) & BRANCH_SHORT_TARGET) !== 0;
    if (offset >= 0 && offset < 4096) {
      const linked = u32[(last + link) >> 2] as number;
      return linked !== 0 || wraps ? linked : this.registered(head, offset);
    }
    if (wraps) return 0;
    const seen = u32[(last + hint) >> 2] as number;
    if (seen === 0 || (u16[(seen + RECORD_PAGE_OFFSET) >> 1] as number) !== (offset & 0xfff)) return 0;
    return u16[(seen + HEAD_MODE) >> 1] === u16[(head + HEAD_MODE) >> 1] ? seen : 0;
  }

  /** A head that a region may lead to by its address, or 0: it must depend on one page only. */
  private usable(head: number): number {
    const { u8 } = this.views;
    if (head === 0 || u8[head + HEAD_PAGE_COUNT] !== 1) return 0;
    return (u8[head + HEAD_FLAGS] as number) & HEAD_STALE ? 0 : head;
  }

  /** The block at an offset of the same page, if it has been run. */
  private registered(head: number, offset: number): number {
    const { u16, u32 } = this.views;
    const page = u32[(head + HEAD_PHYSICAL_PAGE) >> 2] as number;
    return this.runtime.findRegistered(page, offset, u16[(head + HEAD_MODE) >> 1] as number);
  }
}

/** The call of a function on the way to `caller`. */
function callOf(caller: Context, callee: number, page: number): Context | undefined {
  for (let at: Context | undefined = caller; at !== undefined; at = at.parent)
    if (at.callee === callee && at.calleePage === page) return at.original ?? at;
  return undefined;
}
