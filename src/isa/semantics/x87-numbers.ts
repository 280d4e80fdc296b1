/**
 * Arithmetic on x87 numbers (emitter/x87.ts) in compiled code. What is usual is done here: normal numbers whose exponents are not
 * extreme, results of 64 bits rounded to nearest. All else is a call of a runtime function of the numbers. Zero, infinite and
 * other numbers of memory operands, which are converted, are told apart before.
 */
import type { RuntimeFunction } from '../../layout/generated/runtime-function.ts';
import type { Expression, Module } from '../../wasm/builder.ts';
import { i32, i64 } from '../../wasm/value-types.ts';
import type { Emitter, Place, Value, X87Number, X87Stack } from '../emitter.ts';

/** As the reg field of D8 has them. */
const [MULTIPLY, SUBTRACT, SUBTRACT_REVERSED, DIVIDE, DIVIDE_REVERSED] = [1, 4, 5, 6, 7];

export const SIGN = 0x8000;
export const EXPONENT_MAX = 0x7fff;
const BIAS = 16383;
const INTEGER_BIT = 1n << 63n;

/** Exponents from LOWEST, so many: what comes of two of them is a normal number. Those of doubles are among them. */
const LOWEST = 0x3000;
const EXPONENTS = 0x2000;

/** Formats in memory: bits of the significand, of which the first is not stored, and bias of the exponent. */
const FORMATS = { 4: { precision: 24, bias: 127 }, 8: { precision: 53, bias: 1023 } };
type FloatSize = keyof typeof FORMATS;

function exponent(m: Module, head: Value): Expression {
  return m.i32.and(head(), m.i32.const(EXPONENT_MAX));
}

function negative(e: Emitter, { head, significand }: X87Number): X87Number {
  return { head: e.let(e.m.i32.xor(head(), e.m.i32.const(SIGN)), i32), significand };
}

/** Where a result goes, and whether it was rounded up. */
interface Result {
  readonly head: Place;
  readonly significand: Place;
  readonly up: Place;
}

function newResult(s: X87Stack): Result {
  return { head: s.keep(i32), significand: s.keep(i64), up: s.keep(i32) };
}

function numberOf({ head, significand }: Result): X87Number {
  return { head: () => head.get(), significand: () => significand.get() };
}

/** The result of a runtime function. */
function take(e: Emitter, s: X87Stack, to: Result, name: RuntimeFunction, args: Expression[]): void {
  const { m } = e;
  e.emit(to.significand.set(s.call(name, args, i64)));
  e.emit(to.head.set(m.i32.and(s.rest(), m.i32.const(0xffff))));
  e.emit(to.up.set(m.i32.shr_u(s.rest(), m.i32.const(16))));
}

/** Whether one of them is not normal, or very large or very small, or it is not rounded as usual. */
function isUnusual(m: Module, s: X87Stack, a: X87Number, b: X87Number): Expression {
  const above = ({ head }: X87Number) => m.i32.sub(exponent(m, head), m.i32.const(LOWEST));
  const isFar = m.i32.ge_u(m.i32.or(above(a), above(b)), s.usually(EXPONENTS));
  return m.i32.or(isFar, m.i64.ge_s(m.i64.and(a.significand(), b.significand()), m.i64.const(0n)));
}

/** Fails unless both are normal and neither very large nor very small, and it is rounded as usual. */
function requireUsual(e: Emitter, s: X87Stack, a: X87Number, b: X87Number, fail: () => Expression): void {
  e.emit(e.m.ifUnlikely(isUnusual(e.m, s, a, b), fail()));
}

/**
 * Rounds to nearest what fits into a normal number. Which way it goes is hard to predict: no branch.
 * @param head with the sign. @param low what is cut off, in units of 2^-64 of the last place.
 */
function round(
  e: Emitter,
  to: Result,
  head: Expression,
  high: Place,
  low: Place,
  fail: () => Expression,
): void {
  const { m } = e;
  const half = m.i64.sub(m.i64.const(INTEGER_BIT), m.i64.and(high.get(), m.i64.const(1n)));
  e.emit(to.up.set(m.i64.gt_u(low.get(), half)));
  e.emit(to.significand.set(m.i64.add(high.get(), m.i64.extend_u(to.up.get()))));
  e.emit(m.ifUnlikely(m.i64.eqz(to.significand.get()), fail()));
  e.emit(to.head.set(head));
}

