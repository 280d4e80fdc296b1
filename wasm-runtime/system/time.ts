/**
 * The time-stamp counter: machine time in nanoseconds, so it runs at 1 GHz.
 *
 * To ask the host takes as long as 200 instructions, and Linux reads the counter in each system call. So for TIME_TRUSTED instructions
 * after it has been asked, time goes on by a quarter of a nanosecond an instruction, which is less than nearly all take: the next
 * answer of the host makes up for the rest, and time never goes back. A reading counts as many instructions, so that who reads again and
 * again, to wait, asks all the sooner. What takes longer than its instructions makes the host be asked at the next reading (askTheHost()).
 */
import {
  BUDGET,
  CPU_STATE,
  CR4,
  CR4_TSD,
  TIME,
  TIME_BUDGET,
  TIME_LEFT,
  TIME_TRUSTED,
  TSC_OFFSET,
} from '../generated/layout';
import { hostNow } from './host';

/** Instructions executed in a nanosecond, as a shift. */
const INSTRUCTIONS_SHIFT: u32 = 2;
/** What a reading counts besides its instruction: a loop that waits by the counter asks the host after some 60 turns. */
const READING: u32 = 50;

export function timeStampCounter(): u64 {
  const budget = load<i32>(CPU_STATE + BUDGET);
  if (!passTrusted(budget)) {
    store<u64>(CPU_STATE + TIME, max(load<u64>(CPU_STATE + TIME), <u64>hostNow()));
    store<u32>(CPU_STATE + TIME_LEFT, load<u32>(CPU_STATE + TIME_TRUSTED));
    store<i32>(CPU_STATE + TIME_BUDGET, budget);
  }
  return load<u64>(CPU_STATE + TIME) + load<u64>(CPU_STATE + TSC_OFFSET);
}

/**
 * For regions: the counter where `budget` is what is left of it. 0, and nothing has happened, where the host has to be asked, or the
 * instruction may not be permitted.
 */
export function trustedTimeStamp(budget: i32): u64 {
  if ((load<u32>(CPU_STATE + CR4) & CR4_TSD) !== 0 || !passTrusted(budget)) return 0;
  return load<u64>(CPU_STATE + TIME) + load<u64>(CPU_STATE + TSC_OFFSET);
}

/** Time has passed in which no instruction was executed. */
export function askTheHost(): void {
  store<u32>(CPU_STATE + TIME_LEFT, 0);
}

/**
 * Lets the time go on by what has been executed, if that is trusted.
 * @inline
 */
function passTrusted(budget: i32): bool {
  const executed = <u32>(load<i32>(CPU_STATE + TIME_BUDGET) - budget);
  const left = load<u32>(CPU_STATE + TIME_LEFT);
  if (<u64>executed + READING >= <u64>left) return false;
  store<u64>(CPU_STATE + TIME, load<u64>(CPU_STATE + TIME) + 1 + (executed >> INSTRUCTIONS_SHIFT));
  store<u32>(CPU_STATE + TIME_LEFT, left - executed - READING);
  store<i32>(CPU_STATE + TIME_BUDGET, budget);
  return true;
}
