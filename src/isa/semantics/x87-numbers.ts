/**
 * Arithmetic on x87 numbers (emitter/x87.ts) in compiled code. What is usual is done here: normal numbers and zeros, and
 * results that are, of 64 bits and rounded to nearest. All else is a call of a runtime function of the numbers. Zero, infinite and
 * other numbers of memory operands, which are converted, are told apart before.
 *
 * Exponents of what is not normal are so far from all others that no sum or product of them is one of a normal number: to look at the
 * result's is enough.
 */
import type { RuntimeFunction } from '../../layout/generated/runtime-function.ts';
import type { Expression, Module } from '../../wasm/builder.ts';
import { i32, i64 } from '../../wasm/value-types.ts';
import type { Emitter, Place, Value, X87Number, X87Stack } from '../emitter.ts';

/** As the reg field of D8 has them. */
const [ADD, MULTIPLY, SUBTRACT, SUBTRACT_REVERSED, DIVIDE, DIVIDE_REVERSED] = [0, 1, 4, 5, 6, 7];

const SIGN = 0x8000;
const EXPONENT_MAX = 0x7fff;
const BIAS = 16383;
const INTEGER_BIT = 1n << 63n;
/** Exponent of zero, and what is added to those of others that are not normal. */
const ZERO = 1 << 20;
const SPECIAL = 1 << 22;

/** Formats in memory: bits of the significand, of which the first is not stored, and bias of the exponent. */
const FORMATS = { 4: { precision: 24, bias: 127 }, 8: { precision: 53, bias: 1023 } };
type FloatSize = keyof typeof FORMATS;

/** Sign and exponent as they are in memory: the lower 16 bits count. */
export function packedHead(m: Module, { sign, exponent }: X87Number): Expression {
  return m.i32.or(m.i32.and(sign(), m.i32.const(SIGN)), exponent());
}

function argumentsOf(m: Module, number: X87Number): Expression[] {
  return [m.i32.and(packedHead(m, number), m.i32.const(0xffff)), number.significand()];
}

/** Places of a number. */
interface Places {
  readonly sign: Place;
  readonly exponent: Place;
  readonly significand: Place;
}

export function newPlaces(keep: X87Stack['keep']): Places {
  return { sign: keep(i32), exponent: keep(i32), significand: keep(i64) };
}

export function numberIn({ sign, exponent, significand }: Places): X87Number {
  return { sign: () => sign.get(), exponent: () => exponent.get(), significand: () => significand.get() };
}

/**
 * Sets sign and exponent from those of memory, when the significand is set. Two branches that are hardly ever taken are shorter than one
 * whose condition is made of both.
 */
export function unpackHead(m: Module, { sign, exponent, significand }: Places, head: Expression): Expression {
  const special = (): Expression => m.i32.or(exponent.get(), m.i32.const(SPECIAL));
  const isZero = m.i64.eqz(m.i64.or(significand.get(), m.i64.extend_u(exponent.get())));
  const isFar = m.i32.ge_u(m.i32.sub(exponent.get(), m.i32.const(1)), m.i32.const(EXPONENT_MAX - 1));
  const isUnnormal = m.i64.ge_s(significand.get(), m.i64.const(0n));
  return m.block(null, [
    sign.set(m.i32.extend16_s(head)),
    exponent.set(m.i32.and(sign.get(), m.i32.const(EXPONENT_MAX))),
    m.ifUnlikely(
      isFar,
      exponent.set(m.select(isZero, m.i32.const(ZERO), special())),
      m.ifUnlikely(isUnnormal, exponent.set(special())),
    ),
  ]);
}

function negative(e: Emitter, number: X87Number): X87Number {
  return { ...number, sign: e.let(e.m.i32.xor(number.sign(), e.m.i32.const(-1)), i32) };
}

/** Where a result goes, and whether it was rounded up: i64. */
interface Result extends Places {
  readonly up: Place;
}

function newResult(s: X87Stack): Result {
  return { ...newPlaces((type) => s.keep(type)), up: s.keep(i64) };
}

