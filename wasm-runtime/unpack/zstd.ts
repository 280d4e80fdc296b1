/**
 * The parts of zstd that take time, a module of its own: compressed blocks, and the checksum. All of what has been unpacked stays
 * where it is, and is what matches reach. Copies go by 16 bytes and write what comes next too early: behind the output there is
 * room for SLACK bytes, and as many may be read behind and in front of the input.
 * Source: RFC 8878; xxHash doc/xxhash_spec.md for XXH64.
 */

import { copyMatch } from './copy';

export { findPage } from './pages';

/** A table of FSE has for each state 8 bytes: a value, 16 bits that the next state begins with, and numbers of bits: the state's, the value's. */
const NEXT_SHIFT: u64 = 32;
const BITS_SHIFT: u64 = 48;
const EXTRA_SHIFT: u64 = 56;

const PROBABILITIES: usize = 1024;
/** What comes next of each symbol while a table is made. */
const COUNTS: usize = PROBABILITIES + 256 * 2;
const SYMBOLS: usize = COUNTS + 256 * 2;
/** Values and bits of each code: of literals, offsets and matches. */
const LITERAL_CODES: usize = SYMBOLS + 512;
const OFFSET_CODES: usize = LITERAL_CODES + 64 * 8;
const MATCH_CODES: usize = OFFSET_CODES + 64 * 8;
const WEIGHT_CODES: usize = MATCH_CODES + 64 * 8;
const LITERAL_TABLE: usize = WEIGHT_CODES + 64 * 8;
const OFFSET_TABLE: usize = LITERAL_TABLE + 512 * 8;
const MATCH_TABLE: usize = OFFSET_TABLE + 512 * 8;
const WEIGHT_TABLE: usize = MATCH_TABLE + 512 * 8;
const WEIGHTS: usize = WEIGHT_TABLE + 64 * 8;
/** Of each 11 bits the symbol that they begin with, and in the upper byte its number of bits. */
const HUFFMAN: usize = WEIGHTS + 512;
const HUFFMAN_BITS: u32 = 11;
const LITERALS: usize = HUFFMAN + 2048 * 2;
const LARGEST_BLOCK: usize = 131_072;

const LITERAL_CODE_COUNT: u32 = 36;
const OFFSET_CODE_COUNT: u32 = 32;
const MATCH_CODE_COUNT: u32 = 53;
const SHORTEST_MATCH: u32 = 3;

/** How long a run of zeros is that is left out: memory is zero, but for what has been written too early. */
const LONG_RUN: usize = 256;
const SLACK: usize = 64;

/** Where the output begins. */
let start: usize = 0;
let offset1: usize = 0;
let offset2: usize = 0;
let offset3: usize = 0;
/** Numbers of bits of the tables' states; -1 where there is no table yet. */
let literalLog: i32 = -1;
let offsetLog: i32 = -1;
let matchLog: i32 = -1;
let huffmanLog: i32 = -1;
/** Behind what was read last. */
let readEnd: usize = 0;
/** How many bits a state of the table that was read last has; -1 for a damaged one. */
let tableLog: i32 = 0;
let literalsAt: usize = 0;
let literalCount: usize = 0;

let hash1: u64 = 0;
let hash2: u64 = 0;
let hash3: u64 = 0;
let hash4: u64 = 0;
let hashedTo: usize = 0;

const PRIME1: u64 = 0x9e37_79b1_85eb_ca87;
const PRIME2: u64 = 0xc2b2_ae3d_27d4_eb4f;
const PRIME3: u64 = 0x1656_67b1_9e37_79f9;
const PRIME4: u64 = 0x85eb_ca77_c2b2_ae63;
const PRIME5: u64 = 0x27d4_eb2f_1656_67c5;

/** @param output where it begins. */
export function beginFrame(output: usize): void {
  start = output;
  offset1 = 1;
  offset2 = 4;
  offset3 = 8;
  literalLog = offsetLog = matchLog = huffmanLog = -1;
  hash1 = PRIME1 + PRIME2;
  hash2 = PRIME2;
  hash3 = 0;
  hash4 = 0 - PRIME1;
  hashedTo = output;
  makeCodes();
}

