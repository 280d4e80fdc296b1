/**
 * What a region's blocks are to each other, known before their code is made.
 *
 * Blocks are numbered as they come. Behind them are *hubs*: what returns and indirect branches with several targets lead
 * to, and where it is looked which of the targets it is. Those whose targets overlap share one. A function has several
 * returns, and an interpreter several jumps through its table; edges from each to each target would be irreducible.
 */
import { variantOfSlot } from '../../isa/instruction-set.ts';
import { SLOT_END } from '../../layout/record.ts';
import { type FlagBlock, flagsLiveIn } from '../flags/liveness.ts';
import { BlockRecords } from '../record-view.ts';
import { OUTSIDE, type RegionBlockSource } from '../region-source.ts';
import { type BudgetPlan, planBudget } from './budget.ts';
import { type Structure, structure } from './control-flow.ts';
import { type EdgeLists, type SplitGraph, splitLoops } from './split-loops.ts';
import { unrollLoops } from './unroll-loops.ts';

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

/** Of each slot whether compiled code can run it; undefined until it is asked for. */
const compiled: (boolean | undefined)[] = [];

function isCompiled(slot: number): boolean {
  let known = compiled[slot];
  if (known === undefined) {
    const variant = variantOfSlot(slot);
    known = variant !== undefined && variant.row.tier !== 'handler';
    compiled[slot] = known;
  }
  return known;
}

