/**
 * Repeated string instructions.
 *
 * 1. Work is done in chunks of elements that lie within one page of each operand; registers are written after
 *    each chunk. So a fault finds them at the element that it happened at, and the instruction can be restarted.
 * 2. A chunk whose pages are not plain RAM, or an element that crosses pages, goes element by element through
 *    the slow paths, which raise what there is to raise before anything has changed.
 * 3. A chunk over translated code drops all the code under it at once and starts again.
 * 4. Comparisons write flags only at the end (SDM Vol. 2 "REP": flags are restored when a fault interrupts them).
 */
import { granules, invalidateCode } from './code-pages';
import {
  ADDRESS_16,
  ADDRESS_32,
  ADDRESS_64,
  CPU_STATE,
  FLAG_AUX,
  FLAG_RESULT,
  GPR,
  MODE,
  MODE_CODE_64,
  MODE_CODE_MASK,
  RECORD_SCALE,
  RECORD_SEGMENT,
  SEGMENT_BASE,
  SEGMENT_ES,
  SEGMENT_NONE,
  SYSTEM_FLAGS,
  TLB_ADDEND,
  TLB_READ_TAG,
  TLB_TABLE,
  TLB_WRITE_TAG,
} from './generated/layout';
import { fillRead, fillWrite, finishWrite, slowRead, slowWrite } from './mmu';
import { ACCESS_WRITE } from './page-walk';
import { codeMask } from './physical-memory';
import { inputElement, outputElement } from './ports';
import { raiseCodeWrite } from './raise';
import { accessHost, accessPhysical, tlbEntry, translate } from './tlb';

const RAX: u32 = CPU_STATE + GPR;
const RCX: u32 = CPU_STATE + GPR + 1 * 8;
const RSI: u32 = CPU_STATE + GPR + 6 * 8;
const RDI: u32 = CPU_STATE + GPR + 7 * 8;

const FLAG_DF: u32 = 1 << 10;
const PAGE_SIZE: u32 = 0x1000;
const PAGE_MASK: u64 = ~(<u64>0xfff);
/** Bytes up to which loops beat the engine's memory.copy and memory.fill, which are calls. */
const SHORT_COPY: u32 = 64;
const SHORT_FILL: u32 = 256;
/** Scale (with its address size) and segment of a record without index, address-size prefix and override. */
const FLAT: u32 = SEGMENT_NONE << 8;

/** The repetition under way: offsets and elements that are left, all within `addressMask`. */
let remaining: u64 = 0;
let source: u64 = 0;
let destination: u64 = 0;
let addressMask: u64 = 0;
let sourceBase: u64 = 0;
let destinationBase: u64 = 0;
/** Linear addresses have 32 bits outside 64-bit mode. */
let linearMask: u64 = 0;
let backward: bool = false;

/**
 * Whether the fast paths apply: flat 64-bit addresses going up, and 1 to 4096 elements (more never fit a page).
 */
// @ts-ignore: decorator
@inline
function isSimple(record: u32, count: u64): bool {
  return (
    count - 1 < PAGE_SIZE &&
    <u32>load<u16>(record + RECORD_SCALE) === FLAT &&
    (load<u32>(CPU_STATE + SYSTEM_FLAGS) & FLAG_DF) === 0
  );
}

/** Host address of `bytes` at `la` if the TLB has their page with tag `tag` and it is the only one; else 0. */
// @ts-ignore: decorator
@inline
function probe(la: u64, bytes: u32, tag: u32): u32 {
  const entry = tlbEntry(load<u32>(CPU_STATE + TLB_TABLE), la);
  if (((la + bytes - 1) & PAGE_MASK) !== load<u64>(entry + tag)) return 0;
  return <u32>la + load<u32>(entry + TLB_ADDEND);
}

/** Reads count, offsets and bases; false if there is nothing to repeat. */
function begin(record: u32): bool {
  const addressSize = load<u8>(record + RECORD_SCALE) >> 4;
  if (addressSize === ADDRESS_64) addressMask = u64.MAX_VALUE;
  else addressMask = addressSize === ADDRESS_32 ? 0xffff_ffff : 0xffff;
  remaining = load<u64>(RCX) & addressMask;
  if (remaining === 0) return false;
  source = load<u64>(RSI) & addressMask;
  destination = load<u64>(RDI) & addressMask;
  backward = (load<u32>(CPU_STATE + SYSTEM_FLAGS) & FLAG_DF) !== 0;
  sourceBase = load<u64>(CPU_STATE + SEGMENT_BASE + <u32>load<u8>(record + RECORD_SEGMENT) * 8);
  if ((load<u32>(CPU_STATE + MODE) & MODE_CODE_MASK) === MODE_CODE_64) {
    destinationBase = 0;
    linearMask = u64.MAX_VALUE;
  } else {
    destinationBase = load<u64>(CPU_STATE + SEGMENT_BASE + SEGMENT_ES * 8);
    linearMask = 0xffff_ffff;
  }
  return true;
}

