/**
 * XSAVE and its kin (Intel SDM Vol. 1 "Managing State Using the XSAVE Feature Set").
 *
 *     0    the image of FXSAVE (fpu-state.ts)     520  XCOMP_BV: bit 63 and the components of a compacted image, or zero
 *     512  XSTATE_BV                              576  upper halves of YMM0 to YMM15, in both formats
 *     832  PKRU; at 576 in a compacted image without the YMM registers
 *
 * A component is in use (XINUSE) if it is not in its initial configuration. There is no supervisor state: IA32_XSS is zero,
 * and XSAVES is XSAVEC at CPL 0. XSAVEOPT, XSAVEC and XSAVES have the init optimisation, which follows from XINUSE. Of the modified
 * optimisation they have none: a processor may take every component for modified ("Processor Tracking of XSAVE-Managed State").
 */

import { NO_ERROR_CODE, raiseFault, raiseGeneralProtection, raiseUndefined } from '../events/raise';
import {
  CPL,
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
  MXCSR,
  PKRU,
  VECTOR_NM,
  XCR0,
  YMM,
} from '../generated/layout';
import { readData32 } from '../memory/mmu';
import { CONTROL_INITIAL, initialiseFpu } from '../x87/control';
import { IMAGE, probeImage, readImage, writeImage } from '../x87/image';
import { controlWord, statusWord } from '../x87/status';
import { hasCompaction } from './features';
import {
  checkMxcsr,
  composeMxcsr,
  composeSse,
  composeX87,
  FXSAVE_USED,
  MXCSR_OFFSET,
  requireAligned,
  restoreMxcsr,
  restoreSse,
  restoreX87,
  vectorRegisters,
  X87_REGISTERS,
  XMM_OFFSET,
} from './fpu-state';
import { setPkru } from './protection-keys';

const HEADER: u32 = 512;
const HEADER_SIZE: u32 = 64;
export const YMM_OFFSET: u32 = 576;
export const YMM_SIZE: u32 = 256;
export const PKRU_OFFSET: u32 = YMM_OFFSET + YMM_SIZE;
export const PKRU_SIZE: u32 = 8;

const COMPONENT_X87: u64 = 1;
const COMPONENT_SSE: u64 = 2;
export const COMPONENT_AVX: u64 = 4;
export const COMPONENT_PKRU: u64 = 1 << 9;
/** Of XCOMP_BV: the image is compacted. */
export const COMPACTED: u64 = (<u64>1) << 63;

const MXCSR_INITIAL: u32 = 0x1f80;

/** XSAVE saves everything, XSAVEOPT what is in use, XSAVEC that in the compacted format. */
const SAVE_ALL: i32 = 0;
const SAVE_USED: i32 = 1;
const SAVE_COMPACTED: i32 = 2;

// --------------------------------------------------------------------------------------------- what is in use

function isX87Initial(): bool {
  if (controlWord() !== <i32>CONTROL_INITIAL || statusWord() !== 0) return false;
  if (load<u16>(CPU_STATE + FPU_TAG) !== 0xffff || load<u16>(CPU_STATE + FPU_OPCODE) !== 0) return false;
  let bits = load<u64>(CPU_STATE + FPU_IP) | load<u64>(CPU_STATE + FPU_DP);
  for (let i = 0; i < 8; i++) {
    const register = CPU_STATE + FPU_REGISTERS + i * 16;
    bits |= load<u64>(register) | <u64>load<u16>(register + 8);
  }
  return bits === 0;
}

/** Whether the low (`half` 0) or the upper halves (16) of all YMM registers are zero. */
function areZero(half: u32): bool {
  let bits = v128.load(CPU_STATE + YMM + half);
  for (let i: u32 = 1; i < 16; i++) bits = v128.or(bits, v128.load(CPU_STATE + YMM + half + i * 32));
  return !v128.any_true(bits);
}

/** XINUSE. */
export function componentsInUse(): u64 {
  let used: u64 = 0;
  if (!isX87Initial()) used |= COMPONENT_X87;
  if (!areZero(0)) used |= COMPONENT_SSE;
  if (!areZero(16)) used |= COMPONENT_AVX;
  if (load<u32>(CPU_STATE + PKRU) !== 0) used |= COMPONENT_PKRU;
  return used;
}

