/** The x87 state that MMX instructions work in (Intel SDM Vol. 1 "MMX Technology"). */

import { NO_ERROR_CODE, raiseFault, raiseUndefined } from '../events/raise';
import { CPU_STATE, CR0, CR0_EM, CR0_TS, FPU_TAG, FPU_TOP, VECTOR_NM } from '../generated/layout';
import { checkPending } from './status';

/** #UD with CR0.EM, #NM with CR0.TS, #MF if an x87 exception is pending. */
export function requireMmx(record: u32): void {
  const cr0 = load<u32>(CPU_STATE + CR0);
  if ((cr0 & CR0_EM) !== 0) raiseUndefined(record);
  if ((cr0 & CR0_TS) !== 0) raiseFault(record, VECTOR_NM, NO_ERROR_CODE);
  checkPending(record);
}

/** TOP = 0 and all registers valid: after every MMX instruction but EMMS. */
export function enterMmx(): void {
  setTags(0);
}

/** EMMS: TOP = 0 and all registers empty. */
export function leaveMmx(): void {
  setTags(0xffff);
}

function setTags(tags: u16): void {
  store<i32>(CPU_STATE + FPU_TOP, 0);
  store<u16>(CPU_STATE + FPU_TAG, tags);
}
