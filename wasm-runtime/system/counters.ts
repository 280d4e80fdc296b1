import { COUNTERS, CPU_STATE } from '../generated/layout';

/**
 * Adds `amount` to statistics counter COUNTER_*.
 * @inline
 */
export function count(counter: i32, amount: i64): void {
  const address = CPU_STATE + COUNTERS + counter * 8;
  store<i64>(address, load<i64>(address) + amount);
}
