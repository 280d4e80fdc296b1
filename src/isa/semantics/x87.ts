/**
 * x87 instructions and the state they share with SSE: all of them are runtime functions (wasm-runtime/x87/index.ts,
 * wasm-runtime/system/fpu-state.ts), which also check for #NM and pending #MF. Those that neither change what others may raise nor
 * store or load the whole state are part of regions (Emitter.x87).
 */
import type { RuntimeFunction } from '../../layout/generated/runtime-function.ts';
import { i32, i64, none } from '../../wasm/value-types.ts';
import type { Condition } from '../condition.ts';
import type { Emitter, X87Number, X87Operand, X87Stack } from '../emitter.ts';
import type { Semantics } from '../row.ts';
import {
  compute,
  constant,
  fromFloat,
  fromInteger,
  newPlaces,
  numberIn,
  order,
  packedHead,
  squareRoot,
  toFloat,
  unpackHead,
} from './x87-numbers.ts';

function constants(e: Emitter, values: readonly number[]): number[] {
  return values.map((value) => e.m.i32.const(value));
}

/** A runtime function of constants only. */
export function plain(name: RuntimeFunction, ...values: number[]): Semantics {
  return (e) => e.emit(e.x87(name, constants(e, values), none));
}

/** The same for what changes what other instructions may raise, with the address of the memory operand if there is one. */
export function control(name: RuntimeFunction): Semantics {
  return (e) => e.run(name, e.operandCount === 0 ? [e.record()] : [e.record(), e.address(0)]);
}

function memoryOperand(e: Emitter, access: X87Operand['access'], size: number): X87Operand {
  return { access, size, linearAddress: e.let(e.address(0), i64) };
}

/** A runtime function of the address of the memory operand, from which it reads `size` bytes. */
export function load(name: RuntimeFunction, size: number): Semantics {
  return (e) => {
    const operand = memoryOperand(e, 'read', size);
    e.emit(e.x87(name, [operand.linearAddress()], none, operand));
  };
}

/** A runtime function of the address of the memory operand, to which it writes `size` bytes, and constants. */
export function store(name: RuntimeFunction, size: number, ...values: number[]): Semantics {
  return (e) => {
    const operand = memoryOperand(e, 'write', size);
    e.emit(e.x87(name, [operand.linearAddress(), ...constants(e, values)], none, operand));
  };
}

/** FNSTCW and FNSTSW: a runtime function that gives the word to be stored. */
export function storeWord(name: RuntimeFunction): Semantics {
  return (e) => e.write(0, e.let(e.x87(name, [], i32), i32)());
}

/** FSTENV and kin: the layout depends on the operand size. */
export function environment(name: RuntimeFunction): Semantics {
  return (e) => e.run(name, [e.record(), e.address(0), e.m.i32.const(e.operandSize)]);
}

/** XSAVE and XRSTOR: EDX:EAX selects the components. */
export function extendedState(name: RuntimeFunction): Semantics {
  return (e) => {
    const size = e.m.i32.const(e.operandSize);
    e.run(name, [e.record(), e.address(0), size, e.gpr(0, 4), e.gpr(2, 4)]);
  };
}

/** A runtime function of the stack register that is `operand`, and constants. */
export function stack(name: RuntimeFunction, operand: number, ...values: number[]): Semantics {
  return (e) => e.emit(e.x87(name, [e.registerNumber(operand), ...constants(e, values)], none));
}

/** Of st(0) and a memory operand of `size` bytes, by a runtime function. */
function callMemoryArithmetic(e: Emitter, name: RuntimeFunction, size: number, operation: number): void {
  const operand = memoryOperand(e, 'read', size);
  e.emit(e.x87(name, [e.m.i32.const(operation), operand.linearAddress()], none, operand));
}

/** The comparisons among the operations. */
function isComparison(operation: number): boolean {
  return operation === 2 || operation === 3;
}

/** st(target) = st(0) `operation` b, then `pops` pops. */
function computeInPlace(
  e: Emitter,
  stack: X87Stack,
  operation: number,
  b: X87Number,
  target: number,
  pops: 0 | 1,
): void {
  const { number, up, lost } = compute(e, stack, operation, stack.get(0), b);
  stack.set(target, number);
  if (pops === 1) stack.pop();
  stack.end(up, lost);
}

