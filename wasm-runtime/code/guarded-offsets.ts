/**
 * Offsets in pages at which there may be instruction breakpoints. Blocks that begin there look for one on the way in, and none
 * goes past. An offset stays for a while, since kernels arm breakpoints whenever they switch to the task that is traced.
 */
import {
  BREAKPOINTS,
  CPU_STATE,
  DR,
  GUARDED_COUNT,
  GUARDED_OFFSETS,
  MOST_GUARDED_OFFSETS,
} from '../generated/layout';
import { ARMED_INSTRUCTION } from '../memory/watch';
import { dropBlocksAt } from './record-arena';

export function isGuarded(offset: u32): bool {
  const count = load<u32>(CPU_STATE + GUARDED_COUNT);
  for (let n: u32 = 0; n < count; n++) if (guarded(n) === offset) return true;
  return false;
}

/** Instruction breakpoints have been armed: blocks that have one inside must not be run any more. */
export function guardBreakpoints(): void {
  for (let n: u32 = 0; n < 4; n++) {
    if (!isArmed(n) || isGuarded(armedOffset(n))) continue;
    if (load<u32>(CPU_STATE + GUARDED_COUNT) === MOST_GUARDED_OFFSETS) forgetOthers();
    add(armedOffset(n));
    dropBlocksAt(armedOffset(n));
  }
}

/** Lets go of what has no breakpoint at present: four are left at most. */
function forgetOthers(): void {
  const count = load<u32>(CPU_STATE + GUARDED_COUNT);
  store<u32>(CPU_STATE + GUARDED_COUNT, 0);
  for (let n: u32 = 0; n < count; n++) {
    const offset = guarded(n);
    if (hasBreakpoint(offset)) add(offset);
    else dropBlocksAt(offset);
  }
}

function hasBreakpoint(offset: u32): bool {
  for (let n: u32 = 0; n < 4; n++) if (isArmed(n) && armedOffset(n) === offset) return true;
  return false;
}

function isArmed(n: u32): bool {
  return ((load<u32>(CPU_STATE + BREAKPOINTS) >> (ARMED_INSTRUCTION + n)) & 1) !== 0;
}

function armedOffset(n: u32): u32 {
  return load<u32>(CPU_STATE + DR + n * 8) & 0xfff;
}

function guarded(n: u32): u32 {
  return load<u16>(CPU_STATE + GUARDED_OFFSETS + n * 2);
}

function add(offset: u32): void {
  const count = load<u32>(CPU_STATE + GUARDED_COUNT);
  store<u16>(CPU_STATE + GUARDED_OFFSETS + count * 2, <u16>offset);
  store<u32>(CPU_STATE + GUARDED_COUNT, count + 1);
}
