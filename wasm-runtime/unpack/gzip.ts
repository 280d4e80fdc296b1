/**
 * The parts of gzip that take time, a module of its own: deflate, and the checksum. All of what has been unpacked stays where it is,
 * and is what matches reach. Copies go by 16 bytes and write what comes next too early: behind the output there is room for SLACK
 * bytes, and as many may be read behind the input.
 * Source: RFC 1951.
 */
import { copyMatch } from './copy';
import { CRC_END } from './crc32';

export { crc32, prepareCrc } from './crc32';
export { findPage } from './pages';

/** What a symbol means: number of bits of its code, kind, number of bits behind it, value. */
const KIND_SHIFT: u32 = 4;
const EXTRA_SHIFT: u32 = 8;
const VALUE_SHIFT: u32 = 16;
const LITERAL: u32 = 0;
const LENGTH: u32 = 1;
const BLOCK_END: u32 = 2;
const INVALID: u32 = 3;

/** Symbols by that many bits; longer codes are looked for bit by bit. */
const TABLE_BITS: u32 = 10;
const TABLE_SIZE: usize = 4 << TABLE_BITS;
const LONGEST_CODE: u32 = 15;

/** Of each symbol what it means, without its code. */
const LITERAL_MEANINGS: usize = CRC_END;
const DISTANCE_MEANINGS: usize = LITERAL_MEANINGS + 288 * 4;
const ORDER_MEANINGS: usize = DISTANCE_MEANINGS + 32 * 4;
/** A code: its table, how many symbols there are of each length, and the symbols in their order. */
const COUNTS: usize = TABLE_SIZE;
const SYMBOLS: usize = COUNTS + 16 * 2;
const CODE_SIZE: usize = SYMBOLS + 288 * 2;
const LITERAL_CODE: usize = ORDER_MEANINGS + 32 * 4;
const DISTANCE_CODE: usize = LITERAL_CODE + CODE_SIZE;
const LENGTHS: usize = DISTANCE_CODE + CODE_SIZE;
const OFFSETS: usize = LENGTHS + 320;

/** Where a bit of the input is, as the address of its byte times 8, and its place in that. */
let position: usize = 0;
let inputEnd: usize = 0;
/** Where the output begins. */
let start: usize = 0;
let isLast = false;
let isIn = false;
/** Bytes of a block that is not compressed that are still to come. */
let stored: usize = 0;

/** @param from the input up to and without `end`. @param output where it goes. */
export function beginStream(from: usize, end: usize, output: usize): void {
  position = from * 8;
  inputEnd = end;
  start = output;
  isLast = isIn = false;
  stored = 0;
  for (let symbol: u32 = 0; symbol < 256; symbol++) meaning(LITERAL_MEANINGS, symbol, LITERAL, 0, symbol);
  meaning(LITERAL_MEANINGS, 256, BLOCK_END, 0, 0);
  let length: u32 = 3;
  for (let symbol: u32 = 257; symbol < 285; symbol++) {
    const extra = symbol < 265 ? 0 : (symbol - 261) >>> 2;
    meaning(LITERAL_MEANINGS, symbol, LENGTH, extra, length);
    length += (<u32>1) << extra;
  }
  meaning(LITERAL_MEANINGS, 285, LENGTH, 0, 258);
  meaning(LITERAL_MEANINGS, 286, INVALID, 0, 0);
  meaning(LITERAL_MEANINGS, 287, INVALID, 0, 0);
  let distance: u32 = 1;
  for (let symbol: u32 = 0; symbol < 30; symbol++) {
    const extra = symbol < 4 ? 0 : (symbol >>> 1) - 1;
    meaning(DISTANCE_MEANINGS, symbol, LENGTH, extra, distance);
    distance += (<u32>1) << extra;
  }
  for (let symbol: u32 = 0; symbol < 19; symbol++) meaning(ORDER_MEANINGS, symbol, LITERAL, 0, symbol);
}

function meaning(table: usize, symbol: u32, kind: u32, extra: u32, value: u32): void {
  store<u32>(
    table + <usize>symbol * 4,
    (kind << KIND_SHIFT) | (extra << EXTRA_SHIFT) | (value << VALUE_SHIFT),
  );
}

/** Where the input goes on behind the stream; 0 before. */
export function streamEnd(): usize {
  return isLast && !isIn ? (position + 7) >>> 3 : 0;
}

/** @inline */
function peek(): u64 {
  return load<u64>(position >>> 3) >>> (<u64>position & 7);
}