function compiledLength(records: BlockRecords): number {
  for (let index = 0; index < records.length; index++) {
    const slot = records.slot(index);
    if (slot !== SLOT_END && !isCompiled(slot)) return index;
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
  readonly isCall: boolean;
}

const NO_TARGETS: readonly number[] = [];

/** A block that is left to a handler leads nowhere. */
function cutBlock(source: RegionBlockSource): CutBlock {
  const records = new BlockRecords(source.head, source.records);
  const length = compiledLength(records);
  const ending = variantOfSlot(records.slot(records.length - 1))?.row.ending;
  const isWhole = length === records.length;
  return {
    records,
    page: source.page,
    length,
    taken: isWhole ? source.taken : OUTSIDE,
    fall: isWhole ? source.fall : OUTSIDE,
    takenHead: source.takenHead,
    fallHead: source.fallHead,
    targets: isWhole ? source.targets : NO_TARGETS,
    isNoted: ending === 'indirectJump' || ending === 'indirectCall',
    isCall: ending === 'call' || ending === 'indirectCall',
  };
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
  const groups: number[] = [];
  for (let node = 0; node < successors.length; node++) groups.push(node);
  for (const node of order) {
    for (const next of successors[node] as readonly number[]) {
      if (!isMerge[next] && !isLoopHeader[next]) groups[next] = groups[node] as number;
    }
  }
  return groups;
}

/** Instructions that are copied at most, where loops have several entries. */
const MOST_COPIED = 64;
/** The same of loops that are unrolled. */
const MOST_UNROLLED = 256;

/** Blocks, and hubs with their targets among them. */
interface CutRegion {
  readonly blocks: readonly CutBlock[];
  readonly hubs: readonly Omit<PlannedHub, keyof PlannedNode>[];
  /** Of blocks `taken` and `fall`, of hubs their targets. */
  readonly edges: EdgeLists;
}

/** What it costs to copy each node: hubs are not copied. */
function weightsOf({ blocks, hubs }: CutRegion): number[] {
  return [...blocks.map(({ records }) => records.count), ...hubs.map(() => Number.POSITIVE_INFINITY)];
}

/** The region with blocks copied where its loops have several entries. */
function splitRegion(region: CutRegion): CutRegion {
  const weights = weightsOf(region);
  weights[0] = Number.POSITIVE_INFINITY;
  return withCopies(region, splitLoops(region.edges, weights, MOST_COPIED));
}

/** The region with copies of blocks. */
function withCopies({ blocks, hubs, edges }: CutRegion, copied: SplitGraph): CutRegion {
  const copies = copied.originals.length;
  // Copies of blocks are blocks: hubs come behind them.
  const moved = (node: number): number => {
    if (node < blocks.length) return node;
    return node < edges.length ? node + copies : node - hubs.length;
  };
  const lists = copied.edges.map((list) => list.map(moved));
  return {
    blocks: [...blocks, ...copied.originals.map((original) => blocks[original] as CutBlock)],
    hubs,
    edges: [
      ...lists.slice(0, blocks.length),
      ...lists.slice(edges.length),
      ...lists.slice(blocks.length, edges.length),
    ],
  };
}

/** The region with the bodies of short loops copied, or as it is where there are none. */
function unrollRegion(region: CutRegion, shape: Structure): CutRegion {
  const isCall = (node: number): boolean => region.blocks[node]?.isCall === true;
  const unrolled = unrollLoops(region.edges, weightsOf(region), isCall, shape, MOST_UNROLLED);
  return unrolled.originals.length === 0 ? region : withCopies(region, unrolled);
}

function withoutOutside(list: readonly number[]): number[] {
  const inside: number[] = [];
  for (const node of list) if (node !== OUTSIDE) inside.push(node);
  return inside;
}

function structureOf(edges: EdgeLists): Structure {
  const successors: number[][] = [];
  for (const list of edges) successors.push(withoutOutside(list));
  return structure({ successors });
}

function hasIrreducible(edges: EdgeLists, { isIrreducible }: Structure): boolean {
  for (let from = 0; from < edges.length; from++) {
    for (const to of edges[from] as readonly number[])
      if (to !== OUTSIDE && isIrreducible(from, to)) return true;
  }
  return false;
}

/** The lists with OUTSIDE in place of what an irreducible edge leads to. */
function withoutIrreducible(edges: EdgeLists, { isIrreducible }: Structure): EdgeLists {
  return edges.map((list, from) =>
    list.map((to) => (to === OUTSIDE || isIrreducible(from, to) ? OUTSIDE : to)),
  );
}

/** Blocks, and what a hub has in place of records. */
function nodesOf({ blocks, hubs }: CutRegion): readonly FlagBlock[] {
  return hubs.length === 0 ? blocks : [...blocks, ...hubs.map(() => ({ records: undefined, length: 0 }))];
}

/** @param unrolls short loops are unrolled. */
export function planRegion(sources: readonly RegionBlockSource[], unrolls = false): RegionPlan {
  const cut: CutBlock[] = [];
  const taken: number[] = [];
  for (const source of sources) {
    const block = cutBlock(source);
    cut.push(block);
    taken.push(block.taken);
  }
  const junctions = placeHubs(cut, taken);
  const edges: (readonly number[])[] = [];
  for (let b = 0; b < cut.length; b++) edges.push([taken[b] as number, (cut[b] as CutBlock).fall]);
  for (const { targets } of junctions) edges.push(targets);
  let whole: CutRegion = { blocks: cut, hubs: junctions, edges };
  let shape = structureOf(edges);
  if (hasIrreducible(edges, shape)) {
    whole = splitRegion(whole);
    shape = structureOf(whole.edges);
    whole = { ...whole, edges: withoutIrreducible(whole.edges, shape) };
  }
  if (!unrolls) return finishPlan(whole, shape);
  const unrolled = unrollRegion(whole, shape);
  return finishPlan(unrolled, unrolled === whole ? shape : structureOf(unrolled.edges));
}

/** @param region without irreducible edges. */
function finishPlan(region: CutRegion, shape: Structure): RegionPlan {
  const { edges } = region;
  const successors: number[][] = [];
  for (const list of edges) successors.push(withoutOutside(list));
  const groups = findGroups(successors, shape);
  const nodes = nodesOf(region);
  const live = flagsLiveIn(nodes, successors);
  const counts: number[] = [];
  for (const { records } of nodes) counts.push(records === undefined ? 0 : records.count);
  const budget = planBudget(counts, successors, shape);
  const owedAtEnd = (node: number): number => (budget.owed[node] as number) + (counts[node] as number);
  const blocks: PlannedBlock[] = [];
  for (let b = 0; b < region.blocks.length; b++) {
    const { records, page, length, takenHead, fallHead, isNoted } = region.blocks[b] as CutBlock;
    const list = edges[b] as readonly number[];
    blocks.push({
      group: groups[b] as number,
      readsFlags: live[b] as boolean,
      owed: owedAtEnd(b),
      records,
      page,
      length,
      taken: list[0] as number,
      fall: list[1] as number,
      takenHead,
      fallHead,
      isNoted,
    });
  }
  const hubs = region.hubs.map(({ page, isNoted }, hub): PlannedHub => {
    const node = blocks.length + hub;
    return {
      group: groups[node] as number,
      readsFlags: live[node] as boolean,
      owed: owedAtEnd(node),
      page,
      isNoted,
      targets: successors[node] as readonly number[],
    };
  });
  return { blocks, hubs, shape, successors, budget };
}
