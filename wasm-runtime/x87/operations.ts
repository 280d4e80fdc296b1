/** Instructions that add, subtract, multiply, divide and compare. */
import { readData16, readData32, readData64 } from '../memory/mmu';
import { addOrSubtract, divide, multiply } from './arithmetic';
import { classify, compare, UNORDERED } from './compare';
import { extendDouble, extendSingle, wasDenormal } from './float';
import { isNotANumber, isUnsupported, resultHead, SIGN } from './format';
import { packInteger } from './integer';
import {
  begin,
  beginMemory,
  C1,
  DENORMAL,
  finish,
  headOf,
  isEmpty,
  loadRegister,
  operandMissing,
  pop,
  setConditionCodes,
  setIndefinite,
  setRegister,
  setStatusFlags,
  signal,
  significandOf,
  stackUnderflow,
  statusFlags,
  suppressed,
} from './status';
import { endComparing, endPopping } from './usual';
import {
  ADD,
  COMPARE,
  COMPARE_AND_POP,
  computeNumber,
  computeRegisters,
  DIVIDE,
  DIVIDE_REVERSED,
  MULTIPLY,
  orderOfRegisters,
  SUBTRACT,
  SUBTRACT_REVERSED,
} from './usual-arithmetic';

/** a `operation` b, not a comparison: the general way. */
export function computeNumbers(operation: i32, aHead: i32, a: u64, bHead: i32, b: u64): u64 {
  if (operation === ADD) return addOrSubtract(aHead, a, bHead, b, 0);
  if (operation === MULTIPLY) return multiply(aHead, a, bHead, b);
  if (operation === SUBTRACT) return addOrSubtract(aHead, a, bHead, b, SIGN);
  if (operation === SUBTRACT_REVERSED) return addOrSubtract(bHead, b, aHead, a, SIGN);
  if (operation === DIVIDE) return divide(aHead, a, bHead, b);
  return divide(bHead, b, aHead, a);
}

/** Writes the result to st(0), unless it is suppressed, and ends the instruction. */
function finishResult(record: u32, significand: u64): void {
  if (!suppressed()) setRegister(0, resultHead, significand);
  finish(record);
}

/** Ends a comparison. */
function finishCompare(record: u32, codes: i32, pops: i32): void {
  setConditionCodes(codes);
  const stop = suppressed();
  finish(record);
  if (stop) return;
  for (; pops > 0; pops--) pop();
}

/** FCOM ST(i), FUCOM with `quiet` 1, and the forms that pop once or twice. */
export function fcom(record: u32, i: i32, quiet: i32, pops: i32): void {
  const order = orderOfRegisters(record, i);
  if (order >= 0 && pops < 2) {
    endComparing(record, order, pops);
    return;
  }
  begin(record);
  let codes = UNORDERED;
  if (isEmpty(0) || isEmpty(i)) stackUnderflow();
  else codes = compare(headOf(0), significandOf(0), headOf(i), significandOf(i), quiet !== 0);
  finishCompare(record, codes, pops);
}

/**
 * FCOMI ST(0), ST(i), FUCOMI with `quiet` 1, and the forms that pop. Returns the order as condition codes, which stay as they
 * are; so does C1, which the manual has cleared, unless a register is empty.
 */
export function fcomi(record: u32, i: i32, quiet: i32, pops: i32): i32 {
  const order = orderOfRegisters(record, i);
  if (order >= 0) {
    endPopping(record, statusFlags() & C1, pops);
    return order;
  }
  begin(record);
  let codes = UNORDERED;
  let kept: i32 = 0;
  if (isEmpty(0) || isEmpty(i)) stackUnderflow();
  else {
    codes = compare(headOf(0), significandOf(0), headOf(i), significandOf(i), quiet !== 0);
    kept = statusFlags() & C1;
  }
  const stop = suppressed();
  finish(record);
  setStatusFlags(statusFlags() | kept);
  if (!stop && pops !== 0) pop();
  return codes;
}

/** FTST: st(0) against 0.0. */
export function ftst(record: u32): void {
  begin(record);
  let codes = UNORDERED;
  if (isEmpty(0)) stackUnderflow();
  else codes = compare(headOf(0), significandOf(0), 0, 0, false);
  finishCompare(record, codes, 0);
}

/** FXAM. */
export function fxam(record: u32): void {
  begin(record);
  setConditionCodes(classify(headOf(0), significandOf(0), isEmpty(0)));
  finish(record);
}

/** The general way of `operation` on st(0) and ST(i), with the result in ST(target). */
function computeGenerally(operation: i32, record: u32, i: i32, target: i32, pops: i32): void {
  begin(record);
  if (isEmpty(0) || isEmpty(i)) {
    if (!stackUnderflow()) {
      finish(record);
      return;
    }
    setIndefinite(target);
  } else {
    const result = computeNumbers(operation, headOf(0), significandOf(0), headOf(i), significandOf(i));
    if (suppressed()) {
      finish(record);
      return;
    }
    // It is in use, as the operand that it was.
    loadRegister(target, resultHead, result);
  }
  finish(record);
  if (pops !== 0) pop();
}

