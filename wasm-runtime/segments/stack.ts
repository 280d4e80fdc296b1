/**
 * Stacks of control transfers: looking into the current one, and building a frame on the current or an inner one
 * before any register changes.
 */

import {
  CPL,
  CPU_STATE,
  LINEAR_MASK,
  RIGHTS_DEFAULT_32,
  SEGMENT_LIMIT,
  SEGMENT_RIGHTS,
  SEGMENT_SS,
  STACK_BASE,
  STACK_MASK,
  VECTOR_SS,
} from '../generated/layout';
import {
  probeDataWrite,
  readData16,
  readData32,
  readData64,
  writeData16,
  writeData32,
  writeData64,
  writeSystem16,
  writeSystem32,
  writeSystem64,
} from '../memory/mmu';
import { RSP } from '../registers';
import { permits } from './access';
import { descriptorBase, descriptorLimit, descriptorRights, raiseSelectorFault } from './descriptors';

const ALL_ONES: u64 = ~(<u64>0);

/** Frame under construction: linear base, offset mask, offset, and the level it is written at. */
let stackBase: u64 = 0;
let stackMask: u64 = 0;
let stackPointer: u64 = 0;
let stackLevel: u32 = 0;
/** Its segment outside 64-bit mode, and the selector that a fault names: 0 for the current stack. */
let stackRights: u32 = 0;
let stackLimit: u32 = 0;
let stackSelector: u32 = 0;

/** Which bits of RSP address the stack of a segment with these rights, outside 64-bit mode. */
function stackMaskOf(rights: u32): u64 {
  return (rights & RIGHTS_DEFAULT_32) !== 0 ? 0xffff_ffff : 0xffff;
}

/** Linear address of an offset on the current stack. */
export function stackLinear(offset: u64): u64 {
  const inSegment = offset & load<u64>(CPU_STATE + STACK_MASK);
  return (inSegment + load<u64>(CPU_STATE + STACK_BASE)) & load<u64>(CPU_STATE + LINEAR_MASK);
}

/** RSP with another offset on a stack whose offsets have the bits of `mask`: a 16-bit stack leaves the rest of ESP alone. */
function withOffset(offset: u64, mask: u64): u64 {
  return (load<u64>(RSP) & 0xffff_ffff & ~mask) | (offset & mask);
}

/** Moves the top of the current stack by `bytes`. */
export function moveStackPointer(bytes: i64): void {
  store<u64>(RSP, withOffset(load<u64>(RSP) + bytes, load<u64>(CPU_STATE + STACK_MASK)));
}

/** The `size`-byte (2, 4, 8) slot at `offset` bytes above the top of the current stack. */
export function peekStack(record: u32, offset: u32, size: i32): u64 {
  const address = stackLinear(load<u64>(RSP) + offset);
  if (size === 8) return readData64(record, address);
  return size === 4 ? readData32(record, address) : readData16(record, address);
}

/** Begins a frame at the top of the current stack. */
export function useCurrentStack(): void {
  stackMask = load<u64>(CPU_STATE + STACK_MASK);
  stackBase = load<u64>(CPU_STATE + STACK_BASE);
  stackPointer = load<u64>(RSP) & stackMask;
  stackLevel = load<u32>(CPU_STATE + CPL);
  stackRights = load<u32>(CPU_STATE + SEGMENT_RIGHTS + SEGMENT_SS * 4);
  stackLimit = load<u32>(CPU_STATE + SEGMENT_LIMIT + SEGMENT_SS * 4);
  stackSelector = 0;
}

/** Begins a frame at `pointer` of a legacy stack segment for privilege level `level`. */
export function useInnerStack(selector: u32, descriptor: u64, pointer: u32, level: u32): void {
  stackSelector = selector;
  stackRights = descriptorRights(descriptor);
  stackLimit = descriptorLimit(descriptor);
  stackMask = stackMaskOf(stackRights);
  stackBase = descriptorBase(descriptor);
  stackPointer = <u64>pointer & stackMask;
  stackLevel = level;
}

/** Begins a frame at `pointer` in 64-bit mode for privilege level `level`. */
export function useInnerStack64(pointer: u64, level: u32): void {
  stackMask = ALL_ONES;
  stackBase = 0;
  stackPointer = pointer;
  stackLevel = level;
}

/**
 * Pushes onto the frame. Instructions (record not 0) on their own stack write as any store does; event delivery
 * and inner stacks are implicit accesses of the new level, which cannot be restarted for a code write. #SS beyond the
 * limit of the segment.
 */
export function pushStack(record: u32, size: u32, value: u64): void {
  stackPointer = (stackPointer - size) & stackMask;
  let address = stackBase + stackPointer;
  if (stackMask !== ALL_ONES) {
    if (!permits(stackRights, stackLimit, <u32>stackPointer, size, true)) {
      raiseSelectorFault(record, VECTOR_SS, stackSelector);
    }
    address &= 0xffff_ffff;
  }
  if (record !== 0 && stackLevel === load<u32>(CPU_STATE + CPL)) {
    if (size === 8) writeData64(record, address, value);
    else if (size === 4) writeData32(record, address, <u32>value);
    else writeData16(record, address, <u32>value);
    return;
  }
  if (stackLevel === 3) probeDataWrite(record, address, size);
  if (size === 8) writeSystem64(address, value);
  else if (size === 4) writeSystem32(address, <u32>value);
  else writeSystem16(address, <u32>value);
}

/** Makes the frame's end the stack pointer. */
export function commitStack(): void {
  store<u64>(RSP, withOffset(stackPointer, stackMask));
}

/** Sets the stack pointer to `offset` in the mode and stack segment that are now current. */
export function setStackPointer(offset: u64): void {
  store<u64>(RSP, withOffset(offset, load<u64>(CPU_STATE + STACK_MASK)));
}
