/** DAA, DAS, AAA, AAS, AAM, AAD (Intel SDM Vol. 2); flags that the manual leaves undefined are cleared. */
import { NO_ERROR_CODE, raiseFault } from '../events/raise';
import { FLAG_AF, FLAG_CF, FLAG_PF, FLAG_SF, FLAG_ZF, VECTOR_DE } from '../generated/layout';
import { RAX } from '../registers';
import { getFlags, setArithmeticFlags } from './flags';

/** SF, ZF and PF of a byte. */
function flagsOf(value: u32): u32 {
  let flags: u32 = value & FLAG_SF;
  if (value === 0) flags |= FLAG_ZF;
  if ((popcnt<u32>(value) & 1) === 0) flags |= FLAG_PF;
  return flags;
}

/** DAA; `subtracts`: DAS. */
export function adjustPacked(subtracts: bool): void {
  const flags = getFlags();
  const old: u32 = load<u8>(RAX);
  const carry = flags & FLAG_CF;
  let value = old;
  let result: u32 = 0;
  if ((old & 15) > 9 || (flags & FLAG_AF) !== 0) {
    value = subtracts ? value - 6 : value + 6;
    result = FLAG_AF | carry | u32(value > 0xff);
  }
  if (old > 0x99 || carry !== 0) {
    value = subtracts ? value - 0x60 : value + 0x60;
    result |= FLAG_CF;
  } else if (!subtracts) {
    // An addition that carries out of a byte had more than 99H.
    result &= ~FLAG_CF;
  }
  store<u8>(RAX, <u8>value);
  setArithmeticFlags(result | flagsOf(value & 0xff));
}

/** AAA; `subtracts`: AAS. */
export function adjustUnpacked(subtracts: bool): void {
  const value: u32 = load<u16>(RAX);
  const adjusts = (value & 15) > 9 || (getFlags() & FLAG_AF) !== 0;
  const changed = adjusts ? (subtracts ? value - 0x106 : value + 0x106) : value;
  store<u16>(RAX, <u16>(changed & 0xff0f));
  setArithmeticFlags(adjusts ? FLAG_AF | FLAG_CF : 0);
}

/** AAM: AL becomes two digits to `base`. #DE if that is zero. */
export function splitDigits(record: u32, base: u32): void {
  if (base === 0) raiseFault(record, VECTOR_DE, NO_ERROR_CODE);
  const value: u32 = load<u8>(RAX);
  store<u8>(RAX + 1, <u8>(value / base));
  store<u8>(RAX, <u8>(value % base));
  setArithmeticFlags(flagsOf(value % base));
}

/** AAD: two digits to `base` become AL. */
export function joinDigits(base: u32): void {
  const value = (<u32>load<u8>(RAX) + <u32>load<u8>(RAX + 1) * base) & 0xff;
  store<u16>(RAX, <u16>value);
  setArithmeticFlags(flagsOf(value));
}