/** A significand before it is rounded: its places are `high` and what is cut off, `low`. */
interface Wide {
  readonly head: Place;
  readonly high: Place;
  readonly low: Place;
}

/** Two magnitudes, that of the larger exponent first; the other is shifted, and `lost` are bits that it loses. */
function sumUsual(e: Emitter, wide: Wide, head: Value, large: Value, shifted: Value, lost: Value): void {
  const { m } = e;
  const one = (): Expression => m.i64.const(1n);
  const total = e.let(m.i64.add(large(), shifted()), i64);
  const carry = e.let(m.i64.lt_u(total(), large()), i32);
  const carried = m.i64.or(m.i64.shr_u(total(), one()), m.i64.const(INTEGER_BIT));
  e.emit(wide.high.set(m.select(carry(), carried, total())));
  const sticky = m.i64.or(m.i64.shr_u(lost(), one()), m.i64.and(lost(), one()));
  const carriedLow = m.i64.or(m.i64.shl(total(), m.i64.const(63n)), sticky);
  e.emit(wide.low.set(m.select(carry(), carriedLow, lost())));
  e.emit(wide.head.set(m.i32.add(head(), carry())));
}

function differenceUsual(
  e: Emitter,
  wide: Wide,
  head: Value,
  large: Value,
  shifted: Value,
  lost: Value,
  fail: () => Expression,
): void {
  const { m } = e;
  const borrow = m.i64.extend_u(m.i64.ne(lost(), m.i64.const(0n)));
  // All ones where it is negative: exponents are the same then, and nothing is lost.
  const less = e.let(m.i64.sub(m.i64.const(0n), m.i64.extend_u(m.i64.lt_u(large(), shifted()))), i64);
  const magnitude = m.i64.sub(m.i64.xor(m.i64.sub(large(), shifted()), less()), less());
  const rest = e.let(m.i64.sub(magnitude, borrow), i64);
  e.emit(m.ifUnlikely(m.i64.eqz(rest()), fail()));
  const below = e.let(m.i64.sub(m.i64.const(0n), lost()), i64);
  const zeros = e.let(m.i64.clz(rest()), i64);
  // To the right by 64 - zeros, in two steps because by 64 is nothing.
  const inverse = m.i64.xor(zeros(), m.i64.const(-1n));
  const moved = m.i64.shr_u(m.i64.shr_u(below(), m.i64.const(1n)), inverse);
  e.emit(wide.high.set(m.i64.or(m.i64.shl(rest(), zeros()), moved)));
  e.emit(wide.low.set(m.i64.shl(below(), zeros())));
  const sign = m.i32.and(m.i32.wrap(less()), m.i32.const(SIGN));
  e.emit(wide.head.set(m.i32.sub(m.i32.xor(head(), sign), m.i32.wrap(zeros()))));
}

function addUsual(
  e: Emitter,
  s: X87Stack,
  wide: Wide,
  a: X87Number,
  b: X87Number,
  fail: () => Expression,
): void {
  const { m } = e;
  const distance = e.let(m.i32.sub(exponent(m, a.head), exponent(m, b.head)), i32);
  // All ones where b has the larger exponent: masks take fewer operations than choices.
  const swap = e.let(m.i32.shr_s(distance(), m.i32.const(31)), i32);
  const shift = e.let(m.i64.extend_u(m.i32.sub(m.i32.xor(distance(), swap()), swap())), i64);
  e.emit(m.ifUnlikely(m.i64.gt_u(shift(), m.i64.const(63n)), fail()));
  const heads = m.i32.and(m.i32.xor(a.head(), b.head()), swap());
  const head = e.let(m.i32.xor(a.head(), heads), i32);
  const both = m.i64.xor(a.significand(), b.significand());
  const exchanged = e.let(m.i64.and(both, m.i64.extend_s(swap())), i64);
  const large = e.let(m.i64.xor(a.significand(), exchanged()), i64);
  const small = e.let(m.i64.xor(b.significand(), exchanged()), i64);
  const shifted = e.let(m.i64.shr_u(small(), shift()), i64);
  // To the left by 64 - shift, in two steps.
  const inverse = m.i64.xor(shift(), m.i64.const(-1n));
  const lost = e.let(m.i64.shl(m.i64.shl(small(), m.i64.const(1n)), inverse), i64);
  s.choose(
    m.i32.and(m.i32.xor(a.head(), b.head()), m.i32.const(SIGN)),
    () => differenceUsual(e, wide, head, large, shifted, lost, fail),
    () => sumUsual(e, wide, head, large, shifted, lost),
  );
}

