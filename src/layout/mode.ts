/**
 * The mode key of translated code: what besides the bytes decides what they mean.
 *
 *     bit 0-1  code size: 0 = 16-bit, 1 = 32-bit (compatibility or protected), 2 = 64-bit
 *     bit 2-3  TLB view (tlb.ts): 0 user, 1 supervisor, 2 supervisor with AC, 3 user with alignment checks
 *     bit 4    stack segment is 32-bit (legacy modes only)
 *     bit 5    real or virtual-8086 mode
 *     bit 6    CS, SS, DS and ES have base 0, and the last three nothing to check (legacy modes only)
 *     bit 7    the code segment ends before its offsets do, at 4 GiB or 64 KiB: every instruction is checked
 */
export const MODE_CODE_16 = 0;
export const MODE_CODE_32 = 1;
export const MODE_CODE_64 = 2;
export const MODE_CODE_MASK = 3;
export const MODE_VIEW_SHIFT = 2;
export const MODE_VIEW_MASK = 3;
export const MODE_STACK_32 = 1 << 4;
export const MODE_REAL = 1 << 5;
export const MODE_FLAT = 1 << 6;
export const MODE_CODE_LIMITED = 1 << 7;

/**
 * Whether the offsets of code are linear addresses, all of which are in its segment. wasm-runtime/code/code-cache.ts asks
 * the same.
 */
export function hasLinearCode(mode: number): boolean {
  if ((mode & MODE_CODE_MASK) !== MODE_CODE_32) return (mode & MODE_CODE_64) !== 0;
  return (mode & (MODE_FLAT | MODE_CODE_LIMITED)) === MODE_FLAT;
}
