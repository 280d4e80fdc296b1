/** Work without a bound is done by generators, which pause between pieces so that others have their turn. */

/** Bytes that are written or read between two pauses. */
export const PIECE = 2 ** 20;

/** Does all of it at once. Returns what it returns. */
export function withoutPauses<T>(work: Generator<void, T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}
