/**
 * When a region asks whether its budget suffices, and when it pays.
 *
 * It asks where it is entered and on each way back to a loop's header, for the longest way to where it asks next, and else only
 * where that would be more than MOST_AHEAD instructions. On all other ways blocks are executed without a question. What they
 * *owe*, the instructions that have been executed but not been taken from the budget, is known when the region is
 * compiled: each way out has a constant (leave.ts). Where ways meet that owe different amounts, all but one of them pay the
 * difference.
 *
 * With `count` the instructions of a node (none of a hub):
 *
 *     owed(b)  = 0 of the entry, else the most that a way forward to b owes
 *     need(b)  = count(b) + the greatest need(s) of the ways from b to s that do not ask
 *     p -> b   leaves if budget < owed(p) + count(p) + need(b), if it asks, and takes owed(p) + count(p) - owed(b) from the budget
 */
import type { Structure } from './control-flow.ts';

/** Most instructions that are asked for at once, unless one block has more: fewer are left to the interpreter at the end of each slice. */
const MOST_AHEAD = 64;

export interface BudgetPlan {
  /** For each node: what is owed where it starts. */
  readonly owed: readonly number[];
  /** For each node: instructions on the longest way from its start to the next question. */
  readonly need: readonly number[];
  /** Whether it is asked on the way between two nodes. */
  asks(from: number, to: number): boolean;
}

/** @param counts instructions of each node. @param successors of each node. */
export function planBudget(
  counts: readonly number[],
  successors: readonly (readonly number[])[],
  { order, rank }: Structure,
): BudgetPlan {
  const nodes = counts.length;
  const owed = new Array<number>(nodes).fill(0);
  /** Instructions on the longest way from the last question. */
  const asked = new Array<number>(nodes).fill(0);
  const asksBefore = new Array<boolean>(nodes).fill(false);
  for (const node of order) {
    const count = counts[node] as number;
    if ((asked[node] as number) > 0 && (asked[node] as number) + count > MOST_AHEAD) {
      asksBefore[node] = true;
      asked[node] = 0;
    }
    const owedBehind = (owed[node] as number) + count;
    const askedBehind = (asked[node] as number) + count;
    for (const next of successors[node] as readonly number[]) {
      if ((rank[next] as number) <= (rank[node] as number)) continue;
      if ((owed[next] as number) < owedBehind) owed[next] = owedBehind;
      if ((asked[next] as number) < askedBehind) asked[next] = askedBehind;
    }
  }
  const asks = (from: number, to: number): boolean =>
    (rank[to] as number) <= (rank[from] as number) || (asksBefore[to] as boolean);
  const need = new Array<number>(nodes).fill(0);
  for (let at = order.length - 1; at >= 0; at--) {
    const node = order[at] as number;
    let ahead = 0;
    for (const next of successors[node] as readonly number[]) {
      if (!asks(node, next) && (need[next] as number) > ahead) ahead = need[next] as number;
    }
    need[node] = (counts[node] as number) + ahead;
  }
  return { owed, need, asks };
}
