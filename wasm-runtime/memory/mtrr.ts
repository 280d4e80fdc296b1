/**
 * Memory type range registers (Intel SDM Vol. 3 "Memory Type Range Registers"): stored and checked, but without
 * effect, since memory is always coherent here. Eight variable ranges, the fixed ranges, write-combining.
 */
import { MTRR_DEF_TYPE, MTRR_FIXED, MTRR_VARIABLE } from '../generated/layout';

export const MSR_MTRRCAP: u32 = 0xfe;
const MSR_MTRR_PHYSBASE0: u32 = 0x200;
const MSR_MTRR_PHYSMASK7: u32 = 0x20f;
const MSR_MTRR_FIX64K: u32 = 0x250;
const MSR_MTRR_FIX16K: u32 = 0x258;
const MSR_MTRR_FIX4K: u32 = 0x268;
const MSR_MTRR_FIX4K_LAST: u32 = 0x26f;
export const MSR_MTRR_DEF_TYPE: u32 = 0x2ff;

/** Eight variable ranges, fixed ranges, write-combining. */
export const MTRRCAP_VALUE: u64 = 8 | (1 << 8) | (1 << 10);

const PHYSICAL_ADDRESS_MASK: u64 = 0xff_ffff_ffff;
/** Valid bits: type and address; valid flag and address; type, fixed enable and enable. */
const PHYSBASE_MASK: u64 = (PHYSICAL_ADDRESS_MASK & ~0xfff) | 0xff;
const PHYSMASK_MASK: u64 = (PHYSICAL_ADDRESS_MASK & ~0xfff) | 0x800;
const DEF_TYPE_MASK: u64 = 0xcff;

/** UC 0, WC 1, WT 4, WP 5, WB 6. */
function isMemoryType(type: u64): bool {
  return type === 0 || type === 1 || (type >= 4 && type <= 6);
}

/** Offset in the CPU state of the field that holds `msr`, or 0 if it is no MTRR with storage. */
export function mtrrField(msr: u32): u32 {
  if (msr >= MSR_MTRR_PHYSBASE0 && msr <= MSR_MTRR_PHYSMASK7) {
    return MTRR_VARIABLE + (msr - MSR_MTRR_PHYSBASE0) * 8;
  }
  if (msr === MSR_MTRR_FIX64K) return MTRR_FIXED;
  if (msr === MSR_MTRR_FIX16K || msr === MSR_MTRR_FIX16K + 1)
    return MTRR_FIXED + (msr - MSR_MTRR_FIX16K + 1) * 8;
  if (msr >= MSR_MTRR_FIX4K && msr <= MSR_MTRR_FIX4K_LAST) return MTRR_FIXED + (msr - MSR_MTRR_FIX4K + 3) * 8;
  return msr === MSR_MTRR_DEF_TYPE ? MTRR_DEF_TYPE : 0;
}

/** Whether `value` may be written to the MTRR `msr` (one that mtrrField() knows). */
export function isMtrrValue(msr: u32, value: u64): bool {
  if (msr === MSR_MTRR_DEF_TYPE) return (value & ~DEF_TYPE_MASK) === 0 && isMemoryType(value & 0xff);
  if (msr <= MSR_MTRR_PHYSMASK7) {
    if ((msr & 1) !== 0) return (value & ~PHYSMASK_MASK) === 0;
    return (value & ~PHYSBASE_MASK) === 0 && isMemoryType(value & 0xff);
  }
  for (let shift: u64 = 0; shift < 64; shift += 8) {
    if (!isMemoryType((value >> shift) & 0xff)) return false;
  }
  return true;
}
