import { describe, expect, it } from 'vitest';
import { structure } from '../../../src/compile/region/control-flow.ts';

describe('structure', () => {
  it('orders a diamond and finds its merge, which the entry dominates', () => {
    const { order, isMerge, isLoopHeader, children } = structure({ successors: [[1, 2], [3], [3], []] });
    expect(order[0]).toBe(0);
    expect(order.at(-1)).toBe(3);
    expect(isMerge).toEqual([false, false, false, true]);
    expect(isLoopHeader).toEqual([false, false, false, false]);
    expect([...(children[0] ?? [])].sort()).toEqual([1, 2, 3]);
  });

  it('finds the header of a loop, and no merge in its back edge', () => {
    const { isMerge, isLoopHeader, isIrreducible } = structure({ successors: [[1], [2, 3], [1], []] });
    expect(isLoopHeader).toEqual([false, true, false, false]);
    expect(isMerge[1]).toBe(false);
    expect(isIrreducible(2, 1)).toBe(false);
  });

  it('counts both ways of one branch to the same place as a merge', () => {
    expect(structure({ successors: [[1, 1], []] }).isMerge[1]).toBe(true);
  });

  it('tells two loops with one header apart: the smaller one is the inner one', () => {
    // 0 -> 1 -> 0 is a loop, and so is the way by 2 and 3, which the first one leaves to.
    const { innerLoopEnds } = structure({ successors: [[1, 2], [0], [3], [0]] });
    expect(innerLoopEnds).toEqual([[1], [], [], []]);
  });

  it('takes a loop around another one for the outer one', () => {
    expect(structure({ successors: [[1], [0, 2], [0]] }).innerLoopEnds[0]).toEqual([1]);
  });

  it('takes ways through the same part of a loop, or as long as each other, for one loop', () => {
    // All ways go by 1, like the operations of an interpreter.
    expect(structure({ successors: [[1], [2, 3, 4], [0], [0], [5], [0]] }).innerLoopEnds[0]).toEqual([]);
    expect(structure({ successors: [[1, 2], [0], [0]] }).innerLoopEnds[0]).toEqual([]);
  });

  it('calls an edge into the middle of a loop irreducible', () => {
    // 0 enters the cycle 1 <-> 2 at both ends.
    const { isIrreducible, rank } = structure({ successors: [[1, 2], [2], [1]] });
    const back = (rank[1] as number) < (rank[2] as number) ? [2, 1] : [1, 2];
    expect(isIrreducible(back[0] as number, back[1] as number)).toBe(true);
  });

  it('gives unreachable nodes no rank', () => {
    expect(structure({ successors: [[], [0]] }).rank).toEqual([0, -1]);
  });
});
