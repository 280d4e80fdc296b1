/**
 * Masked loads and stores of the four or two elements of a lane; only those whose mask is negative touch memory. AMD's processors access
 * one element after the other; Intel's look at all of them first, from the first byte to the last (src/layout/vendor.ts).
 */
import {
  checkSpan,
  probeDataWrite,
  probeSpanWrite,
  readData32,
  readData64,
  writeData32,
  writeData64,
} from '../memory/mmu';
import { isAmd } from '../system/features';

function load32(record: u32, la: u64, selected: bool): u32 {
  return selected ? readData32(record, la) : 0;
}

export function loadMasked32(record: u32, la: u64, mask: v128): v128 {
  let value = i32x4.splat(load32(record, la, i32x4.extract_lane(mask, 0) < 0));
  value = i32x4.replace_lane(value, 1, load32(record, la + 4, i32x4.extract_lane(mask, 1) < 0));
  value = i32x4.replace_lane(value, 2, load32(record, la + 8, i32x4.extract_lane(mask, 2) < 0));
  return i32x4.replace_lane(value, 3, load32(record, la + 12, i32x4.extract_lane(mask, 3) < 0));
}

export function loadMasked64(record: u32, la: u64, mask: v128): v128 {
  const low = i64x2.extract_lane(mask, 0) < 0 ? readData64(record, la) : 0;
  const high = i64x2.extract_lane(mask, 1) < 0 ? readData64(record, la + 8) : 0;
  return i64x2.replace_lane(i64x2.splat(low), 1, high);
}

/**
 * Raises what loading elements of `width` bytes raises before the first of them is loaded.
 *
 * @param selected bit n for element n of the whole operand.
 */
export function checkMaskedRead(record: u32, la: u64, selected: u32, width: u32): void {
  if (selected === 0 || isAmd()) return;
  const first = ctz(selected);
  checkSpan(record, la + first * width, (32 - clz(selected) - first) * width);
}

/**
 * Raises what storing elements of `width` bytes would raise.
 * @param selected as above.
 */
export function probeMasked(record: u32, la: u64, selected: u32, width: u32): void {
  if (selected === 0) return;
  if (isAmd()) {
    for (let left = selected; left !== 0; left &= left - 1)
      probeDataWrite(record, la + ctz(left) * width, width);
    return;
  }
  const first = ctz(selected);
  const count = 32 - clz(selected) - first;
  probeSpanWrite(record, la + first * width, count * width);
}

export function storeMasked32(record: u32, la: u64, mask: v128, value: v128): void {
  if (i32x4.extract_lane(mask, 0) < 0) writeData32(record, la, i32x4.extract_lane(value, 0));
  if (i32x4.extract_lane(mask, 1) < 0) writeData32(record, la + 4, i32x4.extract_lane(value, 1));
  if (i32x4.extract_lane(mask, 2) < 0) writeData32(record, la + 8, i32x4.extract_lane(value, 2));
  if (i32x4.extract_lane(mask, 3) < 0) writeData32(record, la + 12, i32x4.extract_lane(value, 3));
}

export function storeMasked64(record: u32, la: u64, mask: v128, value: v128): void {
  if (i64x2.extract_lane(mask, 0) < 0) writeData64(record, la, i64x2.extract_lane(value, 0));
  if (i64x2.extract_lane(mask, 1) < 0) writeData64(record, la + 8, i64x2.extract_lane(value, 1));
}
