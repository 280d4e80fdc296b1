/**
 * Linear addresses outside 64-bit mode have 32 bits. Where an access has to be checked against its segment (a limit
 * below 4 GiB, expand-down, read-only, code, null), the base that is added to the effective address also marks the sum:
 *
 *     63 62 61    59 58     56 55       32 31               0
 *      0  1  0 0 0   segment    0           linear address
 *
 * No tag of the TLB has such a mark, so the access comes to the slow paths, which check it and take the mark off
 * (wasm-runtime/segments/access.ts). Flat segments have no mark, and cost nothing. In 64-bit mode nothing is marked.
 */
export const CHECKED_ADDRESS = 1n << 62n;
/** Number of the segment in a checked address. */
export const CHECKED_SEGMENT_SHIFT = 56;
/** What is kept of the sum of effective address and base: the linear address and the mark. */
export const CHECKED_LINEAR_MASK = CHECKED_ADDRESS | (7n << 56n) | 0xffff_ffffn;
