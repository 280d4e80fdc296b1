/** VGATHER and VPGATHER (Intel SDM Vol. 2 "VPGATHERDD" and kin). */
import { raiseUndefined } from '../events/raise';
import {
  ACCESS_BASE,
  ADDRESS_32,
  CPU_STATE,
  LINEAR_MASK,
  RECORD_A,
  RECORD_B,
  RECORD_BASE,
  RECORD_DISP,
  RECORD_INDEX_REG,
  RECORD_SCALE,
  RECORD_SEGMENT,
} from '../generated/layout';
import { readData32, readData64 } from '../memory/mmu';

const REGISTER_SIZE: u32 = 32;

/**
 * The whole instruction: `count` elements of `width` bytes to the record's register a, by indices of `indexWidth` bytes,
 * where the mask in its register b is negative. #UD if two of the three registers are one.
 *
 * The mask becomes one of all ones and zeros. Each element that is there clears its part, and all that is above the
 * elements, so that a fault leaves the instruction to be continued.
 */
export function gather(record: u32, width: u32, indexWidth: u32, count: u32): void {
  const destination = CPU_STATE + <u32>load<u16>(record + RECORD_A);
  const mask = CPU_STATE + <u32>load<u16>(record + RECORD_B);
  const indices = CPU_STATE + <u32>load<u16>(record + RECORD_INDEX_REG);
  if (destination === mask || destination === indices || mask === indices) raiseUndefined(record);
  const size = width * count;
  for (let at = mask; at < mask + size; at += width) {
    if (width === 4) store<i32>(at, load<i32>(at) >> 31);
    else store<i64>(at, load<i64>(at) >> 63);
  }
  memory.fill(mask + size, 0, REGISTER_SIZE - size);
  for (let i: u32 = 0; i < count; i++) {
    const selected = mask + i * width;
    if (load<i32>(selected) === 0) continue;
    const at = indices + i * indexWidth;
    const address = elementAddress(record, indexWidth === 4 ? <i64>load<i32>(at) : load<i64>(at));
    if (width === 4) {
      store<u32>(destination + i * width, readData32(record, address));
      store<u32>(selected, 0);
    } else {
      store<u64>(destination + i * width, readData64(record, address));
      store<u64>(selected, 0);
    }
    memory.fill(destination + size, 0, REGISTER_SIZE - size);
  }
  memory.fill(destination + size, 0, REGISTER_SIZE - size);
}

function elementAddress(record: u32, index: i64): u64 {
  const scale = load<u8>(record + RECORD_SCALE);
  const base = load<u64>(CPU_STATE + <u32>load<u16>(record + RECORD_BASE));
  let address = base + <u64>(index << (scale & 3)) + <u64>(<i64>load<i32>(record + RECORD_DISP));
  if (scale >> 4 === ADDRESS_32) address &= 0xffff_ffff;
  const segment = <u32>load<u8>(record + RECORD_SEGMENT);
  return (address + load<u64>(CPU_STATE + ACCESS_BASE + segment * 8)) & load<u64>(CPU_STATE + LINEAR_MASK);
}
