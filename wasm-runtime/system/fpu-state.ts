/**
 * FXSAVE, FXRSTOR, XSAVE, XSAVEOPT and XRSTOR (Intel SDM Vol. 1 "Managing State Using the XSAVE Feature Set").
 *
 *     0    FCW FSW FTW(8, one bit a register) FOP FIP FDP     512  XSTATE_BV
 *     24   MXCSR, MXCSR_MASK                                  520  XCOMP_BV, zero: only the standard format
 *     32   st(0) to st(7), 16 bytes each                      576  upper halves of YMM0 to YMM15
 *     160  XMM0 to XMM15
 *
 * Every component counts as in use (XINUSE), which the manual allows, so XSAVEOPT is XSAVE. FCS and FDS are zero.
 */

import { NO_ERROR_CODE, raiseFault, raiseGeneralProtection, raiseUndefined } from '../events/raise';
import {
  CPU_STATE,
  CR0,
  CR0_TS,
  CR4,
  CR4_OSXSAVE,
  FPU_DP,
  FPU_IP,
  FPU_OPCODE,
  FPU_REGISTERS,
  FPU_TAG,
  MODE,
  MODE_CODE_64,
  MODE_CODE_MASK,
  MXCSR,
  VECTOR_NM,
  XCR0,
  YMM,
} from '../generated/layout';
import { initialiseFpu } from '../x87/control';
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

const MXCSR_OFFSET: u32 = 24;
const X87_REGISTERS: u32 = 32;
const XMM_OFFSET: u32 = 160;
const FXSAVE_USED: u32 = 416;
const FXSAVE_SIZE: u32 = 512;
const HEADER: u32 = 512;
const HEADER_SIZE: u32 = 24;
const YMM_OFFSET: u32 = 576;

/** Bits of MXCSR that exist. */
const MXCSR_MASK: u32 = 0xffff;
const OPCODE_BITS: u16 = 0x7ff;

const COMPONENT_X87: u64 = 1;
const COMPONENT_SSE: u64 = 2;
const COMPONENT_AVX: u64 = 4;

/** XMM and YMM registers that the current mode has. */
function vectorRegisters(): u32 {
  return (load<i32>(CPU_STATE + MODE) & MODE_CODE_MASK) === MODE_CODE_64 ? 16 : 8;
}

function requireAligned(record: u32, la: u64, alignment: u64): void {
  if ((la & (alignment - 1)) !== 0) raiseGeneralProtection(record, 0);
}

/** IMAGE 0-23 and 32-159. `wide` (REX.W): FIP and FDP have 64 bits. */
function composeX87(wide: bool): void {
  const tags = ~(<u32>load<u16>(CPU_STATE + FPU_TAG));
  let inUse: u32 = 0;
  for (let i = 0; i < 8; i++) inUse |= ((tags >> (2 * i)) & 1) << i;
  const ip = load<u64>(CPU_STATE + FPU_IP);
  const dp = load<u64>(CPU_STATE + FPU_DP);
  store<u16>(IMAGE, <u16>controlWord());
  store<u16>(IMAGE + 2, <u16>statusWord());
  store<u16>(IMAGE + 4, <u16>inUse);
  store<u16>(IMAGE + 6, load<u16>(CPU_STATE + FPU_OPCODE));
  store<u64>(IMAGE + 8, wide ? ip : ip & 0xffff_ffff);
  store<u64>(IMAGE + 16, wide ? dp : dp & 0xffff_ffff);
  for (let i = 0; i < 8; i++) {
    const slot = IMAGE + X87_REGISTERS + i * 16;
    store<u64>(slot, significandOf(i));
    store<u64>(slot + 8, headOf(i));
  }
}

function composeMxcsr(): void {
  store<u32>(IMAGE + MXCSR_OFFSET, load<u32>(CPU_STATE + MXCSR));
  store<u32>(IMAGE + MXCSR_OFFSET + 4, MXCSR_MASK);
}

/** Low halves of the YMM registers. */
function composeSse(): void {
  const count = vectorRegisters();
  for (let i: u32 = 0; i < count; i++) {
    v128.store(IMAGE + XMM_OFFSET + i * 16, v128.load(CPU_STATE + YMM + i * 32));
  }
}

/** Upper halves of the YMM registers. */
function composeAvx(): void {
  const count = vectorRegisters();
  for (let i: u32 = 0; i < count; i++) {
    v128.store(IMAGE + YMM_OFFSET + i * 16, v128.load(CPU_STATE + YMM + i * 32 + 16));
  }
}

