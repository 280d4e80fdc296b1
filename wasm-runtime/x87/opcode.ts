/** The x87 opcode register (FOP), which unmasked exceptions set. */
import {
  CPU_STATE,
  FPU_OPCODE,
  PAGE_BASE,
  RECORD_LENGTH,
  RECORD_PAGE_OFFSET,
  TLB_TABLE,
} from '../generated/layout';
import { hostAddress } from '../memory/physical-memory';
import { accessPhysical, translateFetch } from '../memory/tlb';

const FIRST_ESCAPE: u32 = 0xd8;

/** A byte of code that is being executed, so that it can be read without a fault. */
function codeByte(la: u64): u32 {
  if (!translateFetch(load<u32>(CPU_STATE + TLB_TABLE), la)) return 0;
  const host = hostAddress(accessPhysical);
  return host === 0 ? 0 : load<u8>(host);
}

/** FOP = the low three bits of the escape opcode (D8 to DF) of `record`'s instruction, then its ModR/M byte. */
export function recordOpcode(record: u32): void {
  if (record === 0) return;
  const start = load<u64>(CPU_STATE + PAGE_BASE) + <u64>load<u16>(record + RECORD_PAGE_OFFSET);
  const end = start + <u64>load<u8>(record + RECORD_LENGTH);
  let la = start;
  // No prefix is among the escape opcodes.
  while (la < end && (codeByte(la) & 0xf8) !== FIRST_ESCAPE) la++;
  store<u16>(CPU_STATE + FPU_OPCODE, <u16>(((codeByte(la) & 7) << 8) | codeByte(la + 1)));
}