// @ts-ignore: decorator
@inline
function sourceAddress(): u64 {
  return (sourceBase + source) & linearMask;
}

// @ts-ignore: decorator
@inline
function destinationAddress(): u64 {
  return (destinationBase + destination) & linearMask;
}

/** Writes a register of the instruction's address size. */
// @ts-ignore: decorator
@inline
function writeAddressRegister(register: u32, value: u64): void {
  if (addressMask === 0xffff) store<u16>(register, <u16>value);
  else store<u64>(register, value);
}

// @ts-ignore: decorator
@inline
function moveOn(offset: u64, count: u64, shift: u32): u64 {
  const bytes = count << shift;
  return (backward ? offset - bytes : offset + bytes) & addressMask;
}

function advanceCount(count: u64): void {
  remaining -= count;
  writeAddressRegister(RCX, remaining);
}

function advanceSource(count: u64, shift: u32): void {
  source = moveOn(source, count, shift);
  writeAddressRegister(RSI, source);
}

function advanceDestination(count: u64, shift: u32): void {
  destination = moveOn(destination, count, shift);
  writeAddressRegister(RDI, destination);
}

/**
 * Elements, at most `limit`, from linear address `la` (offset `offset`) on in the direction of travel that lie
 * within one page without the offset wrapping round. 0: the next element crosses a page, or may wrap.
 */
function elementsInPage(la: u64, offset: u64, shift: u32, limit: u64): u64 {
  const inPage = <u32>la & (PAGE_SIZE - 1);
  if (!backward) {
    const fit = <u64>((PAGE_SIZE - inPage) >> shift);
    return min(min(fit, limit), (addressMask - offset) >> shift);
  }
  if (inPage + (1 << shift) > PAGE_SIZE) return 0;
  return min(min(<u64>(inPage >> shift) + 1, limit), (offset >> shift) + 1);
}

/** Linear address of the lowest byte of a chunk whose first element is at `la`. */
// @ts-ignore: decorator
@inline
function lowest(la: u64, bytes: u32, size: u32): u64 {
  return backward ? la - (bytes - size) : la;
}

/** Host address of a chunk to be written, or 0. Raises a code write after dropping all code under the chunk. */
function writableChunk(record: u32, la: u64, bytes: u32): u32 {
  const host = fillWrite(la, bytes);
  if (host !== 0) return host;
  if (!translate(load<u32>(CPU_STATE + TLB_TABLE), la, ACCESS_WRITE) || accessHost === 0) return 0;
  const offset = <u32>la & (PAGE_SIZE - 1);
  if (codeMask(accessPhysical) & granules(offset, offset + bytes)) {
    invalidateCode(accessPhysical, bytes);
    raiseCodeWrite(record);
  }
  return 0;
}

/** Zero-extended element at a host address. */
function loadElement(host: u32, size: u32): u64 {
  switch (size) {
    case 1:
      return load<u8>(host);
    case 2:
      return load<u16>(host);
    case 4:
      return load<u32>(host);
    default:
      return load<u64>(host);
  }
}

function storeElement(host: u32, size: u32, value: u64): void {
  switch (size) {
    case 1:
      store<u8>(host, <u8>value);
      break;
    case 2:
      store<u16>(host, <u16>value);
      break;
    case 4:
      store<u32>(host, <u32>value);
      break;
    default:
      store<u64>(host, value);
  }
}

function readElement(record: u32, la: u64, size: u32): u64 {
  return loadElement(slowRead(record, la, size), size);
}

function writeElement(record: u32, la: u64, size: u32, value: u64): void {
  storeElement(slowWrite(record, la, size), size, value);
  finishWrite();
}

// ---- MOVS ----

