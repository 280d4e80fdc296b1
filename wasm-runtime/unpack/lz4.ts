/**
 * A block of LZ4, a module of its own. What has been unpacked is in a window, which may be full in the middle of a block: then it
 * is taken, the window slides, and the block goes on. Copies go by 16 bytes and write what comes next too early: behind the window
 * there is room for SLACK bytes, and as many may be read behind the input.
 * Source: LZ4 doc/lz4_Block_format.md.
 */

import { copyPattern, copyUpTo } from './copy';

export { findPage } from './pages';

/** Lengths of 15 go on in bytes, of which each 255 is followed by another. */
const LENGTH_MORE: usize = 15;
const SHORTEST_MATCH: usize = 4;
/** Farther back no match reaches. */
const HISTORY: usize = 65_536;

/** The rest of the block. */
let from: usize = 0;
let inputEnd: usize = 0;
/** Where the block begins in the window, or where what is left of it does. */
let start: usize = 0;
/** A sequence that the window had no room for: its token, and what is left of literals and match. */
let token: usize = 0;
let literals: usize = 0;
let match: usize = 0;
let distance: usize = 0;

/** Begins a block. @param input it, up to and without `end`. @param to where it goes. */
export function beginBlock(input: usize, end: usize, to: usize): void {
  from = input;
  inputEnd = end;
  start = to;
  literals = match = 0;
}

/** Whether the block ends here. */
export function isEnd(): bool {
  return from === inputEnd && literals === 0 && match === 0;
}

/**
 * Makes room: what matches may reach goes to the window's beginning.
 * @param window where it begins, and after HISTORY bytes what is unpacked next. @param end of what is unpacked in it.
 */
export function slide(window: usize, end: usize): void {
  const moved = end - HISTORY - window;
  memory.copy(window, end - HISTORY, HISTORY);
  start = start > window + moved ? start - moved : window;
}

/**
 * Leaves out zeros that are the rest of a match which the window had no room for.
 * @param to where they would go, after HISTORY bytes. @param most so many at most.
 * @returns how many, a multiple of HISTORY.
 */
export function skipZeros(to: usize, most: usize): usize {
  const zeros = min(match, most) & ~(HISTORY - 1);
  if (zeros === 0 || distance !== 1 || load<u8>(to - 1) !== 0) return 0;
  match -= zeros;
  start = to - HISTORY;
  memory.fill(start, 0, HISTORY);
  return zeros;
}

/**
 * Unpacks what there is room for. Matches do not reach beyond the beginning of the block.
 * @param to where it goes, up to and without `limit`.
 * @returns where the output ends; 0 for a damaged block.
 */
export function unpackBlock(to: usize, limit: usize): usize {
  let at = from;
  const stop = inputEnd;
  let run = literals;
  let left = match;
  let back = distance;
  let kind = token;
  for (;;) {
    if (left > 0) {
      const source = to - back;
      const room = limit - to;
      const end = to + min(left, room);
      if (back >= 16) {
        v128.store(to, v128.load(source));
        v128.store(to + 16, v128.load(source + 16));
        if (to + 32 < end) copyUpTo(to + 32, source + 32, end);
      } else {
        copyPattern(to, source, end);
      }
      to = end;
      if (left > room) {
        left -= room;
        break;
      }
      left = 0;
    }
    if (run === 0) {
      if (at >= stop) break;
      kind = <usize>load<u8>(at++);
      run = kind >> 4;
      if (run === LENGTH_MORE) {
        let more: usize;
        do {
          more = <usize>load<u8>(at++);
          run += more;
        } while (more === 255 && at < stop);
      }
      if (at > stop || run > stop - at) return 0;
    }
    const room = limit - to;
    const now = min(run, room);
    v128.store(to, v128.load(at));
    if (now > 16) copyUpTo(to + 16, at + 16, to + now);
    at += now;
    to += now;
    if (run > room) {
      run -= room;
      break;
    }
    run = 0;
    // The last sequence has no match.
    if (at >= stop) break;
    back = <usize>load<u16>(at);
    at += 2;
    left = kind & 15;
    if (left === LENGTH_MORE) {
      let more: usize;
      do {
        more = <usize>load<u8>(at++);
        left += more;
      } while (more === 255 && at < stop);
    }
    left += SHORTEST_MATCH;
    // Distance 0 is as bad as one that is too long.
    if (back - 1 >= to - start) return 0;
  }
  from = at;
  literals = run;
  match = left;
  distance = back;
  token = kind;
  return to;
}
