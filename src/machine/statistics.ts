/** What `--stats` writes: counts of everything that matters for speed. */

import type { Tiering } from '../code-cache/tiering.ts';
import { HEAP_BASE } from '../layout/linear-memory.ts';
import {
  ARENA_EPOCH,
  COUNTER_BLOCK_INSTRUCTIONS,
  COUNTER_BLOCKS,
  COUNTER_CODE_WRITES,
  COUNTER_EXCEPTIONS,
  COUNTER_INTERPRETED_INSTRUCTIONS,
  COUNTER_INTERRUPTS,
  COUNTER_INVALIDATED_BLOCKS,
  COUNTER_INVALIDATIONS,
  COUNTER_LOOKUPS,
  COUNTER_MMIO,
  COUNTER_PAGE_WALKS,
  COUNTER_PORT,
  COUNTER_TLB_FLUSHES,
  COUNTER_TLB_MISSES,
  HEAP_TOP,
} from '../layout/runtime-state.ts';
import type { Board } from './board.ts';

export interface Statistics {
  readonly wallMilliseconds: number;
  /** Of these, what the guest had nothing to do, and what it waited for code that was being compiled. */
  readonly idleMilliseconds: number;
  readonly waitingMilliseconds: number;
  /** What the guest's clock shows since it was started or restarted last. */
  readonly guestMilliseconds: number;
  readonly instructions: {
    readonly total: number;
    readonly interpreted: number;
    readonly compiled: number;
    /** By regions of each tier; the last tier has what is interpreted at the end of a slice, too. */
    readonly firstTier: number;
    readonly secondTier: number;
    readonly thirdTier: number;
  };
  readonly blocks: {
    readonly translated: number;
    readonly instructions: number;
    /** How often half of the record arena was emptied. */
    readonly arenaRecycled: number;
  };
  readonly regions: Tiering['statistics'];
  readonly memory: {
    readonly tlbMisses: number;
    readonly pageWalks: number;
    readonly tlbFlushes: number;
    /** Bytes of guest RAM that were touched, in 2 MiB chunks. */
    readonly ramTouched: number;
  };
  readonly invalidations: { readonly pages: number; readonly blocks: number; readonly codeWrites: number };
  readonly lookups: number;
  readonly events: { readonly exceptions: number; readonly interrupts: number };
  readonly accesses: { readonly mmio: number; readonly port: number };
  readonly exits: Readonly<Record<string, number>>;
  /** Code bytes of instructions that are not implemented, with how often they raised #UD. */
  readonly unimplemented: Readonly<Record<string, number>>;
}

export function collectStatistics(
  board: Board,
  tiering: Tiering,
  undefinedInstructions: ReadonlyMap<string, number>,
  milliseconds: { readonly wall: number; readonly idle: number; readonly waiting: number },
): Statistics {
  const { processor } = board;
  const counter = (index: number): number => processor.counter(index);
  const total = processor.instructions;
  const interpreted = counter(COUNTER_INTERPRETED_INSTRUCTIONS);
  const { first, second, third } = tiering.instructions;
  return {
    wallMilliseconds: Math.round(milliseconds.wall),
    idleMilliseconds: Math.round(milliseconds.idle),
    waitingMilliseconds: Math.round(milliseconds.waiting),
    guestMilliseconds: Math.round(board.clock.now() / 1e6),
    instructions: {
      total,
      interpreted,
      compiled: total - interpreted,
      firstTier: first,
      secondTier: second,
      thirdTier: third,
    },
    blocks: {
      translated: counter(COUNTER_BLOCKS),
      instructions: counter(COUNTER_BLOCK_INSTRUCTIONS),
      arenaRecycled: processor.i32(ARENA_EPOCH),
    },
    regions: tiering.statistics,
    memory: {
      tlbMisses: counter(COUNTER_TLB_MISSES),
      pageWalks: counter(COUNTER_PAGE_WALKS),
      tlbFlushes: counter(COUNTER_TLB_FLUSHES),
      ramTouched: processor.u32(HEAP_TOP) - HEAP_BASE,
    },
    invalidations: {
      pages: counter(COUNTER_INVALIDATIONS),
      blocks: counter(COUNTER_INVALIDATED_BLOCKS),
      codeWrites: counter(COUNTER_CODE_WRITES),
    },
    lookups: counter(COUNTER_LOOKUPS),
    events: { exceptions: counter(COUNTER_EXCEPTIONS), interrupts: counter(COUNTER_INTERRUPTS) },
    accesses: { mmio: counter(COUNTER_MMIO), port: counter(COUNTER_PORT) },
    exits: Object.fromEntries(processor.exits),
    unimplemented: Object.fromEntries(undefinedInstructions),
  };
}
