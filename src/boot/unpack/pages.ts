/** What there is in unpacked memory beside pages of zeros. */
import type { Piece } from './unpack.ts';

/** Exported by each module of wasm-runtime/unpack/. */
export interface PageFinder extends WebAssembly.Exports {
  findPage(from: number, end: number, zero: number): number;
}

/** @param from the module's memory, up to and without `end`. @param at where that is in the unpacked kernel. */
export function* piecesOf(
  memory: Uint8Array,
  from: number,
  end: number,
  at: number,
  { findPage }: PageFinder,
): Generator<Piece> {
  for (let next = from; next < end; ) {
    const start = findPage(next, end, 0);
    next = findPage(start, end, 1);
    if (next > start) yield { at: at + start - from, bytes: memory.subarray(start, next) };
  }
}