/** The short way, or else the general one. `operation` is constant. @inline */
function computeEitherWay(operation: i32, record: u32, i: i32, target: i32, pops: i32): void {
  if (!computeRegisters(operation, record, i, target, pops))
    computeGenerally(operation, record, i, target, pops);
}

/** FADD: st(target) = st(0) + st(i); `target` is 0 or i, and `pops` 1 pops afterwards. */
export function fadd(record: u32, i: i32, target: i32, pops: i32): void {
  computeEitherWay(ADD, record, i, target, pops);
}

/** FMUL, as FADD. */
export function fmul(record: u32, i: i32, target: i32, pops: i32): void {
  computeEitherWay(MULTIPLY, record, i, target, pops);
}

/** FSUB: st(0) - st(i), as FADD. */
export function fsub(record: u32, i: i32, target: i32, pops: i32): void {
  computeEitherWay(SUBTRACT, record, i, target, pops);
}

/** FSUBR: st(i) - st(0), as FADD. */
export function fsubr(record: u32, i: i32, target: i32, pops: i32): void {
  computeEitherWay(SUBTRACT_REVERSED, record, i, target, pops);
}

/** FDIV: st(0) / st(i), as FADD. */
export function fdiv(record: u32, i: i32, target: i32, pops: i32): void {
  computeEitherWay(DIVIDE, record, i, target, pops);
}

/** FDIVR: st(i) / st(0), as FADD. */
export function fdivr(record: u32, i: i32, target: i32, pops: i32): void {
  computeEitherWay(DIVIDE_REVERSED, record, i, target, pops);
}

/** The operation on st(0) and a number from memory; 2 and 3 are FCOM and FCOMP. */
function computeMemory(record: u32, operation: i32, head: i32, significand: u64): void {
  if (operation === COMPARE || operation === COMPARE_AND_POP) {
    const codes = compare(headOf(0), significandOf(0), head, significand, false);
    finishCompare(record, codes, operation - COMPARE);
    return;
  }
  finishResult(record, computeNumbers(operation, headOf(0), significandOf(0), head, significand));
}

/** If st(0) is empty, gives the masked response of an operation with a memory operand and returns true. */
function registerMissing(record: u32, operation: i32): bool {
  if (operation !== COMPARE && operation !== COMPARE_AND_POP) return operandMissing(record, 0);
  if (!isEmpty(0)) return false;
  stackUnderflow();
  finishCompare(record, UNORDERED, operation - COMPARE);
  return true;
}

/** The same for a number converted from memory, which is signalled if it was a denormal and is looked at as a number. */
function computeConverted(record: u32, operation: i32, head: i32, significand: u64): void {
  if (wasDenormal && isOrdinary(operation, headOf(0), significandOf(0))) signal(DENORMAL);
  computeMemory(record, operation, head, significand);
}

/** Whether an operation of a number and a denormal looks at the denormal: no NaN and no division by zero. */
function isOrdinary(operation: i32, head: i32, significand: u64): bool {
  if (isUnsupported(head, significand) || isNotANumber(head, significand)) return false;
  return operation !== DIVIDE_REVERSED || significand !== 0;
}

/** Arithmetic and comparison with m32fp (D8 /0 to /7). */
export function fpuArithmetic32(record: u32, operation: i32, la: u64): void {
  beginMemory(record, la);
  const bits = <u32>readData32(record, la);
  const significand = extendSingle(bits);
  if (!wasDenormal && computeNumber(operation, record, resultHead, significand)) return;
  if (registerMissing(record, operation)) return;
  computeConverted(record, operation, resultHead, significand);
}

/** Arithmetic and comparison with m64fp (DC /0 to /7). */
export function fpuArithmetic64(record: u32, operation: i32, la: u64): void {
  beginMemory(record, la);
  const bits = <u64>readData64(record, la);
  const significand = extendDouble(bits);
  if (!wasDenormal && computeNumber(operation, record, resultHead, significand)) return;
  if (registerMissing(record, operation)) return;
  computeConverted(record, operation, resultHead, significand);
}

/** Arithmetic and comparison with m16int (DE /0 to /7). */
export function fpuArithmeticInteger16(record: u32, operation: i32, la: u64): void {
  beginMemory(record, la);
  const value = <i64>(<i16>readData16(record, la));
  const significand = packInteger(value);
  if (computeNumber(operation, record, resultHead, significand)) return;
  if (registerMissing(record, operation)) return;
  computeMemory(record, operation, resultHead, significand);
}

/** Arithmetic and comparison with m32int (DA /0 to /7). */
export function fpuArithmeticInteger32(record: u32, operation: i32, la: u64): void {
  beginMemory(record, la);
  const value = <i64>(<i32>readData32(record, la));
  const significand = packInteger(value);
  if (computeNumber(operation, record, resultHead, significand)) return;
  if (registerMissing(record, operation)) return;
  computeMemory(record, operation, resultHead, significand);
}