/** At most 25 bits. */
function take(count: u32): u32 {
  const bits = <u32>peek() & (((<u32>1) << count) - 1);
  position += count;
  return bits;
}

/** Makes a code of lengths. @returns whether there is such a code. */
function makeCode(code: usize, lengths: usize, symbolCount: u32, meanings: usize): bool {
  memory.fill(code, 0, SYMBOLS);
  for (let symbol: u32 = 0; symbol < symbolCount; symbol++) {
    const at = code + COUNTS + <usize>load<u8>(lengths + <usize>symbol) * 2;
    store<u16>(at, load<u16>(at) + 1);
  }
  store<u16>(code + COUNTS, 0);
  let rest: i32 = 1;
  let offset: u32 = 0;
  for (let length: u32 = 1; length <= LONGEST_CODE; length++) {
    const count: u32 = load<u16>(code + COUNTS + <usize>length * 2);
    rest = (rest << 1) - count;
    if (rest < 0) return false;
    store<u16>(OFFSETS + <usize>length * 2, offset);
    offset += count;
  }
  for (let symbol: u32 = 0; symbol < symbolCount; symbol++) {
    const length: u32 = load<u8>(lengths + <usize>symbol);
    if (length === 0) continue;
    const at = OFFSETS + <usize>length * 2;
    const index: u32 = load<u16>(at);
    store<u16>(at, index + 1);
    store<u16>(code + SYMBOLS + <usize>index * 2, symbol);
  }
  // Codes are numbered by length and symbol, and begin with their highest bit.
  let next: u32 = 0;
  let index: usize = 0;
  for (let length: u32 = 1; length <= TABLE_BITS; length++) {
    const count: u32 = load<u16>(code + COUNTS + <usize>length * 2);
    for (let number: u32 = 0; number < count; number++, next++, index++) {
      const symbol = <usize>load<u16>(code + SYMBOLS + index * 2);
      const entry = load<u32>(meanings + symbol * 4) | length;
      let reversed: u32 = 0;
      for (let bit: u32 = 0; bit < length; bit++) reversed = (reversed << 1) | ((next >>> bit) & 1);
      for (let at = reversed; at < (<u32>1) << TABLE_BITS; at += (<u32>1) << length)
        store<u32>(code + <usize>at * 4, entry);
    }
    next <<= 1;
  }
  return true;
}

/** A symbol with a long code. @returns what it means with its number of bits; 0 for none. */
function findLong(code: usize, meanings: usize, bits: u64): u32 {
  let number: u32 = 0;
  let first: u32 = 0;
  let index: u32 = 0;
  for (let length: u32 = 1; length <= LONGEST_CODE; length++) {
    number |= <u32>bits & 1;
    bits >>>= 1;
    const count: u32 = load<u16>(code + COUNTS + <usize>length * 2);
    if (number < first + count) {
      const symbol = <usize>load<u16>(code + SYMBOLS + <usize>(index + number - first) * 2);
      return load<u32>(meanings + symbol * 4) | length;
    }
    index += count;
    first = (first + count) << 1;
    number <<= 1;
  }
  return 0;
}

/** @inline */
function find(code: usize, meanings: usize, bits: u64): u32 {
  const entry = load<u32>(code + <usize>(<u32>bits & ((1 << TABLE_BITS) - 1)) * 4);
  return entry !== 0 ? entry : findLong(code, meanings, bits);
}

/** The codes that need not be in a block. */
function fixedCodes(): bool {
  for (let symbol: usize = 0; symbol < 288; symbol++)
    store<u8>(LENGTHS + symbol, symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8);
  if (!makeCode(LITERAL_CODE, LENGTHS, 288, LITERAL_MEANINGS)) return false;
  memory.fill(LENGTHS, 5, 30);
  return makeCode(DISTANCE_CODE, LENGTHS, 30, DISTANCE_MEANINGS);
}

/** In which order the lengths of the code of lengths are (RFC 1951, 3.2.7): 16, 17, 18, 0, 8, 7, 9, 6, 10, ... */
function lengthOrder(index: u32): usize {
  if (index < 3) return 16 + <usize>index;
  if (index === 3) return 0;
  const step = <usize>(index >>> 1);
  return (index & 1) === 0 ? 6 + step : 9 - step;
}