/** Codes with no bits of their own, and then such as have more and more. */
function makeCodes(): void {
  let value: u64 = 0;
  for (let code: u32 = 0; code < 64; code++) {
    const extra = literalBits(code);
    store<u64>(LITERAL_CODES + <usize>code * 8, value | (extra << EXTRA_SHIFT));
    value += (<u64>1) << extra;
  }
  value = SHORTEST_MATCH;
  for (let code: u32 = 0; code < 64; code++) {
    const extra = matchBits(code);
    store<u64>(MATCH_CODES + <usize>code * 8, value | (extra << EXTRA_SHIFT));
    value += (<u64>1) << extra;
  }
  for (let code: u64 = 0; code < 64; code++) {
    const at = <usize>code * 8;
    store<u64>(OFFSET_CODES + at, ((<u64>1) << (code & 31)) | (code << EXTRA_SHIFT));
    store<u64>(WEIGHT_CODES + at, code);
  }
}

function literalBits(code: u32): u64 {
  if (code < 16) return 0;
  if (code < 20) return 1;
  if (code < 22) return 2;
  if (code < 24) return 3;
  if (code === 24) return 4;
  return min<u32>(code - 19, 16);
}

function matchBits(code: u32): u64 {
  if (code < 32) return 0;
  if (code < 36) return 1;
  if (code < 38) return 2;
  if (code < 40) return 3;
  if (code < 42) return 4;
  if (code === 42) return 5;
  return min<u32>(code - 36, 16);
}

/** @inline */
function highestBit(value: u32): u32 {
  return 31 - clz(value);
}

/**
 * Up to 56 bits at a bit's address.
 *
 * @inline
 */
function bitsAt(position: usize, count: u32): u64 {
  return (load<u64>(position >>> 3) >>> (<u64>position & 7)) & (((<u64>1) << (<u64>count)) - 1);
}

/** The number of a backward stream's bits, as the address of its end; 0 for a stream without a last bit. */
function streamEnd(from: usize, end: usize): usize {
  if (end <= from) return 0;
  const last: u32 = load<u8>(end - 1);
  return last === 0 ? 0 : (end - 1) * 8 + highestBit(last);
}

/** Reads probabilities. Sets `readEnd` and `tableLog`. @returns the number of symbols. */
function readProbabilities(from: usize, end: usize, symbolCount: u32, largestLog: i32): u32 {
  tableLog = -1;
  if (from >= end) return 0;
  let position = from * 8;
  const log = <i32>bitsAt(position, 4) + 5;
  position += 4;
  if (log > largestLog) return 0;
  let rest: i32 = 1 << log;
  let symbol: u32 = 0;
  while (rest > 0) {
    if (symbol >= symbolCount || position > end * 8) return 0;
    const count = highestBit(rest + 1) + 1;
    let value = <i32>bitsAt(position, count);
    position += count;
    const half = (1 << (count - 1)) - 1;
    const threshold = (1 << count) - 1 - (rest + 1);
    if ((value & half) < threshold) {
      position--;
      value &= half;
    } else if (value > half) {
      value -= threshold;
    }
    const probability = value - 1;
    rest -= abs(probability);
    store<i16>(PROBABILITIES + <usize>symbol * 2, probability);
    symbol++;
    if (probability !== 0) continue;
    let more: u32;
    do {
      more = <u32>bitsAt(position, 2);
      position += 2;
      if (symbol + more > symbolCount) return 0;
      memory.fill(PROBABILITIES + <usize>symbol * 2, 0, <usize>more * 2);
      symbol += more;
    } while (more === 3);
  }
  readEnd = (position + 7) >>> 3;
  if (rest < 0 || readEnd > end) return 0;
  tableLog = log;
  return symbol;
}

