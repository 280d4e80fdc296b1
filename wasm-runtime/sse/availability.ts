/** When SSE instructions may be executed (Intel SDM Vol. 3 "Checking for Intel SSE/SSE2/... Support"). */

import { NO_ERROR_CODE, raiseFault, raiseUndefined, VECTOR_NM } from '../events/raise';
import { CPU_STATE, CR0, CR4, SSE_DISABLED } from '../generated/layout';

const CR0_EM: u64 = 1 << 2;
const CR0_TS: u64 = 1 << 3;
const CR4_OSFXSR: u64 = 1 << 9;

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
