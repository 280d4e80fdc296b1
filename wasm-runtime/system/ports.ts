/** Port I/O: permission (Intel SDM Vol. 1 "Protected-Mode I/O") and the elements of IN, OUT, INS and OUTS. */

import { raiseGeneralProtection } from '../events/raise';
import { ioBitmapAllows } from '../events/task-state';
import {
  COUNTER_PORT,
  CPL,
  CPU_STATE,
  CURRENT_RECORD,
  FLAG_VM,
  GPR,
  SYSTEM_FLAGS,
} from '../generated/layout';
import { finishWrite, readData8, readData16, readData32, slowWrite } from '../memory/mmu';
import { watchPort } from '../memory/watch';
import { beginSystemInstruction } from '../segments/descriptors';
import { count } from './counters';
import { hostReadPort, hostWritePort } from './host';
import { askTheHost } from './time';

/**
 * #GP(0) unless CPL <= IOPL or the I/O permission bitmap lets the access through; then I/O breakpoints. In
 * virtual-8086 mode only the bitmap counts.
 */
function checkPort(record: u32, port: u32, size: u32): void {
  checkPermission(record, port, size);
  watchPort(record, port, size);
}

function checkPermission(record: u32, port: u32, size: u32): void {
  const cpl = load<u32>(CPU_STATE + CPL);
  if (cpl === 0) return;
  const flags = load<u32>(CPU_STATE + SYSTEM_FLAGS);
  if ((flags & FLAG_VM) === 0 && cpl <= ((flags >>> 12) & 3)) return;
  beginSystemInstruction(record);
  if (!ioBitmapAllows(port, size)) raiseGeneralProtection(record, 0);
}

/** Before a device is asked: it may ask how far the block has come (the instruction clock). */
function announce(record: u32): void {
  store<u32>(CPU_STATE + CURRENT_RECORD, record);
  askTheHost();
  count(COUNTER_PORT, 1);
}

/** IN: `size` (1, 2 or 4) bytes of `port`. */
export function readPort(record: u32, port: i32, size: i32): u32 {
  checkPort(record, port, size);
  announce(record);
  return hostReadPort(port, size);
}

/** OUT: the low `size` (1, 2 or 4) bytes of `value`. */
export function writePort(record: u32, port: i32, size: i32, value: u32): void {
  checkPort(record, port, size);
  announce(record);
  const masked = size === 4 ? value : value & ((1 << (size * 8)) - 1);
  hostWritePort(port, size, masked);
}

/** One element of INS: reads port DX and stores at `la`. The store is known to succeed before the port is read. */
export function inputElement(record: u32, la: u64, size: i32): void {
  const port = load<u16>(CPU_STATE + GPR + 16);
  checkPort(record, port, size);
  const target = slowWrite(record, la, size);
  announce(record);
  const value = hostReadPort(port, size);
  if (size === 4) store<u32>(target, value);
  else if (size === 2) store<u16>(target, <u16>value);
  else store<u8>(target, <u8>value);
  finishWrite();
}

/** One element of OUTS: loads from `la` and writes port DX. */
export function outputElement(record: u32, la: u64, size: i32): void {
  const port = load<u16>(CPU_STATE + GPR + 16);
  checkPort(record, port, size);
  const value =
    size === 4 ? readData32(record, la) : size === 2 ? readData16(record, la) : readData8(record, la);
  announce(record);
  hostWritePort(port, size, value);
}
