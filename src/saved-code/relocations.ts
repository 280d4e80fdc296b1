/**
 * Constants of kernel code that are addresses near it. A kernel is loaded somewhere else each time (KASLR), and they move with it;
 * all other code is the same wherever it is.
 */
import { isNearCode } from '../compile/region-source.ts';
import {
  HEAD_COUNT,
  HEAD_FALL,
  HEAD_FLAGS,
  HEAD_TAKEN,
  RECORD_DISP,
  RECORD_IMM,
  RECORD_LENGTH,
  RECORD_PAGE_OFFSET,
  RECORD_SIZE,
} from '../layout/record.ts';
import type { SavedRegion } from './messages.ts';

/** Where such a constant is: offset in the block's records, and in its code. */
export interface Relocation {
  readonly field: number;
  readonly code: number;
}

/**
 * @param records of a block. @param linearPage of it, RegionSource.savedAt.
 * @returns ascending by the place in the code, or undefined if a constant is not found there.
 */
export function relocationsOf(
  records: Uint8Array,
  code: Uint8Array,
  linearPage: number,
): Relocation[] | undefined {
  const found: Relocation[] = [];
  if (linearPage === 0) return found;
  const view = viewOf(records);
  const bytes = viewOf(code);
  const isLinked = ((records[HEAD_FLAGS] as number) & (HEAD_TAKEN | HEAD_FALL)) !== 0;
  const first = view.getUint16(RECORD_PAGE_OFFSET, true);
  const count = view.getUint16(HEAD_COUNT, true);
  for (let record = RECORD_SIZE; record <= count * RECORD_SIZE; record += RECORD_SIZE) {
    // A branch's displacement is relative to its page, and its links are no constants.
    if (isLinked && record === records.length - RECORD_SIZE) break;
    for (const field of [record + RECORD_DISP, record + RECORD_IMM]) {
      const constant = view.getInt32(field, true);
      if (!isNearCode(constant, linearPage)) continue;
      if (field === record + RECORD_IMM && view.getInt32(field + 4, true) !== -1) continue;
      const start = view.getUint16(record + RECORD_PAGE_OFFSET, true) - first;
      let at = start + (records[record + RECORD_LENGTH] as number) - 4;
      while (at > start && bytes.getInt32(at, true) !== constant) at -= 1;
      if (at <= start) return undefined;
      found.push({ field, code: at });
    }
  }
  return found.sort((a, b) => a.code - b.code);
}

/** A region as it would be where its code is `moved` bytes further down. */
export function movedDown(region: SavedRegion, moved: number): SavedRegion {
  const { source, linearPage } = region;
  if (moved === 0 || linearPage === 0) return region;
  const code = region.code.map((bytes) => bytes.slice());
  const blocks = source.blocks.map((block, at) => {
    const records = block.records.slice();
    const bytes = code[at] as Uint8Array;
    for (const place of relocationsOf(records, bytes, linearPage) ?? []) {
      const constant = viewOf(records).getInt32(place.field, true) - moved;
      viewOf(records).setInt32(place.field, constant, true);
      viewOf(bytes).setInt32(place.code, constant, true);
    }
    return { ...block, records };
  });
  return { source: { ...source, blocks }, linearPage: linearPage - moved, code };
}

/**
 * How far a kernel is from where another run had it, by the regions of both: what most of those say that are the same but for that.
 * 0 where none is.
 */
export function distanceBetween(regions: readonly SavedRegion[], others: readonly SavedRegion[]): number {
  const pages = new Map(others.map((region) => [withoutPlace(region), region.linearPage]));
  const votes = new Map<number, number>();
  let most = 0;
  for (const region of regions) {
    if (region.linearPage === 0) continue;
    const page = pages.get(withoutPlace(region));
    if (page === undefined) continue;
    const distance = region.linearPage - page;
    votes.set(distance, (votes.get(distance) ?? 0) + 1);
    if ((votes.get(distance) as number) > (votes.get(most) ?? 0)) most = distance;
  }
  return most;
}

/** A region's code as it would be at address 0, as a key. */
function withoutPlace(region: SavedRegion): string {
  return movedDown(region, region.linearPage).code.join(' ');
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
