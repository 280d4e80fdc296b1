/**
 * A block of LZ4, a module of its own. Copies go by 16 bytes and write what comes next too early: behind the output there is
 * room for SLACK bytes, and as many may be read behind the input.
 * Source: LZ4 doc/lz4_Block_format.md.
 */

export { findPage } from './pages';

/** Lengths of 15 go on in bytes, of which each 255 is followed by another. */
const LENGTH_MORE: usize = 15;
const SHORTEST_MATCH: usize = 4;

/**
 * Copies at least one byte, up to `end` or 15 bytes further.
 *
 * @inline
 */
function copyUpTo(end: usize, to: usize, from: usize): void {
  do {
    v128.store(to, v128.load(from));
    to += 16;
    from += 16;
  } while (to < end);
}

/**
 * Unpacks a block. Matches do not reach beyond its beginning.
 * @param from the block up to and without `end`. @param to where it goes, up to and without `limit`.
 * @returns where the output ends; 0 for a damaged block.
 */
export function unpackBlock(from: usize, end: usize, to: usize, limit: usize): usize {
  const start = to;
  while (from < end) {
    const token = <usize>load<u8>(from++);
    let literals = token >> 4;
    v128.store(to, v128.load(from));
    if (literals === LENGTH_MORE) {
      let more: usize;
      do {
        more = <usize>load<u8>(from++);
        literals += more;
      } while (more === 255 && from < end);
      if (from > end || literals > end - from || literals > limit - to) return 0;
      copyUpTo(to + literals, to, from);
    }
    from += literals;
    to += literals;
    // The last sequence has no match.
    if (from >= end) break;
    const distance = <usize>load<u16>(from);
    from += 2;
    let match = token & 15;
    if (match === LENGTH_MORE) {
      let more: usize;
      do {
        more = <usize>load<u8>(from++);
        match += more;
      } while (more === 255 && from < end);
    }
    match += SHORTEST_MATCH;
    // Distance 0 is as bad as one that is too long.
    if (distance - 1 >= to - start || to > limit || match > limit - to) return 0;
    const source = to - distance;
    const matchEnd = to + match;
    if (distance >= 16) {
      v128.store(to, v128.load(source));
      v128.store(to + 16, v128.load(source + 16));
      if (match > 32) copyUpTo(matchEnd, to + 32, source + 32);
    } else {
      // A pattern that repeats itself: what is there of it doubles until it is a vector long.
      let step = distance;
      do {
        v128.store(to, v128.load(source));
        to += step;
        step <<= 1;
      } while (step < 16);
      if (to < matchEnd) copyUpTo(matchEnd, to, source);
    }
    to = matchEnd;
  }
  return from === end && to <= limit ? to : 0;
}
