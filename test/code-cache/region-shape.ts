/** What the control flow of a region consists of, for tests that are about a part of it. */
import { OUTSIDE, type RegionSource } from '../../src/compile/region-source.ts';

export interface RegionShape {
  readonly blocks: number;
  /** Edges back to a block that was taken in before, or to the block itself. */
  readonly back: number;
  /** Blocks that more than one edge leads to. */
  readonly merges: number;
  /** Edges to a block in another page. */
  readonly pages: number;
}

export function shapeOf({ blocks }: RegionSource): RegionShape {
  const edges = blocks.flatMap(({ taken, fall, targets }, from) =>
    [taken, fall, ...targets].filter((to) => to !== OUTSIDE).map((to) => ({ from, to })),
  );
  const page = (index: number): number | undefined => blocks[index]?.page;
  return {
    blocks: blocks.length,
    back: edges.filter(({ from, to }) => to <= from).length,
    merges: blocks.filter((_, b) => edges.filter(({ to }) => to === b).length > 1).length,
    pages: edges.filter(({ from, to }) => page(from) !== page(to)).length,
  };
}
