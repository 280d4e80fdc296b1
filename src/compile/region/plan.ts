/**
 * What a region's blocks are to each other, known before their code is made.
 *
 * Blocks are numbered as they come. Behind them are *hubs*: what returns and indirect branches with several targets lead
 * to, and where it is looked which of the targets it is. Those whose targets overlap share one. A function has several
 * returns, and an interpreter several jumps through its table; edges from each to each target would be irreducible.
 */

import { variantOfSlot } from '../../isa/instruction-set.ts';
import { SLOT_END } from '../../layout/record.ts';
import { flagsLiveIn } from '../flags/liveness.ts';
import { BlockRecords } from '../record-view.ts';
import { OUTSIDE, type RegionBlockSource } from '../region-source.ts';
import { type BudgetPlan, planBudget } from './budget.ts';
import { type Structure, structure } from './control-flow.ts';
import { type EdgeLists, splitLoops } from './split-loops.ts';

/** A block or a hub. */
export interface PlannedNode {
  /**
   * The first node of its group: a node and what follows it without a merge or a loop. A group has one way out, so
   * its registers are loaded at its start.
   */
  readonly group: number;
  /** Whether it reads flags that were set before it. */
  readonly readsFlags: boolean;
  /** Instructions that are owed to the budget at its end. */
  readonly owed: number;
}

export interface PlannedBlock extends PlannedNode {
  readonly records: BlockRecords;
  /** Linear page relative to the entry's. */
  readonly page: number;
  /** Index of the first instruction that only its handler can run, or the number of records. */
  readonly length: number;
  /**
   * Node that a taken branch leads to and the one behind it, or OUTSIDE. A return or an indirect branch leads to
   * `taken` if that is at its target, or if it is a hub.
   */
  readonly taken: number;
  readonly fall: number;
  /** Head records of where these lead, 0 = not known. */
  readonly takenHead: number;
  readonly fallHead: number;
  /** It ends in an indirect jump or call, whose targets are noted. */
  readonly isNoted: boolean;
}

export interface PlannedHub extends PlannedNode {
  /** Blocks at different addresses. */
  readonly targets: readonly number[];
  /** Linear page, relative to the entry's, of all branches that lead here; undefined if they are in several. */
  readonly page: number | undefined;
  /** It is no hub of returns. */
  readonly isNoted: boolean;
}

