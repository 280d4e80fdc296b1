/**
 * When SSE and AVX instructions may be executed (Intel SDM Vol. 3 "Checking for Intel SSE/SSE2/... Support",
 * Vol. 2 "Exception Conditions for AVX").
 */

import { NO_ERROR_CODE, raiseFault, raiseUndefined } from '../events/raise';
import {
  AVX_DISABLED,
  CPU_STATE,
  CR0,
  CR0_EM,
  CR0_TS,
  CR4,
  CR4_OSFXSR,
  CR4_OSXSAVE,
  SSE_DISABLED,
  VECTOR_NM,
  XCR0,
} from '../generated/layout';

function undefinedInstructions(): bool {
  return (load<u64>(CPU_STATE + CR0) & CR0_EM) !== 0 || (load<u64>(CPU_STATE + CR4) & CR4_OSFXSR) === 0;
}

/** XCR0 bits of the XMM registers and of the upper halves of the YMM registers: AVX needs both. */
const XCR0_SSE_AND_AVX: u64 = 6;

function undefinedAvx(): bool {
  if ((load<u64>(CPU_STATE + CR4) & CR4_OSXSAVE) === 0) return true;
  return (load<u64>(CPU_STATE + XCR0) & XCR0_SSE_AND_AVX) !== XCR0_SSE_AND_AVX;
}

/** To be called whenever CR0, CR4 or XCR0 has changed. */
export function updateSseDisabled(): void {
  const switched = (load<u64>(CPU_STATE + CR0) & CR0_TS) !== 0;
  store<i32>(CPU_STATE + SSE_DISABLED, i32(undefinedInstructions() || switched));
  store<i32>(CPU_STATE + AVX_DISABLED, i32(undefinedAvx() || switched));
}

/** #UD or #NM for an AVX instruction while AVX_DISABLED is set. Never returns. */
export function raiseAvxDisabled(record: u32): void {
  if (undefinedAvx()) raiseUndefined(record);
  raiseFault(record, VECTOR_NM, NO_ERROR_CODE);
}

/** #UD or #NM for an SSE instruction while SSE_DISABLED is set. Never returns. */
export function raiseSseDisabled(record: u32): void {
  if (undefinedInstructions()) raiseUndefined(record);
  raiseFault(record, VECTOR_NM, NO_ERROR_CODE);
}