/** Makes a table of the probabilities that were read. @param codes what is in it of each symbol. */
function makeTable(table: usize, codes: usize, symbolCount: u32, log: i32): void {
  const size: u32 = 1 << log;
  let high = size;
  for (let symbol: u32 = 0; symbol < symbolCount; symbol++) {
    const probability = load<i16>(PROBABILITIES + <usize>symbol * 2);
    store<u16>(COUNTS + <usize>symbol * 2, abs<i32>(probability));
    if (probability < 0) store<u8>(SYMBOLS + <usize>--high, symbol);
  }
  const step = (size >>> 1) + (size >>> 3) + 3;
  let at: u32 = 0;
  for (let symbol: u32 = 0; symbol < symbolCount; symbol++) {
    const probability = load<i16>(PROBABILITIES + <usize>symbol * 2);
    for (let index: i32 = 0; index < probability; index++) {
      store<u8>(SYMBOLS + <usize>at, symbol);
      do at = (at + step) & (size - 1);
      while (at >= high);
    }
  }
  for (let state: u32 = 0; state < size; state++) {
    const symbol = <usize>load<u8>(SYMBOLS + <usize>state);
    const next: u32 = load<u16>(COUNTS + symbol * 2);
    store<u16>(COUNTS + symbol * 2, next + 1);
    const count = <u32>log - highestBit(next);
    const entry =
      load<u64>(codes + symbol * 8) |
      ((<u64>((next << count) - size)) << NEXT_SHIFT) |
      ((<u64>count) << BITS_SHIFT);
    store<u64>(table + <usize>state * 8, entry);
  }
}

/** Stores a probability that is known, for `makeTable`. */
function known(symbol: u32, probability: i32): void {
  store<i16>(PROBABILITIES + <usize>symbol * 2, probability);
}

/** The tables that need not be in a block (RFC 8878, 3.1.1.3.2.2). */
function defaultProbabilities(codes: usize): void {
  if (codes === LITERAL_CODES) {
    for (let code: u32 = 0; code < 36; code++) known(code, code < 13 || (code > 15 && code < 27) ? 2 : 1);
    known(0, 4);
    known(1, 3);
    known(25, 3);
    for (let code: u32 = 32; code < 36; code++) known(code, -1);
  } else if (codes === OFFSET_CODES) {
    for (let code: u32 = 0; code < 29; code++) known(code, code > 23 ? -1 : code > 5 && code < 9 ? 2 : 1);
  } else {
    for (let code: u32 = 0; code < 53; code++) known(code, code > 45 ? -1 : code > 2 && code < 9 ? 2 : 1);
    known(1, 4);
    known(2, 3);
  }
}

/** Makes a table as a block says. @param log of the table before. @returns its number of bits; -1 for a damaged one. */
function sequenceTable(
  mode: u32,
  from: usize,
  end: usize,
  table: usize,
  codes: usize,
  codeCount: u32,
  defaultCount: u32,
  defaultLog: i32,
  largestLog: i32,
  log: i32,
): i32 {
  readEnd = from;
  if (mode === 3) return log;
  if (mode === 0) {
    defaultProbabilities(codes);
    makeTable(table, codes, defaultCount, defaultLog);
    return defaultLog;
  }
  if (mode === 1) {
    if (from >= end) return -1;
    const code: u32 = load<u8>(from);
    if (code >= codeCount) return -1;
    readEnd = from + 1;
    store<u64>(table, load<u64>(codes + <usize>code * 8));
    return 0;
  }
  const count = readProbabilities(from, end, codeCount, largestLog);
  if (tableLog >= 0) makeTable(table, codes, count, tableLog);
  return tableLog;
}