/** Arithmetic or comparison of st(0) and an m32fp or m64fp; `operation` is ModRM.reg. */
export function floatArithmetic(name: RuntimeFunction, size: 4 | 8, operation: number): Semantics {
  return (e) => {
    const { x87Stack } = e;
    if (isComparison(operation) || x87Stack?.begin([0], 0) !== true) {
      callMemoryArithmetic(e, name, size, operation);
      return;
    }
    computeInPlace(e, x87Stack, operation, loadFloat(e, x87Stack, size), 0, 0);
  };
}

/** The same of an m16int or m32int. */
export function integerArithmetic(name: RuntimeFunction, size: 2 | 4, operation: number): Semantics {
  return (e) => {
    const { x87Stack } = e;
    if (isComparison(operation) || x87Stack?.begin([0], 0) !== true) {
      callMemoryArithmetic(e, name, size, operation);
      return;
    }
    computeInPlace(e, x87Stack, operation, loadInteger(e, x87Stack, size), 0, 0);
  };
}

function loadFloat(e: Emitter, stack: X87Stack, size: 4 | 8): X87Number {
  const address = e.let(e.address(0), i64);
  return fromFloat(e, stack, size, e.let(e.load(size, address), size === 8 ? i64 : i32));
}

function loadInteger(e: Emitter, stack: X87Stack, size: 2 | 4 | 8): X87Number {
  const { m } = e;
  const address = e.let(e.address(0), i64);
  const loaded = e.load(size, address);
  if (size === 8) return fromInteger(e, stack, e.let(loaded, i64));
  const value = m.i64.extend_s(size === 2 ? m.i32.extend16_s(loaded) : loaded);
  return fromInteger(e, stack, e.let(value, i64));
}

function push(e: Emitter, number: (stack: X87Stack) => X87Number): boolean {
  const { x87Stack } = e;
  if (x87Stack?.begin([], 1) !== true) return false;
  const pushed = number(x87Stack);
  x87Stack.push(pushed);
  x87Stack.end();
  return true;
}

/** FLD m32fp and m64fp. */
export function fld(name: RuntimeFunction, size: 4 | 8): Semantics {
  const call = load(name, size);
  return (e) => {
    if (!push(e, (stack) => loadFloat(e, stack, size))) call(e);
  };
}

/** FLD m80fp. */
export function fld80(e: Emitter): void {
  const { m } = e;
  const loaded = push(e, (stack) => {
    const host = stack.host('read', e.let(e.address(0), i64), 10);
    const places = newPlaces((type) => stack.keep(type));
    e.emit(places.significand.set(m.i64.load(0, 1, host())));
    e.emit(unpackHead(m, places, m.i32.load16_u(8, 1, host())));
    return numberIn(places);
  });
  if (!loaded) load('fld80', 10)(e);
}

/** FSTP m80fp. */
export function fstp80(e: Emitter): void {
  const { m, x87Stack } = e;
  if (x87Stack?.begin([0], 0) !== true) {
    store('fstp80', 10)(e);
    return;
  }
  const number = x87Stack.get(0);
  const host = x87Stack.host('write', e.let(e.address(0), i64), 10);
  e.emit(m.i64.store(0, 1, host(), number.significand()));
  e.emit(m.i32.store16(8, 1, host(), packedHead(m, number)));
  x87Stack.pop();
  x87Stack.end();
}

/** FILD. */
export function fild(name: RuntimeFunction, size: 2 | 4 | 8): Semantics {
  const call = load(name, size);
  return (e) => {
    if (!push(e, (stack) => loadInteger(e, stack, size))) call(e);
  };
}

/** FLD ST(i). */
export function fldRegister(e: Emitter): void {
  const { x87Stack } = e;
  const i = x87Stack?.numberOf(0) ?? 0;
  if (x87Stack?.begin([i], 1) !== true) {
    stack('fldSt', 0)(e);
    return;
  }
  x87Stack.push(x87Stack.get(i));
  x87Stack.end();
}

/** FLDZ and FLD1, which are the same however it is rounded; of others, whose index it is, runtime functions know. */
export function fldConstant(index: number): Semantics {
  return (e) => {
    const isExact = index === 0 || index === 6;
    if (!isExact || !push(e, () => constant(e.m, index === 0 ? 1 : 0))) plain('fldConstant', index)(e);
  };
}

/** FST and FSTP of m32fp and m64fp. */
export function fst(name: RuntimeFunction, size: 4 | 8, pops: 0 | 1): Semantics {
  return (e) => {
    const { x87Stack } = e;
    if (x87Stack?.begin([0], 0) !== true) {
      store(name, size, pops)(e);
      return;
    }
    const { bits, up, lost } = toFloat(e, x87Stack, size, x87Stack.get(0));
    e.store(size, e.let(e.address(0), i64), bits);
    if (pops === 1) x87Stack.pop();
    x87Stack.end(up, lost);
  };
}

