/**
 * EFLAGS as a whole: composing it from the lazy words (layout/cpu-state.ts) and taking it apart again.
 */

import {
  AUX_AF,
  AUX_CF_BIT,
  AUX_CF_XOR_OF_BIT,
  AUX_PARITY_BIT,
  AUX_SIGN_DELTA,
  CPL,
  CPU_STATE,
  FLAG_AC,
  FLAG_AF,
  FLAG_AUX,
  FLAG_DF,
  FLAG_ID,
  FLAG_IF,
  FLAG_IOPL,
  FLAG_NT,
  FLAG_RESULT,
  FLAG_RF,
  FLAG_TF,
  FLAG_VM,
  FLAG_ZF,
  FLAGS_ARITHMETIC,
  FLAGS_FIXED_ONE,
  INTERRUPT_MASKABLE,
  INTERRUPT_NMI,
  INTERRUPT_PENDING,
  NMI_BLOCKED,
  SYSTEM_FLAGS,
} from '../generated/layout';
import { updateMode } from '../segments/segments';
import { commitStack, pushStack, useCurrentStack } from '../segments/stack';
import { checkVirtualMode, isVirtualAndSensitive, virtualFlags, virtualImage } from './virtual-interrupts';

export { clearVirtualInterrupts, setVirtualInterrupts } from './virtual-interrupts';

/** Every flag that exists; the other bits read as zero, except bit 1. */
const FLAGS_DEFINED: u32 = 0x3f_7fd5;

/** EFLAGS, all bits. */
export function getFlags(): u32 {
  return (
    load<u32>(CPU_STATE + SYSTEM_FLAGS) |
    arithmeticFlags(load<i64>(CPU_STATE + FLAG_RESULT), load<u32>(CPU_STATE + FLAG_AUX))
  );
}

/** CF, PF, AF, ZF, SF and OF of the two flag words, where they are in EFLAGS. */
export function arithmeticFlags(result: i64, aux: u32): u32 {
  const carry = aux >>> AUX_CF_BIT;
  const parity = (popcnt<u32>((<u32>result ^ (aux >>> AUX_PARITY_BIT)) & 0xff) & 1) ^ 1;
  const zero = u32(result === 0);
  const sign = u32(result < 0) ^ (aux & AUX_SIGN_DELTA);
  const overflow = carry ^ ((aux >>> AUX_CF_XOR_OF_BIT) & 1);
  return carry | (parity << 2) | ((aux & AUX_AF) << 1) | (zero << 6) | (sign << 7) | (overflow << 11);
}

/** Stores the arithmetic flags of `value` in the lazy words. */
export function setArithmeticFlags(value: u32): void {
  const sign = (value >>> 7) & 1;
  const odd = ((value >>> 2) & 1) ^ 1;
  const carry = value & 1;
  const overflow = (value >>> 11) & 1;
  let aux = (carry << AUX_CF_BIT) | ((carry ^ overflow) << AUX_CF_XOR_OF_BIT) | ((value & FLAG_AF) >>> 1);
  let result: u64 = 0;
  if ((value & FLAG_ZF) !== 0) {
    // Zero is positive and has even parity: the deltas express anything else.
    aux |= sign | (odd << AUX_PARITY_BIT);
  } else {
    // Bit 8 keeps a result with a clear low byte from being zero.
    result = ((<u64>sign) << 63) | 0x100 | <u64>odd;
  }
  store<u64>(CPU_STATE + FLAG_RESULT, result);
  store<u32>(CPU_STATE + FLAG_AUX, aux);
}

/** Stores all of EFLAGS. Callers keep the bits they may not change, and call updateMode() if AC or VM changed. */
export function setFlags(value: u32): void {
  setArithmeticFlags(value);
  store<u32>(CPU_STATE + SYSTEM_FLAGS, (value & FLAGS_DEFINED & ~FLAGS_ARITHMETIC) | FLAGS_FIXED_ONE);
}

/**
 * Whether something waits that the host loop must see before the next instruction: an interrupt that EFLAGS.IF
 * now lets in, an NMI, single-stepping, or EFLAGS.RF. Asked at the end of instructions that may have opened the window.
 */
export function eventsDue(): i32 {
  const flags = load<u32>(CPU_STATE + SYSTEM_FLAGS);
  if ((flags & (FLAG_TF | FLAG_RF)) !== 0) return 1;
  const pending = load<u32>(CPU_STATE + INTERRUPT_PENDING);
  if (pending === 0) return 0;
  if ((pending & INTERRUPT_MASKABLE) !== 0 && (flags & FLAG_IF) !== 0) return 1;
  return i32((pending & INTERRUPT_NMI) !== 0 && load<i32>(CPU_STATE + NMI_BLOCKED) === 0);
}

/**
 * What POPF and IRET may change at the current privilege level (Intel SDM Vol. 2 "POPF", table of effects):
 * IOPL only at CPL 0, IF only at CPL <= IOPL. VIF, VIP and VM are not included.
 */
export function changeableFlags(): u32 {
  const cpl = load<u32>(CPU_STATE + CPL);
  let mask = FLAGS_ARITHMETIC | FLAG_TF | FLAG_DF | FLAG_NT | FLAG_AC | FLAG_ID;
  if (cpl === 0) return mask | FLAG_IOPL | FLAG_IF;
  if (cpl <= ((load<u32>(CPU_STATE + SYSTEM_FLAGS) >>> 12) & 3)) mask |= FLAG_IF;
  return mask;
}

/** The image PUSHF of `size` bytes pushes: RF and VM read as zero. In virtual-8086 mode see virtual-interrupts.ts. */
export function pushFlagsImage(record: u32, size: i32): u32 {
  checkVirtualMode(record, size);
  const flags = getFlags() & ~(FLAG_RF | FLAG_VM);
  return isVirtualAndSensitive() ? virtualImage(flags) : flags;
}

/** PUSHF of `size` (2 or 4) bytes in virtual-8086 mode. */
export function pushVirtualFlags(record: u32, size: i32): void {
  const image = pushFlagsImage(record, size);
  useCurrentStack();
  pushStack(record, size, image);
  commitStack();
}

/**
 * POPF of `size` (2, 4 or 8) bytes: `value` was read from the stack and RSP is moved by the caller afterwards.
 * RF is cleared; VM, VIF and VIP do not change. In virtual-8086 mode see virtual-interrupts.ts.
 */
export function popFlags(record: u32, value: u32, size: i32): void {
  checkVirtualMode(record, size);
  const old = getFlags();
  let mask = changeableFlags();
  if (size === 2) mask &= 0xffff;
  let flags = (value & mask) | (old & ~mask & ~FLAG_RF);
  if (isVirtualAndSensitive()) flags = virtualFlags(record, value, flags);
  setFlags(flags);
  if (((flags ^ old) & FLAG_AC) !== 0) updateMode();
}
