/**
 * The translated blocks as JavaScript sees them. The runtime builds them (wasm-runtime/code/block-builder.ts), and asks here for
 * instructions of new shapes, for blocks of earlier runs, and before it uses records again.
 */
import type { MemoryViews } from '../cpu/memory-views.ts';
import type { Decoder } from '../isa/decoder.ts';
import { CPU_STATE, RECORD_ARENA } from '../layout/linear-memory.ts';
import { HEAD_FLAGS, HEAD_WATCHED } from '../layout/record.ts';
import { HOTNESS } from '../layout/runtime-state.ts';
import { NewInstructions } from './new-instructions.ts';
import type { SavedRegions } from './saved-regions.ts';

export class Blocks {
  readonly instructions: NewInstructions;
  private readonly views: MemoryViews;
  /** Blocks of earlier runs. */
  saved: SavedRegions | undefined;
  /** Told before the records from one address to another, which blocks had, are used for others. */
  beforeReuse: (from: number, to: number) => void = () => {};

  /** @param decoder of the processor's instructions. */
  constructor(views: MemoryViews, decoder: Decoder) {
    this.views = views;
    this.instructions = new NewInstructions(views, decoder);
  }

  /** Executions after which a block asks to be compiled; 0 = never. */
  get hotness(): number {
    return this.views.u32[(CPU_STATE + HOTNESS) >> 2] as number;
  }
  set hotness(entries: number) {
    this.views.u32[(CPU_STATE + HOTNESS) >> 2] = entries;
  }

  /** Who keeps the address of a block's head is told before its records go. */
  watch(head: number): void {
    const { u8 } = this.views;
    u8[head + HEAD_FLAGS] = (u8[head + HEAD_FLAGS] as number) | HEAD_WATCHED;
  }

  /** The half of the record arena from one address to another is about to be emptied. */
  reuse(from: number, to: number): void {
    // Saved records are in the first half.
    if (from === RECORD_ARENA) {
      this.saved?.forget();
      this.saved = undefined;
    }
    this.beforeReuse(from, to);
  }
}
