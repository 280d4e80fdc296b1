/** Arming of breakpoints, and instruction breakpoints (Intel SDM Vol. 3 "Debug Registers"). */
import { guardBreakpoints } from '../code/guarded-offsets';
import { instructionRip, NO_ERROR_CODE, raiseFault } from '../events/raise';
import {
  BREAKPOINT_RESUME,
  BREAKPOINT_STEP,
  BREAKPOINTS,
  BUDGET,
  CPU_STATE,
  CR4,
  CR4_DE,
  DR,
  PAGE_BASE,
  RECORD_PAGE_OFFSET,
  RIP,
  VECTOR_DB,
} from '../generated/layout';
import { flushTlbPage } from '../memory/tlb';
import {
  ARMED_ACCESS,
  ARMED_DATA,
  ARMED_INSTRUCTION,
  ARMED_IO,
  ARMED_WRITE,
  debugRegisterValue,
} from '../memory/watch';

/** BREAKPOINTS for the present DR7 and CR4.DE. */
function armedBreakpoints(): u32 {
  const dr7 = <u32>debugRegisterValue(7);
  let armed: u32 = 0;
  for (let n: u32 = 0; n < 4; n++) {
    // Local or global enable.
    if (((dr7 >> (n * 2)) & 3) === 0) continue;
    switch ((dr7 >> (16 + n * 4)) & 3) {
      case 0:
        armed |= 1 << (ARMED_INSTRUCTION + n);
        break;
      case 1:
        armed |= 1 << (ARMED_WRITE + n);
        break;
      case 2:
        if ((load<u32>(CPU_STATE + CR4) & CR4_DE) !== 0) armed |= 1 << (ARMED_IO + n);
        break;
      default:
        armed |= 1 << (ARMED_ACCESS + n);
    }
  }
  return armed;
}

/** Lets the TLB see pages anew that have, or had, data breakpoints. */
function flushWatchedPages(armed: u32): void {
  const data = (armed >> ARMED_WRITE) | (armed >> ARMED_ACCESS);
  for (let n: u32 = 0; n < 4; n++) {
    if (((data >> n) & 1) !== 0) flushTlbPage(debugRegisterValue(n));
  }
}

/** Stores a value into DR0 to DR3 or DR7. */
export function setDebugRegister(index: u32, value: u64): void {
  flushWatchedPages(load<u32>(CPU_STATE + BREAKPOINTS));
  store<u64>(CPU_STATE + DR + index * 8, value);
  updateBreakpoints();
}

/** After a change of DR0 to DR3, DR7 or CR4.DE. */
export function updateBreakpoints(): void {
  const armed = armedBreakpoints();
  store<u32>(CPU_STATE + BREAKPOINTS, armed);
  if ((armed & ARMED_DATA) !== 0) flushWatchedPages(armed);
  if ((armed & (15 << ARMED_INSTRUCTION)) !== 0) guardBreakpoints();
}

/** Whether an instruction breakpoint is armed: only then EFLAGS.RF matters. */
export function hasInstructionBreakpoints(): bool {
  return (load<u32>(CPU_STATE + BREAKPOINTS) & (15 << ARMED_INSTRUCTION)) !== 0;
}

/**
 * On the way into a block whose first instruction may have a breakpoint: #DB at it if it has, unless EFLAGS.RF was set
 * or the budget is used up, so that the block will be entered again.
 */
export function checkInstructionBreakpoints(head: u32): void {
  if (load<i32>(CPU_STATE + BUDGET) <= 0 || load<i32>(CPU_STATE + BREAKPOINT_STEP) !== 0) return;
  const resumes = load<i32>(CPU_STATE + BREAKPOINT_RESUME) !== 0;
  store<i32>(CPU_STATE + BREAKPOINT_RESUME, 0);
  if (resumes) return;
  const la = load<u64>(CPU_STATE + PAGE_BASE) + <u64>load<u16>(head + RECORD_PAGE_OFFSET);
  const armed = load<u32>(CPU_STATE + BREAKPOINTS) >> ARMED_INSTRUCTION;
  let found: u64 = 0;
  for (let n: u32 = 0; n < 4; n++) {
    if (((armed >> n) & 1) !== 0 && debugRegisterValue(n) === la) found |= 1 << n;
  }
  if (found === 0) return;
  const dr6 = CPU_STATE + DR + 6 * 8;
  store<u64>(dr6, load<u64>(dr6) | found);
  store<u64>(CPU_STATE + RIP, instructionRip(head));
  raiseFault(0, VECTOR_DB, NO_ERROR_CODE);
}