function multiplyUsual(e: Emitter, wide: Wide, a: X87Number, b: X87Number): void {
  const { m } = e;
  const lowHalf = (value: Expression): Expression => m.i64.and(value, m.i64.const(0xffff_ffffn));
  const highHalf = (value: Expression): Expression => m.i64.shr_u(value, m.i64.const(32n));
  const [a0, a1] = [e.let(lowHalf(a.significand()), i64), e.let(highHalf(a.significand()), i64)];
  const [b0, b1] = [e.let(lowHalf(b.significand()), i64), e.let(highHalf(b.significand()), i64)];
  const middle = e.let(m.i64.add(m.i64.mul(a1(), b0()), highHalf(m.i64.mul(a0(), b0()))), i64);
  const cross = e.let(m.i64.add(m.i64.mul(a0(), b1()), lowHalf(middle())), i64);
  const carries = m.i64.add(highHalf(middle()), highHalf(cross()));
  const high = e.let(m.i64.add(m.i64.mul(a1(), b1()), carries), i64);
  const low = e.let(m.i64.mul(a.significand(), b.significand()), i64);
  const topOf = (value: Value): Expression => m.i64.shr_u(value(), m.i64.const(63n));
  const isLarge = e.let(m.i32.wrap(topOf(high)), i32);
  // All ones where it is doubled: masks take fewer operations than choices.
  const doubles = e.let(m.i64.sub(topOf(high), m.i64.const(1n)), i64);
  const more = m.i64.and(m.i64.add(high(), topOf(low)), doubles());
  e.emit(wide.high.set(m.i64.add(high(), more)));
  e.emit(wide.low.set(m.i64.add(low(), m.i64.and(low(), doubles()))));
  const sign = m.i32.and(m.i32.xor(a.head(), b.head()), m.i32.const(SIGN));
  const exponents = m.i32.add(m.i32.add(exponent(m, a.head), exponent(m, b.head)), isLarge());
  e.emit(wide.head.set(m.i32.or(sign, m.i32.sub(exponents, m.i32.const(BIAS)))));
}

/** a `operation` b, and what it ends the instruction with. */
export function compute(e: Emitter, s: X87Stack, operation: number, a: X87Number, b: X87Number) {
  const { m } = e;
  const to = newResult(s);
  const lost = s.local(i64);
  const call = (): void => {
    const args = [a.head(), a.significand(), b.head(), b.significand()];
    // Its flags are not ours.
    e.emit(lost.set(m.i64.const(0n)));
    take(e, s, to, 'fpuCompute', [m.i32.const(operation), ...args]);
  };
  if (operation === DIVIDE || operation === DIVIDE_REVERSED) call();
  else {
    const wide = { head: s.local(i32), high: s.local(i64), low: lost };
    const fast = (fail: () => Expression): void => {
      requireUsual(e, s, a, b, fail);
      if (operation === MULTIPLY) multiplyUsual(e, wide, a, b);
      else if (operation === SUBTRACT) addUsual(e, s, wide, a, negative(e, b), fail);
      else if (operation === SUBTRACT_REVERSED) addUsual(e, s, wide, negative(e, a), b, fail);
      else addUsual(e, s, wide, a, b, fail);
      round(e, to, wide.head.get(), wide.high, wide.low, fail);
    };
    s.either(fast, call);
  }
  return { number: numberOf(to), up: () => to.up.get(), lost: lost.get() };
}

