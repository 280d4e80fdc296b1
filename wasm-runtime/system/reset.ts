/** The processor's state after power-up (Intel SDM Vol. 3 "Processor State After Reset"). */

import {
  CPL,
  CPU_STATE,
  CPU_STATE_SIZE,
  CR0,
  CURRENT_RECORD,
  DR,
  EVENT_DELIVERING,
  GDTR_LIMIT,
  GPR,
  IDTR_LIMIT,
  MSR_MISC_ENABLE,
  MSR_PAT,
  MTRR_DEF_TYPE,
  MXCSR,
  MXCSR_DEFAULT,
  RIP,
  SEGMENT_CS,
  SEGMENT_LDTR,
  SEGMENT_LIMIT,
  SEGMENT_RIGHTS,
  SEGMENT_TR,
  XCR0,
} from '../generated/layout';
import { setFlags } from '../integer/flags';
import { flushTlb } from '../memory/mmu';
import { setSegment, updateMode } from '../segments/segments';
import { updateSseDisabled } from '../sse/availability';
import { initialiseFpu } from '../x87/control';
import { updateBreakpoints } from './breakpoints';
import { signature } from './cpuid';

/** Power-up state of PAT: WB WT UC- UC, twice. */
const PAT_RESET: u64 = 0x0007_0406_0007_0406;
/** Default type write-back, enabled: what firmware would have set up for a machine without holes. */
const MTRR_DEF_TYPE_RESET: u64 = (1 << 11) | 6;
/** Fast strings on; branch trace and precise event sampling unavailable. */
const MISC_ENABLE_RESET: u64 = 1 | (1 << 11) | (1 << 12);
/** CD, NW and ET. */
const CR0_RESET: u64 = 0x6000_0010;

/** Data and code segments of real mode: base 0, limit 64 KiB. */
const DATA_RIGHTS: u32 = 0x93;
const CODE_RIGHTS: u32 = 0x9b;

/**
 * Puts all registers and MSRs into their reset state: real mode at F000:FFF0. The x87 is as after the FNINIT of
 * the firmware. Clears no statistics and frees no memory.
 */
export function resetProcessor(): void {
  memory.fill(CPU_STATE, 0, CPU_STATE_SIZE);

  setFlags(0);
  store<u32>(CPU_STATE + CPL, 0);
  store<u64>(CPU_STATE + RIP, 0xfff0);
  store<u64>(CPU_STATE + GPR + 2 * 8, signature());
  for (let index: u32 = 0; index < 6; index++) setSegment(index, 0, 0, 0xffff, DATA_RIGHTS);
  setSegment(SEGMENT_CS, 0xf000, 0xffff_0000, 0xffff, CODE_RIGHTS);
  store<u32>(CPU_STATE + SEGMENT_LIMIT + SEGMENT_LDTR * 4, 0xffff);
  store<u32>(CPU_STATE + SEGMENT_RIGHTS + SEGMENT_LDTR * 4, 0x82);
  store<u32>(CPU_STATE + SEGMENT_LIMIT + SEGMENT_TR * 4, 0xffff);
  store<u32>(CPU_STATE + SEGMENT_RIGHTS + SEGMENT_TR * 4, 0x8b);
  store<u32>(CPU_STATE + GDTR_LIMIT, 0xffff);
  store<u32>(CPU_STATE + IDTR_LIMIT, 0xffff);

  store<u64>(CPU_STATE + CR0, CR0_RESET);
  store<u64>(CPU_STATE + XCR0, 1);
  store<u64>(CPU_STATE + DR + 6 * 8, 0xffff_0ff0);
  store<u64>(CPU_STATE + DR + 7 * 8, 0x400);
  updateBreakpoints();
  store<u64>(CPU_STATE + MSR_PAT, PAT_RESET);
  store<u64>(CPU_STATE + MSR_MISC_ENABLE, MISC_ENABLE_RESET);
  store<u64>(CPU_STATE + MTRR_DEF_TYPE, MTRR_DEF_TYPE_RESET);
  initialiseFpu();
  store<u32>(CPU_STATE + MXCSR, MXCSR_DEFAULT);

  store<i32>(CPU_STATE + EVENT_DELIVERING, -1);
  store<u32>(CPU_STATE + CURRENT_RECORD, 0);
  flushTlb(true);
  updateMode();
  updateSseDisabled();
}
