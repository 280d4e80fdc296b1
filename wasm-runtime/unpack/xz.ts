/**
 * The parts of xz that take time, a module of its own: LZMA, the filter for x86 code, and the checksum. All of what has been unpacked
 * stays where it is, and is the dictionary.
 * Source: LZMA specification (LZMA SDK, lzma-specification.txt); The .xz File Format 1.2.1; XZ Embedded for LZMA2 and the filter.
 */

import { copyMatch } from './copy';
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
/** The range coder, and where its input goes on. */
let range: u32 = 0;
let code: u32 = 0;
let next: usize = 0;

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
 * Takes a byte where the range has become too small for a bit.
 *
 * @inline
 */
function refill(): void {
  if (range < TOP) {
    range <<= 8;
    code = (code << 8) | load<u8>(next++);
  }
}

/**
 * A bit whose probability is at an address. Trees, which have most of the bits, have a copy of it with the range coder in locals: with
 * it in globals, as here, all took 1.15 of the time.
 *
 * @inline
 */
function bit(at: usize): u32 {
  refill();
  const probability: u32 = load<u16>(at);
  const bound = (range >>> 11) * probability;
  if (code < bound) {
    range = bound;
    store<u16>(at, probability + ((2048 - probability) >>> 5));
    return 0;
  }
  range -= bound;
  code -= bound;
  store<u16>(at, probability - (probability >>> 5));
  return 1;
}

/**
 * A symbol of a tree, with a 1 in front of its bits.
 * @param limit where that 1 is at the end. @param offset 0x100 where the bits of `matched` say which tree it is, as long as they are
 * the symbol's; 0 elsewhere.
 *
 * @inline
 */
function decodeTree(tree: usize, limit: u32, matched: u32, offset: u32): u32 {
  let width = range;
  let value = code;
  let from = next;
  let symbol: u32 = 1;
  do {
    matched <<= 1;
    const chosen = matched & offset;
    const at = tree + <usize>(offset + chosen + symbol) * 2;
    if (width < TOP) {
      width <<= 8;
      value = (value << 8) | load<u8>(from++);
    }
    const probability: u32 = load<u16>(at);
    const bound = (width >>> 11) * probability;
    if (value < bound) {
      width = bound;
      store<u16>(at, probability + ((2048 - probability) >>> 5));
      symbol <<= 1;
      offset &= ~chosen;
    } else {
      width -= bound;
      value -= bound;
      store<u16>(at, probability - (probability >>> 5));
      symbol = (symbol << 1) | 1;
      offset &= chosen;
    }
  } while (symbol < limit);
  range = width;
  code = value;
  next = from;
  return symbol;
}

function symbolOf(tree: usize, limit: u32): u32 {
  return decodeTree(tree, limit, 0, 0);
}

function literalBehindMatch(tree: usize, matched: u32): u32 {
  return decodeTree(tree, 0x100, matched, 0x100);
}

/** Bits whose lowest one comes first. */
function reversed(tree: usize, count: u32): usize {
  let symbol = symbolOf(tree, (<u32>1) << count);
  let value: usize = 0;
  for (; symbol > 1; symbol >>>= 1) value = (value << 1) | (symbol & 1);
  return value;
}

/** Bits of equal probability. */
function direct(value: usize, count: u32): usize {
  do {
    refill();
    range >>>= 1;
    code -= range;
    const sign = <i32>code >> 31;
    code += range & sign;
    value = (value << 1) + <usize>(sign + 1);
  } while (--count > 0);
  return value;
}

/** The length of a match at a `place`. */
function readLength(lengths: usize, place: usize): u32 {
  if (bit(lengths) === 0) return symbolOf(lengths + LENGTH_LOW + place * 16, 8) - 8 + 2;
  if (bit(lengths + 2) === 0) return symbolOf(lengths + LENGTH_MIDDLE + place * 16, 8) - 8 + 10;
  return symbolOf(lengths + LENGTH_HIGH, 256) - 256 + 18;
}

