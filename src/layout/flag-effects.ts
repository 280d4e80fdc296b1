/**
 * What instructions do to the arithmetic flags, in bits for each variant: layout/generated/flag-effects.ts has them, as the
 * build found them (interpreter/flag-watcher.ts).
 */

/** Needs the flags that were there before. */
export const FLAGS_READ = 1;
/** Replaces all of them. */
export const FLAGS_REPLACED = 2;
/** The instruction is a handler's, which looks at all. */
export const FLAGS_OPAQUE = FLAGS_READ | FLAGS_REPLACED;
/** Does nothing of the kind where the immediate is a count of nothing: isNoShift(). */
export const FLAGS_DEPEND_ON_COUNT = 4;

/** Whether a shift by that moves nothing. @param size of the operand, in bytes. */
export function isNoShift(count: number, size: number): boolean {
  return (count & (size === 8 ? 63 : 31)) === 0;
}
