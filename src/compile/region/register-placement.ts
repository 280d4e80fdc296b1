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

/** One bank's registers, where they are loaded and stored. */
export interface PlacedBank {
  readonly bank: RegisterBank;
  readonly placement: RegisterPlacement;
}

/** The loads and stores of both banks. */
export class PlacedRegisters {
  private readonly first: PlacedBank;
  private readonly second: PlacedBank;

  constructor(first: PlacedBank, second: PlacedBank) {
    this.first = first;
    this.second = second;
  }

  atEntry(): Expression[] {
    const loads: Expression[] = [];
    for (const { bank, placement } of [this.first, this.second])
      bank.load(placement.liveIn[0] as number, loads);
    return loads;
  }

  /** @param loads that are added to. */
  onEdge(from: number, to: number, loads: Expression[]): void {
    loadOnEdge(this.first, from, to, loads);
    loadOnEdge(this.second, from, to, loads);
  }

  /** @param group its first block. @param stores that are added to. */
  onWayOut(group: number, stores: Expression[]): void {
    this.first.bank.store(this.first.placement.stored[group] as number, stores);
    this.second.bank.store(this.second.placement.stored[group] as number, stores);
  }
}

function loadOnEdge(
  { bank, placement: { liveIn } }: PlacedBank,
  from: number,
  to: number,
  loads: Expression[],
): void {
  bank.load((liveIn[to] as number) & ~(liveIn[from] as number), loads);
}

export interface RegisterPlacement {
  /** For each block: what is in its local when the block starts. */
  readonly liveIn: readonly number[];
  /** For each first block of a group: what the group's way out stores. */
  readonly stored: readonly number[];
}

/**
 * @param uses of each block; block 0 is the entry. @param groups first block of the group of each block.
 * @param order reachable blocks. @param successors of each block.
 */
export function placeRegisters(
  uses: readonly RegisterUse[],
  groups: readonly number[],
  order: readonly number[],
  successors: readonly (readonly number[])[],
): RegisterPlacement {
  const stored = new Array<number>(uses.length).fill(0);
  if (!isAnyTouched(uses)) return { liveIn: stored, stored };
  const dirty = new Array<number>(uses.length).fill(0);
  while (spreadDirty(uses, order, successors, dirty));
  for (const b of order) {
    const group = groups[b] as number;
    stored[group] = (stored[group] as number) | (dirty[b] as number) | (uses[b] as RegisterUse).written;
  }
  const needed: number[] = [];
  // The intersection starts with everything and shrinks; nothing is in a local before the entry block.
  const live: number[] = [];
  for (let b = 0; b < uses.length; b++) {
    needed.push((dirty[b] as number) | (uses[b] as RegisterUse).touched | (stored[b] as number));
    live.push(b === 0 ? (needed[0] as number) : -1);
  }
  while (shrinkLive(needed, order, successors, live));
  return { liveIn: live, stored };
}

function isAnyTouched(uses: readonly RegisterUse[]): boolean {
  for (let b = 0; b < uses.length; b++) if ((uses[b] as RegisterUse).touched !== 0) return true;
  return false;
}

/** One round over all edges. @returns whether that changed any. */
function spreadDirty(
  uses: readonly RegisterUse[],
  order: readonly number[],
  successors: readonly (readonly number[])[],
  dirty: number[],
): boolean {
  let changed = false;
  for (const from of order) {
    const leaves = (dirty[from] as number) | (uses[from] as RegisterUse).written;
    for (const to of successors[from] as readonly number[]) {
      const value = (dirty[to] as number) | leaves;
      if (value === dirty[to]) continue;
      dirty[to] = value;
      changed = true;
    }
  }
  return changed;
}

/** The same. */
function shrinkLive(
  needed: readonly number[],
  order: readonly number[],
  successors: readonly (readonly number[])[],
  live: number[],
): boolean {
  let changed = false;
  for (const from of order) {
    for (const to of successors[from] as readonly number[]) {
      const value = ((live[to] as number) & (live[from] as number)) | (needed[to] as number);
      if (value === live[to]) continue;
      live[to] = value;
      changed = true;
    }
  }
  return changed;
}