/** The distance of a new match, without the 1 that it is at least. */
function readDistance(length: u32): usize {
  const slot = symbolOf(SLOT + <usize>min<u32>(length - 2, 3) * 128, 64) - 64;
  if (slot < 4) return slot;
  const bits = (slot >>> 1) - 1;
  const high = <usize>(2 | (slot & 1));
  if (slot >= 14) return (direct(high, bits - 4) << 4) + reversed(ALIGN, 4);
  const base = high << bits;
  return base + reversed(SPECIAL + (base - slot) * 2, bits);
}

/**
 * Unpacks LZMA.
 * @param from the input up to and without `inputEnd`. @param to where the output goes, up to and without `end`.
 * @returns whether both end there.
 */
export function unpackLzma(from: usize, inputEnd: usize, to: usize, end: usize): bool {
  // The first byte is 0.
  code = bswap<u32>(load<u32>(from + 1));
  next = from + 5;
  range = 0xffff_ffff;
  let now = state;
  while (to < end && next <= inputEnd) {
    const place = (to - start) & pbMask;
    const statePlace = (((<usize>now) << 4) + place) * 2;
    if (bit(IS_MATCH + statePlace) === 0) {
      const before: u32 = to === start ? 0 : load<u8>(to - 1);
      const tree = LITERAL + ((((to - start) & lpMask) << lc) + (before >>> (8 - lc))) * LITERAL_SIZE;
      // Behind a match the byte that would have gone on says which tree.
      const symbol = now < 7 ? symbolOf(tree, 0x100) : literalBehindMatch(tree, load<u8>(to - rep0 - 1));
      store<u8>(to++, symbol);
      now = now < 4 ? 0 : now < 10 ? now - 3 : now - 6;
      continue;
    }
    let length: u32;
    if (bit(IS_REP + <usize>now * 2) === 0) {
      length = readLength(MATCH_LENGTH, place);
      rep3 = rep2;
      rep2 = rep1;
      rep1 = rep0;
      rep0 = readDistance(length);
      now = now < 7 ? 7 : 10;
    } else {
      if (bit(IS_REP0 + <usize>now * 2) === 0) {
        if (bit(IS_REP0_LONG + statePlace) === 0) {
          // One byte.
          if (rep0 >= to - start) return false;
          store<u8>(to, load<u8>(to - rep0 - 1));
          to++;
          now = now < 7 ? 9 : 11;
          continue;
        }
      } else {
        let chosen = rep1;
        if (bit(IS_REP1 + <usize>now * 2) !== 0) {
          chosen = rep2;
          if (bit(IS_REP2 + <usize>now * 2) !== 0) {
            chosen = rep3;
            rep3 = rep2;
          }
          rep2 = rep1;
        }
        rep1 = rep0;
        rep0 = chosen;
      }
      length = readLength(REP_LENGTH, place);
      now = now < 7 ? 8 : 11;
    }
    if (rep0 >= to - start || <usize>length > end - to) return false;
    copyMatch(to, to - rep0 - 1, to + length);
    to += length;
  }
  if (range < TOP) next++;
  state = now;
  return to === end && next === inputEnd;
}

/** Whether a byte is the highest one of a near address. */
function isSign(byte: u32): bool {
  return byte === 0 || byte === 0xff;
}

/** Where the filtered bytes begin, and where filterX86() goes on. */
let filterStart: usize = 0;
let filtered: usize = 0;
/** The opcode before, and which of the last bytes were opcodes of which the operand was none. */
let lastOpcode: usize = 0;
let noOperands: u32 = 0;

export function beginFilter(from: usize): void {
  filterStart = from;
  filtered = from;
  lastOpcode = from - 1;
  noOperands = 0;
}

/**
 * Makes operands of CALL and JMP relative again, in what has been unpacked up to and without `end`.
 * @param enough where it may stop. @returns how far bytes are what they will be.
 */
export function filterX86(enough: usize, end: usize): usize {
  if (end - filterStart < 5) return end;
  const last = end - 4;
  const stop = min(enough, last);
  const from = filterStart;
  let previous = lastOpcode;
  let mask = noOperands;
  let at = filtered;
  for (; at < stop; at++) {
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
  filtered = at;
  lastOpcode = previous;
  noOperands = mask;
  return at < last ? at : end;
}

function bitNumber(mask: u32): usize {
  return mask < 2 ? <usize>mask : mask < 4 ? 2 : 3;
}
