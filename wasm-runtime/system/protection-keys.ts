/** PKRU: what user pages permit by their protection keys (Intel SDM Vol. 3 "Protection Keys"; the check is in page-walk.ts). */

import { raiseGeneralProtection, raiseUndefined } from '../events/raise';
import { CPU_STATE, CR4, CR4_PKE, PKRU } from '../generated/layout';
import { forgetKeys } from '../memory/tlb';
import { RAX, RCX, RDX } from '../registers';

export function setPkru(value: u32): void {
  const changed = load<u32>(CPU_STATE + PKRU) ^ value;
  if (changed === 0) return;
  store<u32>(CPU_STATE + PKRU, value);
  forgetKeys(changed);
}

/** #UD without CR4.PKE, #GP(0) unless ECX is 0. */
export function requireKeys(record: u32): void {
  if ((load<u32>(CPU_STATE + CR4) & CR4_PKE) === 0) raiseUndefined(record);
  if (load<u32>(RCX) !== 0) raiseGeneralProtection(record, 0);
}

/** WRPKRU: EAX into PKRU. #GP(0) also unless EDX is 0. */
export function wrpkru(record: u32): void {
  requireKeys(record);
  if (load<u32>(RDX) !== 0) raiseGeneralProtection(record, 0);
  setPkru(load<u32>(RAX));
}
