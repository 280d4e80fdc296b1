import { describe, expect, it } from 'vitest';
import { Random } from '../../../scripts/recorder/values.ts';
import { structure } from '../../../src/compile/region/control-flow.ts';
import { planRegion } from '../../../src/compile/region/plan.ts';
import type { EdgeLists } from '../../../src/compile/region/split-loops.ts';
import { unrollLoops } from '../../../src/compile/region/unroll-loops.ts';
import { OUTSIDE } from '../../../src/compile/region-source.ts';
import { runBothTiers } from '../../code-cache/both-tiers.ts';
import { DATA } from '../../isa/system-machine.ts';

function shapeOf(edges: EdgeLists) {
  return structure({ successors: edges.map((list) => list.filter((to) => to !== OUTSIDE)) });
}

function unroll(edges: EdgeLists, weights: readonly number[], most = 1000, call = -1) {
  return unrollLoops(edges, weights, (node) => node === call, shapeOf(edges), most);
}

describe('unrollLoops', () => {
  it('leads from each turn to the next, and from the last to the header', () => {
    const edges = [[1, OUTSIDE], [1, 2], []];
    expect(unroll(edges, [5, 12, 5])).toEqual({
      edges: [[1, OUTSIDE], [3, 2], [], [4, 2], [5, 2], [1, 2]],
      originals: [1, 1, 1],
    });
  });

  it('copies all of a body, with each way back and each way out', () => {
    // 1 leads to 2 or 3, and both back; 3 leads out, too.
    const edges = [[1], [2, 3], [1], [4, 1], []];
    const { edges: unrolled, originals } = unroll(edges, [1, 8, 8, 8, 1]);
    const copies = new Map(originals.map((node, index) => [node, edges.length + index]));
    const [one, two, three] = [1, 2, 3].map((node) => copies.get(node) as number) as [number, number, number];
    expect(copies.size).toBe(3);
    expect(unrolled.slice(0, 5)).toEqual([[1], [2, 3], [one], [4, one], []]);
    expect([one, two, three].map((node) => unrolled[node])).toEqual([[two, three], [1], [4, 1]]);
  });

  it('leaves long loops alone, those around others, and what would be too much', () => {
    const edges = [[1], [2], [2, 3], [1, 4], []];
    const { originals } = unroll(edges, [1, 1, 24, 1, 1]);
    expect(originals).toEqual([2]);
    expect(unroll(edges, [1, 1, 25, 1, 1])).toEqual({ edges, originals: [] });
    expect(unroll(edges, [1, 1, 6, 1, 1], 12).originals).toEqual([2, 2]);
  });

  it('takes no call back to what is being called for a loop', () => {
    const edges = [[1], [1, 2], []];
    expect(unroll(edges, [1, 10, 1], 1000, 1)).toEqual({ edges, originals: [] });
    expect(unroll(edges, [1, 10, 1], 1000, 0).originals).toEqual([1, 1, 1]);
  });

  it('copies no loop where a function calls itself', () => {
    const edges = [[1], [1, 2], [1, 3], [0, 4], []];
    expect(unroll(edges, [1, 20, 1, 1, 1]).originals).toEqual([1]);
    expect(unroll(edges, [1, 20, 1, 1, 1], 1000, 3)).toEqual({ edges, originals: [] });
  });

  it('of two loops with one header takes the inner one', () => {
    const edges = [[1], [1, 2], [1, 3], []];
    const { edges: unrolled } = unroll(edges, [1, 20, 1, 1]);
    expect(unrolled).toEqual([[1], [4, 2], [1, 3], [], [1, 2]]);
  });

  it('goes the same ways as the graph it is made of, whatever that is', () => {
    const random = new Random('short loops');
    let copied = 0;
    for (let graph = 0; graph < 300; graph++) {
      const nodes = 2 + random.below(8);
      const all = Array.from({ length: nodes }, () => [
        random.below(nodes + 1) - 1,
        random.below(nodes + 1) - 1,
      ]);
      const { isIrreducible } = shapeOf(all);
      const edges = all.map((list, from) =>
        list.map((to) => (to === OUTSIDE || isIrreducible(from, to) ? OUTSIDE : to)),
      );
      const { edges: unrolled, originals } = unroll(
        edges,
        edges.map(() => 1 + random.below(9)),
      );
      const original = (node: number): number => originals[node - nodes] ?? node;
      expect(unrolled.map((list) => list.map(original))).toEqual(
        unrolled.map((_, node) => edges[original(node)]),
      );
      const after = shapeOf(unrolled);
      const isEntered = unrolled.flatMap((list, from) =>
        list.map((to) => to !== OUTSIDE && after.isIrreducible(from, to)),
      );
      expect(isEntered).not.toContain(true);
      copied += originals.length;
    }
    expect(copied).toBeGreaterThan(300);
  });
});

it('a loop that is unrolled runs as interpreted, whichever turn it ends in and wherever pages end', () => {
  const { regions } = runBothTiers(
    `
    mov ebp,40
    again: mov esi,${DATA + 0xff0}
    sub esi,ebp
    lea edi,[rsi+0x3001]
    xor ecx,ecx
    copy: mov rax,QWORD PTR [rsi+rcx*1]
    add rcx,8
    mov QWORD PTR [rdi+rcx*1-8],rax
    add ebx,eax
    cmp ecx,eax
    jbe copy
    mov edx,ebp
    skip: inc esi
    add BYTE PTR [rsi],dl
    adc edx,0
    cmp BYTE PTR [rsi],65
    jb skip
    dec ebp
    jne again
    hlt
  `,
    (machine) => {
      let seed = 1;
      for (let at = 0; at < 0x4000; at += 8) {
        seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
        machine.write(DATA + at, [seed >>> 27, 0, 0, 0, seed & 255, (seed >>> 8) & 255, seed >>> 24, 1]);
      }
    },
    { first: 2000, second: 20_000_000 },
  );
  const copies = regions.map(
    ({ tier, blocks }) => planRegion(blocks, tier !== 'first').blocks.length - blocks.length,
  );
  expect(Math.max(...copies)).toBeGreaterThan(3);
});
