/**
 * Turns a control flow graph into nested blocks and loops.
 *
 * The method is Norman Ramsey's ("Beyond Relooper", ICFP 2022): code for a node is followed by the code of the
 * merge nodes it immediately dominates, each behind the end of a wasm block that branches to it leave; a loop
 * header is wrapped in a wasm loop. Nodes are numbered in reverse postorder.
 *
 * An edge into a loop from the side (an irreducible graph) has no structured form: the caller is told to leave
 * the region there. split-loops.ts leaves few of them.
 */

export interface Graph {
  /** Successors of each node; node 0 is the entry. */
  readonly successors: readonly (readonly number[])[];
}

export interface Structure {
  /** Nodes in reverse postorder. */
  readonly order: readonly number[];
  /** Position of each node in `order`, -1 if unreachable. */
  readonly rank: readonly number[];
  /** Nodes immediately dominated by each node, in reverse postorder. */
  readonly children: readonly (readonly number[])[];
  readonly isMerge: readonly boolean[];
  readonly isLoopHeader: readonly boolean[];
  /**
   * For each header of two loops, where the edges of the inner one come from; otherwise empty. In one wasm loop every turn of
   * the short one would move what the long one changes: V8 joins all ways back before it enters the header.
   */
  readonly innerLoopEnds: readonly (readonly number[])[];
  /** For each header of a loop where all edges back to it come from; otherwise undefined. */
  readonly loopEnds: readonly (readonly number[] | undefined)[];
  /** Where edges to each node come from, but for irreducible ones. */
  readonly predecessors: readonly (readonly number[])[];
  /** True for an edge that goes back to a node that does not dominate its source. */
  isIrreducible(from: number, to: number): boolean;
}

function reversePostorder({ successors }: Graph): number[] {
  const finished: number[] = [];
  const isSeen = new Array<boolean>(successors.length).fill(false);
  /** Nodes on the way, and which successor of each comes next. */
  const nodes = [0];
  const next = [0];
  isSeen[0] = true;
  while (nodes.length > 0) {
    const top = nodes.length - 1;
    const node = nodes[top] as number;
    const at = next[top] as number;
    const following = successors[node] as readonly number[];
    if (at >= following.length) {
      finished.push(node);
      nodes.pop();
      next.pop();
      continue;
    }
    next[top] = at + 1;
    const successor = following[at] as number;
    if (isSeen[successor]) continue;
    isSeen[successor] = true;
    nodes.push(successor);
    next.push(0);
  }
  return finished.reverse();
}

/** Nodes of the loop that edges from `ends` back to `header` make. */
export function loopBody(
  header: number,
  ends: Iterable<number>,
  predecessors: readonly (readonly number[])[],
): Set<number> {
  const body = new Set([header, ...ends]);
  for (const node of body) {
    if (node === header) continue;
    for (const before of predecessors[node] as readonly number[]) body.add(before);
  }
  return body;
}

/**
 * Where a smaller loop's edges come from, if loops with the same header can be told apart: the others contain all of it, or
 * have only the header in common with it. Otherwise none.
 */
function innerEnds(
  header: number,
  ends: readonly number[],
  predecessors: readonly (readonly number[])[],
): readonly number[] {
  if (ends.length < 2) return NO_ENDS;
  const loops = ends.map((end) => ({ end, body: loopBody(header, [end], predecessors) }));
  loops.sort((a, b) => a.body.size - b.body.size);
  const inner: number[] = [];
  const union = new Set<number>();
  for (const { end, body } of loops) {
    const shared = [...body].filter((node) => union.has(node)).length;
    const isOther = shared === 1 || shared === union.size;
    if (inner.length > 0 && body.size > union.size && isOther) return inner;
    inner.push(end);
    for (const node of body) union.add(node);
  }
  return [];
}

function emptyLists(count: number): number[][] {
  const lists: number[][] = [];
  for (let i = 0; i < count; i++) lists.push([]);
  return lists;
}

const NO_ENDS: readonly number[] = [];

/** The common ancestor of two nodes in the tree of dominators, by ranks. */
function intersect(dominator: readonly number[], x: number, y: number): number {
  let a = x;
  let b = y;
  while (a !== b) {
    while (a > b) a = dominator[a] as number;
    while (b > a) b = dominator[b] as number;
  }
  return a;
}

/** Cooper, Harvey and Kennedy's algorithm. @returns the immediate dominator of each node, all by ranks. */
function findDominators(
  order: readonly number[],
  rank: readonly number[],
  predecessors: readonly (readonly number[])[],
): number[] {
  const dominator = new Array<number>(order.length).fill(-1);
  dominator[0] = 0;
  for (let changed = true; changed; ) {
    changed = false;
    for (let index = 1; index < order.length; index++) {
      let best = -1;
      for (const predecessor of predecessors[order[index] as number] as readonly number[]) {
        const at = rank[predecessor] as number;
        if (dominator[at] === -1) continue;
        best = best === -1 ? at : intersect(dominator, best, at);
      }
      if (dominator[index] !== best) {
        dominator[index] = best;
        changed = true;
      }
    }
  }
  return dominator;
}

export function structure(graph: Graph): Structure {
  const { successors } = graph;
  const nodes = successors.length;
  const order = reversePostorder(graph);
  const rank = new Array<number>(nodes).fill(-1);
  for (let index = 0; index < order.length; index++) rank[order[index] as number] = index;
  const allPredecessors = emptyLists(nodes);
  for (const node of order) {
    for (const successor of successors[node] as readonly number[]) allPredecessors[successor]?.push(node);
  }
  const dominator = findDominators(order, rank, allPredecessors);

  const isIrreducible = (from: number, to: number): boolean => {
    const target = rank[to] as number;
    let at = rank[from] as number;
    if (target > at) return false;
    // It goes back; is that to what dominates where it comes from?
    while (at > target) at = dominator[at] as number;
    return at !== target;
  };

  const isLoopHeader = new Array<boolean>(nodes).fill(false);
  const loopEnds: (number[] | undefined)[] = new Array(nodes).fill(undefined);
  const predecessors = emptyLists(nodes);
  const forward = new Array<number>(nodes).fill(0);
  for (const from of order) {
    for (const to of successors[from] as readonly number[]) {
      if (isIrreducible(from, to)) continue;
      predecessors[to]?.push(from);
      if ((rank[to] as number) > (rank[from] as number)) {
        forward[to] = (forward[to] as number) + 1;
        continue;
      }
      isLoopHeader[to] = true;
      const ends = loopEnds[to];
      if (ends === undefined) loopEnds[to] = [from];
      else if (!ends.includes(from)) ends.push(from);
    }
  }
  const children = emptyLists(nodes);
  for (let index = 1; index < order.length; index++) {
    children[order[dominator[index] as number] as number]?.push(order[index] as number);
  }
  const isMerge: boolean[] = [];
  const innerLoopEnds: (readonly number[])[] = [];
  for (let node = 0; node < nodes; node++) {
    isMerge.push((forward[node] as number) > 1);
    const ends = loopEnds[node];
    innerLoopEnds.push(ends === undefined ? NO_ENDS : innerEnds(node, ends, predecessors));
  }
  return {
    order,
    rank,
    children,
    isMerge,
    isLoopHeader,
    innerLoopEnds,
    loopEnds,
    predecessors,
    isIrreducible,
  };
}