/** The result of a runtime function. */
function take(e: Emitter, s: X87Stack, to: Result, name: RuntimeFunction, args: Expression[]): void {
  const { m } = e;
  e.emit(to.significand.set(s.call(name, args, i64)));
  e.emit(unpackHead(m, to, s.rest()));
  e.emit(to.up.set(m.i64.extend_u(m.i32.shr_u(s.rest(), m.i32.const(16)))));
}

function firstBit(m: Module, value: Expression): Expression {
  return m.i64.shr_u(value, m.i64.const(63n));
}

/** i64: 1 if `high` is rounded up; `low` is what is cut off, in units of 2^-64 of the last place. */
function roundsUp(m: Module, high: Value, low: Value): Expression {
  // At least half: the first bit of low. More, or high is odd: that of low + odd - 1.
  const odd = m.i64.and(high(), m.i64.const(1n));
  const more = m.i64.sub(m.i64.add(low(), odd), m.i64.const(1n));
  return firstBit(m, m.i64.and(low(), more));
}

/** A significand before it is rounded: its places are `high` and what is cut off, `low`. */
interface Wide {
  readonly sign: Place;
  readonly exponent: Place;
  readonly high: Place;
  readonly low: Place;
}

/**
 * Rounds to nearest what fits into a normal number. Which way it goes is hard to predict: no branch. What is cut off of a product is hardly
 * ever just a half, that of a sum often.
 */
function round(
  e: Emitter,
  s: X87Stack,
  to: Result,
  { sign, exponent, high, low }: Wide,
  isProduct: boolean,
  fail: () => Expression,
): void {
  const { m } = e;
  const isFar = m.i32.ge_u(m.i32.sub(exponent.get(), m.i32.const(1)), s.usually(EXPONENT_MAX - 1));
  e.emit(m.ifUnlikely(isFar, fail()));
  const isUp = isProduct
    ? firstBit(m, low.get())
    : roundsUp(
        m,
        () => high.get(),
        () => low.get(),
      );
  e.emit(to.up.set(isUp));
  e.emit(to.significand.set(m.i64.add(high.get(), to.up.get())));
  e.emit(m.ifUnlikely(m.i64.eqz(to.significand.get()), fail()));
  if (isProduct) {
    const toEven = m.block(null, [
      to.up.set(m.i64.and(high.get(), m.i64.const(1n))),
      to.significand.set(m.i64.add(high.get(), to.up.get())),
    ]);
    e.emit(m.ifUnlikely(m.i64.eq(low.get(), m.i64.const(INTEGER_BIT)), toEven));
  }
  e.emit(to.sign.set(sign.get()));
  e.emit(to.exponent.set(exponent.get()));
}

/** Two magnitudes, that of the larger exponent first; the other is shifted, and `lost` are bits that it loses. */
interface Terms {
  readonly sign: Value;
  readonly exponent: Value;
  readonly large: Value;
  readonly shifted: Value;
  readonly lost: Value;
}

function sumUsual(e: Emitter, wide: Wide, { sign, exponent, large, shifted, lost }: Terms): void {
  const { m } = e;
  const total = e.let(m.i64.add(large(), shifted()), i64);
  const halved = m.i64.or(m.i64.shr_u(total(), m.i64.const(1n)), m.i64.const(INTEGER_BIT));
  // Compared with either term: V8 makes a condition that is used twice a number.
  e.emit(wide.high.set(m.select(m.i64.lt_u(total(), large()), halved, total())));
  const carry = e.let(m.i64.lt_u(total(), shifted()), i32);
  // The last bit of what is lost is zero.
  const last = m.i64.shl(total(), m.i64.const(63n));
  const more = m.i64.or(last, m.i64.shr_u(lost(), m.i64.const(1n)));
  e.emit(wide.low.set(m.select(carry(), more, lost())));
  e.emit(wide.exponent.set(m.i32.add(exponent(), carry())));
  e.emit(wide.sign.set(sign()));
}

