/**
 * MXCSR: the control bits an operation works with and the exceptions it signals (Intel SDM Vol. 1 "MXCSR Control
 * and Status Register", "SIMD Floating-Point Exceptions").
 *
 * A slow path calls begin(), computes all lanes, each of which may signal(), and calls finish(), which sets the
 * sticky flags and raises #XM if an unmasked exception was signalled. What does the two halves of a 256-bit vector one
 * after the other holds that back until both are done: they are one operation.
 */

import { NO_ERROR_CODE, raiseFault, raiseUndefined } from '../events/raise';
import {
  CPU_STATE,
  CR4,
  CR4_OSXMMEXCPT,
  HELD_EXCEPTIONS,
  MXCSR,
  MXCSR_CONTROL,
  MXCSR_DEFAULT,
  VECTOR_XM,
} from '../generated/layout';

/** Status flags; the mask of each is MASK_SHIFT bits above. */
export const INVALID: u32 = 1;
export const DENORMAL: u32 = 2;
export const ZERO_DIVIDE: u32 = 4;
export const OVERFLOW: u32 = 8;
export const UNDERFLOW: u32 = 16;
export const PRECISION: u32 = 32;

const ALL_FLAGS: u32 = 0x3f;
/** In HELD_EXCEPTIONS, beside the flags held back: those of each stage STAGE_SHIFT bits above those of the one before. */
const HOLDING: u32 = 1 << 31;
const STAGE_SHIFT: u32 = 6;
/** What an operation can tell from its operands: reported before any result is computed. */
const PRECOMPUTATION: u32 = INVALID | DENORMAL | ZERO_DIVIDE;
const DENORMALS_ARE_ZEROS: u32 = 1 << 6;
const MASK_SHIFT: u32 = 7;
const ROUNDING_SHIFT: u32 = 13;
const FLUSH_TO_ZERO: u32 = 1 << 15;

export const ROUND_NEAREST: u32 = 0;
export const ROUND_DOWN: u32 = 1;
export const ROUND_UP: u32 = 2;
export const ROUND_TRUNCATE: u32 = 3;

let control: u32 = 0;
let signalled: u32 = 0;
/** How many stages of the running operation have ended. */
let stage: u32 = 0;

/** Starts an operation: reads MXCSR. */
export function begin(): void {
  control = load<u32>(CPU_STATE + MXCSR);
  signalled = 0;
  stage = 0;
}

/** Whether all exceptions are masked and all else is as WebAssembly computes. */
export function isUsual(): bool {
  return (control & MXCSR_CONTROL) === MXCSR_DEFAULT;
}

/** Starts an operation that rounds as the low three bits of an immediate say (4: as MXCSR does) and ignores FTZ. */
export function beginRounding(immediate: i32): void {
  begin();
  control &= ~FLUSH_TO_ZERO;
  if ((immediate & 4) === 0)
    control = (control & ~(3 << ROUNDING_SHIFT)) | ((immediate & 3) << ROUNDING_SHIFT);
}

export function signal(flags: u32): void {
  signalled |= flags;
}

export function unmasked(flag: u32): bool {
  return ((control >> MASK_SHIFT) & flag) === 0;
}

export function denormalsAreZeros(): bool {
  return (control & DENORMALS_ARE_ZEROS) !== 0;
}

export function flushToZero(): bool {
  return (control & FLUSH_TO_ZERO) !== 0;
}

/** MXCSR.RC: ROUND_*. */
export function roundingMode(): u32 {
  return (control >> ROUNDING_SHIFT) & 3;
}

/** Begins an instruction of several operations that report their exceptions together: none of them may fault otherwise. */
export function holdExceptions(): void {
  store<u32>(CPU_STATE + HELD_EXCEPTIONS, HOLDING);
}

/** Ends such an instruction: the next stage of all operations follows if this one of none has raised anything. */
export function releaseExceptions(record: u32): void {
  let held = load<u32>(CPU_STATE + HELD_EXCEPTIONS) & ~HOLDING;
  store<u32>(CPU_STATE + HELD_EXCEPTIONS, 0);
  begin();
  for (; held !== 0; held >>= STAGE_SHIFT) {
    signalled = held & ALL_FLAGS;
    finish(record);
  }
}

/** Ends an operation; returns only if no signalled exception is unmasked, or if they are held back. */
export function finish(record: u32): void {
  const held = load<u32>(CPU_STATE + HELD_EXCEPTIONS);
  if (held !== 0) {
    store<u32>(CPU_STATE + HELD_EXCEPTIONS, held | (signalled << (stage * STAGE_SHIFT)));
    return;
  }
  const masks = (control >> MASK_SHIFT) & ALL_FLAGS;
  // A lane with an unmasked exception of the first group keeps all lanes from having results.
  if ((signalled & PRECOMPUTATION & ~masks) !== 0) signalled &= PRECOMPUTATION;
  store<u32>(CPU_STATE + MXCSR, load<u32>(CPU_STATE + MXCSR) | signalled);
  if ((signalled & ~masks) === 0) return;
  if ((load<u64>(CPU_STATE + CR4) & CR4_OSXMMEXCPT) === 0) raiseUndefined(record);
  raiseFault(record, VECTOR_XM, NO_ERROR_CODE);
}

/**
 * Ends a stage of an operation that has several (products, then sums); returns only if no exception that it signalled
 * is unmasked. What it signalled stays, whatever the next stage signals.
 */
export function finishStage(record: u32): void {
  finish(record);
  control |= signalled;
  signalled = 0;
  stage++;
}