function readCodes(): bool {
  const literalCount = take(5) + 257;
  const distanceCount = take(5) + 1;
  const orderCount = take(4) + 4;
  if (literalCount > 286 || distanceCount > 30) return false;
  memory.fill(LENGTHS, 0, 19);
  for (let index: u32 = 0; index < orderCount; index++) store<u8>(LENGTHS + lengthOrder(index), take(3));
  if (!makeCode(LITERAL_CODE, LENGTHS, 19, ORDER_MEANINGS)) return false;
  const count = literalCount + distanceCount;
  for (let index: u32 = 0; index < count; ) {
    const entry = find(LITERAL_CODE, ORDER_MEANINGS, peek());
    if (entry === 0) return false;
    position += entry & 15;
    const symbol = entry >>> VALUE_SHIFT;
    if (symbol < 16) {
      store<u8>(LENGTHS + <usize>index, symbol);
      index++;
      continue;
    }
    if (symbol === 16 && index === 0) return false;
    const length: u8 = symbol === 16 ? load<u8>(LENGTHS + <usize>index - 1) : 0;
    const times = symbol === 16 ? 3 + take(2) : symbol === 17 ? 3 + take(3) : 11 + take(7);
    if (index + times > count) return false;
    memory.fill(LENGTHS + <usize>index, length, <usize>times);
    index += times;
  }
  // Without an end no block ends.
  if (load<u8>(LENGTHS + 256) === 0) return false;
  return (
    makeCode(LITERAL_CODE, LENGTHS, literalCount, LITERAL_MEANINGS) &&
    makeCode(DISTANCE_CODE, LENGTHS + <usize>literalCount, distanceCount, DISTANCE_MEANINGS)
  );
}

function beginBlock(): bool {
  isLast = take(1) !== 0;
  const kind = take(2);
  isIn = true;
  if (kind === 1) return fixedCodes();
  if (kind === 2) return readCodes();
  if (kind !== 0) return false;
  const from = (position + 7) >>> 3;
  if (from + 4 > inputEnd) return false;
  stored = <usize>load<u16>(from);
  position = (from + 4) * 8;
  isIn = false;
  return <usize>load<u16>(from + 2) === (stored ^ 0xffff) && stored <= inputEnd - from - 4;
}

/**
 * Unpacks until the stream ends, or `enough` is reached.
 * @param to where it goes. @param limit where the output ends at the latest.
 * @returns where the output ends; 0 for a damaged stream.
 */
export function unpack(to: usize, enough: usize, limit: usize): usize {
  while (to < enough) {
    if (stored > 0) {
      const from = position >>> 3;
      if (stored > limit - to) return 0;
      memory.copy(to, from, stored);
      to += stored;
      position += stored * 8;
      stored = 0;
    } else if (isIn) {
      to = unpackCodes(to, enough, limit);
      if (to === 0) return 0;
    } else {
      if (isLast) break;
      if (!beginBlock()) return 0;
    }
  }
  return to;
}

/** The same for what is in a compressed block. */
function unpackCodes(to: usize, enough: usize, limit: usize): usize {
  let at = position;
  const last = inputEnd * 8;
  while (to < enough) {
    if (at > last) return 0;
    let bits = load<u64>(at >>> 3) >>> (<u64>at & 7);
    const symbol = find(LITERAL_CODE, LITERAL_MEANINGS, bits);
    const kind = (symbol >>> KIND_SHIFT) & 15;
    if (symbol === 0 || kind === INVALID) return 0;
    at += symbol & 15;
    if (kind === LITERAL) {
      if (to >= limit) return 0;
      store<u8>(to++, symbol >>> VALUE_SHIFT);
      continue;
    }
    if (kind === BLOCK_END) {
      isIn = false;
      break;
    }
    bits >>>= <u64>(symbol & 15);
    let extra = (symbol >>> EXTRA_SHIFT) & 0xff;
    const length = <usize>((symbol >>> VALUE_SHIFT) + (<u32>bits & (((<u32>1) << extra) - 1)));
    bits >>>= <u64>extra;
    at += extra;
    const far = find(DISTANCE_CODE, DISTANCE_MEANINGS, bits);
    if (far === 0) return 0;
    bits >>>= <u64>(far & 15);
    extra = (far >>> EXTRA_SHIFT) & 0xff;
    const distance = <usize>((far >>> VALUE_SHIFT) + (<u32>bits & (((<u32>1) << extra) - 1)));
    at += (far & 15) + extra;
    if (distance > to - start || length > limit - to) return 0;
    copyMatch(to, to - distance, to + length);
    to += length;
  }
  position = at;
  return at <= last ? to : 0;
}
