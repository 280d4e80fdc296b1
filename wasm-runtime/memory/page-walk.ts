/**
 * Linear to physical translation: Intel SDM Vol. 3 "Paging". 5-level, 4-level, PAE and 32-bit paging, and paging off.
 *
 * A walk has no effect but setting accessed and dirty flags, and those only when the access is permitted.
 * PAE page-directory-pointer entries are read at each walk instead of being loaded by MOV to CR3, and page
 * tables outside RAM read as all ones.
 */

import {
  COUNTER_PAGE_WALKS,
  CPU_STATE,
  CR0,
  CR0_PG,
  CR0_WP,
  CR3,
  CR4,
  CR4_LA57,
  CR4_PAE,
  CR4_PGE,
  CR4_PKE,
  CR4_PSE,
  CR4_SMAP,
  CR4_SMEP,
  EFER_LMA,
  EFER_NXE,
  MSR_EFER,
  PHYSICAL_ADDRESS_MASK,
  PKRU,
  VIEW_SUPERVISOR_AC,
  VIEW_USER,
  VIEW_USER_ALIGNED,
} from '../generated/layout';
import { count } from '../system/counters';
import { hasLa57 } from '../system/features';
import { readPhysical32, readPhysical64, writePhysical32, writePhysical64 } from './physical-memory';

/** Kinds of access, with the bits of the page-fault error code. */
export const ACCESS_READ: i32 = 0;
export const ACCESS_WRITE: i32 = 1 << 1;
export const ACCESS_FETCH: i32 = 1 << 4;
/** A fetch that is not done: permitted only where it would leave the tables as they are. */
export const ACCESS_PEEK: i32 = ACCESS_FETCH | (1 << 16);

/** What the current mode may do with the page a walk found. */
export const RIGHT_READ: i32 = 1;
export const RIGHT_WRITE: i32 = 2;
export const RIGHT_EXECUTE: i32 = 4;
/** The leaf entry's dirty flag is set. */
export const RIGHT_DIRTY: i32 = 8;
export const RIGHT_GLOBAL: i32 = 16;
/** A 2 MiB page. */
export const RIGHT_LARGE: i32 = 32;
/** A page of more than 2 MiB. */
export const RIGHT_HUGE: i32 = 64;
/** A page whose protection key counts and is not 0. */
export const RIGHT_KEYED: i32 = 128;

/** Value of walkError for a linear address that is not canonical. */
export const WALK_NON_CANONICAL: i32 = -1;

/** Physical address that the last successful walk found. */
export let walkAddress: u64 = 0;
/** RIGHT_* of the page that the last successful walk found. */
export let walkRights: i32 = 0;
/** Why the last walk failed: the page-fault error code, or WALK_NON_CANONICAL. */
export let walkError: i32 = 0;

const ERROR_PRESENT: i32 = 1;
const ERROR_USER: i32 = 1 << 2;
const ERROR_RESERVED: i32 = 1 << 3;
const ERROR_PROTECTION_KEY: i32 = 1 << 5;

const PRESENT: u64 = 1;
const WRITABLE: u64 = 1 << 1;
const USER: u64 = 1 << 2;
const ACCESSED: u64 = 1 << 5;
const DIRTY: u64 = 1 << 6;
const PAGE_SIZE: u64 = 1 << 7;
const GLOBAL: u64 = 1 << 8;
const PROTECTION_KEY_SHIFT: u64 = 59;
const NO_EXECUTE: u64 = 1 << 63;
/** MAXPHYADDR is 40. */
const ADDRESS: u64 = PHYSICAL_ADDRESS_MASK & ~0xfff;
const RESERVED_ADDRESS: u64 = 0x000f_ffff_ffff_f000 & ~PHYSICAL_ADDRESS_MASK;
/** Of entries of PAE paging, beside those of the address. */
const PAE_RESERVED: u64 = 0x7ff0_0000_0000_0000;
const PDPTE_RESERVED: u64 = ~PHYSICAL_ADDRESS_MASK | 0x1e6;

/**
 * Translates `la` for an access of kind ACCESS_* through TLB view VIEW_* (tlb.ts). Returns whether it is
 * permitted, with walkAddress and walkRights, or else walkError.
 */
