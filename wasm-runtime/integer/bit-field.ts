/** PDEP and PEXT. */

/** The low bits of `value`, in order, to where `mask` has ones (Intel SDM Vol. 2 "PDEP"). */
export function depositBits(value: u64, mask: u64): u64 {
  let result: u64 = 0;
  for (let left = mask; left !== 0; left &= left - 1) {
    if ((value & 1) !== 0) result |= left & (0 - left);
    value >>= 1;
  }
  return result;
}

/** The bits of `value` where `mask` has ones, together at the low end (Intel SDM Vol. 2 "PEXT"). */
export function extractBits(value: u64, mask: u64): u64 {
  let result: u64 = 0;
  let place: u64 = 1;
  for (let left = mask; left !== 0; left &= left - 1) {
    if ((value & left & (0 - left)) !== 0) result |= place;
    place <<= 1;
  }
  return result;
}