/** Reads weights that are compressed. @returns how many; 0 for damaged ones. */
function unpackWeights(from: usize, end: usize): u32 {
  const symbols = readProbabilities(from, end, 16, 6);
  const log = tableLog;
  if (log < 0) return 0;
  makeTable(WEIGHT_TABLE, WEIGHT_CODES, symbols, log);
  const first = readEnd * 8;
  let position = streamEnd(readEnd, end);
  if (position < first + 2 * log) return 0;
  position -= log;
  let state = <usize>bitsAt(position, log);
  position -= log;
  let other = <usize>bitsAt(position, log);
  for (let count: u32 = 0; count < 254; ) {
    const entry = load<u64>(WEIGHT_TABLE + state * 8);
    store<u8>(WEIGHTS + <usize>count, <u8>entry);
    count++;
    const bits = <u32>(entry >>> BITS_SHIFT);
    if (position < first + bits) {
      store<u8>(WEIGHTS + <usize>count, <u8>load<u64>(WEIGHT_TABLE + other * 8));
      return count + 1;
    }
    position -= bits;
    state = other;
    other = <usize>((entry >>> NEXT_SHIFT) & 0xffff) + <usize>bitsAt(position, bits);
  }
  return 0;
}

/** Reads the description of a Huffman tree. Sets `readEnd`. @returns whether there is one. */
function readHuffman(from: usize, end: usize): bool {
  huffmanLog = -1;
  if (from >= end) return false;
  const header: u32 = load<u8>(from++);
  let count: u32;
  if (header < 128) {
    readEnd = from + header;
    if (readEnd > end) return false;
    const behind = readEnd;
    count = unpackWeights(from, behind);
    if (count === 0) return false;
    readEnd = behind;
  } else {
    count = header - 127;
    readEnd = from + ((count + 1) >>> 1);
    if (readEnd > end) return false;
    for (let index: u32 = 0; index < count; index++) {
      const pair: u32 = load<u8>(from + (index >>> 1));
      store<u8>(WEIGHTS + <usize>index, (index & 1) === 0 ? pair >>> 4 : pair & 15);
    }
  }
  let sum: u32 = 0;
  for (let index: u32 = 0; index < count; index++) {
    const weight: u32 = load<u8>(WEIGHTS + <usize>index);
    if (weight > HUFFMAN_BITS) return false;
    sum += ((<u32>1) << weight) >>> 1;
  }
  if (sum === 0) return false;
  const log = highestBit(sum) + 1;
  const rest = ((<u32>1) << log) - sum;
  // The last weight is what is missing.
  if (log > HUFFMAN_BITS || (rest & (rest - 1)) !== 0) return false;
  store<u8>(WEIGHTS + <usize>count, highestBit(rest) + 1);
  count++;
  let at = HUFFMAN;
  for (let weight: u32 = 1; weight <= log; weight++) {
    const bits = log + 1 - weight;
    const size = (<usize>1) << (weight - 1);
    for (let symbol: u32 = 0; symbol < count; symbol++) {
      if (load<u8>(WEIGHTS + <usize>symbol) !== weight) continue;
      const entry = (bits << 8) | symbol;
      for (let index: usize = 0; index < size; index++, at += 2) store<u16>(at, entry);
    }
  }
  huffmanLog = log;
  return at === HUFFMAN + ((<usize>2) << log);
}

/** Unpacks a stream of literals. @returns whether it ends as it should. */
function unpackStream(from: usize, end: usize, to: usize, limit: usize): bool {
  const log = <usize>huffmanLog;
  const mask = ((<usize>1) << log) - 1;
  const first = from * 8;
  let position = streamEnd(from, end);
  if (position === 0) return false;
  // Bits in front of the stream do not count, but may be looked at.
  while (to < limit && position >= first) {
    const shift = position - log;
    const index = <usize>(load<u64>(shift >>> 3) >>> <u64>(shift & 7)) & mask;
    const entry: u32 = load<u16>(HUFFMAN + index * 2);
    store<u8>(to++, entry);
    position -= entry >>> 8;
  }
  return to === limit && position === first;
}