/** A number from memory. Others than normal ones and zeros are left to the handler. */
export function fromFloat(e: Emitter, s: X87Stack, size: FloatSize, bits: Value): X87Number {
  const { m } = e;
  const { precision, bias } = FORMATS[size];
  const wide = size === 8 ? bits : e.let(m.i64.extend_u(bits()), i64);
  const [head, significand] = [s.keep(i32), s.keep(i64)];
  const fraction = BigInt(precision - 1);
  const most = 2 * bias + 1;
  const top = e.let(m.i32.wrap(m.i64.shr_u(wide(), m.i64.const(fraction))), i32);
  const exponentIn = e.let(m.i32.and(top(), m.i32.const(most)), i32);
  const sign = e.let(m.i32.and(m.i32.shl(top(), m.i32.const(size === 8 ? 4 : 7)), m.i32.const(SIGN)), i32);
  e.emit(head.set(m.i32.or(sign(), m.i32.add(exponentIn(), m.i32.const(BIAS - bias)))));
  const placed = m.i64.shl(wide(), m.i64.const(BigInt(64 - precision)));
  e.emit(significand.set(m.i64.or(placed, m.i64.const(INTEGER_BIT))));
  const isOther = m.i32.ge_u(m.i32.sub(exponentIn(), m.i32.const(1)), m.i32.const(most - 1));
  e.when(isOther, () => {
    const magnitude = m.i64.shl(wide(), m.i64.const(size === 8 ? 1n : 33n));
    s.leaveIf(m.i64.ne(magnitude, m.i64.const(0n)));
    e.emit(head.set(sign()));
    e.emit(significand.set(m.i64.const(0n)));
  });
  return { head: () => head.get(), significand: () => significand.get() };
}

/** @param value i64. */
export function fromInteger(e: Emitter, s: X87Stack, value: Value): X87Number {
  const { m } = e;
  const [head, significand] = [s.keep(i32), s.keep(i64)];
  const signs = e.let(m.i64.shr_s(value(), m.i64.const(63n)), i64);
  const magnitude = e.let(m.i64.sub(m.i64.xor(value(), signs()), signs()), i64);
  const zeros = e.let(m.i64.clz(magnitude()), i64);
  e.emit(significand.set(m.i64.shl(magnitude(), zeros())));
  const sign = m.i32.and(m.i32.wrap(signs()), m.i32.const(SIGN));
  const whole = m.i32.or(sign, m.i32.sub(m.i32.const(BIAS + 63), m.i32.wrap(zeros())));
  e.emit(head.set(m.select(m.i64.eqz(magnitude()), m.i32.const(0), whole)));
  return { head: () => head.get(), significand: () => significand.get() };
}

/** A number in a format of memory, and what it ends the instruction with. What is unusual is left to the handler. */
export function toFloat(e: Emitter, s: X87Stack, size: FloatSize, { head, significand }: X87Number) {
  const { m } = e;
  const { precision, bias } = FORMATS[size];
  const kept = e.let(m.i64.shr_u(significand(), m.i64.const(BigInt(64 - precision))), i64);
  const cut = e.let(m.i64.shl(significand(), m.i64.const(BigInt(precision))), i64);
  const half = m.i64.sub(m.i64.const(INTEGER_BIT), m.i64.and(kept(), m.i64.const(1n)));
  const up = s.keep(i32);
  e.emit(up.set(m.i64.gt_u(cut(), half)));
  // Less one: the integer bit of the significand adds it.
  const below = e.let(m.i32.sub(exponent(m, head), m.i32.const(BIAS - bias + 1)), i32);
  const sign = m.i64.shl(
    m.i64.extend_u(m.i32.shr_u(head(), m.i32.const(15))),
    m.i64.const(size === 8 ? 63n : 31n),
  );
  const rounded = m.i64.add(kept(), m.i64.extend_u(up.get()));
  const placed = m.i64.shl(m.i64.extend_u(below()), m.i64.const(BigInt(precision - 1)));
  const signBit = e.let(sign, i64);
  const bits = s.local(i64);
  e.emit(bits.set(m.i64.or(signBit(), m.i64.add(placed, rounded))));
  // The next exponent may be reached by rounding.
  const isFar = m.i32.ge_u(below(), s.usually(2 * bias - 1));
  const isOther = m.i64.ge_s(significand(), m.i64.const(0n));
  e.when(m.i32.or(isFar, isOther), () => {
    s.leaveIf(m.i64.ne(m.i64.or(significand(), m.i64.extend_u(exponent(m, head))), m.i64.const(0n)));
    e.emit(bits.set(signBit()));
  });
  const value = size === 8 ? bits.get() : m.i32.wrap(bits.get());
  return { bits: value, up: () => up.get(), lost: cut() };
}

