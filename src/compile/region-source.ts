/** Regions before they are compiled, and how they travel to the compile worker. */

/**
 * `first`: soon. `second`: what is hot once more, together with what it leads to. `third`: what stays hot, the same
 * and optimised.
 */
export const COMPILED_TIERS = ['first', 'second', 'third'] as const;
export type CompiledTier = (typeof COMPILED_TIERS)[number];

/** A region to compile. */
export interface RegionSource {
  readonly tier: CompiledTier;
  /** It is not compiled once more, so it does not count its instructions. */
  readonly isLast: boolean;
  /** What asked for it runs with an MXCSR of which nothing is unusual (emitter/emitter-base.ts): numbers that are ordinary are rounded in place. */
  readonly roundsInPlace: boolean;
  /**
   * Of a region that is saved for other runs: the low half of the linear page of its entry where constants may be addresses near it
   * (code-cache/linear-page.ts), else 0.
   */
  readonly savedAt?: number;
  readonly blocks: readonly RegionBlockSource[];
}

/** Bytes from a region's entry to what its constants are addresses of. A kernel has less. */
const NEAR = 64 * 1024 * 1024;

/** Whether a constant, as an instruction extends it to 64 bits, is taken for an address near a region (RegionSource.savedAt). */
export function isNearCode(constant: number, linearPage: number): boolean {
  return linearPage !== 0 && constant < 0 && Math.abs(constant - linearPage) < NEAR;
}

/** In place of the index of a block: what is not in the region, and what cannot be reached in it. */
export const OUTSIDE = -1;

export interface RegionBlockSource {
  /** Address of the head record. */
  readonly head: number;
  /** Copy of the head, instruction and end records. */
  readonly records: Uint8Array;
  /** Indices of the successor blocks in the region, or OUTSIDE. */
  readonly taken: number;
  readonly fall: number;
  /** Head records of the blocks that a taken branch and the end of the block lead to, in the region or not; 0 = not known. */
  readonly takenHead: number;
  readonly fallHead: number;
  /** Of a return or an indirect branch: indices of the blocks that it may lead to. */
  readonly targets: readonly number[];
  /** Linear page relative to the page of the region's first block. */
  readonly page: number;
}

/**
 * Regions as they travel to the worker: two buffers, because cloning thousands of small objects would cost the
 * sender more than the compilation costs the worker.
 */
export interface PackedRegions {
  /** For each region: index of the tier, 1 if it is the last, 1 if it rounds in place, number of blocks, then for each block: head, bytes of records, taken, fall, their heads, page, number of targets, targets. */
  readonly layout: Int32Array;
  readonly records: Uint8Array;
}

export function packRegions(sources: readonly RegionSource[]): PackedRegions {
  const layout: number[] = [];
  let bytes = 0;
  for (const { tier, isLast, roundsInPlace, blocks } of sources) {
    layout.push(COMPILED_TIERS.indexOf(tier), Number(isLast), Number(roundsInPlace), blocks.length);
    for (const { head, records, taken, fall, takenHead, fallHead, page, targets } of blocks) {
      layout.push(head, records.length, taken, fall, takenHead, fallHead, page, targets.length, ...targets);
      bytes += records.length;
    }
  }
  const records = new Uint8Array(bytes);
  let at = 0;
  for (const { blocks } of sources) {
    for (const block of blocks) {
      records.set(block.records, at);
      at += block.records.length;
    }
  }
  return { layout: Int32Array.from(layout), records };
}

export function unpackRegions({ layout, records }: PackedRegions): RegionSource[] {
  const sources: RegionSource[] = [];
  let at = 0;
  let offset = 0;
  const next = (): number => layout[at++] as number;
  while (at < layout.length) {
    const tier = COMPILED_TIERS[next()] as CompiledTier;
    const isLast = next() === 1;
    const roundsInPlace = next() === 1;
    const blocks = Array.from({ length: next() }, () => {
      const head = next();
      const length = next();
      const block = {
        head,
        records: records.subarray(offset, offset + length),
        taken: next(),
        fall: next(),
        takenHead: next(),
        fallHead: next(),
        page: next(),
        targets: Array.from({ length: next() }, next),
      };
      offset += length;
      return block;
    });
    sources.push({ tier, isLast, roundsInPlace, blocks });
  }
  return sources;
}
