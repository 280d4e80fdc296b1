/** PHMINPOSUW and MPSADBW. */

/** The operands, where elements can be reached by number. */
const FIRST = memory.data(16, 16);
const SECOND = memory.data(16, 16);

/** The smallest of eight unsigned words and, above it, its index. */
export function sseMinimumPosition(a: v128): v128 {
  v128.store(FIRST, a);
  let smallest: u32 = 0xffff_ffff;
  for (let i: u32 = 0; i < 8; i++) smallest = min(smallest, ((<u32>load<u16>(FIRST + (i << 1))) << 16) | i);
  const result = (smallest >> 16) | (smallest << 16);
  return i32x4.replace_lane(i32x4.splat(0), 0, result);
}

/** Eight sums of the absolute differences of four bytes of `b` and of four bytes at successive places of `a`. */
export function sseMultipleSums(a: v128, b: v128, control: i32): v128 {
  v128.store(FIRST, a);
  v128.store(SECOND, b);
  const place = FIRST + (control & 4);
  const block = SECOND + ((control & 3) << 2);
  let low: u64 = 0;
  let high: u64 = 0;
  for (let i = 0; i < 8; i++) {
    let sum = 0;
    for (let k = 0; k < 4; k++) sum += abs(<i32>load<u8>(place + i + k) - <i32>load<u8>(block + k));
    if (i < 4) low |= (<u64>sum) << (16 * i);
    else high |= (<u64>sum) << (16 * (i - 4));
  }
  return i64x2.replace_lane(i64x2.splat(low), 1, high);
}