function differenceUsual(
  e: Emitter,
  wide: Wide,
  { sign, exponent, large, shifted, lost }: Terms,
  fail: () => Expression,
): void {
  const { m } = e;
  const difference = e.let(m.i64.sub(large(), shifted()), i64);
  // All ones where it is negative: exponents are the same then, so that what is shifted has its first bit, and nothing is lost.
  const less = e.let(m.i64.shr_s(m.i64.and(difference(), shifted()), m.i64.const(63n)), i64);
  const magnitude = m.i64.sub(m.i64.xor(difference(), less()), less());
  const borrow = m.i64.extend_u(m.i64.ne(lost(), m.i64.const(0n)));
  const rest = e.let(m.i64.sub(magnitude, borrow), i64);
  e.emit(m.ifUnlikely(m.i64.eqz(rest()), fail()));
  const zeros = e.let(m.i64.clz(rest()), i64);
  // By rotations, since V8 masks the count of a shift.
  const rotated = e.let(m.i64.rotl(m.i64.sub(m.i64.const(0n), lost()), zeros()), i64);
  const mask = m.i64.sub(m.i64.rotl(m.i64.const(1n), zeros()), m.i64.const(1n));
  const moved = e.let(m.i64.and(rotated(), mask), i64);
  e.emit(wide.low.set(m.i64.xor(rotated(), moved())));
  e.emit(wide.high.set(m.i64.or(m.i64.rotl(rest(), zeros()), moved())));
  e.emit(wide.exponent.set(m.i32.sub(exponent(), m.i32.wrap(zeros()))));
  e.emit(wide.sign.set(m.i32.xor(sign(), m.i32.wrap(less()))));
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
  const distance = e.let(m.i32.sub(a.exponent(), b.exponent()), i32);
  // All ones where b has the larger exponent: masks take fewer operations than choices.
  const swap = e.let(m.i32.shr_s(distance(), m.i32.const(31)), i32);
  const shift = e.let(m.i32.sub(m.i32.xor(distance(), swap()), swap()), i32);
  e.emit(m.ifUnlikely(m.i32.gt_u(shift(), m.i32.const(63)), fail()));
  const count = (): Expression => m.i64.extend_u(shift());
  const signs = e.let(m.i32.xor(a.sign(), b.sign()), i32);
  const sign = e.let(m.i32.xor(a.sign(), m.i32.and(signs(), swap())), i32);
  const exponent = e.let(m.i32.sub(a.exponent(), m.i32.and(distance(), swap())), i32);
  // Two ways to ask the same: V8 makes a condition that is used twice a number.
  const isLess = m.i32.lt_s(a.exponent(), b.exponent());
  const large = e.let(m.select(isLess, b.significand(), a.significand()), i64);
  const isNegative = m.i32.lt_s(distance(), m.i32.const(0));
  const small = m.select(isNegative, a.significand(), b.significand());
  const rotated = e.let(m.i64.rotr(small, count()), i64);
  // 2^(64 - count) - 1, by a rotation, since V8 masks the count of a shift.
  const first = m.i64.rotr(m.i64.const(INTEGER_BIT), count());
  const mask = m.i64.sub(m.i64.shl(first, m.i64.const(1n)), m.i64.const(1n));
  const shifted = e.let(m.i64.and(rotated(), mask), i64);
  const lost = e.let(m.i64.xor(rotated(), shifted()), i64);
  const terms = { sign, exponent, large, shifted, lost };
  s.choose(
    m.i32.and(signs(), m.i32.const(SIGN)),
    () => differenceUsual(e, wide, terms, fail),
    () => sumUsual(e, wide, terms),
  );
}