/** Copies as if through a buffer. */
function copy(to: u32, from: u32, bytes: u32): void {
  if (bytes > SHORT_COPY) {
    memory.copy(to, from, bytes);
  } else if (bytes > 32) {
    const a = v128.load(from);
    const b = v128.load(from + 16);
    const c = v128.load(from + bytes - 32);
    const d = v128.load(from + bytes - 16);
    v128.store(to, a);
    v128.store(to + 16, b);
    v128.store(to + bytes - 32, c);
    v128.store(to + bytes - 16, d);
  } else if (bytes >= 16) {
    const a = v128.load(from);
    const b = v128.load(from + bytes - 16);
    v128.store(to, a);
    v128.store(to + bytes - 16, b);
  } else if (bytes >= 8) {
    const a = load<u64>(from);
    const b = load<u64>(from + bytes - 8);
    store<u64>(to, a);
    store<u64>(to + bytes - 8, b);
  } else if (bytes >= 4) {
    const a = load<u32>(from);
    const b = load<u32>(from + bytes - 4);
    store<u32>(to, a);
    store<u32>(to + bytes - 4, b);
  } else if (bytes >= 2) {
    const a = load<u16>(from);
    const b = load<u16>(from + bytes - 2);
    store<u16>(to, a);
    store<u16>(to + bytes - 2, b);
  } else {
    store<u8>(to, load<u8>(from));
  }
}

/** Copies upwards, element after element: a target a little above the source repeats what lies between. */
function copyUp(to: u32, from: u32, bytes: u32, size: u32): void {
  const distance = to - from;
  if (distance - 1 >= bytes - 1) {
    copy(to, from, bytes);
    return;
  }
  let i: u32 = 0;
  // Eight bytes at once are as good as single elements if none of them has been written by this very step.
  if (distance >= 8) for (; i + 8 <= bytes; i += 8) store<u64>(to + i, load<u64>(from + i));
  for (; i < bytes; i += size) storeElement(to + i, size, loadElement(from + i, size));
}

/** The same downwards; both addresses are those of the lowest byte. */
function copyDown(to: u32, from: u32, bytes: u32, size: u32): void {
  const distance = from - to;
  if (distance - 1 >= bytes - 1) {
    copy(to, from, bytes);
    return;
  }
  for (let i = bytes; i > 0; ) {
    i -= size;
    storeElement(to + i, size, loadElement(from + i, size));
  }
}

/** REP MOVS of elements of `size` (1, 2, 4 or 8) bytes. */
export function repMovs(record: u32, size: u32): void {
  const count = load<u64>(RCX);
  if (isSimple(record, count)) {
    const bytes = <u32>count * size;
    const from = load<u64>(RSI);
    const to = load<u64>(RDI);
    const fromHost = probe(from, bytes, TLB_READ_TAG);
    const toHost = probe(to, bytes, TLB_WRITE_TAG);
    if (fromHost !== 0 && toHost !== 0) {
      copyUp(toHost, fromHost, bytes, size);
      store<u64>(RCX, 0);
      store<u64>(RSI, from + bytes);
      store<u64>(RDI, to + bytes);
      return;
    }
  }
  if (begin(record)) moveChunks(record, size);
}

function moveChunks(record: u32, size: u32): void {
  const shift = ctz(size);
  do {
    const from = sourceAddress();
    const to = destinationAddress();
    let count = elementsInPage(from, source, shift, remaining);
    count = elementsInPage(to, destination, shift, count);
    if (!moveChunk(record, from, to, <u32>count << shift, size)) {
      writeElement(record, to, size, readElement(record, from, size));
      count = 1;
    }
    advanceSource(count, shift);
    advanceDestination(count, shift);
    advanceCount(count);
  } while (remaining !== 0);
}

function moveChunk(record: u32, from: u64, to: u64, bytes: u32, size: u32): bool {
  if (bytes === 0) return false;
  const fromHost = fillRead(lowest(from, bytes, size), bytes);
  if (fromHost === 0) return false;
  const toHost = writableChunk(record, lowest(to, bytes, size), bytes);
  if (toHost === 0) return false;
  if (backward) copyDown(toHost, fromHost, bytes, size);
  else copyUp(toHost, fromHost, bytes, size);
  return true;
}

// ---- STOS ----

/** The low `size` bytes of RAX, repeated to eight. */
// @ts-ignore: decorator
@inline
function fillPattern(size: u32): u64 {
  switch (size) {
    case 1:
      return <u64>load<u8>(RAX) * 0x0101_0101_0101_0101;
    case 2:
      return <u64>load<u16>(RAX) * 0x0001_0001_0001_0001;
    case 4:
      return <u64>load<u32>(RAX) * 0x0000_0001_0000_0001;
    default:
      return load<u64>(RAX);
  }
}