/** Unpacks four streams at a time. @param part the size of what each but the last is unpacked to. */
function unpackStreams(from: usize, end: usize, part: usize, size: usize): bool {
  if (end - from < 6 || size < 3 * part) return false;
  const second = from + 6 + <usize>load<u16>(from);
  const third = second + <usize>load<u16>(from + 2);
  const fourth = third + <usize>load<u16>(from + 4);
  from += 6;
  if (fourth >= end) return false;
  let position1 = streamEnd(from, second);
  let position2 = streamEnd(second, third);
  let position3 = streamEnd(third, fourth);
  let position4 = streamEnd(fourth, end);
  if (position1 === 0 || position2 === 0 || position3 === 0 || position4 === 0) return false;
  const log = <usize>huffmanLog;
  const mask = ((<usize>1) << log) - 1;
  const last = size - 3 * part;
  const common = min(part, last);
  let to = LITERALS;
  // Damaged streams end in front of the input, from where nothing is taken.
  for (const limit = LITERALS + common; to < limit; to++) {
    const shift1 = position1 - log;
    const shift2 = position2 - log;
    const shift3 = position3 - log;
    const shift4 = position4 - log;
    const entry1: u32 = load<u16>(
      HUFFMAN + (<usize>(load<u64>(shift1 >>> 3) >>> <u64>(shift1 & 7)) & mask) * 2,
    );
    const entry2: u32 = load<u16>(
      HUFFMAN + (<usize>(load<u64>(shift2 >>> 3) >>> <u64>(shift2 & 7)) & mask) * 2,
    );
    const entry3: u32 = load<u16>(
      HUFFMAN + (<usize>(load<u64>(shift3 >>> 3) >>> <u64>(shift3 & 7)) & mask) * 2,
    );
    const entry4: u32 = load<u16>(
      HUFFMAN + (<usize>(load<u64>(shift4 >>> 3) >>> <u64>(shift4 & 7)) & mask) * 2,
    );
    store<u8>(to, entry1);
    store<u8>(to + part, entry2);
    store<u8>(to + 2 * part, entry3);
    store<u8>(to + 3 * part, entry4);
    position1 -= entry1 >>> 8;
    position2 -= entry2 >>> 8;
    position3 -= entry3 >>> 8;
    position4 -= entry4 >>> 8;
  }
  for (let index = common; index < part; index++) {
    position1 = unpackSymbol(position1, LITERALS + index);
    position2 = unpackSymbol(position2, LITERALS + part + index);
    position3 = unpackSymbol(position3, LITERALS + 2 * part + index);
  }
  return (
    position1 === from * 8 && position2 === second * 8 && position3 === third * 8 && position4 === fourth * 8
  );
}

function unpackSymbol(position: usize, to: usize): usize {
  const index = <usize>bitsAt(position - huffmanLog, huffmanLog);
  const entry: u32 = load<u16>(HUFFMAN + index * 2);
  store<u8>(to, entry);
  return position - (entry >>> 8);
}

/** Reads a block's literals. Sets `literalsAt`, `literalCount` and `readEnd`. */
function readLiterals(from: usize, end: usize): bool {
  const header: u32 = load<u32>(from);
  const kind = header & 3;
  const format = (header >>> 2) & 3;
  if (kind < 2) {
    const headerSize: usize = (format & 1) === 0 ? 1 : format === 1 ? 2 : 3;
    literalCount =
      (format & 1) === 0 ? (header & 0xff) >>> 3 : (header & (format === 1 ? 0xffff : 0xff_ffff)) >>> 4;
    from += headerSize;
    const packed = kind === 0 ? literalCount : 1;
    if (literalCount > LARGEST_BLOCK || from > end || packed > end - from) return false;
    literalsAt = from;
    if (kind === 1) {
      literalsAt = LITERALS;
      memory.fill(LITERALS, load<u8>(from), literalCount);
    }
    readEnd = from + packed;
    return true;
  }
  const bits: u32 = format < 2 ? 10 : format === 2 ? 14 : 18;
  const sizes = load<u64>(from) >>> 4;
  const mask = ((<usize>1) << bits) - 1;
  literalCount = <usize>sizes & mask;
  from += format < 2 ? 3 : <usize>format + 2;
  const behind = from + (<usize>(sizes >>> <u64>bits) & mask);
  if (literalCount > LARGEST_BLOCK || behind > end || from >= behind) return false;
  literalsAt = LITERALS;
  readEnd = from;
  if (kind === 2 && !readHuffman(from, behind)) return false;
  if (huffmanLog < 0) return false;
  from = readEnd;
  readEnd = behind;
  if (format === 0) return unpackStream(from, behind, LITERALS, LITERALS + literalCount);
  return unpackStreams(from, behind, (literalCount + 3) >>> 2, literalCount);
}

