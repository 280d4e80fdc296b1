/** The budget of a region is exact: what is asked for suffices to the next question, and what is owed is known. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../../scripts/recorder/values.ts';
import { planBudget } from '../../../src/compile/region/budget.ts';
import { structure } from '../../../src/compile/region/control-flow.ts';

const MOST_AHEAD = 64;
const GRAPHS = 400;
const STEPS = 40;

/** @param longest block. */
function randomRegion(random: Random, longest: number) {
  const size = 2 + random.below(12);
  const counts = Array.from({ length: size }, () => random.below(longest));
  const all = counts.map((_, node) => {
    const near = node + 1 < size ? [node + 1] : [];
    return random.below(3) === 0 ? near : [...near, random.below(size)];
  });
  const shape = structure({ successors: all });
  const successors = all.map((nodes, from) =>
    shape.rank[from] === -1 ? [] : nodes.filter((to) => !shape.isIrreducible(from, to)),
  );
  return { counts, successors, shape };
}

describe('planBudget', () => {
  it('asks for enough and knows what is owed, on whichever way', () => {
    const random = new Random('ways through a region');
    let questions = 0;
    for (let graph = 0; graph < GRAPHS; graph++) {
      const { counts, successors, shape } = randomRegion(random, graph % 2 === 0 ? 9 : 90);
      const { owed, need, asks } = planBudget(counts, successors, shape);
      // The local of the region, and what may be executed since the last question.
      let budget = 1_000_000;
      let executed = 0;
      let allowed = need[0] as number;
      let node = 0;
      for (let step = 0; step < STEPS; step++) {
        expect(1_000_000 - budget + (owed[node] as number)).toBe(executed);
        executed += counts[node] as number;
        allowed -= counts[node] as number;
        expect(allowed).toBeGreaterThanOrEqual(0);
        const following = successors[node] as readonly number[];
        if (following.length === 0) break;
        const next = following[random.below(following.length)] as number;
        budget -= (owed[node] as number) + (counts[node] as number) - (owed[next] as number);
        if (asks(node, next)) {
          questions += 1;
          allowed = need[next] as number;
        }
        node = next;
      }
    }
    expect(questions).toBeGreaterThan(GRAPHS);
  });

  it('asks once a turn of a loop, and else where much is ahead', () => {
    // 0 leads to a loop of 1, 2 and 3; 4 to 9 are behind it.
    const successors = [[1], [2, 3], [3], [1, 4], [5], [6], [7], [8], [9], []];
    const counts = [5, 2, 3, 4, 12, 12, 12, 12, 12, 12];
    const shape = structure({ successors });
    const { owed, need, asks } = planBudget(counts, successors, shape);
    const questions = successors.flatMap((nodes, from) =>
      nodes.filter((to) => asks(from, to)).map((to) => [from, to]),
    );
    expect(questions).toEqual([
      [3, 1],
      [7, 8],
    ]);
    expect(owed.slice(0, 5)).toEqual([0, 5, 7, 10, 14]);
    expect(Math.max(...need)).toBeLessThanOrEqual(MOST_AHEAD);
    expect(need[1]).toBe(2 + 3 + 4 + 4 * 12);
    expect(need[8]).toBe(24);
  });
});
