/**
 * Stacks of control transfers: looking into the current one, and building a frame on the current or an inner one
 * before any register changes.
 */

import {
  CPL,
  CPU_STATE,
  RIGHTS_DEFAULT_32,
  SEGMENT_BASE,
  SEGMENT_RIGHTS,
  SEGMENT_SS,
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
import { descriptorBase, descriptorRights, is64BitMode } from './descriptors';

const ALL_ONES: u64 = ~(<u64>0);

/** Frame under construction: linear base, offset mask, offset, and the level it is written at. */
let stackBase: u64 = 0;
let stackMask: u64 = 0;
let stackPointer: u64 = 0;
let stackLevel: u32 = 0;

/** Which bits of RSP address the stack of a segment with these rights, outside 64-bit mode. */
export function stackMaskOf(rights: u32): u64 {
  return (rights & RIGHTS_DEFAULT_32) !== 0 ? 0xffff_ffff : 0xffff;
}

function currentStackMask(): u64 {
  if (is64BitMode()) return ALL_ONES;
  return stackMaskOf(load<u32>(CPU_STATE + SEGMENT_RIGHTS + SEGMENT_SS * 4));
}

/** Linear address of `offset` bytes above the top of the current stack. */
export function stackAddress(offset: u32): u64 {
  const rsp = load<u64>(RSP) + offset;
  if (is64BitMode()) return rsp;
  return (load<u64>(CPU_STATE + SEGMENT_BASE + SEGMENT_SS * 8) + (rsp & currentStackMask())) & 0xffff_ffff;
}

/** The `size`-byte (2, 4, 8) slot at `offset` bytes above the top of the current stack. */
export function peekStack(record: u32, offset: u32, size: i32): u64 {
  const address = stackAddress(offset);
  if (size === 8) return readData64(record, address);
  return size === 4 ? readData32(record, address) : readData16(record, address);
}

/** Begins a frame at the top of the current stack. */
export function useCurrentStack(): void {
  stackMask = currentStackMask();
  stackBase = is64BitMode() ? 0 : load<u64>(CPU_STATE + SEGMENT_BASE + SEGMENT_SS * 8);
  stackPointer = load<u64>(RSP) & stackMask;
  stackLevel = load<u32>(CPU_STATE + CPL);
}

/** Begins a frame at `pointer` of a legacy stack segment for privilege level `level`. */
export function useInnerStack(descriptor: u64, pointer: u32, level: u32): void {
  stackMask = stackMaskOf(descriptorRights(descriptor));
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
 * and inner stacks are implicit accesses of the new level, which cannot be restarted for a code write.
 */
export function pushStack(record: u32, size: u32, value: u64): void {
  stackPointer = (stackPointer - size) & stackMask;
  let address = stackBase + stackPointer;
  if (stackMask !== ALL_ONES) address &= 0xffff_ffff;
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

/** Makes the frame's end the stack pointer; a 16-bit stack leaves the upper bits of RSP alone. */
export function commitStack(): void {
  const keep: u64 = stackMask === 0xffff ? load<u64>(RSP) & ~stackMask : 0;
  store<u64>(RSP, keep | stackPointer);
}

/** Sets the stack pointer to `value` in the mode and stack segment that are now current. */
export function setStackPointer(value: u64): void {
  const mask = currentStackMask();
  const keep: u64 = mask === 0xffff ? load<u64>(RSP) & ~mask : 0;
  store<u64>(RSP, keep | (value & mask));
}