/** FST ST(i) and FSTP ST(i). */
export function fstRegister(pops: 0 | 1): Semantics {
  return (e) => {
    const { x87Stack } = e;
    if (x87Stack?.begin([0], 0) !== true) {
      stack('fstSt', 0, pops)(e);
      return;
    }
    x87Stack.set(x87Stack.numberOf(0), x87Stack.get(0));
    if (pops === 1) x87Stack.pop();
    x87Stack.end();
  };
}

/** FXCH ST(i). */
export function fxch(e: Emitter): void {
  const { x87Stack } = e;
  const i = x87Stack?.numberOf(0) ?? 0;
  if (x87Stack?.begin([0, i], 0) !== true) {
    stack('fxch', 0)(e);
    return;
  }
  const [top, other] = [x87Stack.get(0), x87Stack.get(i)];
  x87Stack.set(0, other);
  x87Stack.set(i, top);
  x87Stack.end();
}

/** FCHS and FABS: bits of the sign that stay, and bits that change. */
function withSign(name: RuntimeFunction, mask: number, change: number): Semantics {
  return (e) => {
    const { m, x87Stack } = e;
    if (x87Stack?.begin([0], 0) !== true) {
      plain(name)(e);
      return;
    }
    const number = x87Stack.get(0);
    const changed = x87Stack.keep(i32);
    e.emit(changed.set(m.i32.xor(m.i32.and(number.sign(), m.i32.const(mask)), m.i32.const(change))));
    x87Stack.set(0, { ...number, sign: () => changed.get() });
    x87Stack.end();
  };
}

export const fchs = withSign('fchs', -1, -1);
export const fabs = withSign('fabs', 0, 0);

export function fsqrt(e: Emitter): void {
  const { x87Stack } = e;
  if (x87Stack?.begin([0], 0) !== true) {
    plain('fsqrt')(e);
    return;
  }
  const { number, up } = squareRoot(e, x87Stack, x87Stack.get(0));
  x87Stack.set(0, number);
  x87Stack.end(up);
}

/** FCOMI and kin: ZF, PF and CF are the condition codes C3, C2 and C0. */
export function compareToFlags(quiet: 0 | 1, pops: 0 | 1): Semantics {
  return (e) => {
    const { m, x87Stack } = e;
    const i = x87Stack?.numberOf(1) ?? 0;
    if (x87Stack?.begin([0, i], 0) === true) {
      const [zero, parity, carry] = order(e, x87Stack, x87Stack.get(0), x87Stack.get(i), quiet);
      if (pops === 1) x87Stack.pop();
      x87Stack.end('same');
      e.flags.compare(zero(), parity(), carry());
      return;
    }
    const codes = e.let(e.x87('fcomi', [e.registerNumber(1), ...constants(e, [quiet, pops])], i32), i32);
    const bit = (number: number) => m.i32.and(m.i32.shr_u(codes(), m.i32.const(number)), m.i32.const(1));
    e.flags.compare(bit(14), bit(10), bit(8));
  };
}

/** st(0) = st(0) `operation` ST(i). */
export function arithmeticToTop(name: RuntimeFunction, operation: number): Semantics {
  return (e) => {
    const { x87Stack } = e;
    const i = x87Stack?.numberOf(1) ?? 0;
    if (x87Stack?.begin([0, i], 0) === true) computeInPlace(e, x87Stack, operation, x87Stack.get(i), 0, 0);
    else e.emit(e.x87(name, [e.registerNumber(1), ...constants(e, [0, 0])], none));
  };
}

/** ST(i) = st(0) `operation` ST(i), then `pops` pops. */
export function arithmeticToStack(name: RuntimeFunction, operation: number, pops: 0 | 1): Semantics {
  return (e) => {
    const { x87Stack } = e;
    const i = x87Stack?.numberOf(0) ?? 0;
    if (x87Stack?.begin([0, i], 0) === true) computeInPlace(e, x87Stack, operation, x87Stack.get(i), i, pops);
    else e.emit(e.x87(name, [e.registerNumber(0), e.registerNumber(0), ...constants(e, [pops])], none));
  };
}

export function fcmov(condition: Condition, negated: boolean): Semantics {
  return (e) => {
    const holds = e.let(e.condition(condition, negated), i32);
    e.emit(e.x87('fcmov', [e.registerNumber(1), holds()], none));
  };
}
