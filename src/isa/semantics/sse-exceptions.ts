/**
 * Which operands and results of inline floating-point code the runtime has to look at, because they may signal an
 * exception (Intel SDM Vol. 1 "SIMD Floating-Point Exceptions").
 *
 * With all exceptions masked a signal only sets its sticky flag. Whether a result is inexact is dear to find, but
 * MXCSR.PE is soon set and stays: what may round asks for it (`specialMxcsr(MXCSR_PE)`) and is left to the runtime until
 * then. The other flags show: a NaN or an infinity comes out, a denormal goes in or comes out. The tests may say yes
 * where nothing is signalled (a product that is zero because a factor is), never no where something is. They do without
 * constants, which cost V8 three instructions each, but for the sign bits, and where they are hardly ever asked.
 */
import type { Expression, Module } from '../../wasm/builder.ts';
import { v128 } from '../../wasm/value-types.ts';
import type { Emitter, Rounding, Value } from '../emitter.ts';
import { type FloatSize, floats } from './float-lanes.ts';
import { zero } from './vector.ts';

/** The lanes as integers of their size. */
function integers(m: Module, size: FloatSize): Module['i32x4'] | Module['i64x2'] {
  return size === 8 ? m.i64x2 : m.i32x4;
}

/** v128: made by a shift, or it would be a constant. */
export function signBits(m: Module, size: FloatSize): Expression {
  return integers(m, size).shl(m.v128.not(zero(m)), m.i32.const(8 * size - 1));
}

/** Without the sign. */
function doubled(m: Module, size: FloatSize, value: Value): Expression {
  return integers(m, size).shl(value(), m.i32.const(1));
}

/**
 * i32: MXCSR is special (with `bits` as for specialMxcsr()), or `signalled` holds. A branch costs less than joining them: it
 * is never taken.
 */
export function orSpecial(e: Emitter, bits: number, signalled: Expression): Expression {
  return e.m.if(e.specialMxcsr(bits), e.m.i32.const(1), signalled);
}

/** Bits of a doubled magnitude below its exponent. */
function fractionBits(size: FloatSize): number {
  return size === 8 ? 53 : 24;
}

/** i32: a lane of `usual`, a mask, is zero, or one of `magnitudes` (doubled) has none of the bits from `lowest` up. */
function unusual(
  m: Module,
  size: FloatSize,
  usual: Expression,
  magnitudes: Expression[],
  lowest: number,
): Expression {
  // The upper half of a lane decides, so doublewords may be compared.
  const least = magnitudes.reduce((a, b) => m.i32x4.min_u(a, b));
  const exponents = integers(m, size).shr_u(least, m.i32.const(lowest));
  return m.i32.eqz(integers(m, size).all_true(m.v128.and(exponents, usual)));
}

/** Doubled magnitudes less one where `usual` is all ones: zeros become the largest, only denormals keep exponent zero. */
function ranks(m: Module, size: FloatSize, operands: readonly Value[], usual: Value): Expression[] {
  return operands.map((operand) => integers(m, size).add(doubled(m, size, operand), usual()));
}

/** i32: a lane of an operand is a NaN or denormal. */
export function signalsOperands(e: Emitter, size: FloatSize, ...operands: Value[]): Expression {
  const { m } = e;
  const ordered = operands.map((operand) => floats(m, size).eq(operand(), operand()));
  const usual = e.let(
    ordered.reduce((a, b) => m.v128.and(a, b)),
    v128,
  );
  return unusual(m, size, usual(), ranks(m, size, operands, usual), fractionBits(size));
}

/** All ones in lanes that are finite. */
function finite(e: Emitter, size: FloatSize, value: Value): Value {
  const { m } = e;
  const difference = e.let(floats(m, size).sub(value(), value()), v128);
  return e.let(floats(m, size).eq(difference(), difference()), v128);
}

/** i32: for a result in a narrower format, of which lanes of `expected` (a mask) may be anything. */
export function signalsNarrow(e: Emitter, result: Value, expected: Expression): Expression {
  const { m } = e;
  const usual = finite(e, 4, result);
  // The smallest normal number may have been rounded up from one that is too small: exponents 0 and 1 are unusual.
  const magnitude = m.v128.or(doubled(m, 4, result), expected);
  return unusual(m, 4, usual(), [magnitude], fractionBits(4) + 1);
}

/**
 * Exponent of the least numbers that are ordinary: the unit in their last place is twice the smallest normal number. So all ordinary
 * numbers are multiples of that, and so are their sums and differences, which are zero or normal then, and ordinary for further ones.
 */
function leastExponent(size: FloatSize): number {
  return size === 8 ? 54 : 25;
}

/** The same of factors whose product is ordinary. */
function leastFactorExponent(size: FloatSize): number {
  const bias = size === 8 ? 1023 : 127;
  return Math.ceil((leastExponent(size) + bias) / 2);
}

