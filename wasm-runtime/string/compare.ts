/**
 * Repeated CMPS and SCAS. Return values are those of move.ts; flags change only when the repetition is over, and on AMD's processors
 * with each element, which shows if the next one faults (src/layout/vendor.ts).
 */
import { CPU_STATE, FLAG_AUX, FLAG_RESULT } from '../generated/layout';
import { fillRead } from '../memory/mmu';
import { RAX } from '../registers';
import { isAmd } from '../system/features';
import { loadElement, readElement } from './element';
import {
  advanceCount,
  advanceDestination,
  advanceSource,
  affordable,
  backward,
  begin,
  beginElement,
  beginStep,
  destination,
  destinationAddress,
  elementsInPage,
  endElement,
  lowest,
  payForChunk,
  remaining,
  source,
  sourceAddress,
} from './repetition';

/** The flags of a - b, of zero-extended elements. */
function setCompareFlags(a: u64, b: u64, size: u32): void {
  const bits = size * 8;
  const difference = a - b;
  const borrows = (~a & b) | (~(a ^ b) & difference);
  store<i64>(CPU_STATE + FLAG_RESULT, <i64>(difference << (64 - bits)) >> (64 - bits));
  store<u32>(CPU_STATE + FLAG_AUX, ((<u32>(borrows >> (bits - 2))) << 30) | (<u32>borrows & 8));
}

/** The elements that were compared last, and how many were. */
let lastA: u64 = 0;
let lastB: u64 = 0;
let compared: u64 = 0;

/**
 * Compares up to `count` elements at host addresses `a` and `b` (that of the first element to be compared) and
 * stops after one whose equality is not `equal`. Returns whether it stopped so.
 * @inline
 */
function compareRun<T>(a: u32, b: u32, count: u32, equal: bool): bool {
  const step: u32 = backward ? 0 - <u32>sizeof<T>() : <u32>sizeof<T>();
  let x = <T>0;
  let y = <T>0;
  let stopped: bool = false;
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
export function repCmps(record: u32, size: u32, equal: bool): bool {
  if (!begin(record, false)) return false;
  const shift = ctz(size);
  const showsEach = isAmd();
  let stopped: bool = false;
  do {
    if (!beginStep()) return true;
    const a = sourceAddress();
    const b = destinationAddress();
    let count = elementsInPage(a, source, shift, affordable());
    count = elementsInPage(b, destination, shift, count);
    const bytes = (<u32>count) << shift;
    const aHost = bytes === 0 ? 0 : fillRead(lowest(a, bytes, size), bytes);
    const bHost = aHost === 0 ? 0 : fillRead(lowest(b, bytes, size), bytes);
    beginElement();
    if (bHost !== 0) {
      const first = backward ? bytes - size : 0;
      stopped = compareChunk(aHost + first, bHost + first, <u32>count, size, equal);
      payForChunk(compared);
    } else {
      lastA = readElement(record, a, size);
      lastB = readElement(record, b, size);
      compared = 1;
      stopped = (lastA === lastB) !== equal;
    }
    advanceSource(compared, shift);
    advanceDestination(compared, shift);
    advanceCount(compared);
    endElement();
    if (showsEach) setCompareFlags(lastA, lastB, size);
  } while (!stopped && remaining !== 0);
  setCompareFlags(lastA, lastB, size);
  return false;
}

/**
 * As compareRun(), against one value.
 * @inline
 */
function scanRun<T>(value: T, b: u32, count: u32, equal: bool): bool {
  const step: u32 = backward ? 0 - <u32>sizeof<T>() : <u32>sizeof<T>();
  let y = <T>0;
  let stopped: bool = false;
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
export function repScas(record: u32, size: u32, equal: bool): bool {
  if (!begin(record, false)) return false;
  const shift = ctz(size);
  const value = loadElement(RAX, size);
  const showsEach = isAmd();
  let stopped: bool = false;
  do {
    if (!beginStep()) return true;
    const b = destinationAddress();
    const count = elementsInPage(b, destination, shift, affordable());
    const bytes = (<u32>count) << shift;
    const host = bytes === 0 ? 0 : fillRead(lowest(b, bytes, size), bytes);
    beginElement();
    if (host !== 0) {
      const first = backward ? bytes - size : 0;
      stopped = scanChunk(value, host + first, <u32>count, size, equal);
      payForChunk(compared);
    } else {
      lastB = readElement(record, b, size);
      compared = 1;
      stopped = (value === lastB) !== equal;
    }
    advanceDestination(compared, shift);
    advanceCount(compared);
    endElement();
    if (showsEach) setCompareFlags(value, lastB, size);
  } while (!stopped && remaining !== 0);
  setCompareFlags(value, lastB, size);
  return false;
}
