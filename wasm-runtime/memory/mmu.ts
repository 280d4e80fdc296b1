/**
 * Data accesses to linear memory: what is behind the inline TLB probe.
 *
 * fill*()    no faults: a host address, or 0 when the slow path has to look
 * slow*()    every access of up to 64 bytes; raises precise faults before anything is changed, those of segments
 *            (segments/access.ts) included. What is not within
 *            one page of RAM goes through the 64-byte BOUNCE buffer; finishWrite() then stores it
 * try*()     the same for handlers: what a translation finds is noted instead of raised (events/raise.ts), and the
 *            host address is 0
 * read/writeData*()    loads and stores of runtime functions, with the privilege of the current mode
 * read/writeSystem*()  implicit supervisor accesses to descriptor tables, TSS and handler stacks at any CPL;
 *                      SMAP applies to them whatever EFLAGS.AC (SDM Vol. 3 "Determination of Access Rights")
 */
import { holdsCode, invalidateCode, mayBeStale } from '../code/code-pages';
import { noteFault, notePageFault, raiseCodeWrite, raiseFault } from '../events/raise';
import {
  BOUNCE,
  COUNTER_CODE_WRITES,
  COUNTER_MMIO,
  CPU_STATE,
  CURRENT_RECORD,
  GPR,
  LINEAR_MASK,
  RECORD_BASE,
  RECORD_SEGMENT,
  SEGMENT_NONE,
  TLB_ADDEND,
  TLB_BASE,
  TLB_READ_TAG,
  TLB_TABLE,
  TLB_TABLE_SIZE,
  TLB_WRITE_TAG,
  VECTOR_AC,
  VECTOR_GP,
  VECTOR_SS,
  VIEW_SUPERVISOR,
} from '../generated/layout';
import { checkedLinear, isCheckedAddress, isPermitted } from '../segments/access';
import { count } from '../system/counters';
import { hostReadMmio, hostReadMmio64, hostWriteMmio, hostWriteMmio64, raise } from '../system/host';
import { askTheHost } from '../system/time';
import { ACCESS_READ, ACCESS_WRITE, isOutsideLinearSpace, WALK_NON_CANONICAL, walkError } from './page-walk';
import { accessHost, accessPhysical, TLB_END, tlbEntry, translate } from './tlb';
import { isWatched, watchData } from './watch';

export {
  hostAddress,
  hostPageAddress,
  initializeMemory,
  mapRam,
  mapRom,
  pageMeta,
  readPhysical64,
  writePhysical64,
} from './physical-memory';
export { flushTlb, flushTlbPage, writeCr3Flush } from './tlb';

const PAGE_MASK: u64 = ~(<u64>0xfff);
const PAGE_SIZE: u32 = 0x1000;
const LARGEST_PUSH: u64 = 8;
const BOUNCE_BUFFER: u32 = CPU_STATE + BOUNCE;
const SYSTEM_TABLE: u32 = TLB_BASE + VIEW_SUPERVISOR * TLB_TABLE_SIZE;

/** What slowWrite() left for finishWrite(): one or two pieces of the bounce buffer; no bytes = nothing. */
let pendingRecord: u32 = 0;
let firstHost: u32 = 0;
let firstPhysical: u64 = 0;
let firstSize: u32 = 0;
let secondHost: u32 = 0;
let secondPhysical: u64 = 0;
let secondSize: u32 = 0;

/** Accesses to devices so far, modulo 2^32: tells whether an access was one. */
export let deviceAccesses: u32 = 0;

/** @inline */
function currentTable(): u32 {
  return load<u32>(CPU_STATE + TLB_TABLE);
}

/**
 * Whether `size` bytes at `la` reach into a second page.
 * @inline
 */
function crossesPage(la: u64, size: u32): bool {
  return (<u32>la & (PAGE_SIZE - 1)) + size > PAGE_SIZE;
}

/**
 * A linear address beyond a page that may be the last one.
 * @inline
 */