export function walk(la: u64, view: i32, access: i32): bool {
  count(COUNTER_PAGE_WALKS, 1);
  if (!(load<u32>(CPU_STATE + CR0) & CR0_PG)) {
    walkAddress = la & 0xffff_ffff;
    walkRights = RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE | RIGHT_DIRTY;
    return true;
  }
  if (!(load<u32>(CPU_STATE + CR4) & CR4_PAE)) return walk32(la & 0xffff_ffff, view, access);

  const efer = load<u32>(CPU_STATE + MSR_EFER);
  let reserved: u64 = efer & EFER_NXE ? RESERVED_ADDRESS : RESERVED_ADDRESS | NO_EXECUTE;
  const cr3 = load<u64>(CPU_STATE + CR3);
  let table: u64;
  let shift: i32;
  if (efer & EFER_LMA) {
    if (!isCanonical(la)) {
      walkError = WALK_NON_CANONICAL;
      return false;
    }
    table = cr3 & ADDRESS;
    shift = (load<u32>(CPU_STATE + CR4) & CR4_LA57) !== 0 ? 48 : 39;
  } else {
    la &= 0xffff_ffff;
    const pointer = readPhysical64((cr3 & 0xffff_ffe0) + ((la >> 30) << 3));
    if (!(pointer & PRESENT)) return fault(view, access, 0);
    if (pointer & PDPTE_RESERVED) return fault(view, access, ERROR_PRESENT | ERROR_RESERVED);
    table = pointer & ADDRESS;
    shift = 21;
    reserved |= PAE_RESERVED;
  }
  const topTable = table;
  const topShift = shift;

  let all: u64 = u64.MAX_VALUE;
  let any: u64 = 0;
  let entry: u64;
  for (;;) {
    entry = readPhysical64(table + (((la >> shift) & 511) << 3));
    if (!(entry & PRESENT)) return fault(view, access, 0);
    if (entry & reserved) return fault(view, access, ERROR_PRESENT | ERROR_RESERVED);
    all &= entry;
    any |= entry;
    if (shift === 12) break;
    if (entry & PAGE_SIZE) {
      // Bit 12 of a large page's entry is PAT; the other address bits below the page must be clear.
      if (shift >= 39 || entry & ((((<u64>1) << shift) - 1) & ~(<u64>0x1fff))) {
        return fault(view, access, ERROR_PRESENT | ERROR_RESERVED);
      }
      break;
    }
    table = entry & ADDRESS;
    shift -= 9;
  }

  let rights = rightsOf(view, (all & USER) !== 0, (all & WRITABLE) !== 0, (any & NO_EXECUTE) !== 0);
  let keyed = 0;
  if (all & USER && hasProtectionKeys(efer)) {
    const key = <u32>(entry >> PROTECTION_KEY_SHIFT) & 15;
    const denied = deniedByKey(view, key);
    if (!permitted(~denied, access)) return fault(view, access, ERROR_PRESENT | ERROR_PROTECTION_KEY);
    rights &= ~denied;
    if (key !== 0) keyed = RIGHT_KEYED;
  }
  if (!permitted(rights, access)) return fault(view, access, ERROR_PRESENT);
  const write = access === ACCESS_WRITE;
  if (!(all & ACCESSED) || (write && !(entry & DIRTY))) {
    if (access === ACCESS_PEEK) return false;
    markAccessed(la, topTable, topShift, write);
  }

  if (write || entry & DIRTY) rights |= RIGHT_DIRTY;
  if (entry & GLOBAL && load<u32>(CPU_STATE + CR4) & CR4_PGE) rights |= RIGHT_GLOBAL;
  if (shift === 21) rights |= RIGHT_LARGE;
  else if (shift === 30) rights |= RIGHT_HUGE;
  walkRights = rights | keyed;
  const offset = ((<u64>1) << shift) - 1;
  walkAddress = (entry & ADDRESS & ~offset) | (la & offset);
  return true;
}

/** Whether an address that is about to be used is canonical: of 57 bits with CR4.LA57 set, else of 48. */
export function isCanonical(la: u64): bool {
  const unused: u64 = (load<u32>(CPU_STATE + CR4) & CR4_LA57) !== 0 ? 64 - 57 : 64 - 48;
  return <i64>(la << unused) >> unused === <i64>la;
}

/**
 * Whether a base address or an MSR's value is canonical: these are as wide as the processor has linear addresses,
 * whatever CR4 says (Intel SDM Vol. 1 "Canonical Addressing").
 */
export function isCanonicalBase(address: u64): bool {
  const unused: u64 = hasLa57() ? 64 - 57 : 64 - 48;
  return <i64>(address << unused) >> unused === <i64>address;
}

/** Whether there is no page at `la` whatever the tables say. */
export function isOutsideLinearSpace(la: u64): bool {
  return (load<u32>(CPU_STATE + MSR_EFER) & EFER_LMA) !== 0 && !isCanonical(la);
}

/** Second pass over the tables, which are known to be good: sets the accessed flags and on a write the dirty flag. */
function markAccessed(la: u64, table: u64, shift: i32, write: bool): void {
  for (;;) {
    const address = table + (((la >> shift) & 511) << 3);
    const entry = readPhysical64(address);
    const leaf = shift === 12 || (entry & PAGE_SIZE) !== 0;
    const marked = entry | ACCESSED | (leaf && write ? DIRTY : 0);
    if (marked !== entry) writePhysical64(address, marked);
    if (leaf) return;
    table = entry & ADDRESS;
    shift -= 9;
  }
}

