/**
 * What all repeated string instructions share: the registers they step, the chunks they work in, and what they cost.
 *
 * A repeated string instruction is many instructions of the budget, called steps. A step ends where the number of
 * elements left is a multiple of STEP, and after an element that reached a device; with EFLAGS.TF each element is
 * one, since each is a trap, and so is one that hits a breakpoint. So the cost depends on nothing but what the guest does, and the instruction can stop
 * after any step, to be continued later, without a change of the sum. The block has paid for the first step.
 */
import { holdsCode, invalidateCode, mayBeStale } from '../code/code-pages';
import { raiseCodeWrite } from '../events/raise';
import {
  ACCESS_BASE,
  ADDRESS_32,
  ADDRESS_64,
  BREAKPOINT_STEP,
  BUDGET,
  CPU_STATE,
  FLAG_DF,
  FLAG_TF,
  LINEAR_MASK,
  RECORD_SCALE,
  RECORD_SEGMENT,
  SEGMENT_ES,
  SEGMENT_NONE,
  SYSTEM_FLAGS,
  TLB_ADDEND,
  TLB_TABLE,
} from '../generated/layout';
import { deviceAccesses, fillWrite } from '../memory/mmu';
import { ACCESS_WRITE } from '../memory/page-walk';
import { accessHost, accessPhysical, tlbEntry, translate } from '../memory/tlb';
import { RCX, RDI, RSI } from '../registers';
import { isCheckedAddress, isPermitted } from '../segments/access';
import { askTheHost } from '../system/time';

/** log2 of the elements of a step: with them a slice takes as long as one of other instructions. */
const STEP_SHIFT: u32 = 6;
const PAGE_SIZE: u32 = 0x1000;
const PAGE_MASK: u64 = ~(<u64>0xfff);
/** Scale (with its address size) and segment of a record without index, address-size prefix and override. */
const FLAT: u32 = SEGMENT_NONE << 8;

/** The repetition under way: offsets and elements that are left, all within `addressMask`. */
export let remaining: u64 = 0;
export let source: u64 = 0;
export let destination: u64 = 0;
let addressMask: u64 = 0;
let sourceBase: u64 = 0;
let destinationBase: u64 = 0;
/** What is kept of linear addresses: outside 64-bit mode 32 bits, and the mark of those that are checked. */
let linearMask: u64 = 0;
export let backward: bool = false;
/** log2 of the elements of a step. */
let stepShift: u32 = STEP_SHIFT;
/** Where the last step that has been paid for ends: that many elements are left then. */
let paidDownTo: u64 = 0;
/** deviceAccesses before the current element. */
let accessesBefore: u32 = 0;

/**
 * Whether the fast paths apply: flat 64-bit addresses going up, no trap after each element, and 1 to 4096 elements
 * (more never fit a page).
 */
export function isSimple(record: u32, count: u64): bool {
  return (
    count - 1 < PAGE_SIZE &&
    <u32>load<u16>(record + RECORD_SCALE) === FLAT &&
    (load<u32>(CPU_STATE + SYSTEM_FLAGS) & (FLAG_DF | FLAG_TF)) === 0
  );
}

/** The same for 32-bit addresses, whatever the segment. */
export function isSimple32(record: u32, count: u32): bool {
  return (
    count - 1 < PAGE_SIZE &&
    load<u8>(record + RECORD_SCALE) >> 4 === ADDRESS_32 &&
    (load<u32>(CPU_STATE + SYSTEM_FLAGS) & (FLAG_DF | FLAG_TF)) === 0
  );
}

/**
 * Whether a repetition goes up and is paid for by the block that it is in.
 * @inline
 */
export function isFew(count: u64): bool {
  return count <= 1 << STEP_SHIFT && (load<u32>(CPU_STATE + SYSTEM_FLAGS) & (FLAG_DF | FLAG_TF)) === 0;
}

/** The segment that a record's source is in. */
export function sourceSegment(record: u32): u32 {
  return load<u8>(record + RECORD_SEGMENT);
}

/** probe() of an offset in a segment; 0 also where its end is beyond the last offset, and where accesses of the segment are checked. */
export function probe32(segment: u32, offset: u32, bytes: u32, tag: u32): u32 {
  if (offset + bytes < offset) return 0;
  const base = load<u64>(CPU_STATE + ACCESS_BASE + segment * 8);
  return probe((base + offset) & load<u64>(CPU_STATE + LINEAR_MASK), bytes, tag);
}

/**
 * Host address of `bytes` at `la` if the TLB has their page with tag `tag` and it is the only one; else 0.
 * @inline
 */
export function probe(la: u64, bytes: u32, tag: u32): u32 {
  const entry = tlbEntry(load<u32>(CPU_STATE + TLB_TABLE), la);
  if (((la + bytes - 1) & PAGE_MASK) !== load<u64>(entry + tag)) return 0;
  return <u32>la + load<u32>(entry + TLB_ADDEND);
}

/**
 * Pays for all steps of a repetition that is done at once; false if the budget does not suffice.
 * @inline
 */
export function payForAll(count: u64): bool {
  const left = load<i32>(CPU_STATE + BUDGET) - <i32>(<u32>(count - 1) >> STEP_SHIFT);
  if (left < 0) return false;
  store<i32>(CPU_STATE + BUDGET, left);
  return true;
}

/**
 * Reads count, offsets and bases; false if there is nothing to repeat.
 * @param single each element is a step.
 */