function multiplyUsual(e: Emitter, wide: Wide, a: X87Number, b: X87Number): void {
  const { m } = e;
  const lowHalf = (value: Expression): Expression => m.i64.and(value, m.i64.const(0xffff_ffffn));
  const highHalf = (value: Expression): Expression => m.i64.shr_u(value, m.i64.const(32n));
  const [a0, a1] = [e.let(lowHalf(a.significand()), i64), e.let(highHalf(a.significand()), i64)];
  const [b0, b1] = [e.let(lowHalf(b.significand()), i64), e.let(highHalf(b.significand()), i64)];
  const inner = e.let(m.i64.mul(a1(), b0()), i64);
  const outer = a === b ? inner() : m.i64.mul(a0(), b1());
  const middle = e.let(m.i64.add(inner(), highHalf(m.i64.mul(a0(), b0()))), i64);
  const cross = e.let(m.i64.add(outer, lowHalf(middle())), i64);
  const carries = m.i64.add(highHalf(middle()), highHalf(cross()));
  const high = e.let(m.i64.add(m.i64.mul(a1(), b1()), carries), i64);
  const low = e.let(m.i64.mul(a.significand(), b.significand()), i64);
  const isLarge = e.let(firstBit(m, high()), i64);
  const doubled = m.i64.add(m.i64.shl(high(), m.i64.const(1n)), firstBit(m, low()));
  e.emit(wide.high.set(m.select(m.i64.lt_s(high(), m.i64.const(0n)), high(), doubled)));
  // All ones where it is doubled.
  const doubles = m.i64.sub(isLarge(), m.i64.const(1n));
  e.emit(wide.low.set(m.i64.add(low(), m.i64.and(low(), doubles))));
  const exponents = m.i32.add(m.i32.add(a.exponent(), b.exponent()), m.i32.wrap(isLarge()));
  e.emit(wide.exponent.set(m.i32.sub(exponents, m.i32.const(BIAS))));
  e.emit(wide.sign.set(m.i32.xor(a.sign(), b.sign())));
}

/** A number and itself: the next exponent. */
function addTwice(e: Emitter, s: X87Stack, to: Result, number: X87Number, fail: () => Expression): void {
  const { m } = e;
  e.emit(m.ifUnlikely(m.i32.ge_u(number.exponent(), s.usually(EXPONENT_MAX - 1)), fail()));
  e.emit(to.up.set(m.i64.const(0n)));
  e.emit(to.significand.set(number.significand()));
  e.emit(to.sign.set(number.sign()));
  e.emit(to.exponent.set(m.i32.add(number.exponent(), m.i32.const(1))));
}

/** The terms of a sum, which the operation may be. */
function termsOf(e: Emitter, operation: number, a: X87Number, b: X87Number): [X87Number, X87Number] {
  if (operation === SUBTRACT) return [a, negative(e, b)];
  return operation === SUBTRACT_REVERSED ? [negative(e, a), b] : [a, b];
}

/** Whether one of them is a zero, or both, and the other is normal and rounded as usual. */
function isWithZero(m: Module, s: X87Stack, a: X87Number, b: X87Number): Expression {
  const kinds = m.i32.and(m.i32.or(a.exponent(), b.exponent()), m.i32.const(ZERO | SPECIAL));
  return m.i32.and(m.i32.eq(kinds, m.i32.const(ZERO)), s.usually(1));
}

function multiplyZero(e: Emitter, to: Result, a: X87Number, b: X87Number): void {
  const { m } = e;
  e.emit(to.sign.set(m.i32.xor(a.sign(), b.sign())));
  e.emit(to.exponent.set(m.i32.const(ZERO)));
  e.emit(to.significand.set(m.i64.const(0n)));
}

/** The other one; a sum of zeros is negative if both are. */
function addZero(e: Emitter, to: Result, a: X87Number, b: X87Number): void {
  const { m } = e;
  const isZero = ({ significand }: X87Number): Expression => m.i64.eqz(significand());
  const ofZeroAndB = m.select(isZero(b), m.i32.and(a.sign(), b.sign()), b.sign());
  e.emit(to.sign.set(m.select(isZero(a), ofZeroAndB, a.sign())));
  e.emit(to.significand.set(m.i64.or(a.significand(), b.significand())));
  // That of the one that is not zero has no bit of a zero's.
  const normal = m.i32.and(m.i32.or(a.exponent(), b.exponent()), m.i32.const(ZERO - 1));
  e.emit(to.exponent.set(m.select(m.i64.eqz(to.significand.get()), m.i32.const(ZERO), normal)));
}

