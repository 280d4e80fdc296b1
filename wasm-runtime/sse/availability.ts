/** When SSE instructions may be executed (Intel SDM Vol. 3 "Checking for Intel SSE/SSE2/... Support"). */

import { NO_ERROR_CODE, raiseFault, raiseUndefined } from '../events/raise';
import {
  CPU_STATE,
  CR0,
  CR0_EM,
  CR0_TS,
  CR4,
  CR4_OSFXSR,
  SSE_DISABLED,
  VECTOR_NM,
} from '../generated/layout';

function undefinedInstructions(): bool {
  return (load<u64>(CPU_STATE + CR0) & CR0_EM) !== 0 || (load<u64>(CPU_STATE + CR4) & CR4_OSFXSR) === 0;
}

/** To be called whenever CR0 or CR4 has changed. */
export function updateSseDisabled(): void {
  const disabled = undefinedInstructions() || (load<u64>(CPU_STATE + CR0) & CR0_TS) !== 0;
  store<i32>(CPU_STATE + SSE_DISABLED, i32(disabled));
}

/** #UD or #NM for an SSE instruction while SSE_DISABLED is set. Never returns. */
export function raiseSseDisabled(record: u32): void {
  if (undefinedInstructions()) raiseUndefined(record);
  raiseFault(record, VECTOR_NM, NO_ERROR_CODE);
}
