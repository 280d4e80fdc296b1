/** Pages of zeros in what has been unpacked. */

const PAGE: usize = 4096;

/** The first of the pages from `from` on of which all bytes are zero (`zero`) or not all; `end` if there is none. */
export function findPage(from: usize, end: usize, zero: bool): usize {
  while (from < end && isZero(from, min(from + PAGE, end)) !== zero) from += PAGE;
  return min(from, end);
}

function isZero(from: usize, end: usize): bool {
  for (; from + 16 <= end; from += 16) if (v128.any_true(v128.load(from))) return false;
  for (; from < end; from++) if (load<u8>(from) !== 0) return false;
  return true;
}
