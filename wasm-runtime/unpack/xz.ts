/**
 * The parts of xz that take time, a module of its own: LZMA, the filter for x86 code, and the checksum. All of what has been unpacked
 * stays where it is, and is the dictionary.
 * Source: LZMA specification (LZMA SDK, lzma-specification.txt); The .xz File Format 1.2.1; XZ Embedded for LZMA2 and the filter.
 */

import { CRC_END } from './crc32';

export { crc32, prepareCrc } from './crc32';
export { findPage } from './pages';

/** Probabilities of a 0, of 11 bits. Addresses of arrays of them; numbers of elements are of bits in front of them. */
const PROBABILITY_HALF: u16 = 1024;
const IS_MATCH: usize = CRC_END;
const IS_REP: usize = IS_MATCH + 12 * 16 * 2;
const IS_REP0: usize = IS_REP + 12 * 2;
const IS_REP1: usize = IS_REP0 + 12 * 2;
const IS_REP2: usize = IS_REP1 + 12 * 2;
const IS_REP0_LONG: usize = IS_REP2 + 12 * 2;
const SLOT: usize = IS_REP0_LONG + 12 * 16 * 2;
const SPECIAL: usize = SLOT + 4 * 64 * 2;
const ALIGN: usize = SPECIAL + 128 * 2;
const MATCH_LENGTH: usize = ALIGN + 16 * 2;
/** In a coder of lengths: two choices, then trees of 3 bits by position, and one of 8. */
const LENGTH_LOW: usize = 4;
const LENGTH_MIDDLE: usize = LENGTH_LOW + 16 * 8 * 2;
const LENGTH_HIGH: usize = LENGTH_MIDDLE + 16 * 8 * 2;
const REP_LENGTH: usize = MATCH_LENGTH + LENGTH_HIGH + 256 * 2;
const LITERAL: usize = REP_LENGTH + LENGTH_HIGH + 256 * 2;
const LITERAL_SIZE: usize = 0x300 * 2;
/** At most four bits of place and of the byte before. */
const PROBABILITIES_END: usize = LITERAL + 16 * LITERAL_SIZE;

const TOP: u32 = 1 << 24;

let lc: u32 = 0;
let lpMask: usize = 0;
let pbMask: usize = 0;
let state: u32 = 0;
let rep0: usize = 0;
let rep1: usize = 0;
let rep2: usize = 0;
let rep3: usize = 0;
/** Where the dictionary begins. */
let start: usize = 0;

/** Begins a dictionary. */
export function resetDictionary(address: usize): void {
  start = address;
}

/** Sets numbers of bits. @returns whether there are such. */
export function setProperties(properties: u32): bool {
  if (properties >= 9 * 5 * 5) return false;
  lc = properties % 9;
  const rest = properties / 9;
  lpMask = ((<usize>1) << (rest % 5)) - 1;
  pbMask = ((<usize>1) << (rest / 5)) - 1;
  return lc + (rest % 5) <= 4;
}

export function resetState(): void {
  state = 0;
  rep0 = rep1 = rep2 = rep3 = 0;
  for (let at = IS_MATCH; at < PROBABILITIES_END; at += 2) store<u16>(at, PROBABILITY_HALF);
}

/**
 * Unpacks LZMA.
 * @param from the input up to and without `inputEnd`. @param to where the output goes, up to and without `end`.
 * @returns whether both end there.
 *
 * A bit is decoded where it is needed, time and again, since the range coder is fast only in locals.
 */
