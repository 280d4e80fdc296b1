import { describe, expect, it } from 'vitest';
import { structure } from '../../../src/compile/region/control-flow.ts';
import { planRegion } from '../../../src/compile/region/plan.ts';
import { type EdgeLists, type SplitGraph, splitLoops } from '../../../src/compile/region/split-loops.ts';
import { OUTSIDE } from '../../../src/compile/region-source.ts';
import { runBothTiers } from '../../code-cache/both-tiers.ts';

/** Edges that have no structured form. */
function sideEntries(edges: EdgeLists): number {
  const successors = edges.map((list) => list.filter((to) => to !== OUTSIDE));
  const { isIrreducible } = structure({ successors });
  return successors.flatMap((list, from) => list.filter((to) => isIrreducible(from, to))).length;
}

/** The edges with copies taken for what they are copies of. */
function withoutCopies({ edges, originals }: SplitGraph): EdgeLists {
  const nodes = edges.length - originals.length;
  return edges.map((list) => list.map((to) => originals[to - nodes] ?? to));
}

function expectCopies(before: EdgeLists, split: SplitGraph): void {
  const after = withoutCopies(split);
  expect(after.slice(0, before.length)).toEqual(before);
  expect(after.slice(before.length)).toEqual(split.originals.map((node) => before[node]));
}

const ones = (edges: EdgeLists): number[] =>
  edges.map((_, node) => (node === 0 ? Number.POSITIVE_INFINITY : 1));

describe('splitLoops', () => {
  it('leaves loops alone that are entered at one node', () => {
    const edges = [[1, OUTSIDE], [2, 3], [1], [3, 0]];
    expect(splitLoops(edges, ones(edges), 100)).toEqual({ edges, originals: [] });
  });

  it('makes the node the header that costs least', () => {
    // 1 and 2 lead to each other, and the entry to both.
    const edges = [[1, 2], [2], [1, 3], []];
    const cheapFirst = splitLoops(edges, [1, 2, 5, 1], 100);
    expect(cheapFirst.originals).toEqual([1]);
    expect(cheapFirst.edges[0]).toEqual([4, 2]);
    expectCopies(edges, cheapFirst);
    expect(splitLoops(edges, [1, 5, 2, 1], 100).originals).toEqual([2]);
  });

  it('takes a header that is no entry, if that is best', () => {
    // The loop 1 -> 2 -> 3 -> 1, or 1 -> 4 -> 3 -> 1, begins with 2 or 4.
    const edges = [[2, 4], [2, 4], [3], [1, OUTSIDE], [3]];
    const split = splitLoops(edges, [1, 1, 1, 3, 1], 100);
    expect(split.originals.toSorted()).toEqual([2, 4]);
    expect(sideEntries(split.edges)).toBe(0);
  });

  it('copies nothing where that would be too much', () => {
    const edges = [[1, 2], [2], [1]];
    expect(splitLoops(edges, [1, 10, 10], 9)).toEqual({ edges, originals: [] });
  });

  it('leaves no loop with two entries in graphs of any form', () => {
    let seed = 1;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return (seed >>> 8) % below;
    };
    let irreducible = 0;
    for (let graph = 0; graph < 300; graph++) {
      const nodes = 2 + random(8);
      const edges = Array.from({ length: nodes }, () => [random(nodes + 1) - 1, random(nodes + 1) - 1]);
      const split = splitLoops(edges, ones(edges), 10_000);
      expectCopies(edges, split);
      expect(sideEntries(split.edges)).toBe(0);
      if (sideEntries(edges) > 0) irreducible += 1;
    }
    expect(irreducible).toBeGreaterThan(20);
  });
});

it('a loop that begins in its middle does not leave its region, and runs as interpreted', () => {
  // Merges two lists: the first turn jumps over the copy of a pointer, so the block behind that is there twice.
  const { regions } = runBothTiers(
    `
    mov ebp,25
    again: mov eax,300
    mov ebx,300
    xor edx,edx
    jmp first
    smaller: mov rdx,rax
    sub rax,7
    both: add rdi,rdx
    test rax,rax
    js done
    test rbx,rbx
    js done
    mov rcx,rdx
    first: add rsi,rcx
    cmp rax,rbx
    jge smaller
    mov rdx,rbx
    sub rbx,3
    jmp both
    done: dec ebp
    jne again
    hlt
  `,
    undefined,
    { first: 2000, second: 20_000_000 },
  );
  const kept = regions.map(({ blocks }) => {
    const { blocks: planned } = planRegion(blocks);
    const isOutside = ({ taken, fall }: { taken: number; fall: number }): boolean[] => [
      taken === OUTSIDE,
      fall === OUTSIDE,
    ];
    expect(planned.slice(0, blocks.length).map(isOutside)).toEqual(blocks.map(isOutside));
    return planned.length - blocks.length;
  });
  // In at least one of them there was something to copy.
  expect(Math.max(...kept)).toBeGreaterThan(0);
});
