/**
 * Where the registers of a region are loaded and stored, each bank for itself.
 *
 * Registers are loaded where the first group of blocks that touches them starts, unless every way there has them
 * already, and stored where the region is left, if they were written on the way. With `live` the registers that are in
 * their locals and `dirty` those whose local is newer than the processor state, at the start of block b:
 *
 *     dirtyIn(b)  = union of dirtyIn(p) + written(p)           over its predecessors p
 *     stored(g)   = union of dirtyIn(b) + written(b)           over the blocks b of group g
 *     liveIn(b)   = dirtyIn(b) + touched(b) + stored(b, if it starts a group) + intersection of liveIn(p)
 *
 * and the edge from p to b loads liveIn(b) - liveIn(p). The entry block loads all of its liveIn. Sets are those of
 * register-locals.ts, a bit a register.
 */
import type { Expression } from '../../wasm/builder.ts';
import type { RegisterBank } from './register-locals.ts';

/** Of one bank, by one block. */
export interface RegisterUse {
  readonly touched: number;
  readonly written: number;
}

/** The loads and stores of some banks. */
export class PlacedRegisters {
  private readonly banks: readonly { readonly bank: RegisterBank; readonly placement: RegisterPlacement }[];

  constructor(banks: readonly { readonly bank: RegisterBank; readonly placement: RegisterPlacement }[]) {
    this.banks = banks;
  }

  atEntry(): Expression[] {
    return this.banks.flatMap(({ bank, placement: { liveIn } }) => bank.load(liveIn[0] as number));
  }

  onEdge(from: number, to: number): Expression[] {
    return this.banks.flatMap(({ bank, placement: { liveIn } }) =>
      bank.load((liveIn[to] as number) & ~(liveIn[from] as number)),
    );
  }

  /** @param group its first block. */
  onWayOut(group: number): Expression[] {
    return this.banks.flatMap(({ bank, placement: { stored } }) => bank.store(stored[group] as number));
  }
}

export interface RegisterPlacement {
  /** For each block: what is in its local when the block starts. */
  readonly liveIn: readonly number[];
  /** For each first block of a group: what the group's way out stores. */
  readonly stored: readonly number[];
}

export interface Edge {
  readonly from: number;
  readonly to: number;
}

/**
 * @param uses of each block; block 0 is the entry. @param groups first block of the group of each block.
 * @param order reachable blocks. @param edges between them.
 */
export function placeRegisters(
  uses: readonly RegisterUse[],
  groups: readonly number[],
  order: readonly number[],
  edges: readonly Edge[],
): RegisterPlacement {
  const written = (b: number): number => (uses[b] as RegisterUse).written;
  const dirty = uses.map(() => 0);
  untilStable(
    edges,
    dirty,
    ({ from, to }) => (dirty[to] as number) | (dirty[from] as number) | written(from),
  );
  const stored = uses.map(() => 0);
  for (const b of order) {
    const group = groups[b] as number;
    stored[group] = (stored[group] as number) | (dirty[b] as number) | written(b);
  }
  const needed = uses.map(({ touched }, b) => (dirty[b] as number) | touched | (stored[b] as number));
  // The intersection starts with everything and shrinks; nothing is in a local before the entry block.
  const live = uses.map((_, b) => (b === 0 ? (needed[0] as number) : -1));
  untilStable(
    edges,
    live,
    ({ from, to }) => ((live[to] as number) & (live[from] as number)) | (needed[to] as number),
  );
  return { liveIn: live, stored };
}

/** Applies `next` to every edge's target until nothing changes. */
function untilStable(edges: readonly Edge[], values: number[], next: (edge: Edge) => number): void {
  for (let changed = true; changed; ) {
    changed = false;
    for (const edge of edges) {
      const value = next(edge);
      if (value === values[edge.to]) continue;
      values[edge.to] = value;
      changed = true;
    }
  }
}
