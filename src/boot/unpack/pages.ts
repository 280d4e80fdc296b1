/** What there is in unpacked memory beside pages of zeros. */
import type { Piece } from './unpack.ts';
import { STEP } from './workspace.ts';

/** Exported by each module of wasm-runtime/unpack/. */
export interface PageFinder extends WebAssembly.Exports {
  findPage(from: number, end: number, zero: number): number;
}

/**
 * In steps, of which those without a piece hand on `undefined`.
 * @param from the module's memory, up to and without `end`. @param at where that is in the unpacked kernel.
 */
export function* piecesOf(
  memory: Uint8Array,
  from: number,
  end: number,
  at: number,
  { findPage }: PageFinder,
): Generator<Piece | undefined> {
  for (let next = from; next < end; ) {
    const limit = Math.min(next + STEP, end);
    const start = findPage(next, limit, 0);
    next = findPage(start, limit, 1);
    yield next > start ? { at: at + start - from, bytes: memory.subarray(start, next) } : undefined;
  }
}
