/** Copies by 16 bytes, which write what comes next too early. */

/**
 * At least one byte, up to `end` or 15 bytes further.
 *
 * @inline
 */
export function copyUpTo(to: usize, source: usize, end: usize): void {
  do {
    v128.store(to, v128.load(source));
    to += 16;
    source += 16;
  } while (to < end);
}

/**
 * A match less than 16 bytes back, up to `end` or 30 bytes further: a pattern that repeats itself. What is there of it doubles until
 * it is a vector long.
 *
 * @inline
 */
export function copyPattern(to: usize, source: usize, end: usize): void {
  let step = to - source;
  do {
    v128.store(to, v128.load(source));
    to += step;
    step <<= 1;
  } while (step < 16);
  if (to < end) copyUpTo(to, source, end);
}

/**
 * A match.
 *
 * @inline
 */
export function copyMatch(to: usize, source: usize, end: usize): void {
  if (to - source >= 16) copyUpTo(to, source, end);
  else copyPattern(to, source, end);
}
