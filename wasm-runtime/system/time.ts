/**
 * The time-stamp counter: machine time in nanoseconds, so it runs at 1 GHz.
 *
 * To ask the host takes as long as 200 instructions, and Linux reads the counter in each system call. So for TIME_TRUSTED instructions
 * after it has been asked, time goes on by a quarter of a nanosecond an instruction, which is less than nearly all take: the next
 * answer of the host makes up for the rest, and time never goes back. What takes longer than its instructions makes the
 * host be asked at the next reading (askTheHost()).
 */
import {
  BUDGET,
  CPU_STATE,
  TIME,
  TIME_BUDGET,
  TIME_LEFT,
  TIME_TRUSTED,
  TSC_OFFSET,
} from '../generated/layout';
import { hostNow } from './host';

/** Instructions executed in a nanosecond, as a shift. */
const INSTRUCTIONS_SHIFT: u32 = 2;

export function timeStampCounter(): u64 {
  return machineTime() + load<u64>(CPU_STATE + TSC_OFFSET);
}

/** Time has passed in which no instruction was executed. */
export function askTheHost(): void {
  store<u32>(CPU_STATE + TIME_LEFT, 0);
}

/** Nanoseconds since power-on, never fewer than at the reading before. */
function machineTime(): u64 {
  const budget = load<i32>(CPU_STATE + BUDGET);
  const executed = <u32>(load<i32>(CPU_STATE + TIME_BUDGET) - budget);
  const left = load<u32>(CPU_STATE + TIME_LEFT);
  let time = load<u64>(CPU_STATE + TIME);
  if (executed < left) {
    time += 1 + (executed >> INSTRUCTIONS_SHIFT);
    store<u32>(CPU_STATE + TIME_LEFT, left - executed);
  } else {
    time = max(time, <u64>hostNow());
    store<u32>(CPU_STATE + TIME_LEFT, load<u32>(CPU_STATE + TIME_TRUSTED));
  }
  store<u64>(CPU_STATE + TIME, time);
  store<i32>(CPU_STATE + TIME_BUDGET, budget);
  return time;
}