/** A byte again and again; of zeros only the first, since memory is zero. */
export function repeat(to: usize, byte: u8, size: usize): void {
  memory.fill(to, byte, byte === 0 ? min(size, SLACK) : size);
}

/**
 * Unpacks a compressed block.
 * @param from it, up to and without `end`. @param to where it goes, up to and without `limit` at most.
 * @returns where the output ends; 0 for a damaged block.
 */
export function unpackBlock(from: usize, end: usize, to: usize, limit: usize): usize {
  if (from >= end || !readLiterals(from, end)) return 0;
  from = readEnd;
  if (from >= end) return 0;
  let literals = literalsAt;
  const literalsEnd = literals + literalCount;
  let count: u32 = load<u8>(from++);
  if (count > 0) {
    if (count === 255) {
      count = <u32>load<u16>(from) + 0x7f00;
      from += 2;
    } else if (count > 127) {
      count = ((count - 128) << 8) + load<u8>(from++);
    }
    if (from >= end) return 0;
    const modes: u32 = load<u8>(from++);
    if ((modes & 3) !== 0) return 0;
    literalLog = sequenceTable(
      modes >>> 6,
      from,
      end,
      LITERAL_TABLE,
      LITERAL_CODES,
      LITERAL_CODE_COUNT,
      36,
      6,
      9,
      literalLog,
    );
    if (literalLog < 0) return 0;
    offsetLog = sequenceTable(
      (modes >>> 4) & 3,
      readEnd,
      end,
      OFFSET_TABLE,
      OFFSET_CODES,
      OFFSET_CODE_COUNT,
      29,
      5,
      8,
      offsetLog,
    );
    if (offsetLog < 0) return 0;
    matchLog = sequenceTable(
      (modes >>> 2) & 3,
      readEnd,
      end,
      MATCH_TABLE,
      MATCH_CODES,
      MATCH_CODE_COUNT,
      53,
      6,
      9,
      matchLog,
    );
    if (matchLog < 0) return 0;
    const first = readEnd * 8;
    let position = streamEnd(readEnd, end);
    if (position < first + literalLog + offsetLog + matchLog) return 0;
    position -= literalLog;
    let literalEntry = load<u64>(LITERAL_TABLE + <usize>bitsAt(position, literalLog) * 8);
    position -= offsetLog;
    let offsetEntry = load<u64>(OFFSET_TABLE + <usize>bitsAt(position, offsetLog) * 8);
    position -= matchLog;
    let matchEntry = load<u64>(MATCH_TABLE + <usize>bitsAt(position, matchLog) * 8);
    let near = offset1;
    for (;;) {
      let extra = <u32>(offsetEntry >>> EXTRA_SHIFT);
      position -= extra;
      let back = <usize>(<u32>offsetEntry + <u32>bitsAt(position, extra));
      extra = <u32>(matchEntry >>> EXTRA_SHIFT);
      position -= extra;
      const match = <usize>(<u32>matchEntry + <u32>bitsAt(position, extra));
      extra = <u32>(literalEntry >>> EXTRA_SHIFT);
      position -= extra;
      const run = <usize>(<u32>literalEntry + <u32>bitsAt(position, extra));
      if (back > 3) {
        back -= 3;
        offset3 = offset2;
        offset2 = near;
        near = back;
      } else {
        // One of the last offsets; without literals in front the first is not meant.
        if (run === 0) back++;
        if (back === 1) {
          back = near;
        } else {
          let chosen = offset2;
          if (back > 2) {
            chosen = back === 3 ? offset3 : near - 1;
            offset3 = offset2;
          }
          offset2 = near;
          near = chosen;
          back = chosen;
        }
      }
      if (run > literalsEnd - literals || run > limit - to) return 0;
      v128.store(to, v128.load(literals));
      if (run > 16) copyMatch(to + 16, literals + 16, to + run);
      to += run;
      literals += run;
      if (back - 1 >= to - start || match > limit - to) return 0;
      if (match > LONG_RUN && back === 1) repeat(to, load<u8>(to - 1), match);
      else copyMatch(to, to - back, to + match);
      to += match;
      if (--count === 0) break;
      let bits = <u32>(literalEntry >>> BITS_SHIFT) & 0xff;
      position -= bits;
      literalEntry = load<u64>(
        LITERAL_TABLE + (<usize>((literalEntry >>> NEXT_SHIFT) & 0xffff) + <usize>bitsAt(position, bits)) * 8,
      );
      bits = <u32>(matchEntry >>> BITS_SHIFT) & 0xff;
      position -= bits;
      matchEntry = load<u64>(
        MATCH_TABLE + (<usize>((matchEntry >>> NEXT_SHIFT) & 0xffff) + <usize>bitsAt(position, bits)) * 8,
      );
      bits = <u32>(offsetEntry >>> BITS_SHIFT) & 0xff;
      position -= bits;
      offsetEntry = load<u64>(
        OFFSET_TABLE + (<usize>((offsetEntry >>> NEXT_SHIFT) & 0xffff) + <usize>bitsAt(position, bits)) * 8,
      );
      if (position < first) return 0;
    }
    offset1 = near;
    if (position !== first) return 0;
  } else if (from !== end) {
    return 0;
  }
  const rest = literalsEnd - literals;
  if (rest > limit - to) return 0;
  memory.copy(to, literals, rest);
  return to + rest;
}