/** Where PKRU is in an image with this XCOMP_BV. */
function pkruOffset(compaction: u64): u32 {
  return (compaction & (COMPACTED | COMPONENT_AVX)) === COMPACTED ? YMM_OFFSET : PKRU_OFFSET;
}

/** Bytes of an image with the components `features` and, if it is compacted, that bit. */
export function imageSize(features: u64): u32 {
  if ((features & COMPONENT_PKRU) !== 0) return pkruOffset(features) + PKRU_SIZE;
  return (features & COMPONENT_AVX) !== 0 ? YMM_OFFSET + YMM_SIZE : YMM_OFFSET;
}

/** Upper halves of the YMM registers. */
function composeAvx(): void {
  const count = vectorRegisters();
  for (let i: u32 = 0; i < count; i++) {
    v128.store(IMAGE + YMM_OFFSET + i * 16, v128.load(CPU_STATE + YMM + i * 32 + 16));
  }
}

function restoreAvx(): void {
  const count = vectorRegisters();
  for (let i: u32 = 0; i < count; i++) {
    v128.store(CPU_STATE + YMM + i * 32 + 16, v128.load(IMAGE + YMM_OFFSET + i * 16));
  }
}

// ----------------------------------------------------------------------------------------------------- saving

/** What all of them check first; returns the requested-feature bitmap EDX:EAX & XCR0. */
function requestedFeatures(record: u32, la: u64, low: u32, high: u32): u64 {
  if ((load<u32>(CPU_STATE + CR4) & CR4_OSXSAVE) === 0) raiseUndefined(record);
  if ((load<u32>(CPU_STATE + CR0) & CR0_TS) !== 0) raiseFault(record, VECTOR_NM, NO_ERROR_CODE);
  requireAligned(record, la, 64);
  return (((<u64>high) << 32) | <u64>low) & load<u64>(CPU_STATE + XCR0);
}

function save(record: u32, la: u64, operandSize: i32, features: u64, kind: i32): void {
  let used = componentsInUse();
  // Only there MXCSR is part of the component alone.
  if (kind === SAVE_COMPACTED && load<u32>(CPU_STATE + MXCSR) !== MXCSR_INITIAL) used |= COMPONENT_SSE;
  used &= features;
  const written = kind === SAVE_ALL ? features : used;
  const compaction = kind === SAVE_COMPACTED ? features | COMPACTED : 0;
  probeImage(record, la, imageSize(features | compaction));
  if ((written & COMPONENT_X87) !== 0) {
    composeX87(operandSize === 8);
    writeImage(record, la, 0, MXCSR_OFFSET);
    writeImage(record, la, X87_REGISTERS, XMM_OFFSET - X87_REGISTERS);
  }
  // In the standard format MXCSR is of SSE and of AVX.
  const ofMxcsr = kind === SAVE_COMPACTED ? used & COMPONENT_SSE : features & (COMPONENT_SSE | COMPONENT_AVX);
  if (ofMxcsr !== 0) {
    composeMxcsr();
    writeImage(record, la, MXCSR_OFFSET, 8);
  }
  if ((written & COMPONENT_SSE) !== 0) {
    composeSse();
    writeImage(record, la, XMM_OFFSET, vectorRegisters() * 16);
  }
  if ((written & COMPONENT_AVX) !== 0) {
    composeAvx();
    writeImage(record, la, YMM_OFFSET, vectorRegisters() * 16);
  }
  if ((written & COMPONENT_PKRU) !== 0) {
    const offset = pkruOffset(compaction);
    store<u64>(IMAGE + offset, load<u32>(CPU_STATE + PKRU));
    writeImage(record, la, offset, PKRU_SIZE);
  }
  if (kind === SAVE_COMPACTED) {
    store<u64>(IMAGE + HEADER, used);
    store<u64>(IMAGE + HEADER + 8, compaction);
    writeImage(record, la, HEADER, 16);
  } else {
    readImage(record, la, HEADER, 8);
    store<u64>(IMAGE + HEADER, (load<u64>(IMAGE + HEADER) & ~features) | used);
    writeImage(record, la, HEADER, 8);
  }
}

/**
 * XSAVE; XSAVE64 if `operandSize` is 8; `low` and `high` are EAX and EDX. #UD without CR4.OSXSAVE, #NM with CR0.TS,
 * #GP(0) if not aligned to 64 bytes.
 */
export function xsave(record: u32, la: u64, operandSize: i32, low: u32, high: u32): void {
  save(record, la, operandSize, requestedFeatures(record, la, low, high), SAVE_ALL);
}