/** Flags of an order, i32 each: equal, unordered, less. */
export function order(
  e: Emitter,
  s: X87Stack,
  a: X87Number,
  b: X87Number,
  quiet: 0 | 1,
): [Value, Value, Value] {
  const { m } = e;
  const [zero, parity, carry] = [s.local(i32), s.local(i32), s.local(i32)];
  const fast = (fail: () => Expression): void => {
    // A zero gets no sign: there is one.
    const heads = [a, b].map(({ head }) => {
      const local = s.local(i32);
      e.emit(local.set(m.i32.extend16_s(head())));
      return local;
    });
    e.when(isUnusual(m, s, a, b), () => {
      [a, b].forEach(({ head, significand }, i) => {
        const isNormal = m.i32.and(
          m.i32.lt_u(m.i32.sub(exponent(m, head), m.i32.const(1)), m.i32.const(EXPONENT_MAX - 1)),
          m.i64.lt_s(significand(), m.i64.const(0n)),
        );
        const magnitude = (): Expression => m.i64.or(significand(), m.i64.extend_u(exponent(m, head)));
        e.emit(m.ifUnlikely(m.i32.eqz(m.i32.or(isNormal, m.i64.eqz(magnitude()))), fail()));
        const local = heads[i] as Place;
        e.emit(local.set(m.select(m.i64.eqz(significand()), m.i32.const(0), local.get())));
      });
    });
    // Magnitudes of negative numbers are inverted, so that numbers compare as pairs of integers.
    const keys = [a, b].map(({ significand }, i) => {
      const head = heads[i] as Place;
      const inverse = e.let(m.i32.shr_s(head.get(), m.i32.const(31)), i32);
      const magnitude = m.i32.and(head.get(), m.i32.const(EXPONENT_MAX));
      return {
        high: e.let(m.i32.xor(magnitude, inverse()), i32),
        low: e.let(m.i64.xor(significand(), m.i64.extend_s(inverse())), i64),
      };
    });
    const [x, y] = keys as [(typeof keys)[0], (typeof keys)[0]];
    const isSame = e.let(m.i32.eq(x.high(), y.high()), i32);
    e.emit(zero.set(m.i32.and(isSame(), m.i64.eq(x.low(), y.low()))));
    const isLess = m.i32.and(isSame(), m.i64.lt_u(x.low(), y.low()));
    e.emit(carry.set(m.i32.or(isLess, m.i32.lt_s(x.high(), y.high()))));
    e.emit(parity.set(m.i32.const(0)));
  };
  const slow = (): void => {
    const args = [a.head(), a.significand(), b.head(), b.significand(), m.i32.const(quiet)];
    const codes = e.let(s.call('fpuOrder', args, i32), i32);
    const bit = (number: number) => m.i32.and(m.i32.shr_u(codes(), m.i32.const(number)), m.i32.const(1));
    e.emit(zero.set(bit(14)));
    e.emit(parity.set(bit(10)));
    e.emit(carry.set(bit(8)));
  };
  s.either(fast, slow);
  return [() => zero.get(), () => parity.get(), () => carry.get()];
}

/** The square root, and what it ends the instruction with. */
export function squareRoot(e: Emitter, s: X87Stack, { head, significand }: X87Number) {
  const to = newResult(s);
  take(e, s, to, 'fpuRoot', [head(), significand()]);
  return { number: numberOf(to), up: () => to.up.get() };
}