/** @inline */
function round(sum: u64, lane: u64): u64 {
  return rotl<u64>(sum + lane * PRIME2, 31) * PRIME1;
}

/** Takes what has been unpacked up to `end` into the checksum, but for what is less than 32 bytes. */
export function hash(end: usize): void {
  let lane1 = hash1;
  let lane2 = hash2;
  let lane3 = hash3;
  let lane4 = hash4;
  let at = hashedTo;
  for (; at + 32 <= end; at += 32) {
    lane1 = round(lane1, load<u64>(at));
    lane2 = round(lane2, load<u64>(at, 8));
    lane3 = round(lane3, load<u64>(at, 16));
    lane4 = round(lane4, load<u64>(at, 24));
  }
  hash1 = lane1;
  hash2 = lane2;
  hash3 = lane3;
  hash4 = lane4;
  hashedTo = at;
}

/** @inline */
function merge(sum: u64, lane: u64): u64 {
  return (sum ^ round(0, lane)) * PRIME1 + PRIME4;
}

/** The checksum of all that has been unpacked, up to `end`: the lower half of XXH64. */
export function checksum(end: usize): u32 {
  hash(end);
  const size = end - start;
  let sum = PRIME5;
  if (size >= 32) {
    sum = rotl<u64>(hash1, 1) + rotl<u64>(hash2, 7) + rotl<u64>(hash3, 12) + rotl<u64>(hash4, 18);
    sum = merge(merge(merge(merge(sum, hash1), hash2), hash3), hash4);
  }
  sum += <u64>size;
  let at = hashedTo;
  for (; at + 8 <= end; at += 8) sum = rotl<u64>(sum ^ round(0, load<u64>(at)), 27) * PRIME1 + PRIME4;
  if (at + 4 <= end) {
    sum = rotl<u64>(sum ^ (<u64>load<u32>(at) * PRIME1), 23) * PRIME2 + PRIME3;
    at += 4;
  }
  for (; at < end; at++) sum = rotl<u64>(sum ^ (<u64>load<u8>(at) * PRIME5), 11) * PRIME1;
  sum = (sum ^ (sum >>> 33)) * PRIME2;
  sum = (sum ^ (sum >>> 29)) * PRIME3;
  return <u32>(sum ^ (sum >>> 32));
}
