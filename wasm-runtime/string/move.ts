/**
 * Repeated MOVS, STOS, LODS, INS and OUTS. They return REPETITION_*, that is, whether the budget ended before the repetition did: then the
 * instruction has to be run again, with the registers as they are. Faults of MOVS and STOS, by which a kernel copies to programs, are noted, others raised.
 */
import {
  REPETITION_DONE,
  REPETITION_FAULTED,
  REPETITION_INTERRUPTED,
  SEGMENT_ES,
  TLB_READ_TAG,
  TLB_WRITE_TAG,
} from '../generated/layout';
import { fillRead } from '../memory/mmu';
import { RAX, RCX, RDI, RSI } from '../registers';
import { inputElement, outputElement } from '../system/ports';
import { copyDown, copyUp, fill } from './block';
import { loadElement, readElement, storeElement, tryMoveElement, tryWriteElement } from './element';
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
  isFew,
  isSimple,
  isSimple32,
  lowest,
  payForAll,
  payForChunk,
  probe,
  probe32,
  remaining,
  source,
  sourceAddress,
  sourceSegment,
  writableChunk,
} from './repetition';

/** REP MOVS of elements of `size` (1, 2, 4 or 8) bytes. */
export function repMovs(record: u32, size: u32): i32 {
  const count = load<u64>(RCX);
  if (isSimple(record, count)) {
    const bytes = <u32>count * size;
    const from = load<u64>(RSI);
    const to = load<u64>(RDI);
    const fromHost = probe(from, bytes, TLB_READ_TAG);
    const toHost = probe(to, bytes, TLB_WRITE_TAG);
    if (fromHost !== 0 && toHost !== 0 && payForAll(count)) {
      copyUp(toHost, fromHost, bytes, size);
      store<u64>(RCX, 0);
      store<u64>(RSI, from + bytes);
      store<u64>(RDI, to + bytes);
      return REPETITION_DONE;
    }
  } else if (isSimple32(record, <u32>count)) {
    const bytes = <u32>count * size;
    const from = load<u32>(RSI);
    const to = load<u32>(RDI);
    const fromHost = probe32(sourceSegment(record), from, bytes, TLB_READ_TAG);
    const toHost = probe32(SEGMENT_ES, to, bytes, TLB_WRITE_TAG);
    if (fromHost !== 0 && toHost !== 0 && payForAll(<u32>count)) {
      copyUp(toHost, fromHost, bytes, size);
      store<u64>(RCX, 0);
      store<u64>(RSI, from + bytes);
      store<u64>(RDI, to + bytes);
      return REPETITION_DONE;
    }
  }
  return begin(record, false) ? moveChunks(record, size) : REPETITION_DONE;
}

/**
 * REP MOVS of a region, from one linear address to another, if it is short (isFew()) and each operand lies in one page that the TLB has.
 * Otherwise nothing happens.
 */
export function moveFew(to: u64, from: u64, count: u64, size: u32): bool {
  if (!isFew(count)) return false;
  if (count === 0) return true;
  const bytes = <u32>count * size;
  const fromHost = probe(from, bytes, TLB_READ_TAG);
  if (fromHost === 0) return false;
  const toHost = probe(to, bytes, TLB_WRITE_TAG);
  if (toHost === 0) return false;
  copyUp(toHost, fromHost, bytes, size);
  return true;
}