function wrapped(la: u64): u64 {
  return la & load<u64>(CPU_STATE + LINEAR_MASK);
}

/**
 * #SS for an access through the stack segment (a push or pop; base RSP or RBP without override; the decoder gives
 * instructions without a memory operand the base RSP), else #GP (Intel SDM Vol. 1 "Canonical Addressing").
 */
function nonCanonicalVector(record: u32, la: u64): i32 {
  if (la - load<u64>(CPU_STATE + GPR + 4 * 8) + LARGEST_PUSH <= LARGEST_PUSH) return VECTOR_SS;
  if (record === 0 || load<u8>(record + RECORD_SEGMENT) !== SEGMENT_NONE) return VECTOR_GP;
  const base = load<u16>(record + RECORD_BASE);
  return base === GPR + 4 * 8 || base === GPR + 5 * 8 ? VECTOR_SS : VECTOR_GP;
}

/**
 * Whether single accesses in the page of `la` have to be looked at: alignment checks, data breakpoints.
 * @inline
 */
function isChecked(la: u64, write: bool): bool {
  return currentTable() >= TLB_END || isWatched(la, write);
}

/** What an instruction's access raises before it is translated: #AC, and data breakpoints. */
function checkAccess(record: u32, la: u64, size: u32, write: bool): void {
  // Accesses of more than eight bytes have alignment rules of their own.
  if (currentTable() >= TLB_END && size <= 8 && (la & (size - 1)) !== 0) raiseFault(record, VECTOR_AC, 0);
  if (isWatched(la, write) || (crossesPage(la, size) && isWatched(la + size - 1, write))) {
    watchData(record, la, size, write);
  }
}

/**
 * Host address of `size` bytes (1 to 4096) at `la`, if they are readable RAM within one page; else 0. Fills the
 * TLB; raises nothing.
 */
export function fillRead(la: u64, size: i32): u32 {
  if (isCheckedAddress(la)) {
    if (!isPermitted(la, size, false)) return 0;
    la &= 0xffff_ffff;
  }
  if (crossesPage(la, size) || isChecked(la, false) || !translate(currentTable(), la, ACCESS_READ)) return 0;
  return accessHost;
}

/** The same for writing; 0 also where there is translated code. */
export function fillWrite(la: u64, size: i32): u32 {
  if (isCheckedAddress(la)) {
    if (!isPermitted(la, size, true)) return 0;
    la &= 0xffff_ffff;
  }
  if (crossesPage(la, size) || isChecked(la, true) || !translate(currentTable(), la, ACCESS_WRITE)) return 0;
  return accessHost !== 0 && holdsCode(accessPhysical, size) ? 0 : accessHost;
}

/**
 * Host address where the `size` (1 to 64) bytes at `la` can be read now. 0 if that is a #PF, or a #GP(0) or #SS(0) for an
 * address that is not canonical, which has been noted.
 */
export function tryRead(record: u32, address: u64, size: i32): u32 {
  const la = checkedLinear(record, address, size, false);
  checkAccess(record, la, size, false);
  return prepareRead(currentTable(), record, la, size);
}

/** As tryRead(), but raises what it finds. */
export function slowRead(record: u32, address: u64, size: i32): u32 {
  return orRaise(tryRead(record, address, size));
}

/**
 * Host address where `size` (1 to 64) bytes are to be stored for `la`, or 0 as of tryRead(); finishWrite() must follow.
 * Drops translated code that it would overwrite, and raises a code write if the instruction's own block may be part of that.
 */
export function tryWrite(record: u32, address: u64, size: i32): u32 {
  const la = checkedLinear(record, address, size, true);
  checkAccess(record, la, size, true);
  return prepareWrite(currentTable(), record, la, size, false);
}

/** As tryWrite(), but raises what it finds. */
export function slowWrite(record: u32, address: u64, size: i32): u32 {
  return orRaise(tryWrite(record, address, size));
}