function restoreX87(wide: bool): void {
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
function checkMxcsr(record: u32): void {
  if ((load<u32>(IMAGE + MXCSR_OFFSET) & ~MXCSR_MASK) !== 0) raiseGeneralProtection(record, 0);
}

function restoreMxcsr(): void {
  store<u32>(CPU_STATE + MXCSR, load<u32>(IMAGE + MXCSR_OFFSET));
}

function restoreSse(): void {
  const count = vectorRegisters();
  for (let i: u32 = 0; i < count; i++) {
    v128.store(CPU_STATE + YMM + i * 32, v128.load(IMAGE + XMM_OFFSET + i * 16));
  }
}

function restoreAvx(): void {
  const count = vectorRegisters();
  for (let i: u32 = 0; i < count; i++) {
    v128.store(CPU_STATE + YMM + i * 32 + 16, v128.load(IMAGE + YMM_OFFSET + i * 16));
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

/** What XSAVE and XRSTOR check first; returns the requested-feature bitmap EDX:EAX & XCR0. */
function requestedFeatures(record: u32, la: u64, low: u32, high: u32): u64 {
  if ((load<u32>(CPU_STATE + CR4) & CR4_OSXSAVE) === 0) raiseUndefined(record);
  if ((load<u32>(CPU_STATE + CR0) & CR0_TS) !== 0) raiseFault(record, VECTOR_NM, NO_ERROR_CODE);
  requireAligned(record, la, 64);
  return (((<u64>high) << 32) | <u64>low) & load<u64>(CPU_STATE + XCR0);
}

/**
 * XSAVE and XSAVEOPT; XSAVE64 if `operandSize` is 8; `low` and `high` are EAX and EDX. #UD without CR4.OSXSAVE,
 * #NM with CR0.TS, #GP(0) if not aligned to 64 bytes.
 */
export function xsave(record: u32, la: u64, operandSize: i32, low: u32, high: u32): void {
  const features = requestedFeatures(record, la, low, high);
  probeImage(record, la, (features & COMPONENT_AVX) !== 0 ? YMM_OFFSET + 256 : YMM_OFFSET);
  readImage(record, la, HEADER, 8);
  store<u64>(IMAGE + HEADER, load<u64>(IMAGE + HEADER) | features);
  if ((features & COMPONENT_X87) !== 0) {
    composeX87(operandSize === 8);
    writeImage(record, la, 0, MXCSR_OFFSET);
    writeImage(record, la, X87_REGISTERS, XMM_OFFSET - X87_REGISTERS);
  }
  if ((features & (COMPONENT_SSE | COMPONENT_AVX)) !== 0) {
    composeMxcsr();
    writeImage(record, la, MXCSR_OFFSET, 8);
  }
  if ((features & COMPONENT_SSE) !== 0) {
    composeSse();
    writeImage(record, la, XMM_OFFSET, vectorRegisters() * 16);
  }
  if ((features & COMPONENT_AVX) !== 0) {
    composeAvx();
    writeImage(record, la, YMM_OFFSET, vectorRegisters() * 16);
  }
  writeImage(record, la, HEADER, 8);
}

/**
 * XRSTOR; XRSTOR64 if `operandSize` is 8. Requested components that XSTATE_BV does not have are initialised.
 * Faults as XSAVE; #GP(0) also for a header that is not of the standard format or has components that XCR0 does
 * not, and for bits of MXCSR that do not exist.
 */
export function xrstor(record: u32, la: u64, operandSize: i32, low: u32, high: u32): void {
  const features = requestedFeatures(record, la, low, high);
  readImage(record, la, 0, FXSAVE_USED);
  readImage(record, la, HEADER, HEADER_SIZE);
  const present = load<u64>(IMAGE + HEADER);
  const reserved = load<u64>(IMAGE + HEADER + 8) | load<u64>(IMAGE + HEADER + 16);
  if ((present & ~load<u64>(CPU_STATE + XCR0)) !== 0 || reserved !== 0) raiseGeneralProtection(record, 0);
  const hasMxcsr = (features & (COMPONENT_SSE | COMPONENT_AVX)) !== 0;
  if (hasMxcsr) checkMxcsr(record);
  const avx = (features & COMPONENT_AVX) !== 0;
  if (avx && (present & COMPONENT_AVX) !== 0) readImage(record, la, YMM_OFFSET, vectorRegisters() * 16);
  else memory.fill(IMAGE + YMM_OFFSET, 0, 256);
  // From here on nothing faults.
  if ((features & COMPONENT_X87) !== 0) {
    if ((present & COMPONENT_X87) !== 0) {
      restoreX87(operandSize === 8);
    } else {
      memory.fill(CPU_STATE + FPU_REGISTERS, 0, 128);
      initialiseFpu();
    }
  }
  if (hasMxcsr) restoreMxcsr();
  if ((features & COMPONENT_SSE) !== 0) {
    if ((present & COMPONENT_SSE) === 0) memory.fill(IMAGE + XMM_OFFSET, 0, 256);
    restoreSse();
  }
  if (avx) restoreAvx();
}