/** v128: the greatest rank (below) of numbers with an exponent or a greater one. It is a difference, or it would be a constant. */
function rankOfExponent(m: Module, size: FloatSize, exponent: number): Expression {
  const magnitude = BigInt(exponent) << BigInt(fractionBits(size));
  const all =
    size === 8 ? m.i64x2.splat(m.i64.const(magnitude)) : m.i32x4.splat(m.i32.const(Number(magnitude)));
  return integers(m, size).sub(signBits(m, size), all);
}

/** v128: that of factors whose product is ordinary. */
export function factorRank(m: Module, size: FloatSize): Expression {
  return rankOfExponent(m, size, leastFactorExponent(size));
}

/**
 * Tells of operations whether all operands and results were ordinary: zero or large enough (above), and no underflow made a
 * zero. What is asked for only once, at the end, costs a few instructions an operation.
 *
 * The rank of a number is its doubled magnitude subtracted from the least integer, so that zero has the least and denormals have the greatest.
 * Results of products are looked at only if a number is so small that it may make one that is not ordinary.
 */
export class OrdinaryNumbers {
  private readonly e: Emitter;
  private readonly size: FloatSize;
  private readonly isScalar: boolean;
  /** The greatest rank, but for products. */
  private greatest: Value | undefined;
  /** Those of products. */
  private readonly products: Value[] = [];
  /** Numbers less themselves, and masks, in one: NaNs in lanes that are not finite, or not ordered. */
  private differences: Value | undefined;

  constructor(e: Emitter, { size, isScalar }: Pick<Rounding, 'size' | 'isScalar'>) {
    this.e = e;
    this.size = size;
    this.isScalar = isScalar;
  }

  add(rounding: Rounding): void {
    for (const operand of new Set(rounding.operands)) this.operand(operand);
    this.underflow(rounding);
    this.finite(rounding.result);
  }

  operand(value: Value): void {
    this.rank(value, this.e.signBits(this.size));
  }

  /** An operand that may be infinite. */
  ordered(value: Value): void {
    this.differ(floats(this.e.m, this.size).ne(value(), value()));
  }

  /** The result, which may have underflowed. Factors of a product have to be looked at. */
  underflow({ operands, result, underflow }: Rounding): void {
    if (underflow === 'never' || underflow === 'exact') return;
    const { m } = this.e;
    const lanes = floats(m, this.size);
    const signs = integers(m, this.size);
    const zeroing = operands.slice(0, underflow === 'quotient' ? 1 : 2);
    const addend = operands[2];
    // The greatest integer, less one than the least, where no operand makes it zero.
    const from = (): Expression => {
      const others = zeroing.map((operand) => lanes.ne(operand(), zero(m)));
      // A sum with a larger addend has no bits that are too small: if it is zero, it is exactly that.
      if (addend !== undefined) others.push(lanes.eq(lanes.mul(addend(), addend()), zero(m)));
      const isNone = others.reduce((a, b) => m.v128.and(a, b));
      return signs.add(this.e.signBits(this.size), isNone);
    };
    if (underflow === 'product') this.products.push(() => this.rankOf(result, from()));
    else this.rank(result, from());
  }

  /** A result. That an operand is not finite shows in it, unless it divides. */
  finite(value: Value): void {
    this.differ(floats(this.e.m, this.size).sub(value(), value()));
  }

  private differ(difference: Expression): void {
    const { m } = this.e;
    const joined = this.differences === undefined ? difference : m.v128.or(this.differences(), difference);
    this.differences = this.e.let(joined, v128);
  }

  private rankOf(value: Value, from: Expression): Expression {
    return integers(this.e.m, this.size).sub(from, doubled(this.e.m, this.size, value));
  }

  private rank(value: Value, from: Expression): void {
    const { m } = this.e;
    const rank = this.rankOf(value, from);
    // The upper half of a lane decides, so doublewords may be compared.
    this.greatest = this.e.let(
      this.greatest === undefined ? rank : m.i32x4.max_s(this.greatest(), rank),
      v128,
    );
  }

  /** i32, not zero if a lane of a vector has its sign bit, or what is not finite or ordered shows. */
  private any(signs: readonly Expression[]): Expression {
    const { m } = this.e;
    const { differences, size, isScalar } = this;
    const all = [...signs];
    if (differences !== undefined) all.push(floats(m, size).ne(differences(), differences()));
    const bits = integers(m, size).bitmask(all.reduce((a, b) => m.v128.or(a, b)));
    return isScalar ? m.i32.and(bits, m.i32.const(1)) : bits;
  }

  /** i32, not zero if something was not ordinary. */
  failed(): Expression {
    const { m } = this.e;
    const { greatest, differences, products, size } = this;
    if (greatest === undefined) return differences === undefined ? m.i32.const(0) : this.any([]);
    const lanes = integers(m, size);
    const isSmall = lanes.gt_s(greatest(), this.e.factorRank(size));
    const top = products.reduce((a, rank) => m.i32x4.max_s(a, rank()), greatest());
    const isTop = lanes.gt_s(top, rankOfExponent(m, size, leastExponent(size)));
    return m.ifUnlikely(this.any([isSmall]), this.any([isTop]), m.i32.const(0));
  }
}