export function unpackLzma(from: usize, inputEnd: usize, to: usize, end: usize): bool {
  // The first byte is 0.
  let code = bswap<u32>(load<u32>(from + 1));
  from += 5;
  let range: u32 = 0xffff_ffff;
  let bound: u32;
  let probability: u32;
  let at: usize;
  let now = state;
  let distance0 = rep0;
  while (to < end && from <= inputEnd) {
    const place = (to - start) & pbMask;
    at = IS_MATCH + (((<usize>now) << 4) + place) * 2;
    if (range < TOP) {
      range <<= 8;
      code = (code << 8) | load<u8>(from++);
    }
    probability = load<u16>(at);
    bound = (range >>> 11) * probability;
    if (code < bound) {
      range = bound;
      store<u16>(at, probability + ((2048 - probability) >>> 5));
      // A literal.
      const before: u32 = to === start ? 0 : load<u8>(to - 1);
      const tree = LITERAL + ((((to - start) & lpMask) << lc) + (before >>> (8 - lc))) * LITERAL_SIZE;
      let symbol: u32 = 1;
      if (now >= 7) {
        // Behind a match the byte that would have gone on says which tree.
        let matched: u32 = load<u8>(to - distance0 - 1);
        let offset: u32 = 0x100;
        do {
          matched <<= 1;
          const bit = matched & offset;
          at = tree + <usize>(offset + bit + symbol) * 2;
          if (range < TOP) {
            range <<= 8;
            code = (code << 8) | load<u8>(from++);
          }
          probability = load<u16>(at);
          bound = (range >>> 11) * probability;
          if (code < bound) {
            range = bound;
            store<u16>(at, probability + ((2048 - probability) >>> 5));
            symbol <<= 1;
            offset &= ~bit;
          } else {
            range -= bound;
            code -= bound;
            store<u16>(at, probability - (probability >>> 5));
            symbol = (symbol << 1) | 1;
            offset &= bit;
          }
        } while (symbol < 0x100);
      } else {
        do {
          at = tree + <usize>symbol * 2;
          if (range < TOP) {
            range <<= 8;
            code = (code << 8) | load<u8>(from++);
          }
          probability = load<u16>(at);
          bound = (range >>> 11) * probability;
          if (code < bound) {
            range = bound;
            store<u16>(at, probability + ((2048 - probability) >>> 5));
            symbol <<= 1;
          } else {
            range -= bound;
            code -= bound;
            store<u16>(at, probability - (probability >>> 5));
            symbol = (symbol << 1) | 1;
          }
        } while (symbol < 0x100);
      }
      store<u8>(to++, symbol);
      now = now < 4 ? 0 : now < 10 ? now - 3 : now - 6;
      continue;
    }
    range -= bound;
    code -= bound;
    store<u16>(at, probability - (probability >>> 5));

    let lengths: usize;
    let isNew = false;
    at = IS_REP + <usize>now * 2;
    if (range < TOP) {
      range <<= 8;
      code = (code << 8) | load<u8>(from++);
    }
    probability = load<u16>(at);
    bound = (range >>> 11) * probability;
    if (code < bound) {
      range = bound;
      store<u16>(at, probability + ((2048 - probability) >>> 5));
      isNew = true;
      lengths = MATCH_LENGTH;
      now = now < 7 ? 7 : 10;
    } else {
      range -= bound;
      code -= bound;
      store<u16>(at, probability - (probability >>> 5));
      lengths = REP_LENGTH;
      at = IS_REP0 + <usize>now * 2;
      if (range < TOP) {
        range <<= 8;
        code = (code << 8) | load<u8>(from++);
      }
      probability = load<u16>(at);
      bound = (range >>> 11) * probability;
      if (code < bound) {
        range = bound;
        store<u16>(at, probability + ((2048 - probability) >>> 5));
        at = IS_REP0_LONG + (((<usize>now) << 4) + place) * 2;
        if (range < TOP) {
          range <<= 8;
          code = (code << 8) | load<u8>(from++);
        }
        probability = load<u16>(at);
        bound = (range >>> 11) * probability;
        if (code < bound) {
          range = bound;
          store<u16>(at, probability + ((2048 - probability) >>> 5));
          // One byte.
          if (distance0 >= to - start) return false;
          store<u8>(to, load<u8>(to - distance0 - 1));
          to++;
          now = now < 7 ? 9 : 11;
          continue;
        }
        range -= bound;
        code -= bound;
        store<u16>(at, probability - (probability >>> 5));
      } else {
        range -= bound;
        code -= bound;
        store<u16>(at, probability - (probability >>> 5));
        let chosen: usize;
        at = IS_REP1 + <usize>now * 2;
        if (range < TOP) {
          range <<= 8;
          code = (code << 8) | load<u8>(from++);
        }
        probability = load<u16>(at);
        bound = (range >>> 11) * probability;
        if (code < bound) {
          range = bound;
          store<u16>(at, probability + ((2048 - probability) >>> 5));
          chosen = rep1;
        } else {
          range -= bound;
          code -= bound;
          store<u16>(at, probability - (probability >>> 5));
          at = IS_REP2 + <usize>now * 2;
          if (range < TOP) {
            range <<= 8;
            code = (code << 8) | load<u8>(from++);
          }
          probability = load<u16>(at);
          bound = (range >>> 11) * probability;
          if (code < bound) {
            range = bound;
            store<u16>(at, probability + ((2048 - probability) >>> 5));
            chosen = rep2;
          } else {
            range -= bound;
            code -= bound;
            store<u16>(at, probability - (probability >>> 5));
            chosen = rep3;
            rep3 = rep2;
          }
          rep2 = rep1;
        }
        rep1 = distance0;
        distance0 = chosen;
      }
      now = now < 7 ? 8 : 11;
    }

    // The length.
    let tree: usize;
    let limit: u32 = 8;
    let length: u32 = 2;
    if (range < TOP) {
      range <<= 8;
      code = (code << 8) | load<u8>(from++);
    }
    probability = load<u16>(lengths);
    bound = (range >>> 11) * probability;
    if (code < bound) {
      range = bound;
      store<u16>(lengths, probability + ((2048 - probability) >>> 5));
      tree = lengths + LENGTH_LOW + place * 16;
    } else {
      range -= bound;
      code -= bound;
      store<u16>(lengths, probability - (probability >>> 5));
      at = lengths + 2;
      if (range < TOP) {
        range <<= 8;
        code = (code << 8) | load<u8>(from++);
      }
      probability = load<u16>(at);
      bound = (range >>> 11) * probability;
      if (code < bound) {
        range = bound;
        store<u16>(at, probability + ((2048 - probability) >>> 5));
        tree = lengths + LENGTH_MIDDLE + place * 16;
        length = 10;
      } else {
        range -= bound;
        code -= bound;
        store<u16>(at, probability - (probability >>> 5));
        tree = lengths + LENGTH_HIGH;
        limit = 256;
        length = 18;
      }
    }
    let symbol: u32 = 1;
    do {
      at = tree + <usize>symbol * 2;
      if (range < TOP) {
        range <<= 8;
        code = (code << 8) | load<u8>(from++);
      }
      probability = load<u16>(at);
      bound = (range >>> 11) * probability;
      if (code < bound) {
        range = bound;
        store<u16>(at, probability + ((2048 - probability) >>> 5));
        symbol <<= 1;
      } else {
        range -= bound;
        code -= bound;
        store<u16>(at, probability - (probability >>> 5));
        symbol = (symbol << 1) | 1;
      }
    } while (symbol < limit);
    length += symbol - limit;

    if (isNew) {
      rep3 = rep2;
      rep2 = rep1;
      rep1 = distance0;
      tree = SLOT + <usize>min<u32>(length - 2, 3) * 128;
      symbol = 1;
      do {
        at = tree + <usize>symbol * 2;
        if (range < TOP) {
          range <<= 8;
          code = (code << 8) | load<u8>(from++);
        }
        probability = load<u16>(at);
        bound = (range >>> 11) * probability;
        if (code < bound) {
          range = bound;
          store<u16>(at, probability + ((2048 - probability) >>> 5));
          symbol <<= 1;
        } else {
          range -= bound;
          code -= bound;
          store<u16>(at, probability - (probability >>> 5));
          symbol = (symbol << 1) | 1;
        }
      } while (symbol < 64);
      symbol -= 64;
      if (symbol < 4) {
        distance0 = symbol;
      } else {
        let bits = (symbol >>> 1) - 1;
        distance0 = 2 | (symbol & 1);
        let shift: u32 = 0;
        if (symbol < 14) {
          distance0 <<= bits;
          tree = SPECIAL + (distance0 - symbol) * 2;
        } else {
          // Bits of equal probability, but for the last four.
          bits -= 4;
          do {
            if (range < TOP) {
              range <<= 8;
              code = (code << 8) | load<u8>(from++);
            }
            range >>>= 1;
            code -= range;
            const sign = <i32>code >> 31;
            code += range & sign;
            distance0 = (distance0 << 1) + <usize>(sign + 1);
          } while (--bits > 0);
          distance0 <<= 4;
          tree = ALIGN;
          bits = 4;
        }
        symbol = 1;
        do {
          at = tree + <usize>symbol * 2;
          if (range < TOP) {
            range <<= 8;
            code = (code << 8) | load<u8>(from++);
          }
          probability = load<u16>(at);
          bound = (range >>> 11) * probability;
          if (code < bound) {
            range = bound;
            store<u16>(at, probability + ((2048 - probability) >>> 5));
            symbol <<= 1;
          } else {
            range -= bound;
            code -= bound;
            store<u16>(at, probability - (probability >>> 5));
            symbol = (symbol << 1) | 1;
            distance0 += (<usize>1) << shift;
          }
        } while (++shift < bits);
      }
    }
    if (distance0 >= to - start || <usize>length > end - to) return false;
    let source = to - distance0 - 1;
    const matchEnd = to + length;
    if (distance0 >= 15) {
      do {
        v128.store(to, v128.load(source));
        to += 16;
        source += 16;
      } while (to < matchEnd);
    } else {
      do store<u8>(to++, load<u8>(source++));
      while (to < matchEnd);
    }
    to = matchEnd;
  }
  if (range < TOP) from++;
  state = now;
  rep0 = distance0;
  return to === end && from === inputEnd;
}