/** Fills with a pattern whose period divides `bytes`, and so also where the last stores begin. */
function fill(to: u32, bytes: u32, pattern: u64): void {
  if (bytes > SHORT_FILL && pattern === (pattern & 0xff) * 0x0101_0101_0101_0101) {
    memory.fill(to, <u8>pattern, bytes);
  } else if (bytes >= 16) {
    const wide = i64x2.splat(pattern);
    const last = to + bytes - 16;
    for (; to < last; to += 16) v128.store(to, wide);
    v128.store(last, wide);
  } else if (bytes >= 8) {
    store<u64>(to, pattern);
    store<u64>(to + bytes - 8, pattern);
  } else if (bytes >= 4) {
    store<u32>(to, <u32>pattern);
    store<u32>(to + bytes - 4, <u32>pattern);
  } else if (bytes >= 2) {
    store<u16>(to, <u16>pattern);
    store<u16>(to + bytes - 2, <u16>pattern);
  } else {
    store<u8>(to, <u8>pattern);
  }
}

/** REP STOS. */
export function repStos(record: u32, size: u32): void {
  const count = load<u64>(RCX);
  if (isSimple(record, count)) {
    const bytes = <u32>count * size;
    const to = load<u64>(RDI);
    const host = probe(to, bytes, TLB_WRITE_TAG);
    if (host !== 0) {
      fill(host, bytes, fillPattern(size));
      store<u64>(RCX, 0);
      store<u64>(RDI, to + bytes);
      return;
    }
  }
  if (begin(record)) storeChunks(record, size);
}

function storeChunks(record: u32, size: u32): void {
  const shift = ctz(size);
  const pattern = fillPattern(size);
  do {
    const to = destinationAddress();
    let count = elementsInPage(to, destination, shift, remaining);
    const bytes = <u32>count << shift;
    const host = bytes === 0 ? 0 : writableChunk(record, lowest(to, bytes, size), bytes);
    if (host !== 0) {
      fill(host, bytes, pattern);
    } else {
      writeElement(record, to, size, pattern);
      count = 1;
    }
    advanceDestination(count, shift);
    advanceCount(count);
  } while (remaining !== 0);
}

// ---- LODS ----

/** REP LODS: every element is read, the last one stays. */
export function repLods(record: u32, size: u32): void {
  if (!begin(record)) return;
  const shift = ctz(size);
  do {
    const from = sourceAddress();
    let count = elementsInPage(from, source, shift, remaining);
    const bytes = <u32>count << shift;
    const host = bytes === 0 ? 0 : fillRead(lowest(from, bytes, size), bytes);
    let value: u64;
    if (host !== 0) {
      value = loadElement(backward ? host : host + bytes - size, size);
    } else {
      value = readElement(record, from, size);
      count = 1;
    }
    // A 32-bit write clears the upper half of the register.
    if (size === 4) store<u64>(RAX, value);
    else storeElement(RAX, size, value);
    advanceSource(count, shift);
    advanceCount(count);
  } while (remaining !== 0);
}

// ---- CMPS and SCAS ----

/** The flags of a - b, of zero-extended elements. */
function setCompareFlags(a: u64, b: u64, size: u32): void {
  const bits = size * 8;
  const difference = a - b;
  const borrows = (~a & b) | (~(a ^ b) & difference);
  store<i64>(CPU_STATE + FLAG_RESULT, (<i64>(difference << (64 - bits))) >> (64 - bits));
  store<u32>(CPU_STATE + FLAG_AUX, (<u32>(borrows >> (bits - 2)) << 30) | (<u32>borrows & 8));
}

/** The elements that were compared last, and how many were. */
let lastA: u64 = 0;
let lastB: u64 = 0;
let compared: u64 = 0;

/**
 * Compares up to `count` elements at host addresses `a` and `b` (that of the first element to be compared) and
 * stops after one whose equality is not `equal`. Returns whether it stopped so.
 */
// @ts-ignore: decorator
@inline
function compareRun<T>(a: u32, b: u32, count: u32, equal: bool): bool {
  const step: u32 = backward ? 0 - <u32>sizeof<T>() : <u32>sizeof<T>();
  let x: T = 0;
  let y: T = 0;
  let stopped = false;
  let left = count;
  do {
    x = load<T>(a);
    y = load<T>(b);
    a += step;
    b += step;
    left--;
    stopped = (x === y) !== equal;
  } while (!stopped && left !== 0);
  lastA = <u64>x;
  lastB = <u64>y;
  compared = count - left;
  return stopped;
}