/** a `operation` b, and what it ends the instruction with. */
export function compute(e: Emitter, s: X87Stack, operation: number, a: X87Number, b: X87Number) {
  const { m } = e;
  const to = newResult(s);
  const lost = s.local(i64);
  const exactly = (): void => e.emit(lost.set(m.i64.const(0n)));
  // Never negative, so that what sums of it take is shorter: that of a number which may be a NaN is left to the handler.
  const isSquare = operation === MULTIPLY && a === b;
  // Its flags are not ours.
  const call = (): void => {
    exactly();
    if (isSquare) s.leaveIf(m.i32.and(a.exponent(), m.i32.const(SPECIAL)));
    take(e, s, to, 'fpuCompute', [m.i32.const(operation), ...argumentsOf(m, a), ...argumentsOf(m, b)]);
  };
  const fast = (fail: () => Expression): void => {
    const wide = { sign: s.local(i32), exponent: s.local(i32), high: s.local(i64), low: lost };
    if (operation === MULTIPLY) multiplyUsual(e, wide, a, b);
    else addUsual(e, s, wide, ...termsOf(e, operation, a, b), fail);
    round(e, s, to, wide, operation === MULTIPLY, fail);
  };
  const twice = (fail: () => Expression): void => {
    addTwice(e, s, to, a, fail);
    exactly();
  };
  const withZero = (): void => {
    exactly();
    e.emit(to.up.set(m.i64.const(0n)));
    if (operation === MULTIPLY) multiplyZero(e, to, a, b);
    else addZero(e, to, ...termsOf(e, operation, a, b));
  };
  if (operation === DIVIDE || operation === DIVIDE_REVERSED) call();
  else
    s.either(operation === ADD && a === b ? twice : fast, () =>
      s.choose(isWithZero(m, s, a, b), withZero, call),
    );
  const number = isSquare ? { ...numberIn(to), sign: () => m.i32.const(0) } : numberIn(to);
  return { number, up: () => m.i32.wrap(to.up.get()), lost: lost.get() };
}

/** A number from memory. Others than normal ones and zeros are left to the handler. */
export function fromFloat(e: Emitter, s: X87Stack, size: FloatSize, bits: Value): X87Number {
  const { m } = e;
  const { precision, bias } = FORMATS[size];
  const wide = size === 8 ? bits : e.let(m.i64.extend_u(bits()), i64);
  const places = newPlaces((type) => s.keep(type));
  const { sign, exponent, significand } = places;
  const most = 2 * bias + 1;
  const top = m.i32.wrap(m.i64.shr_u(wide(), m.i64.const(BigInt(precision - 1))));
  const exponentIn = e.let(m.i32.and(top, m.i32.const(most)), i32);
  e.emit(exponent.set(m.i32.add(exponentIn(), m.i32.const(BIAS - bias))));
  const signs =
    size === 8 ? m.i32.wrap(m.i64.shr_s(bits(), m.i64.const(63n))) : m.i32.shr_s(bits(), m.i32.const(31));
  e.emit(sign.set(signs));
  const placed = m.i64.shl(wide(), m.i64.const(BigInt(64 - precision)));
  e.emit(significand.set(m.i64.or(placed, m.i64.const(INTEGER_BIT))));
  const isOther = m.i32.ge_u(m.i32.sub(exponentIn(), m.i32.const(1)), m.i32.const(most - 1));
  e.when(isOther, () => {
    const magnitude = m.i64.shl(wide(), m.i64.const(size === 8 ? 1n : 33n));
    s.leaveIf(m.i64.ne(magnitude, m.i64.const(0n)));
    e.emit(exponent.set(m.i32.const(ZERO)));
    e.emit(significand.set(m.i64.const(0n)));
  });
  return numberIn(places);
}

/** FLDZ and FLD1. */
export function constant(m: Module, which: 0 | 1): X87Number {
  return {
    sign: () => m.i32.const(0),
    exponent: () => m.i32.const(which === 0 ? ZERO : BIAS),
    significand: () => m.i64.const(which === 0 ? 0n : INTEGER_BIT),
  };
}

