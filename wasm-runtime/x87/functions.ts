/** Instructions that work on st(0), or on st(0) and st(1): sign, root, remainder, scaling, transcendental functions. */
import { squareRoot } from './arithmetic';
import { exponentialMinusOne, logarithm, logarithmPlusOne } from './exponential';
import { EXPONENT_BIAS, INTEGER_BIT, isNotANumber, pack, resultHead, SIGN } from './format';
import { remainder, remainderCodes } from './remainder';
import { extract, extractedHead, extractedSignificand, roundInteger, scale } from './scale';
import {
  begin,
  C0,
  C1,
  C2,
  C3,
  finish,
  headOf,
  INVALID,
  isEmpty,
  operandMissing,
  pop,
  push,
  STACK_FAULT,
  setConditionCodes,
  setIndefinite,
  setRegister,
  signal,
  significandOf,
  stackUnderflow,
  statusFlags,
  suppressed,
  unmasked,
} from './status';
import { arcTangent, cosine, isInTrigonometricRange, sine, tangent } from './trigonometric';
import { changeSign } from './usual-transfer';

/** Writes the result to st(0), unless it is suppressed, and ends the instruction. */
function finishResult(record: u32, significand: u64): void {
  if (!suppressed()) setRegister(0, resultHead, significand);
  finish(record);
}

/** FCHS. */
export function fchs(record: u32): void {
  if (changeSign(record, -1, SIGN)) return;
  begin(record);
  if (operandMissing(record, 0)) return;
  setRegister(0, headOf(0) ^ SIGN, significandOf(0));
  finish(record);
}

/** FABS. */
export function fabs(record: u32): void {
  if (changeSign(record, ~SIGN, 0)) return;
  begin(record);
  if (operandMissing(record, 0)) return;
  setRegister(0, headOf(0) & ~SIGN, significandOf(0));
  finish(record);
}

/** FSQRT. */
export function fsqrt(record: u32): void {
  begin(record);
  if (operandMissing(record, 0)) return;
  finishResult(record, squareRoot(headOf(0), significandOf(0)));
}

/** FRNDINT. */
export function frndint(record: u32): void {
  begin(record);
  if (operandMissing(record, 0)) return;
  finishResult(record, roundInteger(headOf(0), significandOf(0)));
}

/** F2XM1. */
export function f2xm1(record: u32): void {
  begin(record);
  if (operandMissing(record, 0)) return;
  finishResult(record, exponentialMinusOne(headOf(0), significandOf(0)));
}

/** Clears C2: nothing is left to be reduced. */
function clearC2(): void {
  setConditionCodes(statusFlags() & (C0 | C3));
}

/** If st(0) or st(1) is empty, makes st(`target`) the indefinite, pops `pops` registers, and returns true. */
function pairMissing(record: u32, target: i32, pops: i32): bool {
  if (!isEmpty(0) && !isEmpty(1)) return false;
  const masked = stackUnderflow();
  if (masked) setIndefinite(target);
  finish(record);
  if (masked && pops !== 0) pop();
  return true;
}

/** FSCALE. */
export function fscale(record: u32): void {
  begin(record);
  if (pairMissing(record, 0, 0)) return;
  finishResult(record, scale(headOf(0), significandOf(0), headOf(1), significandOf(1)));
}

/** FPREM; FPREM1 with `nearest` 1. */
export function fprem(record: u32, nearest: i32): void {
  begin(record);
  clearC2();
  if (pairMissing(record, 0, 0)) return;
  const result = remainder(headOf(0), significandOf(0), headOf(1), significandOf(1), nearest !== 0);
  if (!suppressed()) setConditionCodes(remainderCodes);
  finishResult(record, result);
}

/** Writes the result to st(1) and pops, unless it is suppressed, and ends the instruction. */
function finishPair(record: u32, significand: u64): void {
  const stop = suppressed();
  if (!stop) setRegister(1, resultHead, significand);
  finish(record);
  if (!stop) pop();
}

/** FYL2X. */
export function fyl2x(record: u32): void {
  begin(record);
  if (pairMissing(record, 1, 1)) return;
  finishPair(record, logarithm(headOf(0), significandOf(0), headOf(1), significandOf(1)));
}

/** FYL2XP1. */
export function fyl2xp1(record: u32): void {
  begin(record);
  if (pairMissing(record, 1, 1)) return;
  finishPair(record, logarithmPlusOne(headOf(0), significandOf(0), headOf(1), significandOf(1)));
}

/** FPATAN. */
export function fpatan(record: u32): void {
  begin(record);
  if (pairMissing(record, 1, 1)) return;
  finishPair(record, arcTangent(headOf(0), significandOf(0), headOf(1), significandOf(1)));
}

/** If st(0) is beyond 2^63, sets C2, ends the instruction and returns true. */
function outOfRange(record: u32): bool {
  if (isInTrigonometricRange(headOf(0), significandOf(0))) return false;
  setConditionCodes((statusFlags() & (C0 | C3)) | C2);
  finish(record);
  return true;
}

/** FSIN. */
export function fsin(record: u32): void {
  begin(record);
  clearC2();
  if (operandMissing(record, 0) || outOfRange(record)) return;
  finishResult(record, sine(headOf(0), significandOf(0)));
}

/** FCOS. */
export function fcos(record: u32): void {
  begin(record);
  clearC2();
  if (operandMissing(record, 0) || outOfRange(record)) return;
  finishResult(record, cosine(headOf(0), significandOf(0)));
}

/**
 * Before an instruction that replaces st(0) and pushes: if st(0) is empty or st(7) is in use, signals the stack
 * fault, with the indefinite for both results as the masked response, and returns true.
 */
function replaceAndPushFails(record: u32): bool {
  const underflow = isEmpty(0);
  if (!underflow && isEmpty(7)) return false;
  signal(underflow ? INVALID | STACK_FAULT : INVALID | STACK_FAULT | C1);
  if (!unmasked(INVALID)) {
    setIndefinite(0);
    push(headOf(0), significandOf(0));
  }
  finish(record);
  return true;
}

/** Replaces st(0), pushes the last result and ends the instruction, unless that is suppressed. */
function finishReplaceAndPush(record: u32, head: i32, significand: u64, pushed: u64): void {
  if (!suppressed()) {
    setRegister(0, head, significand);
    push(resultHead, pushed);
  }
  finish(record);
}

/** FSINCOS: st(0) becomes the sine, and the cosine is pushed. */
export function fsincos(record: u32): void {
  begin(record);
  clearC2();
  if (replaceAndPushFails(record) || outOfRange(record)) return;
  const a = significandOf(0);
  const result = sine(headOf(0), a);
  const head = resultHead;
  finishReplaceAndPush(record, head, result, cosine(headOf(0), a));
}

/** FPTAN: st(0) becomes the tangent, and 1.0 is pushed (after a NaN, that NaN). */
export function fptan(record: u32): void {
  begin(record);
  clearC2();
  if (replaceAndPushFails(record) || outOfRange(record)) return;
  const result = tangent(headOf(0), significandOf(0));
  const head = resultHead;
  const pushed = isNotANumber(head, result) ? result : pack(EXPONENT_BIAS, INTEGER_BIT);
  finishReplaceAndPush(record, head, result, pushed);
}

/** FXTRACT: st(0) becomes the exponent, and the significand is pushed. */
export function fxtract(record: u32): void {
  begin(record);
  if (replaceAndPushFails(record)) return;
  const exponent = extract(headOf(0), significandOf(0));
  const head = resultHead;
  finishReplaceAndPush(record, head, exponent, pack(extractedHead, extractedSignificand));
}