/** Intel SDM Vol. 3 "32-Bit Paging", with 4 MiB pages of 40-bit addresses (PSE-36). */
function walk32(la: u64, view: i32, access: i32): bool {
  const directoryAddress = (load<u64>(CPU_STATE + CR3) & 0xffff_f000) + ((la >> 22) << 2);
  const directory = readPhysical32(directoryAddress);
  if (!(directory & <u32>PRESENT)) return fault(view, access, 0);
  const large = (directory & <u32>PAGE_SIZE) !== 0 && (load<u32>(CPU_STATE + CR4) & CR4_PSE) !== 0;
  let all = directory;
  let entry = directory;
  let entryAddress = directoryAddress;
  if (large) {
    if (directory & (1 << 21)) return fault(view, access, ERROR_PRESENT | ERROR_RESERVED);
  } else {
    entryAddress = <u64>(directory & 0xffff_f000) + (((la >> 12) & 1023) << 2);
    entry = readPhysical32(entryAddress);
    if (!(entry & <u32>PRESENT)) return fault(view, access, 0);
    all &= entry;
  }

  let rights = rightsOf(view, (all & <u32>USER) !== 0, (all & <u32>WRITABLE) !== 0, false);
  if (!permitted(rights, access)) return fault(view, access, ERROR_PRESENT);
  const write = access === ACCESS_WRITE;
  if (access === ACCESS_PEEK && !(all & <u32>ACCESSED)) return false;
  if (!large && !(directory & <u32>ACCESSED)) writePhysical32(directoryAddress, directory | <u32>ACCESSED);
  const marked = entry | <u32>ACCESSED | (write ? <u32>DIRTY : 0);
  if (marked !== entry) writePhysical32(entryAddress, marked);

  if (marked & <u32>DIRTY) rights |= RIGHT_DIRTY;
  if (entry & <u32>GLOBAL && load<u32>(CPU_STATE + CR4) & CR4_PGE) rights |= RIGHT_GLOBAL;
  if (large) {
    rights |= RIGHT_HUGE;
    walkAddress = <u64>(entry & 0xffc0_0000) | ((<u64>((entry >> 13) & 0xff)) << 32) | (la & 0x3f_ffff);
  } else {
    walkAddress = <u64>(entry & 0xffff_f000) | (la & 0xfff);
  }
  walkRights = rights;
  return true;
}

/** @inline */
function isUser(view: i32): bool {
  return view === VIEW_USER || view === VIEW_USER_ALIGNED;
}

/** Intel SDM Vol. 3 "Determination of Access Rights". */
function rightsOf(view: i32, user: bool, writable: bool, noExecute: bool): i32 {
  let rights = 0;
  if (isUser(view)) {
    if (!user) return 0;
    rights = writable ? RIGHT_READ | RIGHT_WRITE : RIGHT_READ;
    return noExecute ? rights : rights | RIGHT_EXECUTE;
  }
  const cr4 = load<u32>(CPU_STATE + CR4);
  if (!user || view === VIEW_SUPERVISOR_AC || !(cr4 & CR4_SMAP)) {
    rights = writable || !(load<u32>(CPU_STATE + CR0) & CR0_WP) ? RIGHT_READ | RIGHT_WRITE : RIGHT_READ;
  }
  if (!noExecute && !(user && (cr4 & CR4_SMEP) !== 0)) rights |= RIGHT_EXECUTE;
  return rights;
}

/** @inline */
function hasProtectionKeys(efer: u32): bool {
  return (efer & EFER_LMA) !== 0 && (load<u32>(CPU_STATE + CR4) & CR4_PKE) !== 0;
}

/** The RIGHT_* of data accesses to a user page that its protection key takes away (Intel SDM Vol. 3 "Protection Keys"). */
function deniedByKey(view: i32, key: u32): i32 {
  const bits = load<u32>(CPU_STATE + PKRU) >>> (key * 2);
  if ((bits & 1) !== 0) return RIGHT_READ | RIGHT_WRITE;
  const heedsWrite = isUser(view) || (load<u32>(CPU_STATE + CR0) & CR0_WP) !== 0;
  return (bits & 2) !== 0 && heedsWrite ? RIGHT_WRITE : 0;
}

/** @inline */
function permitted(rights: i32, access: i32): bool {
  const needed = access & ACCESS_FETCH ? RIGHT_EXECUTE : access === ACCESS_WRITE ? RIGHT_WRITE : RIGHT_READ;
  return (rights & needed) !== 0;
}

/** Intel SDM Vol. 3 "Page-Fault Exceptions": I/D is reported only where fetches can be forbidden. */
function fault(view: i32, access: i32, error: i32): bool {
  if (isUser(view)) error |= ERROR_USER;
  if (access === ACCESS_FETCH) {
    const cr4 = load<u32>(CPU_STATE + CR4);
    const noExecute = (cr4 & CR4_PAE) !== 0 && (load<u32>(CPU_STATE + MSR_EFER) & EFER_NXE) !== 0;
    if (noExecute || (cr4 & CR4_SMEP) !== 0) error |= ACCESS_FETCH;
  } else {
    error |= access;
  }
  walkError = error;
  return false;
}