/** As tryWrite(), with the present value at the returned address. */
export function tryReadWrite(record: u32, address: u64, size: i32): u32 {
  const la = checkedLinear(record, address, size, true);
  checkAccess(record, la, size, true);
  const host = prepareWrite(currentTable(), record, la, size, false);
  if (host === BOUNCE_BUFFER) {
    gather(record, firstHost, firstPhysical, BOUNCE_BUFFER, firstSize);
    if (secondSize !== 0) gather(record, secondHost, secondPhysical, BOUNCE_BUFFER + firstSize, secondSize);
  }
  return host;
}

/**
 * A host address, or leaves the instruction with what has been noted instead of one.
 * @inline
 */
function orRaise(host: u32): u32 {
  if (host === 0) raise();
  return host;
}

/** Completes tryWrite(), slowWrite() or tryReadWrite() after the store; nothing to do if the store went to its place. */
export function finishWrite(): void {
  if (firstSize === 0) return;
  scatter(firstHost, firstPhysical, BOUNCE_BUFFER, firstSize);
  if (secondSize !== 0) scatter(secondHost, secondPhysical, BOUNCE_BUFFER + firstSize, secondSize);
  firstSize = 0;
}

/** Raises what writing the byte at `la` would raise, as part of an access of which `size` bytes from there on are left. */
function probePage(record: u32, la: u64, size: u32): void {
  if (!translate(currentTable(), la, ACCESS_WRITE)) orRaise(noteAccess(record, la, size));
}

/** Raises what writing `size` (1 to 4096) bytes at `la` with the current privilege would raise; changes nothing. */
export function probeDataWrite(record: u32, address: u64, size: i32): void {
  const la = checkedLinear(record, address, size, true);
  probePage(record, la, size);
  if (crossesPage(la, size)) probePage(record, wrapped((la | ~PAGE_MASK) + 1), 1);
}

/** The same for what VMASKMOV stores, from its first byte to its last: of the second page, Intel processors report the last byte. */
export function probeSpanWrite(record: u32, address: u64, size: u32): void {
  const la = checkedLinear(record, address, size, true);
  probePage(record, la, size);
  if (crossesPage(la, size)) probePage(record, wrapped(la + size - 1), 1);
}

/** Raises #GP or #SS if `size` bytes at `la` do not end in the linear address space, whatever the pages before that are. */
export function checkSpan(record: u32, la: u64, size: u32): void {
  if (isCheckedAddress(la) || !isOutsideLinearSpace(la + size - 1)) return;
  noteFault(record, nonCanonicalVector(record, la), 0);
  raise();
}

/** Notes what the last failed translation found, for an access of which `size` bytes from `la` on are left. Returns 0. */
function noteAccess(record: u32, la: u64, size: u32): u32 {
  // Before any paging: also where only the second page is outside.
  const outside = crossesPage(la, size) && isOutsideLinearSpace(la + size - 1);
  if (outside || walkError === WALK_NON_CANONICAL) noteFault(record, nonCanonicalVector(record, la), 0);
  else notePageFault(record, la, walkError);
  return 0;
}

/** Host address to read from, or 0 if a fault has been noted. */
function prepareRead(table: u32, record: u32, la: u64, size: u32): u32 {
  if (!translate(table, la, ACCESS_READ)) return noteAccess(record, la, size);
  const host = accessHost;
  if (!crossesPage(la, size)) {
    if (host !== 0) return host;
    gather(record, 0, accessPhysical, BOUNCE_BUFFER, size);
    return BOUNCE_BUFFER;
  }
  const physical = accessPhysical;
  const first = PAGE_SIZE - (<u32>la & (PAGE_SIZE - 1));
  const next = wrapped(la + first);
  if (!translate(table, next, ACCESS_READ)) return noteAccess(record, next, size - first);
  const nextHost = accessHost;
  const nextPhysical = accessPhysical;
  gather(record, host, physical, BOUNCE_BUFFER, first);
  gather(record, nextHost, nextPhysical, BOUNCE_BUFFER + first, size - first);
  return BOUNCE_BUFFER;
}