/** XSAVEOPT: as XSAVE, but components in their initial configuration are not written. */
export function xsaveopt(record: u32, la: u64, operandSize: i32, low: u32, high: u32): void {
  save(record, la, operandSize, requestedFeatures(record, la, low, high), SAVE_USED);
}

/** XSAVEC: the same in the compacted format, with the whole header. */
export function xsavec(record: u32, la: u64, operandSize: i32, low: u32, high: u32): void {
  save(record, la, operandSize, requestedFeatures(record, la, low, high), SAVE_COMPACTED);
}

/** XSAVES: #GP(0) unless CPL is 0. */
export function xsaves(record: u32, la: u64, operandSize: i32, low: u32, high: u32): void {
  if (load<u32>(CPU_STATE + CPL) !== 0) raiseGeneralProtection(record, 0);
  xsavec(record, la, operandSize, low, high);
}

// -------------------------------------------------------------------------------------------------- restoring

/** #GP(0) for a header in IMAGE that XRSTOR does not take: reserved bits, and components that are not enabled. */
function checkHeader(record: u32): void {
  const present = load<u64>(IMAGE + HEADER);
  const compaction = load<u64>(IMAGE + HEADER + 8);
  const enabled = load<u64>(CPU_STATE + XCR0);
  let reserved = load<u64>(IMAGE + HEADER + 16);
  let possible = enabled;
  if ((compaction & COMPACTED) !== 0 && hasCompaction()) {
    possible = compaction & ~COMPACTED;
    reserved |= possible & ~enabled;
    for (let i: u32 = 24; i < HEADER_SIZE; i += 8) reserved |= load<u64>(IMAGE + HEADER + i);
  } else reserved |= compaction;
  if (reserved !== 0 || (present & ~possible) !== 0) raiseGeneralProtection(record, 0);
}

/**
 * XRSTOR; XRSTOR64 if `operandSize` is 8. Requested components that XSTATE_BV does not have are initialised.
 * Faults as XSAVE; #GP(0) also for an impossible header, and for bits of MXCSR that do not exist.
 */
export function xrstor(record: u32, la: u64, operandSize: i32, low: u32, high: u32): void {
  const features = requestedFeatures(record, la, low, high);
  readImage(record, la, 0, FXSAVE_USED);
  readImage(record, la, HEADER, HEADER_SIZE);
  checkHeader(record);
  restore(record, la, operandSize, features);
}

/** XRSTORS: #GP(0) unless CPL is 0, and for an image that is not compacted. */
export function xrstors(record: u32, la: u64, operandSize: i32, low: u32, high: u32): void {
  if (load<u32>(CPU_STATE + CPL) !== 0) raiseGeneralProtection(record, 0);
  const features = requestedFeatures(record, la, low, high);
  readImage(record, la, 0, FXSAVE_USED);
  readImage(record, la, HEADER, HEADER_SIZE);
  if ((load<u64>(IMAGE + HEADER + 8) & COMPACTED) === 0) raiseGeneralProtection(record, 0);
  checkHeader(record);
  restore(record, la, operandSize, features);
}

/** From IMAGE, which has all but the AVX component and PKRU of the area at `la`. */
function restore(record: u32, la: u64, operandSize: i32, features: u64): void {
  const present = load<u64>(IMAGE + HEADER) & features;
  const compaction = load<u64>(IMAGE + HEADER + 8);
  const isCompacted = (compaction & COMPACTED) !== 0;
  const ofMxcsr = isCompacted ? COMPONENT_SSE : COMPONENT_SSE | COMPONENT_AVX;
  const hasMxcsr = (features & ofMxcsr) !== 0;
  if (isCompacted && (present & COMPONENT_SSE) === 0) store<u32>(IMAGE + MXCSR_OFFSET, MXCSR_INITIAL);
  if (hasMxcsr) checkMxcsr(record);
  if ((present & COMPONENT_AVX) !== 0) readImage(record, la, YMM_OFFSET, vectorRegisters() * 16);
  else memory.fill(IMAGE + YMM_OFFSET, 0, YMM_SIZE);
  const pkru = (present & COMPONENT_PKRU) !== 0 ? readData32(record, la + pkruOffset(compaction)) : 0;
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
  if ((features & COMPONENT_AVX) !== 0) restoreAvx();
  if ((features & COMPONENT_PKRU) !== 0) setPkru(pkru);
}
