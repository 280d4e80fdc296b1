/**
 * What a segment permits: limits, expand-down, read-only and execute-only segments, null selectors (Intel SDM Vol. 3
 * "Limit Checking", "Type Checking"). Accesses come here by the mark on their address (layout/checked-address.ts).
 */
import { raiseFault } from '../events/raise';
import {
  ACCESS_BASE,
  CHECKED_ADDRESS,
  CHECKED_SEGMENT_SHIFT,
  CPU_STATE,
  MODE,
  MODE_CODE_64,
  MODE_REAL,
  RIGHTS_CODE,
  RIGHTS_CODE_DATA,
  RIGHTS_DEFAULT_32,
  RIGHTS_EXPAND_DOWN,
  RIGHTS_PRESENT,
  RIGHTS_READ_WRITE,
  SEGMENT_BASE,
  SEGMENT_FS,
  SEGMENT_LIMIT,
  SEGMENT_RIGHTS,
  SEGMENT_SS,
  VECTOR_GP,
  VECTOR_SS,
} from '../generated/layout';

/** Marks are bits 59 to 63. */
const MARK_SHIFT: u32 = 59;

/** @inline */
function rightsOf(index: u32): u32 {
  return load<u32>(CPU_STATE + SEGMENT_RIGHTS + index * 4);
}

/** @inline */
function limitOf(index: u32): u32 {
  return load<u32>(CPU_STATE + SEGMENT_LIMIT + index * 4);
}

/** Whether nothing has to be checked: data that can be written, up to 4 GiB. */
export function isFlat(index: u32): bool {
  const present = RIGHTS_PRESENT | RIGHTS_CODE_DATA | RIGHTS_READ_WRITE;
  const kinds = present | RIGHTS_CODE | RIGHTS_EXPAND_DOWN;
  return (rightsOf(index) & kinds) === present && limitOf(index) === 0xffff_ffff;
}

/** Works out what is added to effective addresses in a segment; call it after a change of the segment or of the mode. */
export function updateAccessBase(index: u32): void {
  let base = load<u64>(CPU_STATE + SEGMENT_BASE + index * 8);
  if ((load<u32>(CPU_STATE + MODE) & MODE_CODE_64) !== 0) {
    if (index < <u32>SEGMENT_FS) base = 0;
  } else {
    base &= 0xffff_ffff;
    if (!isFlat(index)) base |= CHECKED_ADDRESS | ((<u64>index) << CHECKED_SEGMENT_SHIFT);
  }
  store<u64>(CPU_STATE + ACCESS_BASE + index * 8, base);
}

/**
 * Whether the `size` bytes at `offset` are within a segment that permits the access. In paragraph modes only limits
 * count.
 */
export function permits(rights: u32, limit: u32, offset: u32, size: u32, write: bool): bool {
  if ((load<u32>(CPU_STATE + MODE) & MODE_REAL) === 0) {
    const usable = RIGHTS_PRESENT | RIGHTS_CODE_DATA;
    if ((rights & usable) !== usable) return false;
    const isCode = (rights & RIGHTS_CODE) !== 0;
    if ((write || isCode) && (rights & RIGHTS_READ_WRITE) === 0) return false;
    if (write && isCode) return false;
  }
  const last = <u64>offset + size - 1;
  if ((rights & (RIGHTS_CODE | RIGHTS_EXPAND_DOWN)) !== RIGHTS_EXPAND_DOWN) return last <= <u64>limit;
  const top: u64 = (rights & RIGHTS_DEFAULT_32) !== 0 ? 0xffff_ffff : 0xffff;
  return offset > limit && last <= top;
}

/**
 * Whether a linear address is marked to be checked.
 * @inline
 */
export function isCheckedAddress(la: u64): bool {
  return (
    la >> MARK_SHIFT === <u64>CHECKED_ADDRESS >> MARK_SHIFT &&
    (load<u32>(CPU_STATE + MODE) & MODE_CODE_64) === 0
  );
}

/** Whether the segment of a checked address permits an access. */
export function isPermitted(la: u64, size: u32, write: bool): bool {
  const index = <u32>(la >> CHECKED_SEGMENT_SHIFT) & 7;
  const offset = <u32>la - load<u32>(CPU_STATE + SEGMENT_BASE + index * 8);
  return permits(rightsOf(index), limitOf(index), offset, size, write);
}

/** The linear address without its mark; #SS(0) or #GP(0) if its segment does not permit the access of `record`. */
export function checkedLinear(record: u32, la: u64, size: u32, write: bool): u64 {
  if (!isCheckedAddress(la)) return la;
  if (!isPermitted(la, size, write)) {
    const index = <i32>(la >> CHECKED_SEGMENT_SHIFT) & 7;
    raiseFault(record, index === SEGMENT_SS ? VECTOR_SS : VECTOR_GP, 0);
  }
  return la & 0xffff_ffff;
}