/** Host address to write to, or 0 if a fault has been noted. `system`: translated code is made stale, but the write goes on. */
function prepareWrite(table: u32, record: u32, la: u64, size: u32, system: bool): u32 {
  firstSize = 0;
  if (!translate(table, la, ACCESS_WRITE)) return noteAccess(record, la, size);
  const host = accessHost;
  const physical = accessPhysical;
  if (!crossesPage(la, size)) {
    if (host !== 0) {
      if (holdsCode(physical, size)) overwriteCode(record, physical, size, 0, 0, system);
      return host;
    }
    secondSize = 0;
    firstSize = size;
  } else {
    const first = PAGE_SIZE - (<u32>la & (PAGE_SIZE - 1));
    const second = size - first;
    const next = wrapped(la + first);
    if (!translate(table, next, ACCESS_WRITE)) return noteAccess(record, next, second);
    if (holdsCode(physical, first) || holdsCode(accessPhysical, second)) {
      overwriteCode(record, physical, first, accessPhysical, second, system);
    }
    secondHost = accessHost;
    secondPhysical = accessPhysical;
    secondSize = second;
    firstSize = first;
  }
  pendingRecord = record;
  firstHost = host;
  firstPhysical = physical;
  return BOUNCE_BUFFER;
}

function overwriteCode(
  record: u32,
  first: u64,
  firstBytes: u32,
  second: u64,
  secondBytes: u32,
  system: bool,
): void {
  count(COUNTER_CODE_WRITES, 1);
  invalidateCode(first, firstBytes);
  invalidateCode(second, secondBytes);
  if (!system && mayBeStale(record)) raiseCodeWrite(record);
}

/**
 * Copies bytes of RAM at `host`, or of a device at `physical` if `host` is 0, to `target`. Devices are told the
 * time, which CURRENT_RECORD makes exact.
 */
function gather(record: u32, host: u32, physical: u64, target: u32, size: u32): void {
  if (host !== 0) {
    memory.copy(target, host, size);
    return;
  }
  store<u32>(CPU_STATE + CURRENT_RECORD, record);
  deviceAccesses++;
  askTheHost();
  while (size > 0) {
    const piece = mmioPiece(physical, size);
    count(COUNTER_MMIO, 1);
    readDevice(physical, target, piece);
    physical += piece;
    target += piece;
    size -= piece;
  }
}

function scatter(host: u32, physical: u64, source: u32, size: u32): void {
  if (host !== 0) {
    memory.copy(host, source, size);
    return;
  }
  store<u32>(CPU_STATE + CURRENT_RECORD, pendingRecord);
  deviceAccesses++;
  askTheHost();
  while (size > 0) {
    const piece = mmioPiece(physical, size);
    count(COUNTER_MMIO, 1);
    writeDevice(physical, source, piece);
    physical += piece;
    source += piece;
    size -= piece;
  }
}

/** Reads 1, 2, 4 or 8 bytes of a device to `target`. */
function readDevice(physical: u64, target: u32, size: u32): void {
  const low = <u32>physical;
  const high = <u32>(physical >> 32);
  if (size === 8) store<u64>(target, hostReadMmio64(low, high));
  else if (size === 4) store<u32>(target, hostReadMmio(low, high, 4));
  else if (size === 2) store<u16>(target, <u16>hostReadMmio(low, high, 2));
  else store<u8>(target, <u8>hostReadMmio(low, high, 1));
}

/** Writes 1, 2, 4 or 8 bytes at `source` to a device. */
function writeDevice(physical: u64, source: u32, size: u32): void {
  const low = <u32>physical;
  const high = <u32>(physical >> 32);
  if (size === 8) hostWriteMmio64(low, high, load<u64>(source));
  else if (size === 4) hostWriteMmio(low, high, 4, load<u32>(source));
  else if (size === 2) hostWriteMmio(low, high, 2, load<u16>(source));
  else hostWriteMmio(low, high, 1, load<u8>(source));
}

