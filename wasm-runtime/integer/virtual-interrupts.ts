/**
 * The virtual interrupt flag (Intel SDM Vol. 3 "Interrupt and Exception Handling in Virtual-8086 Mode", "Protected-Mode
 * Virtual Interrupts"): where IOPL does not let a task change IF, CR4.VME (virtual-8086 mode) and CR4.PVI (level 3) give it
 * VIF instead, unless an interrupt waits (VIP).
 */
import { raiseGeneralProtection } from '../events/raise';
import {
  CPL,
  CPU_STATE,
  CR4,
  CR4_PVI,
  CR4_VME,
  FLAG_IF,
  FLAG_IOPL,
  FLAG_TF,
  FLAG_VIF,
  FLAG_VIP,
  FLAG_VM,
  SYSTEM_FLAGS,
} from '../generated/layout';

const VIF_OVER_IF: u32 = 10;

/** Virtual-8086 mode with IOPL below 3: instructions that touch IF are not let through. */
export function isVirtualAndSensitive(): bool {
  const flags = load<u32>(CPU_STATE + SYSTEM_FLAGS);
  return (flags & FLAG_VM) !== 0 && (flags & FLAG_IOPL) !== FLAG_IOPL;
}

/** #GP(0) in virtual-8086 mode with IOPL below 3, unless CR4.VME virtualises what an operand of `size` bytes has of IF. */
export function checkVirtualMode(record: u32, size: i32): void {
  if (!isVirtualAndSensitive()) return;
  if (size !== 2 || (load<u32>(CPU_STATE + CR4) & CR4_VME) === 0) raiseGeneralProtection(record, 0);
}

/** FLAGS as a virtualised task sees them: IF is VIF, and IOPL is 3. */
export function virtualImage(flags: u32): u32 {
  return (flags & ~FLAG_IF) | FLAG_IOPL | ((flags & FLAG_VIF) >>> VIF_OVER_IF);
}

/**
 * The flags that POPF and IRET of a virtualised task give, of what they read and of `kept`, where IF has its place in VIF.
 * #GP(0) for TF, and for IF while an interrupt waits.
 */
export function virtualFlags(record: u32, value: u32, kept: u32): u32 {
  if ((value & FLAG_TF) !== 0 || ((value & FLAG_IF) !== 0 && (kept & FLAG_VIP) !== 0)) {
    raiseGeneralProtection(record, 0);
  }
  return (kept & ~FLAG_VIF) | ((value & FLAG_IF) << VIF_OVER_IF);
}

/** CLI and STI where IOPL does not let them through: on VIF, or #GP(0). */
function requireVirtualInterrupts(record: u32): void {
  const isVirtual = (load<u32>(CPU_STATE + SYSTEM_FLAGS) & FLAG_VM) !== 0;
  const enabled = load<u32>(CPU_STATE + CR4) & (isVirtual ? CR4_VME : CR4_PVI);
  if (enabled === 0 || load<u32>(CPU_STATE + CPL) !== 3) raiseGeneralProtection(record, 0);
}

export function clearVirtualInterrupts(record: u32): void {
  requireVirtualInterrupts(record);
  store<u32>(CPU_STATE + SYSTEM_FLAGS, load<u32>(CPU_STATE + SYSTEM_FLAGS) & ~FLAG_VIF);
}

export function setVirtualInterrupts(record: u32): void {
  requireVirtualInterrupts(record);
  const flags = load<u32>(CPU_STATE + SYSTEM_FLAGS);
  if ((flags & FLAG_VIP) !== 0) raiseGeneralProtection(record, 0);
  store<u32>(CPU_STATE + SYSTEM_FLAGS, flags | FLAG_VIF);
}
