/** The blocks that one function of wasm is made of. */
import type { BlockRecords } from './record-view.ts';

export interface RegionBlock {
  readonly records: BlockRecords;
  /** Index in the region of the block a taken branch leads to, or undefined: outside. */
  readonly taken: number | undefined;
  /** The same for the next instruction after the block. */
  readonly fall: number | undefined;
  /** Linear page relative to the entry's. */
  readonly page: number;
}

/** The blocks of a region; the first is the entry. */
export type Region = readonly RegionBlock[];
