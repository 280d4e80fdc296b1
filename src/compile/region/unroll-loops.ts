/**
 * Copies the bodies of short loops, so that several turns come before a way back to the header.
 *
 * On each way back the budget is asked and paid, the engine looks whether the thread is to stop, and what has changed is moved to where
 * the header expects it: of a short turn that is more than half. From one copy to the next there is none of that, and accesses of
 * several turns by a pointer that moves by a constant share one look for their page (windows.ts). Nothing is known of how often a
 * loop turns: each copy has all ways out. A function that calls itself is no such loop: what it turns to it has to return from. Where there
 * is one nothing is copied: what it has in registers goes around that longer loop, too, and more code has more of it to move.
 */
import { loopBody, type Structure } from './control-flow.ts';
import type { EdgeLists, SplitGraph } from './split-loops.ts';

/** Most turns of a loop, and what they weigh together: less than what the budget is asked for at once (budget.ts). */
const MOST_TURNS = 8;
const MOST_WEIGHT = 48;

/**
 * @param edges without irreducible ones. @param weights what it costs to copy each node. @param isCall of each node. @param most that
 * all copies may cost.
 * @returns only innermost loops have copies.
 */
export function unrollLoops(
  edges: EdgeLists,
  weights: readonly number[],
  isCall: (node: number) => boolean,
  { order, innerLoopEnds, loopEnds, predecessors }: Structure,
  most: number,
): SplitGraph {
  if (loopEnds.some((ends) => ends?.some(isCall))) return { edges, originals: [] };
  const unrolled = edges.map((list) => [...list]);
  const originals: number[] = [];
  let left = most;
  for (const header of order) {
    const all = loopEnds[header];
    if (all === undefined) continue;
    const inner = innerLoopEnds[header] as readonly number[];
    const ends = new Set(inner.length > 0 ? inner : all);
    const body = [...loopBody(header, ends, predecessors)];
    if (body.some((node) => node !== header && loopEnds[node] !== undefined)) continue;
    const weight = body.reduce((sum, node) => sum + (weights[node] as number), 0);
    const turns = Math.min(MOST_TURNS, Math.floor(MOST_WEIGHT / weight), 1 + Math.floor(left / weight));
    if (turns < 2) continue;
    left -= (turns - 1) * weight;
    const first = unrolled.length - body.length;
    /** What a node of the body is in a turn; others are what they are. */
    const inTurn = (node: number, turn: number): number => {
      const place = turn === 0 ? -1 : body.indexOf(node);
      return place < 0 ? node : first + turn * body.length + place;
    };
    for (let turn = 0; turn < turns; turn++) {
      const next = inTurn(header, (turn + 1) % turns);
      for (const node of body) {
        if (turn > 0) originals.push(node);
        const list = edges[node] as readonly number[];
        const isEnd = ends.has(node);
        unrolled[inTurn(node, turn)] = list.map((to) => (isEnd && to === header ? next : inTurn(to, turn)));
      }
    }
  }
  return { edges: unrolled, originals };
}
