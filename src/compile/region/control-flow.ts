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
  /** True for an edge that goes back to a node that does not dominate its source. */
  isIrreducible(from: number, to: number): boolean;
}

function reversePostorder(graph: Graph): number[] {
  const seen = new Set<number>();
  const finished: number[] = [];
  const stack: { node: number; next: number }[] = [{ node: 0, next: 0 }];
  seen.add(0);
  while (stack.length > 0) {
    const top = stack[stack.length - 1] as { node: number; next: number };
    const successor = graph.successors[top.node]?.[top.next];
    if (successor === undefined) {
      finished.push(top.node);
      stack.pop();
      continue;
    }
    top.next += 1;
    if (!seen.has(successor)) {
      seen.add(successor);
      stack.push({ node: successor, next: 0 });
    }
  }
  return finished.reverse();
}

/** Nodes of the loop that an edge from `end` back to `header` makes. */
function loopBody(header: number, end: number, predecessors: readonly (readonly number[])[]): Set<number> {
  const body = new Set([header, end]);
  const left = end === header ? [] : [end];
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    for (const before of predecessors[node] as readonly number[]) {
      if (body.has(before)) continue;
      body.add(before);
      left.push(before);
    }
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
  if (ends.length < 2) return [];
  const loops = ends.map((end) => ({ end, body: loopBody(header, end, predecessors) }));
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

export function structure(graph: Graph): Structure {
  const order = reversePostorder(graph);
  const rank = graph.successors.map(() => -1);
  order.forEach((node, index) => {
    rank[node] = index;
  });
  const predecessors: number[][] = graph.successors.map(() => []);
  for (const node of order) {
    for (const successor of graph.successors[node] ?? []) predecessors[successor]?.push(node);
  }

  // Cooper, Harvey and Kennedy's dominator algorithm, on ranks.
  const dominator: number[] = order.map((_, index) => (index === 0 ? 0 : -1));
  const intersect = (x: number, y: number): number => {
    let a = x;
    let b = y;
    while (a !== b) {
      while (a > b) a = dominator[a] as number;
      while (b > a) b = dominator[b] as number;
    }
    return a;
  };
  for (let changed = true; changed; ) {
    changed = false;
    for (let index = 1; index < order.length; index++) {
      let best = -1;
      for (const predecessor of predecessors[order[index] as number] ?? []) {
        const at = rank[predecessor] as number;
        if (dominator[at] === -1) continue;
        best = best === -1 ? at : intersect(best, at);
      }
      if (dominator[index] !== best) {
        dominator[index] = best;
        changed = true;
      }
    }
  }

  const dominates = (a: number, b: number): boolean => {
    let at = rank[b] as number;
    const target = rank[a] as number;
    while (at > target) at = dominator[at] as number;
    return at === target;
  };
  const isBack = (from: number, to: number): boolean => (rank[to] as number) <= (rank[from] as number);
  const isIrreducible = (from: number, to: number): boolean => isBack(from, to) && !dominates(to, from);

  const isLoopHeader = graph.successors.map(() => false);
  const loopEnds: number[][] = graph.successors.map(() => []);
  const structured: number[][] = graph.successors.map(() => []);
  const forward = graph.successors.map(() => 0);
  for (const from of order) {
    for (const to of graph.successors[from] ?? []) {
      if (isIrreducible(from, to)) continue;
      structured[to]?.push(from);
      if (isBack(from, to)) {
        isLoopHeader[to] = true;
        loopEnds[to]?.push(from);
      } else forward[to] = (forward[to] as number) + 1;
    }
  }
  const children: number[][] = graph.successors.map(() => []);
  for (let index = 1; index < order.length; index++) {
    children[order[dominator[index] as number] as number]?.push(order[index] as number);
  }
  return {
    order,
    rank,
    children,
    isMerge: forward.map((count) => count > 1),
    isLoopHeader,
    innerLoopEnds: loopEnds.map((ends, header) => innerEnds(header, [...new Set(ends)], structured)),
    isIrreducible,
  };
}