/** @param value i64. */
export function fromInteger(e: Emitter, s: X87Stack, value: Value): X87Number {
  const { m } = e;
  const places = newPlaces((type) => s.keep(type));
  const signs = e.let(m.i64.shr_s(value(), m.i64.const(63n)), i64);
  const magnitude = e.let(m.i64.sub(m.i64.xor(value(), signs()), signs()), i64);
  const zeros = e.let(m.i64.clz(magnitude()), i64);
  e.emit(places.significand.set(m.i64.shl(magnitude(), zeros())));
  e.emit(places.sign.set(m.i32.wrap(signs())));
  const exponent = m.i32.sub(m.i32.const(BIAS + 63), m.i32.wrap(zeros()));
  e.emit(places.exponent.set(m.select(m.i64.eqz(magnitude()), m.i32.const(ZERO), exponent)));
  return numberIn(places);
}

/** A number in a format of memory, and what it ends the instruction with. What is unusual is left to the handler. */
export function toFloat(
  e: Emitter,
  s: X87Stack,
  size: FloatSize,
  { sign, exponent, significand }: X87Number,
) {
  const { m } = e;
  const { precision, bias } = FORMATS[size];
  const kept = e.let(m.i64.shr_u(significand(), m.i64.const(BigInt(64 - precision))), i64);
  const cut = e.let(m.i64.shl(significand(), m.i64.const(BigInt(precision))), i64);
  const up = s.keep(i64);
  e.emit(up.set(roundsUp(m, kept, cut)));
  // Less one: the integer bit of the significand adds it.
  const below = e.let(m.i32.sub(exponent(), m.i32.const(BIAS - bias + 1)), i32);
  const signBit = e.let(
    m.i64.shl(m.i64.extend_u(m.i32.shr_u(sign(), m.i32.const(31))), m.i64.const(size === 8 ? 63n : 31n)),
    i64,
  );
  const rounded = m.i64.add(kept(), up.get());
  const placed = m.i64.shl(m.i64.extend_u(below()), m.i64.const(BigInt(precision - 1)));
  const bits = s.local(i64);
  e.emit(bits.set(m.i64.or(signBit(), m.i64.add(placed, rounded))));
  // The next exponent may be reached by rounding.
  e.when(m.i32.ge_u(below(), s.usually(2 * bias - 1)), () => {
    s.leaveIf(m.i32.ne(exponent(), m.i32.const(ZERO)));
    e.emit(bits.set(signBit()));
  });
  const value = size === 8 ? bits.get() : m.i32.wrap(bits.get());
  return { bits: value, up: () => m.i32.wrap(up.get()), lost: cut() };
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
    const parts = [a, b].map((number) => {
      const [sign, exponent] = [s.local(i32), s.local(i32)];
      e.emit(sign.set(number.sign()));
      e.emit(exponent.set(number.exponent()));
      return { sign, exponent, significand: number.significand };
    });
    const exponents = (): Expression => m.i32.or(a.exponent(), b.exponent());
    e.when(m.i32.ge_u(exponents(), m.i32.const(ZERO)), () => {
      e.emit(m.ifUnlikely(m.i32.and(exponents(), m.i32.const(SPECIAL)), fail()));
      // A zero gets no sign: there is one.
      for (const { sign, exponent, significand } of parts) {
        e.emit(exponent.set(m.i32.and(exponent.get(), m.i32.const(ZERO - 1))));
        e.emit(sign.set(m.select(m.i64.eqz(significand()), m.i32.const(0), sign.get())));
      }
    });
    // Magnitudes of negative numbers are inverted, so that numbers compare as pairs of integers.
    const keys = parts.map(({ sign, exponent, significand }) => {
      const inverse = e.let(m.i32.shr_s(sign.get(), m.i32.const(31)), i32);
      return {
        high: e.let(m.i32.xor(exponent.get(), inverse()), i32),
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
    const args = [...argumentsOf(m, a), ...argumentsOf(m, b), m.i32.const(quiet)];
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
export function squareRoot(e: Emitter, s: X87Stack, number: X87Number) {
  const { m } = e;
  const to = newResult(s);
  take(e, s, to, 'fpuRoot', argumentsOf(m, number));
  return { number: numberIn(to), up: () => m.i32.wrap(to.up.get()) };
}