function moveChunks(record: u32, size: u32): i32 {
  const shift = ctz(size);
  do {
    if (!beginStep()) return REPETITION_INTERRUPTED;
    const from = sourceAddress();
    const to = destinationAddress();
    let count = elementsInPage(from, source, shift, affordable());
    count = elementsInPage(to, destination, shift, count);
    beginElement();
    if (moveChunk(record, from, to, (<u32>count) << shift, size)) {
      payForChunk(count);
    } else {
      if (!tryMoveElement(record, to, from, size)) return REPETITION_FAULTED;
      count = 1;
    }
    advanceSource(count, shift);
    advanceDestination(count, shift);
    advanceCount(count);
    endElement();
  } while (remaining !== 0);
  return REPETITION_DONE;
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

/**
 * The low `size` bytes of RAX, repeated to eight.
 * @inline
 */
function fillPattern(rax: u64, size: u32): u64 {
  switch (size) {
    case 1:
      return (rax & 0xff) * 0x0101_0101_0101_0101;
    case 2:
      return (rax & 0xffff) * 0x0001_0001_0001_0001;
    case 4:
      return (rax & 0xffff_ffff) * 0x0000_0001_0000_0001;
    default:
      return rax;
  }
}

/** REP STOS. */
export function repStos(record: u32, size: u32): i32 {
  const count = load<u64>(RCX);
  if (isSimple(record, count)) {
    const bytes = <u32>count * size;
    const to = load<u64>(RDI);
    const host = probe(to, bytes, TLB_WRITE_TAG);
    if (host !== 0 && payForAll(count)) {
      fill(host, bytes, fillPattern(load<u64>(RAX), size));
      store<u64>(RCX, 0);
      store<u64>(RDI, to + bytes);
      return REPETITION_DONE;
    }
  } else if (isSimple32(record, <u32>count)) {
    const bytes = <u32>count * size;
    const to = load<u32>(RDI);
    const host = probe32(SEGMENT_ES, to, bytes, TLB_WRITE_TAG);
    if (host !== 0 && payForAll(<u32>count)) {
      fill(host, bytes, fillPattern(load<u64>(RAX), size));
      store<u64>(RCX, 0);
      store<u64>(RDI, to + bytes);
      return REPETITION_DONE;
    }
  }
  return begin(record, false) ? storeChunks(record, size) : REPETITION_DONE;
}

/** REP STOS of a region: as moveFew(). */
export function fillFew(to: u64, rax: u64, count: u64, size: u32): bool {
  if (!isFew(count)) return false;
  if (count === 0) return true;
  const bytes = <u32>count * size;
  const host = probe(to, bytes, TLB_WRITE_TAG);
  if (host === 0) return false;
  fill(host, bytes, fillPattern(rax, size));
  return true;
}

function storeChunks(record: u32, size: u32): i32 {
  const shift = ctz(size);
  const pattern = fillPattern(load<u64>(RAX), size);
  do {
    if (!beginStep()) return REPETITION_INTERRUPTED;
    const to = destinationAddress();
    let count = elementsInPage(to, destination, shift, affordable());
    const bytes = (<u32>count) << shift;
    const host = bytes === 0 ? 0 : writableChunk(record, lowest(to, bytes, size), bytes);
    beginElement();
    if (host !== 0) {
      fill(host, bytes, pattern);
      payForChunk(count);
    } else {
      if (!tryWriteElement(record, to, size, pattern)) return REPETITION_FAULTED;
      count = 1;
    }
    advanceDestination(count, shift);
    advanceCount(count);
    endElement();
  } while (remaining !== 0);
  return REPETITION_DONE;
}

/** REP LODS: every element is read, the last one stays. */
export function repLods(record: u32, size: u32): i32 {
  if (!begin(record, false)) return REPETITION_DONE;
  const shift = ctz(size);
  do {
    if (!beginStep()) return REPETITION_INTERRUPTED;
    const from = sourceAddress();
    let count = elementsInPage(from, source, shift, affordable());
    const bytes = (<u32>count) << shift;
    const host = bytes === 0 ? 0 : fillRead(lowest(from, bytes, size), bytes);
    beginElement();
    let value: u64;
    if (host !== 0) {
      value = loadElement(backward ? host : host + bytes - size, size);
      payForChunk(count);
    } else {
      value = readElement(record, from, size);
      count = 1;
    }
    // A 32-bit write clears the upper half of the register.
    if (size === 4) store<u64>(RAX, value);
    else storeElement(RAX, size, value);
    advanceSource(count, shift);
    advanceCount(count);
    endElement();
  } while (remaining !== 0);
  return REPETITION_DONE;
}

/** REP INS: element by element; a device sees each access. */
export function repIns(record: u32, size: u32): i32 {
  if (!begin(record, true)) return REPETITION_DONE;
  const shift = ctz(size);
  do {
    if (!beginStep()) return REPETITION_INTERRUPTED;
    inputElement(record, destinationAddress(), size);
    advanceDestination(1, shift);
    advanceCount(1);
  } while (remaining !== 0);
  return REPETITION_DONE;
}

/** REP OUTS. */
export function repOuts(record: u32, size: u32): i32 {
  if (!begin(record, true)) return REPETITION_DONE;
  const shift = ctz(size);
  do {
    if (!beginStep()) return REPETITION_INTERRUPTED;
    outputElement(record, sourceAddress(), size);
    advanceSource(1, shift);
    advanceCount(1);
  } while (remaining !== 0);
  return REPETITION_DONE;
}
