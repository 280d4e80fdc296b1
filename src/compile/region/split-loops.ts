/**
 * Copies nodes of a graph so that each loop is entered at one node: WebAssembly has no others (control-flow.ts), and an edge
 * into a loop from the side would leave the region, in each turn of the loop around it.
 *
 * Blocks make such loops where a compiler made none: a block reaches from where it was first entered to the next branch, so the
 * end of one may be another one, and a loop whose first turn begins in its middle has that end twice. Of a loop with several
 * entries one becomes its header; what can be reached from the others before the header is there once more, for who comes from
 * outside.
 */
import { OUTSIDE } from '../region-source.ts';

/** Successors of each node, OUTSIDE among them; node 0 is the entry. */
export type EdgeLists = readonly (readonly number[])[];

export interface SplitGraph {
  /** Of all nodes, copies behind the others; the edges of a node are in the order in which they were. */
  readonly edges: EdgeLists;
  /** For each copy the node that it is one of. */
  readonly originals: readonly number[];
}

/**
 * @param weights what it costs to copy each node. @param most that all copies may cost: where that is not enough there
 * are still loops with several entries.
 */
export function splitLoops(edges: EdgeLists, weights: readonly number[], most: number): SplitGraph {
  const split = { edges: edges.map((list) => [...list]), weights: [...weights] };
  const originals: number[] = [];
  let left = most;
  for (;;) {
    const loop = findSideEntries(split.edges);
    if (loop === undefined) break;
    const copied = cheapestCopies(split, loop);
    const cost = copied.reduce((sum, node) => sum + (split.weights[node] as number), 0);
    if (cost > left) break;
    left -= cost;
    for (const node of copied) originals.push(originals[node - edges.length] ?? node);
    addCopies(split, loop, copied);
  }
  return { edges: split.edges, originals };
}

interface Loop {
  readonly nodes: ReadonlySet<number>;
  /** Those that edges from outside lead to: more than one. */
  readonly entries: readonly number[];
}

/** A loop, outermost first, that is entered at several nodes. */
function findSideEntries(edges: EdgeLists): Loop | undefined {
  const reachable = reachableFrom([0], edges, () => true);
  const entered = (nodes: ReadonlySet<number>): number[] => {
    const entries = new Set<number>(nodes.has(0) ? [0] : []);
    for (const from of reachable) {
      if (nodes.has(from)) continue;
      for (const to of edges[from] as readonly number[]) if (nodes.has(to)) entries.add(to);
    }
    return [...entries];
  };
  const waiting: ReadonlySet<number>[] = [reachable];
  for (let nodes = waiting.pop(); nodes !== undefined; nodes = waiting.pop()) {
    for (const loop of findLoops(nodes, edges)) {
      const entries = entered(loop);
      if (entries.length > 1) return { nodes: loop, entries };
      waiting.push(new Set([...loop].filter((node) => node !== entries[0])));
    }
  }
  return undefined;
}

function reachableFrom(
  starts: readonly number[],
  edges: EdgeLists,
  isInside: (node: number) => boolean,
): Set<number> {
  const reached = new Set(starts);
  for (const node of reached)
    for (const to of edges[node] as readonly number[]) if (to !== OUTSIDE && isInside(to)) reached.add(to);
  return reached;
}

/** Sets of `nodes` of which each leads to all others: Tarjan's strongly connected components, but for single nodes. */
function findLoops(nodes: ReadonlySet<number>, edges: EdgeLists): Set<number>[] {
  const loops: Set<number>[] = [];
  const numbers = new Map<number, number>();
  const open: number[] = [];
  const isOpen = new Set<number>();
  const visit = (node: number): number => {
    const own = numbers.size;
    numbers.set(node, own);
    const start = open.length;
    open.push(node);
    isOpen.add(node);
    let lowest = own;
    for (const to of edges[node] as readonly number[]) {
      if (!nodes.has(to)) continue;
      const known = numbers.get(to);
      if (known === undefined) lowest = Math.min(lowest, visit(to));
      else if (isOpen.has(to)) lowest = Math.min(lowest, known);
    }
    if (lowest !== own) return lowest;
    const loop = open.splice(start);
    for (const member of loop) isOpen.delete(member);
    if (loop.length > 1) loops.push(new Set(loop));
    return lowest;
  };
  for (const node of nodes) if (!numbers.has(node)) visit(node);
  return loops;
}

/** What has to be there twice if the best node becomes the loop's header. */
function cheapestCopies(
  { edges, weights }: { edges: EdgeLists; weights: readonly number[] },
  { nodes, entries }: Loop,
): number[] {
  let best: number[] = [];
  let least = Number.POSITIVE_INFINITY;
  for (const header of nodes) {
    const others = entries.filter((entry) => entry !== header);
    const copies = [...reachableFrom(others, edges, (node) => nodes.has(node) && node !== header)];
    const cost = copies.reduce((sum, node) => sum + (weights[node] as number), 0);
    if (cost >= least && best.length > 0) continue;
    best = copies;
    least = cost;
  }
  return best;
}

/** Who is not in the loop leads to copies, and they to each other. */
function addCopies(
  split: { edges: number[][]; weights: number[] },
  { nodes }: Loop,
  copied: readonly number[],
): void {
  const { edges, weights } = split;
  const copies = new Map(copied.map((node, index) => [node, edges.length + index]));
  const toCopies = (list: readonly number[]): number[] => list.map((to) => copies.get(to) ?? to);
  const added = copied.map((node) => toCopies(edges[node] as number[]));
  edges.forEach((list, from) => {
    if (!nodes.has(from)) edges[from] = toCopies(list);
  });
  edges.push(...added);
  weights.push(...copied.map((node) => weights[node] as number));
}