/** Whether a byte is the highest one of a near address. */
function isSign(byte: u32): bool {
  return byte === 0 || byte === 0xff;
}

/** Makes operands of CALL and JMP relative again. @param from what has been unpacked, up to and without `end`. */
export function filterX86(from: usize, end: usize): void {
  if (end - from < 5) return;
  const last = end - 4;
  let previous = from - 1;
  /** Which of the last bytes were opcodes of which the operand was none. */
  let mask: u32 = 0;
  for (let at = from; at < last; at++) {
    if ((load<u8>(at) & 0xfe) !== 0xe8) continue;
    const distance = at - previous;
    previous = at;
    if (distance > 3) {
      mask = 0;
    } else {
      mask = (mask << (<u32>distance - 1)) & 7;
      if (mask !== 0) {
        const byte: u32 = load<u8>(at + 4 - bitNumber(mask));
        if (mask === 3 || mask > 4 || isSign(byte)) {
          mask = (mask << 1) | 1;
          continue;
        }
      }
    }
    if (!isSign(load<u8>(at + 4))) {
      mask = (mask << 1) | 1;
      continue;
    }
    let operand = load<u32>(at + 1);
    for (;;) {
      const relative = operand - <u32>(at - from + 5);
      operand = relative;
      if (mask === 0) break;
      const shift = <u32>bitNumber(mask) * 8;
      if (!isSign((relative >>> (24 - shift)) & 0xff)) break;
      operand = relative ^ (((<u32>1) << (32 - shift)) - 1);
    }
    operand &= 0x1ff_ffff;
    store<u32>(at + 1, operand | (0 - (operand & 0x100_0000)));
    at += 4;
  }
}

function bitNumber(mask: u32): usize {
  return mask < 2 ? <usize>mask : mask < 4 ? 2 : 3;
}