function compareChunk(a: u32, b: u32, count: u32, size: u32, equal: bool): bool {
  switch (size) {
    case 1:
      return compareRun<u8>(a, b, count, equal);
    case 2:
      return compareRun<u16>(a, b, count, equal);
    case 4:
      return compareRun<u32>(a, b, count, equal);
    default:
      return compareRun<u64>(a, b, count, equal);
  }
}

/** REPE (`equal` 1) and REPNE CMPS. */
export function repCmps(record: u32, size: u32, equal: bool): void {
  if (!begin(record)) return;
  const shift = ctz(size);
  let stopped = false;
  do {
    const a = sourceAddress();
    const b = destinationAddress();
    let count = elementsInPage(a, source, shift, remaining);
    count = elementsInPage(b, destination, shift, count);
    const bytes = <u32>count << shift;
    const aHost = bytes === 0 ? 0 : fillRead(lowest(a, bytes, size), bytes);
    const bHost = aHost === 0 ? 0 : fillRead(lowest(b, bytes, size), bytes);
    if (bHost !== 0) {
      const first = backward ? bytes - size : 0;
      stopped = compareChunk(aHost + first, bHost + first, <u32>count, size, equal);
    } else {
      lastA = readElement(record, a, size);
      lastB = readElement(record, b, size);
      compared = 1;
      stopped = (lastA === lastB) !== equal;
    }
    advanceSource(compared, shift);
    advanceDestination(compared, shift);
    advanceCount(compared);
  } while (!stopped && remaining !== 0);
  setCompareFlags(lastA, lastB, size);
}

/** As compareRun(), against one value. */
// @ts-ignore: decorator
@inline
function scanRun<T>(value: T, b: u32, count: u32, equal: bool): bool {
  const step: u32 = backward ? 0 - <u32>sizeof<T>() : <u32>sizeof<T>();
  let y: T = 0;
  let stopped = false;
  let left = count;
  do {
    y = load<T>(b);
    b += step;
    left--;
    stopped = (value === y) !== equal;
  } while (!stopped && left !== 0);
  lastB = <u64>y;
  compared = count - left;
  return stopped;
}

function scanChunk(value: u64, b: u32, count: u32, size: u32, equal: bool): bool {
  switch (size) {
    case 1:
      return scanRun<u8>(<u8>value, b, count, equal);
    case 2:
      return scanRun<u16>(<u16>value, b, count, equal);
    case 4:
      return scanRun<u32>(<u32>value, b, count, equal);
    default:
      return scanRun<u64>(value, b, count, equal);
  }
}

/** REPE (`equal` 1) and REPNE SCAS. */
export function repScas(record: u32, size: u32, equal: bool): void {
  if (!begin(record)) return;
  const shift = ctz(size);
  const value = loadElement(RAX, size);
  let stopped = false;
  do {
    const b = destinationAddress();
    const count = elementsInPage(b, destination, shift, remaining);
    const bytes = <u32>count << shift;
    const host = bytes === 0 ? 0 : fillRead(lowest(b, bytes, size), bytes);
    if (host !== 0) {
      const first = backward ? bytes - size : 0;
      stopped = scanChunk(value, host + first, <u32>count, size, equal);
    } else {
      lastB = readElement(record, b, size);
      compared = 1;
      stopped = (value === lastB) !== equal;
    }
    advanceDestination(compared, shift);
    advanceCount(compared);
  } while (!stopped && remaining !== 0);
  setCompareFlags(value, lastB, size);
}

// ---- INS and OUTS ----

/** REP INS: element by element; a device sees each access. */
export function repIns(record: u32, size: u32): void {
  if (!begin(record)) return;
  const shift = ctz(size);
  do {
    inputElement(record, destinationAddress(), size);
    advanceDestination(1, shift);
    advanceCount(1);
  } while (remaining !== 0);
}

/** REP OUTS. */
export function repOuts(record: u32, size: u32): void {
  if (!begin(record)) return;
  const shift = ctz(size);
  do {
    outputElement(record, sourceAddress(), size);
    advanceSource(1, shift);
    advanceCount(1);
  } while (remaining !== 0);
}
