/**
 * Memory type range registers (Intel SDM Vol. 3 "Memory Type Range Registers"): stored and checked, but without
 * effect, since memory is always coherent here. Eight variable ranges, the fixed ranges, write-combining.
 */
import {
  IA32_MTRR_DEF_TYPE,
  IA32_MTRR_FIX4K,
  IA32_MTRR_FIX4K_LAST,
  IA32_MTRR_FIX16K,
  IA32_MTRR_FIX64K,
  IA32_MTRR_PHYSBASE0,
  IA32_MTRR_PHYSMASK7,
  MTRR_DEF_TYPE,
  MTRR_FIXED,
  MTRR_VARIABLE,
  PHYSICAL_ADDRESS_MASK,
} from '../generated/layout';

/** Eight variable ranges, fixed ranges, write-combining. */
export const MTRRCAP_VALUE: u64 = 8 | (1 << 8) | (1 << 10);

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
  if (msr >= IA32_MTRR_PHYSBASE0 && msr <= IA32_MTRR_PHYSMASK7) {
    return MTRR_VARIABLE + (msr - IA32_MTRR_PHYSBASE0) * 8;
  }
  if (msr === IA32_MTRR_FIX64K) return MTRR_FIXED;
  if (msr === IA32_MTRR_FIX16K || msr === IA32_MTRR_FIX16K + 1)
    return MTRR_FIXED + (msr - IA32_MTRR_FIX16K + 1) * 8;
  if (msr >= IA32_MTRR_FIX4K && msr <= IA32_MTRR_FIX4K_LAST)
    return MTRR_FIXED + (msr - IA32_MTRR_FIX4K + 3) * 8;
  return msr === IA32_MTRR_DEF_TYPE ? MTRR_DEF_TYPE : 0;
}

/** Whether `value` may be written to the MTRR `msr` (one that mtrrField() knows). */
export function isMtrrValue(msr: u32, value: u64): bool {
  if (msr === IA32_MTRR_DEF_TYPE) return (value & ~DEF_TYPE_MASK) === 0 && isMemoryType(value & 0xff);
  if (msr <= IA32_MTRR_PHYSMASK7) {
    if ((msr & 1) !== 0) return (value & ~PHYSMASK_MASK) === 0;
    return (value & ~PHYSBASE_MASK) === 0 && isMemoryType(value & 0xff);
  }
  for (let shift: u64 = 0; shift < 64; shift += 8) {
    if (!isMemoryType((value >> shift) & 0xff)) return false;
  }
  return true;
}
