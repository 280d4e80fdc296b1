/**
 * FXSAVE and FXRSTOR, and the parts of their image that XSAVE has as well (Intel SDM Vol. 1 "FXSAVE Area").
 *
 *     0    FCW FSW FTW(8, one bit a register) FOP FIP FDP
 *     24   MXCSR, MXCSR_MASK
 *     32   st(0) to st(7), 16 bytes each
 *     160  XMM0 to XMM15
 *
 * FCS and FDS are zero. On AMD's processors so are FOP, FIP and FDP while no unmasked exception is pending (src/layout/vendor.ts).
 */

import { raiseGeneralProtection } from '../events/raise';
import {
  CPU_STATE,
  FPU_DP,
  FPU_ERROR_SUMMARY,
  FPU_IP,
  FPU_OPCODE,
  FPU_TAG,
  MODE,
  MODE_CODE_64,
  MODE_CODE_MASK,
  MXCSR,
  YMM,
} from '../generated/layout';
import { IMAGE, probeImage, readImage, writeImage } from '../x87/image';
import {
  controlWord,
  headOf,
  loadRegister,
  loadStatusWord,
  requireAvailable,
  setControl,
  significandOf,
  statusWord,
} from '../x87/status';
import { isAmd } from './features';

export const MXCSR_OFFSET: u32 = 24;
export const X87_REGISTERS: u32 = 32;
export const XMM_OFFSET: u32 = 160;
export const FXSAVE_USED: u32 = 416;
const FXSAVE_SIZE: u32 = 512;

/** Bits of MXCSR that exist. */
const MXCSR_MASK: u32 = 0xffff;
const OPCODE_BITS: u16 = 0x7ff;

/** XMM and YMM registers that the current mode has. */
export function vectorRegisters(): u32 {
  return (load<i32>(CPU_STATE + MODE) & MODE_CODE_MASK) === MODE_CODE_64 ? 16 : 8;
}

export function requireAligned(record: u32, la: u64, alignment: u64): void {
  if ((la & (alignment - 1)) !== 0) raiseGeneralProtection(record, 0);
}

/** IMAGE 0-23 and 32-159. `wide` (REX.W): FIP and FDP have 64 bits. */
export function composeX87(wide: bool): void {
  const tags = ~(<u32>load<u16>(CPU_STATE + FPU_TAG));
  let inUse: u32 = 0;
  for (let i = 0; i < 8; i++) inUse |= ((tags >> (2 * i)) & 1) << i;
  const hasPointers = !isAmd() || (statusWord() & FPU_ERROR_SUMMARY) !== 0;
  const ip = hasPointers ? load<u64>(CPU_STATE + FPU_IP) : 0;
  const dp = hasPointers ? load<u64>(CPU_STATE + FPU_DP) : 0;
  store<u16>(IMAGE, <u16>controlWord());
  store<u16>(IMAGE + 2, <u16>statusWord());
  store<u16>(IMAGE + 4, <u16>inUse);
  store<u16>(IMAGE + 6, hasPointers ? load<u16>(CPU_STATE + FPU_OPCODE) : 0);
  store<u64>(IMAGE + 8, wide ? ip : ip & 0xffff_ffff);
  store<u64>(IMAGE + 16, wide ? dp : dp & 0xffff_ffff);
  for (let i = 0; i < 8; i++) {
    const slot = IMAGE + X87_REGISTERS + i * 16;
    store<u64>(slot, significandOf(i));
    store<u64>(slot + 8, headOf(i));
  }
}

export function composeMxcsr(): void {
  store<u32>(IMAGE + MXCSR_OFFSET, load<u32>(CPU_STATE + MXCSR));
  store<u32>(IMAGE + MXCSR_OFFSET + 4, MXCSR_MASK);
}

/** Low halves of the YMM registers. */
export function composeSse(): void {
  const count = vectorRegisters();
  for (let i: u32 = 0; i < count; i++) {
    v128.store(IMAGE + XMM_OFFSET + i * 16, v128.load(CPU_STATE + YMM + i * 32));
  }
}

export function restoreX87(wide: bool): void {
  const inUse = <u32>load<u8>(IMAGE + 4);
  let tags: u32 = 0xffff;
  for (let i = 0; i < 8; i++) if (((inUse >> i) & 1) !== 0) tags &= ~(3 << (2 * i));
  const pointerMask: u64 = wide ? -1 : 0xffff_ffff;
  store<u16>(CPU_STATE + FPU_TAG, <u16>tags);
  store<u16>(CPU_STATE + FPU_OPCODE, load<u16>(IMAGE + 6) & OPCODE_BITS);
  store<u64>(CPU_STATE + FPU_IP, load<u64>(IMAGE + 8) & pointerMask);
  store<u64>(CPU_STATE + FPU_DP, load<u64>(IMAGE + 16) & pointerMask);
  loadStatusWord(load<u16>(IMAGE + 2));
  setControl(load<u16>(IMAGE));
  for (let i = 0; i < 8; i++) {
    const slot = IMAGE + X87_REGISTERS + i * 16;
    loadRegister(i, load<u16>(slot + 8), load<u64>(slot));
  }
}

/** #GP(0) if the MXCSR in IMAGE has bits that do not exist. */
export function checkMxcsr(record: u32): void {
  if ((load<u32>(IMAGE + MXCSR_OFFSET) & ~MXCSR_MASK) !== 0) raiseGeneralProtection(record, 0);
}

export function restoreMxcsr(): void {
  store<u32>(CPU_STATE + MXCSR, load<u32>(IMAGE + MXCSR_OFFSET));
}

export function restoreSse(): void {
  const count = vectorRegisters();
  for (let i: u32 = 0; i < count; i++) {
    v128.store(CPU_STATE + YMM + i * 32, v128.load(IMAGE + XMM_OFFSET + i * 16));
  }
}

/** FXSAVE; FXSAVE64 if `operandSize` is 8. #NM, #GP(0) if not aligned to 16 bytes. Bytes 416-511 are left alone. */
export function fxsave(record: u32, la: u64, operandSize: i32): void {
  requireAvailable(record);
  requireAligned(record, la, 16);
  composeX87(operandSize === 8);
  composeMxcsr();
  composeSse();
  const size = XMM_OFFSET + vectorRegisters() * 16;
  probeImage(record, la, FXSAVE_SIZE);
  writeImage(record, la, 0, size);
}

/** FXRSTOR; FXRSTOR64 if `operandSize` is 8. #GP(0) also if MXCSR has bits that do not exist. */
export function fxrstor(record: u32, la: u64, operandSize: i32): void {
  requireAvailable(record);
  requireAligned(record, la, 16);
  readImage(record, la, 0, FXSAVE_USED);
  checkMxcsr(record);
  restoreX87(operandSize === 8);
  restoreMxcsr();
  restoreSse();
}