/** The largest aligned piece of at most 8 bytes that a device access of `size` bytes at `physical` starts with. */
function mmioPiece(physical: u64, size: u32): u32 {
  if ((physical & 7) === 0 && size >= 8) return 8;
  if ((physical & 3) === 0 && size >= 4) return 4;
  if ((physical & 1) === 0 && size >= 2) return 2;
  return 1;
}

/**
 * Host address for reading sizeof<T>() bytes, by the TLB probe or else the slow path.
 * @inline
 */
function readAt<T>(table: u32, record: u32, la: u64, system: bool): T {
  const entry = tlbEntry(table, la);
  if (((la + sizeof<T>() - 1) & PAGE_MASK) === load<u64>(entry + TLB_READ_TAG)) {
    return load<T>(<u32>la + load<u32>(entry + TLB_ADDEND));
  }
  if (!system) {
    la = checkedLinear(record, la, sizeof<T>(), false);
    checkAccess(record, la, sizeof<T>(), false);
  }
  return load<T>(orRaise(prepareRead(table, record, la, sizeof<T>())));
}

/** @inline */
function writeAt<T>(table: u32, record: u32, la: u64, value: T, system: bool): void {
  const entry = tlbEntry(table, la);
  if (((la + sizeof<T>() - 1) & PAGE_MASK) === load<u64>(entry + TLB_WRITE_TAG)) {
    store<T>(<u32>la + load<u32>(entry + TLB_ADDEND), value);
    return;
  }
  if (!system) {
    la = checkedLinear(record, la, sizeof<T>(), true);
    checkAccess(record, la, sizeof<T>(), true);
  }
  store<T>(orRaise(prepareWrite(table, record, la, sizeof<T>(), system)), value);
  finishWrite();
}

export function readData8(record: u32, la: u64): u32 {
  return <u32>readAt<u8>(currentTable(), record, la, false);
}

export function readData16(record: u32, la: u64): u32 {
  return <u32>readAt<u16>(currentTable(), record, la, false);
}

export function readData32(record: u32, la: u64): u32 {
  return readAt<u32>(currentTable(), record, la, false);
}

export function readData64(record: u32, la: u64): u64 {
  return readAt<u64>(currentTable(), record, la, false);
}

export function writeData16(record: u32, la: u64, value: u32): void {
  writeAt<u16>(currentTable(), record, la, <u16>value, false);
}

export function writeData32(record: u32, la: u64, value: u32): void {
  writeAt<u32>(currentTable(), record, la, value, false);
}

export function writeData64(record: u32, la: u64, value: u64): void {
  writeAt<u64>(currentTable(), record, la, value, false);
}

/** System accesses take their record from CURRENT_RECORD. */
export function readSystem16(la: u64): u32 {
  return <u32>readAt<u16>(SYSTEM_TABLE, load<u32>(CPU_STATE + CURRENT_RECORD), la, true);
}

export function readSystem32(la: u64): u32 {
  return readAt<u32>(SYSTEM_TABLE, load<u32>(CPU_STATE + CURRENT_RECORD), la, true);
}

export function readSystem64(la: u64): u64 {
  return readAt<u64>(SYSTEM_TABLE, load<u32>(CPU_STATE + CURRENT_RECORD), la, true);
}

export function writeSystem16(la: u64, value: u32): void {
  writeAt<u16>(SYSTEM_TABLE, load<u32>(CPU_STATE + CURRENT_RECORD), la, <u16>value, true);
}

export function writeSystem32(la: u64, value: u32): void {
  writeAt<u32>(SYSTEM_TABLE, load<u32>(CPU_STATE + CURRENT_RECORD), la, value, true);
}

export function writeSystem64(la: u64, value: u64): void {
  writeAt<u64>(SYSTEM_TABLE, load<u32>(CPU_STATE + CURRENT_RECORD), la, value, true);
}
