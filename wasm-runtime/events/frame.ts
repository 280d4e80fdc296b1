/** ENTER (Intel SDM Vol. 2 "ENTER"). */
import {
  probeDataWrite,
  readData16,
  readData32,
  readData64,
  writeData16,
  writeData32,
  writeData64,
} from '../memory/mmu';
import { RBP, RSP } from '../registers';
import { setStackPointer, stackLinear } from '../segments/stack';

/**
 * ENTER with operands of `size` (8, 4 or 2) bytes. `immediate` = frame size | nesting level << 16. Faults leave RSP
 * and RBP alone; what has been pushed by then stays in memory.
 */
export function enterFrame(record: u32, size: i32, immediate: u32): void {
  let top = load<u64>(RSP);
  let frame = load<u64>(RBP);
  const level = (immediate >>> 16) & 31;

  top -= size;
  pushValue(record, top, frame, size);
  const newFrame = top;
  if (level > 0) {
    for (let i: u32 = 1; i < level; i++) {
      frame -= size;
      top -= size;
      pushValue(record, top, readValue(record, frame, size), size);
    }
    top -= size;
    pushValue(record, top, newFrame, size);
  }
  top -= <u64>(immediate & 0xffff);
  // A stack pointer that cannot be written through is found out here, not at the next push.
  probeDataWrite(record, stackLinear(top), 1);

  setStackPointer(top);
  if (size === 8) store<u64>(RBP, newFrame);
  else if (size === 4) store<u64>(RBP, newFrame & 0xffff_ffff);
  else store<u16>(RBP, <u16>newFrame);
}

function readValue(record: u32, offset: u64, size: i32): u64 {
  const address = stackLinear(offset);
  if (size === 8) return readData64(record, address);
  return size === 4 ? readData32(record, address) : readData16(record, address);
}

function pushValue(record: u32, offset: u64, value: u64, size: i32): void {
  const address = stackLinear(offset);
  if (size === 8) writeData64(record, address, value);
  else if (size === 4) writeData32(record, address, <u32>value);
  else writeData16(record, address, <u32>value);
}