export interface RegionPlan {
  /** The first is the entry. */
  readonly blocks: readonly PlannedBlock[];
  readonly hubs: readonly PlannedHub[];
  /** Of all nodes: blocks and behind them hubs. */
  readonly shape: Structure;
  /** Nodes that each node leads to. */
  readonly successors: readonly (readonly number[])[];
  readonly budget: BudgetPlan;
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

/** A block before it is known where its indirect branch leads to. */
interface CutBlock {
  readonly records: BlockRecords;
  readonly page: number;
  readonly length: number;
  readonly taken: number;
  readonly fall: number;
  readonly takenHead: number;
  readonly fallHead: number;
  readonly targets: readonly number[];
  readonly isNoted: boolean;
}

/** A block that is left to a handler leads nowhere. */
function cutBlock(source: RegionBlockSource): CutBlock {
  const { head, records: bytes, page, taken, fall, takenHead, fallHead, targets } = source;
  const records = new BlockRecords(head, bytes);
  const length = compiledLength(records);
  const ending = variantOfSlot(records.slot(records.length - 1))?.row.ending;
  const isNoted = ending === 'indirectJump' || ending === 'indirectCall';
  const cut = { records, page, length, takenHead, fallHead, isNoted };
  if (length === records.length) return { ...cut, taken, fall, targets };
  return { ...cut, taken: OUTSIDE, fall: OUTSIDE, targets: [] };
}

/** Indirect branches whose targets overlap, and all of those. */
interface Junction {
  readonly branches: readonly number[];
  readonly targets: readonly number[];
}

function findJunctions(blocks: readonly CutBlock[]): Junction[] {
  let junctions: Junction[] = [];
  blocks.forEach(({ targets }, b) => {
    if (targets.length === 0) return;
    const own = new Set(targets);
    const overlaps = (other: Junction): boolean => other.targets.some((target) => own.has(target));
    const joined = junctions.filter(overlaps);
    const all = new Set([...joined.flatMap((other) => other.targets), ...targets]);
    const branches = [...joined.flatMap((other) => other.branches), b];
    junctions = [...junctions.filter((other) => !overlaps(other)), { branches, targets: [...all] }];
  });
  return junctions;
}

/**
 * The same page may have been at two physical ones, and a function may be called twice: the first block of an address
 * counts. Addresses are different if their low 32 bits are.
 */
function atDifferentAddresses(blocks: readonly CutBlock[], targets: readonly number[]): number[] {
  const known = new Set<number>();
  return targets.filter((target) => {
    const { page, records } = blocks[target] as CutBlock;
    const address = (page * 4096 + records.startOffset) | 0;
    if (known.has(address)) return false;
    known.add(address);
    return true;
  });
}

/** Gives the indirect branches their `taken`. @returns the hubs. */
function placeHubs(blocks: readonly CutBlock[], taken: number[]) {
  const hubs: Omit<PlannedHub, keyof PlannedNode>[] = [];
  for (const { branches, targets: all } of findJunctions(blocks)) {
    const targets = atDifferentAddresses(blocks, all);
    const pages = new Set(branches.map((branch) => (blocks[branch] as CutBlock).page));
    const isNoted = branches.some((branch) => (blocks[branch] as CutBlock).isNoted);
    const node = targets.length === 1 ? (targets[0] as number) : blocks.length + hubs.length;
    for (const branch of branches) taken[branch] = node;
    const page = pages.size === 1 ? [...pages][0] : undefined;
    if (targets.length > 1) hubs.push({ targets, page, isNoted });
  }
  return hubs;
}

/** For each node the first one of its group. */
function findGroups(
  successors: readonly (readonly number[])[],
  { order, isMerge, isLoopHeader }: Structure,
): number[] {
  const groups = successors.map((_, node) => node);
  for (const node of order) {
    for (const next of successors[node] as readonly number[]) {
      if (!isMerge[next] && !isLoopHeader[next]) groups[next] = groups[node] as number;
    }
  }
  return groups;
}

/** Instructions that are copied at most, where loops have several entries. */
const MOST_COPIED = 64;

/** Blocks, and hubs with their targets among them. */
interface CutRegion {
  readonly blocks: readonly CutBlock[];
  readonly hubs: readonly Omit<PlannedHub, keyof PlannedNode>[];
  /** Of blocks `taken` and `fall`, of hubs their targets. */
  readonly edges: EdgeLists;
}

/** The region with blocks copied where its loops have several entries. */
function splitRegion({ blocks, hubs, edges }: CutRegion): CutRegion {
  const weights = [
    ...blocks.map(({ records }, b) => (b === 0 ? Number.POSITIVE_INFINITY : records.count)),
    ...hubs.map(() => Number.POSITIVE_INFINITY),
  ];
  const split = splitLoops(edges, weights, MOST_COPIED);
  const copies = split.originals.length;
  // Copies of blocks are blocks: hubs come behind them.
  const moved = (node: number): number => {
    if (node < blocks.length) return node;
    return node < edges.length ? node + copies : node - hubs.length;
  };
  const lists = split.edges.map((list) => list.map(moved));
  return {
    blocks: [...blocks, ...split.originals.map((original) => blocks[original] as CutBlock)],
    hubs,
    edges: [
      ...lists.slice(0, blocks.length),
      ...lists.slice(edges.length),
      ...lists.slice(blocks.length, edges.length),
    ],
  };
}

function structureOf(edges: EdgeLists): Structure {
  return structure({ successors: edges.map((list) => list.filter((node) => node !== OUTSIDE)) });
}

export function planRegion(sources: readonly RegionBlockSource[]): RegionPlan {
  const cut = sources.map(cutBlock);
  const taken = cut.map((block) => block.taken);
  const junctions = placeHubs(cut, taken);
  const edges = [
    ...cut.map(({ fall }, b) => [taken[b] as number, fall]),
    ...junctions.map(({ targets }) => targets),
  ];
  const whole: CutRegion = { blocks: cut, hubs: junctions, edges };
  const shapeOfWhole = structureOf(edges);
  const isSplit = edges.some((list, from) =>
    list.some((to) => to !== OUTSIDE && shapeOfWhole.isIrreducible(from, to)),
  );
  const { blocks, hubs, edges: lists } = isSplit ? splitRegion(whole) : whole;
  const shape = isSplit ? structureOf(lists) : shapeOfWhole;
  const structured = (from: number, to: number): number =>
    to === OUTSIDE || shape.isIrreducible(from, to) ? OUTSIDE : to;
  const structuredLists = lists.map((list, from) => list.map((to) => structured(from, to)));
  const successors = structuredLists.map((list) => list.filter((to) => to !== OUTSIDE));
  const groups = findGroups(successors, shape);
  const nodes = [...blocks, ...hubs.map(() => ({ records: undefined, length: 0 }))];
  const live = flagsLiveIn(nodes, successors);
  const counts = nodes.map(({ records }) => records?.count ?? 0);
  const budget = planBudget(counts, successors, shape);
  const node = (index: number): PlannedNode => ({
    group: groups[index] as number,
    readsFlags: live[index] as boolean,
    owed: (budget.owed[index] as number) + (counts[index] as number),
  });
  return {
    blocks: blocks.map(({ records, page, length, takenHead, fallHead, isNoted }, b) => {
      const [toTaken = OUTSIDE, fall = OUTSIDE] = structuredLists[b] as readonly number[];
      return { ...node(b), records, page, length, taken: toTaken, fall, takenHead, fallHead, isNoted };
    }),
    hubs: hubs.map(({ page, isNoted }, hub) => {
      const index = blocks.length + hub;
      return { ...node(index), page, isNoted, targets: successors[index] as readonly number[] };
    }),
    shape,
    successors,
    budget,
  };
}
