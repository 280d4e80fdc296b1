/** ENTER in 64-bit mode (Intel SDM Vol. 2 "ENTER"). */
import { probeDataWrite, readData16, readData64, writeData16, writeData64 } from '../memory/mmu';
import { RBP, RSP } from '../registers';

/**
 * ENTER with operands of `size` (8 or 2) bytes. `immediate` = frame size | nesting level << 16. Faults leave RSP
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
      const pointer = size === 8 ? readData64(record, frame) : <u64>readData16(record, frame);
      pushValue(record, top, pointer, size);
    }
    top -= size;
    pushValue(record, top, newFrame, size);
  }
  top -= <u64>(immediate & 0xffff);
  // A stack pointer that cannot be written through is found out here, not at the next push.
  probeDataWrite(record, top, 1);

  store<u64>(RSP, top);
  if (size === 8) store<u64>(RBP, newFrame);
  else store<u16>(RBP, <u16>newFrame);
}

function pushValue(record: u32, la: u64, value: u64, size: i32): void {
  if (size === 8) writeData64(record, la, value);
  else writeData16(record, la, <u32>value);
}