export function begin(record: u32, single: bool): bool {
  const addressSize = load<u8>(record + RECORD_SCALE) >> 4;
  if (addressSize === ADDRESS_64) addressMask = u64.MAX_VALUE;
  else addressMask = addressSize === ADDRESS_32 ? 0xffff_ffff : 0xffff;
  remaining = load<u64>(RCX) & addressMask;
  if (remaining === 0) return false;
  askTheHost();
  source = load<u64>(RSI) & addressMask;
  destination = load<u64>(RDI) & addressMask;
  const flags = load<u32>(CPU_STATE + SYSTEM_FLAGS);
  backward = (flags & FLAG_DF) !== 0;
  stepShift =
    single || (flags & FLAG_TF) !== 0 || load<i32>(CPU_STATE + BREAKPOINT_STEP) !== 0 ? 0 : STEP_SHIFT;
  paidDownTo = stepEnd(remaining);
  sourceBase = load<u64>(CPU_STATE + ACCESS_BASE + <u32>load<u8>(record + RECORD_SEGMENT) * 8);
  destinationBase = load<u64>(CPU_STATE + ACCESS_BASE + SEGMENT_ES * 8);
  linearMask = load<u64>(CPU_STATE + LINEAR_MASK);
  return true;
}

/**
 * Elements left at the end of the step that begins with `left` of them.
 * @inline
 */
function stepEnd(left: u64): u64 {
  return ((left - 1) >> stepShift) << stepShift;
}

/** Pays for the next step if the last one is over; false if the budget is used up. */
export function beginStep(): bool {
  if (remaining !== paidDownTo) return true;
  const budget = load<i32>(CPU_STATE + BUDGET);
  if (budget <= 0) return false;
  store<i32>(CPU_STATE + BUDGET, budget - 1);
  paidDownTo = stepEnd(remaining);
  return true;
}

/** Elements that the budget allows to be done at once: to the end of the current step and as many more as it pays. */
export function affordable(): u64 {
  const more = load<i32>(CPU_STATE + BUDGET);
  if (paidDownTo === 0 || more <= 0) return remaining - paidDownTo;
  const following = ((paidDownTo - 1) >> stepShift) + 1;
  if (<u64>more >= following) return remaining;
  return remaining - ((following - more) << stepShift);
}

/** Pays for the steps begun by `count` elements that have been done at once. */
export function payForChunk(count: u64): void {
  const left = remaining - count;
  if (left >= paidDownTo) return;
  const end = (left >> stepShift) << stepShift;
  const steps = <i32>(((paidDownTo - 1) >> stepShift) - (left >> stepShift)) + 1;
  store<i32>(CPU_STATE + BUDGET, load<i32>(CPU_STATE + BUDGET) - steps);
  paidDownTo = end;
}

/** Before and after an element that is done alone; its registers move on in between. */
export function beginElement(): void {
  accessesBefore = deviceAccesses;
}

export function endElement(): void {
  if (deviceAccesses !== accessesBefore) paidDownTo = remaining;
}

/** @inline */
export function sourceAddress(): u64 {
  return (sourceBase + source) & linearMask;
}

/** @inline */
export function destinationAddress(): u64 {
  return (destinationBase + destination) & linearMask;
}

/**
 * Writes a register of the instruction's address size.
 * @inline
 */
function writeAddressRegister(register: u32, value: u64): void {
  if (addressMask === 0xffff) store<u16>(register, <u16>value);
  else store<u64>(register, value);
}

/** @inline */
function moveOn(offset: u64, count: u64, shift: u32): u64 {
  const bytes = count << shift;
  return (backward ? offset - bytes : offset + bytes) & addressMask;
}

export function advanceCount(count: u64): void {
  remaining -= count;
  writeAddressRegister(RCX, remaining);
}

export function advanceSource(count: u64, shift: u32): void {
  source = moveOn(source, count, shift);
  writeAddressRegister(RSI, source);
}

export function advanceDestination(count: u64, shift: u32): void {
  destination = moveOn(destination, count, shift);
  writeAddressRegister(RDI, destination);
}

/**
 * Elements, at most `limit`, from linear address `la` (offset `offset`) on in the direction of travel that lie
 * within one page without the offset wrapping round. 0: the next element crosses a page, or may wrap.
 */
export function elementsInPage(la: u64, offset: u64, shift: u32, limit: u64): u64 {
  const inPage = <u32>la & (PAGE_SIZE - 1);
  if (!backward) {
    const fit = <u64>((PAGE_SIZE - inPage) >> shift);
    return min(min(fit, limit), (addressMask - offset) >> shift);
  }
  if (inPage + (1 << shift) > PAGE_SIZE) return 0;
  return min(min(<u64>(inPage >> shift) + 1, limit), (offset >> shift) + 1);
}

/**
 * Linear address of the lowest byte of a chunk whose first element is at `la`.
 * @inline
 */
export function lowest(la: u64, bytes: u32, size: u32): u64 {
  return backward ? la - (bytes - size) : la;
}

/**
 * Host address of a chunk to be written, or 0. Drops all code under the chunk, and raises a code write if the instruction's own
 * block may be part of that.
 */
export function writableChunk(record: u32, la: u64, bytes: u32): u32 {
  const host = fillWrite(la, bytes);
  if (host !== 0) return host;
  if (isCheckedAddress(la)) {
    if (!isPermitted(la, bytes, true)) return 0;
    la &= 0xffff_ffff;
  }
  if (!translate(load<u32>(CPU_STATE + TLB_TABLE), la, ACCESS_WRITE) || accessHost === 0) return 0;
  if (holdsCode(accessPhysical, bytes)) {
    invalidateCode(accessPhysical, bytes);
    if (mayBeStale(record)) raiseCodeWrite(record);
    return fillWrite(la, bytes);
  }
  return 0;
}
