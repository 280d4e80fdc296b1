/**
 * Exact conversion between machine time in nanoseconds and the ticks of a slow clock that started with
 * the machine. Whole seconds are split off so that every product stays below 2^53; this holds for
 * frequencies up to 9 MHz.
 */

const NANOSECONDS_PER_SECOND = 1_000_000_000;

/** Ticks of a clock of `hertz` that have happened at machine time `now` (nanoseconds, at least 0). */
export function ticksAt(now: number, hertz: number): number {
  const seconds = Math.floor(now / NANOSECONDS_PER_SECOND);
  const rest = now - seconds * NANOSECONDS_PER_SECOND;
  return seconds * hertz + Math.floor((rest * hertz) / NANOSECONDS_PER_SECOND);
}

/** The first whole nanosecond at which `ticksAt` is `tick`. */
export function timeOfTick(tick: number, hertz: number): number {
  const seconds = Math.floor(tick / hertz);
  const rest = tick - seconds * hertz;
  return seconds * NANOSECONDS_PER_SECOND + Math.ceil((rest * NANOSECONDS_PER_SECOND) / hertz);
}
