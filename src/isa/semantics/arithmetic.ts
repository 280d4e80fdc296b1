/** ADD, ADC, ADCX, ADOX, SUB, SBB, CMP, INC, DEC, NEG, MUL, IMUL, DIV, IDIV, XADD, CMPXCHG. */

import { RAX, RDX } from '../../layout/architecture.ts';
import type { Expression, Module } from '../../wasm/builder.ts';
import { i32, i64 } from '../../wasm/value-types.ts';
import type { Emitter, Value } from '../emitter.ts';
import { bitsOf, constant, int, resize, secondOperand, signBit, signExtend, truncate } from './integer.ts';

function typeOf(size: number) {
  return size === 8 ? i64 : i32;
}

export function add(e: Emitter): void {
  const size = e.sizeOf(0);
  const b = secondOperand(e, size);
  e.update(0, (a) => {
    const r = e.let(truncate(e.m, size, int(e.m, size).add(a(), b())), typeOf(size));
    e.flags.add(size, a, b, r);
    return r();
  });
}

/** Carry out of the most significant bit of r = a + b + a carry, as i32 0 or 1. */
function carryOut(e: Emitter, size: number, a: Value, b: Value, r: Value): Expression {
  const { m } = e;
  const integer = int(m, size);
  const carries = integer.or(
    integer.and(a(), b()),
    integer.and(integer.or(a(), b()), integer.xor(r(), constant(m, size, -1))),
  );
  return signBit(m, size, carries);
}

/** Borrow into the most significant bit of r = a - b - a borrow of 64 bits, as i32 0 or 1. */
function borrowOut64(e: Emitter, a: Value, b: Value, r: Value): Expression {
  const { m } = e;
  const { i64: q } = m;
  const not = (value: Expression): Expression => q.xor(value, q.const(-1n));
  const borrows = q.or(q.and(not(a()), b()), q.and(not(q.xor(a(), b())), r()));
  return signBit(m, 8, borrows);
}

/** a + b + CF or a - b - CF. */
function withCarry(kind: 'adc' | 'sbb'): (e: Emitter) => void {
  return (e) => {
    const { m } = e;
    const size = e.sizeOf(0);
    const adds = kind === 'adc';
    const b = secondOperand(e, size);
    e.update(0, (a) => {
      const carry = e.let(e.carry());
      // Below 64 bits the carry out is a bit of the exact result: the one above it, or its sign.
      const wide = size >= 4 ? 8 : 4;
      const integer = int(m, wide);
      const operation = adds ? integer.add : integer.sub;
      const widened = (value: Value, from: number): Expression => resize(m, from, wide, value());
      const exact = operation(operation(widened(a, size), widened(b, size)), widened(carry, 4));
      const sum = e.let(exact, typeOf(wide));
      const r = size === 8 ? sum : e.let(truncate(m, size, resize(m, wide, size, sum())), typeOf(size));
      const out = (): Expression => {
        if (size === 8) return adds ? carryOut(e, 8, a, b, r) : borrowOut64(e, a, b, r);
        const bit = constant(m, wide, adds ? size * 8 : wide * 8 - 1);
        return resize(m, wide, 4, integer.shr_u(sum(), bit));
      };
      e.flags[kind](size, a, b, r, out);
      return r();
    });
  };
}

export const adc = withCarry('adc');
export const sbb = withCarry('sbb');

/** ADCX and ADOX: an addition with one flag as its carry, which is the only one to change. */
function addWith(flag: 'CF' | 'OF'): (e: Emitter) => void {
  return (e) => {
    const size = e.sizeOf(0);
    const type = typeOf(size);
    const b = e.let(e.read(1), type);
    const a = e.let(e.read(0), type);
    const carry = flag === 'CF' ? e.carry() : e.condition('o', false);
    const sum = int(e.m, size).add(int(e.m, size).add(a(), b()), resize(e.m, 4, size, carry));
    const r = e.let(sum, type);
    e.write(0, r());
    const out = carryOut(e, size, a, b, r);
    if (flag === 'CF') e.flags.carry(out);
    else e.flags.carryAndOverflow(e.let(e.carry()), e.let(out));
  };
}

export const adcx = addWith('CF');
export const adox = addWith('OF');

export function sub(e: Emitter): void {
  const size = e.sizeOf(0);
  const b = secondOperand(e, size);
  e.update(0, (a) => {
    const r = e.let(truncate(e.m, size, int(e.m, size).sub(a(), b())), typeOf(size));
    e.flags.sub(size, a, b, r);
    return r();
  });
}

export function cmp(e: Emitter): void {
  const size = e.sizeOf(0);
  const b = secondOperand(e, size);
  const a = e.let(e.read(0), typeOf(size));
  const r = e.let(truncate(e.m, size, int(e.m, size).sub(a(), b())), typeOf(size));
  e.flags.sub(size, a, b, r);
}

export function inc(e: Emitter): void {
  const size = e.sizeOf(0);
  e.update(0, (a) => {
    const r = e.let(truncate(e.m, size, int(e.m, size).add(a(), constant(e.m, size, 1))), typeOf(size));
    e.flags.inc(size, a, r);
    return r();
  });
}

export function dec(e: Emitter): void {
  const size = e.sizeOf(0);
  e.update(0, (a) => {
    const r = e.let(truncate(e.m, size, int(e.m, size).sub(a(), constant(e.m, size, 1))), typeOf(size));
    e.flags.dec(size, a, r);
    return r();
  });
}

export function neg(e: Emitter): void {
  const size = e.sizeOf(0);
  const zero = e.let(constant(e.m, size, 0), typeOf(size));
  e.update(0, (b) => {
    const r = e.let(truncate(e.m, size, int(e.m, size).sub(zero(), b())), typeOf(size));
    e.flags.sub(size, zero, b, r);
    return r();
  });
}

const low32 = (m: Module, v: Value): Expression => m.i64.and(v(), m.i64.const(0xffff_ffffn));
const high32 = (m: Module, v: Value): Expression => m.i64.shr_u(v(), m.i64.const(32n));

/** Of the four 32-bit products that a 64 x 64 bit product is the sum of, what two of them give from bit 32 on. */
function middleProduct(m: Module, a: Value, b: Value): Expression {
  const { i64: q } = m;
  const low = (): Expression => q.mul(low32(m, a), low32(m, b));
  return q.add(q.mul(high32(m, a), low32(m, b)), high32(m, low));
}

/**
 * High half of a 64 x 64 bit product. `signed` corrects the unsigned product: high - (a < 0 ? b : 0) - (b < 0 ? a : 0).
 * @param middle middleProduct().
 */
function highProduct(m: Module, a: Value, b: Value, middle: Value, signed: boolean): Expression {
  const { i64: q } = m;
  const cross = (): Expression => q.add(q.mul(low32(m, a), high32(m, b)), low32(m, middle));
  const high = q.add(q.add(q.mul(high32(m, a), high32(m, b)), high32(m, middle)), high32(m, cross));
  if (!signed) return high;
  const correct = (x: Value, y: Value): Expression => q.and(q.shr_s(x(), q.const(63n)), y());
  return q.sub(q.sub(high, correct(a, b)), correct(b, a));
}

/** High half of a 64 x 64 bit product. */
export function multiplyHigh64(e: Emitter, a: Value, b: Value, signed: boolean): Expression {
  return highProduct(e.m, a, b, e.let(middleProduct(e.m, a, b), i64), signed);
}

/** One-operand MUL and IMUL: rDX:rAX = rAX * operand (AX for bytes). */
function multiplyAccumulator(e: Emitter, signed: boolean): void {
  const { m } = e;
  const size = e.sizeOf(0);
  const b = e.let(e.read(0), typeOf(size));
  const a = e.let(e.gpr(RAX, size), typeOf(size));
  let low: Value;
  /** The upper half is more than the extension of the lower one. */
  let overflow: Value;
  if (size === 8) {
    low = e.let(m.i64.mul(a(), b()), i64);
    const high = e.let(multiplyHigh64(e, a, b, signed), i64);
    const trivial = (): Expression => (signed ? m.i64.shr_s(low(), m.i64.const(63n)) : m.i64.const(0n));
    overflow = () => m.i64.ne(high(), trivial());
    e.setGpr(RAX, 8, low());
    e.setGpr(RDX, 8, high());
  } else if (size === 4) {
    const wide = (v: Value): Expression => (signed ? m.i64.extend_s(v()) : m.i64.extend_u(v()));
    const product = e.let(m.i64.mul(wide(a), wide(b)), i64);
    low = e.let(m.i32.wrap(product()));
    overflow = () => m.i64.ne(product(), signed ? m.i64.extend_s(low()) : m.i64.extend_u(low()));
    e.setGpr(RAX, 4, low());
    e.setGpr(RDX, 4, m.i32.wrap(m.i64.shr_u(product(), m.i64.const(32n))));
  } else {
    const wide = (v: Value): Expression => (signed ? signExtend(m, size, v()) : v());
    const product = e.let(m.i32.mul(wide(a), wide(b)));
    low = e.let(truncate(m, size, product()));
    overflow = () => m.i32.ne(product(), signed ? signExtend(m, size, low()) : low());
    if (size === 1) e.setGpr(RAX, 2, product());
    else {
      e.setGpr(RAX, 2, low());
      e.setGpr(RDX, 2, m.i32.shr_u(product(), m.i32.const(16)));
    }
  }
  e.flags.result(size, low, overflow, overflow);
}

export function mul(e: Emitter): void {
  multiplyAccumulator(e, false);
}

export function imulAccumulator(e: Emitter): void {
  multiplyAccumulator(e, true);
}

function multiplySigned(e: Emitter, a: Value, b: Value): void {
  const { m } = e;
  const size = e.sizeOf(0);
  const r = e.let(truncate(m, size, int(m, size).mul(a(), b())), typeOf(size));
  let overflow: Value;
  if (size === 8) {
    const high = (): Expression => highProduct(m, a, b, () => middleProduct(m, a, b), true);
    overflow = () => m.i64.ne(high(), m.i64.shr_s(r(), m.i64.const(63n)));
  } else {
    const wide = (v: Value): Expression => m.i64.extend_s(signExtend(m, size, v()));
    overflow = () => m.i64.ne(m.i64.mul(wide(a), wide(b)), wide(r));
  }
  e.write(0, r());
  e.flags.result(size, r, overflow, overflow);
}

/** IMUL r, r/m */
export function imul2(e: Emitter): void {
  const type = typeOf(e.sizeOf(0));
  const b = e.let(e.read(1), type);
  multiplySigned(e, e.let(e.read(0), type), b);
}

/** IMUL r, r/m, imm */
export function imul3(e: Emitter): void {
  const type = typeOf(e.sizeOf(0));
  const a = e.let(e.read(1), type);
  multiplySigned(e, a, e.let(truncate(e.m, e.sizeOf(0), e.read(2)), type));
}

/** Writes quotient and remainder: AL and AH, or rAX and rDX. */
function writeQuotient(e: Emitter, size: number, quotient: Value, remainder: Value): void {
  const { m } = e;
  if (size === 1) {
    const low = m.i32.and(quotient(), m.i32.const(0xff));
    e.setGpr(RAX, 2, m.i32.or(low, m.i32.shl(remainder(), m.i32.const(8))));
    return;
  }
  e.setGpr(RAX, size, quotient());
  e.setGpr(RDX, size, remainder());
}

/** The dividend of DIV and IDIV of 8 and 16 bits, as i32: AX or DX:AX. */
function shortDividend(e: Emitter, size: number): Value {
  const { m } = e;
  if (size === 1) return e.let(e.gpr(RAX, 2));
  return e.let(m.i32.or(m.i32.shl(e.gpr(RDX, 2), m.i32.const(16)), e.gpr(RAX, 2)));
}

/**
 * DIV: done here if the dividend has no more than 64 bits and the quotient fits, which it does if the upper half
 * of the dividend is below the divisor.
 */
export function div(e: Emitter): void {
  const { m } = e;
  const size = e.sizeOf(0);
  const divisor = e.let(e.read(0), typeOf(size));
  const runtime = (condition: Expression): void =>
    e.delegate(condition, `div${bitsOf(size)}`, [e.record(), resize(m, size, 8, divisor())]);
  if (size === 8) {
    runtime(m.i32.or(m.i64.ne(e.gpr(RDX, 8), m.i64.const(0n)), m.i64.eqz(divisor())));
    const dividend = e.let(e.gpr(RAX, 8), i64);
    const quotient = e.let(m.i64.div_u(dividend(), divisor()), i64);
    writeQuotient(e, 8, quotient, e.let(m.i64.rem_u(dividend(), divisor()), i64));
  } else if (size === 4) {
    runtime(m.i32.ge_u(e.gpr(RDX, 4), divisor()));
    const high = m.i64.shl(m.i64.extend_u(e.gpr(RDX, 4)), m.i64.const(32n));
    const dividend = e.let(m.i64.or(high, m.i64.extend_u(e.gpr(RAX, 4))), i64);
    const wide = e.let(m.i64.extend_u(divisor()), i64);
    const quotient = e.let(m.i32.wrap(m.i64.div_u(dividend(), wide())));
    writeQuotient(e, 4, quotient, e.let(m.i32.wrap(m.i64.rem_u(dividend(), wide()))));
  } else {
    const dividend = shortDividend(e, size);
    runtime(m.i32.ge_u(m.i32.shr_u(dividend(), m.i32.const(size * 8)), divisor()));
    const quotient = e.let(m.i32.div_u(dividend(), divisor()));
    writeQuotient(e, size, quotient, e.let(m.i32.rem_u(dividend(), divisor())));
  }
}

/**
 * IDIV: done here if the dividend is the sign extension of rAX (that of 8 and 16 bits may be any whose quotient
 * fits) and the divisor is neither 0 nor -1.
 */
export function idiv(e: Emitter): void {
  const { m } = e;
  const size = e.sizeOf(0);
  const type = typeOf(size);
  const operand = e.let(e.read(0), type);
  const runtime = (condition: Expression): void =>
    e.delegate(condition, `idiv${bitsOf(size)}`, [e.record(), resize(m, size, 8, operand())]);
  const divisor = e.let(signExtend(m, size, operand()), type);
  const integer = int(m, size);
  const zeroOrMinusOne = integer.le_u(integer.add(divisor(), constant(m, size, 1)), constant(m, size, 1));
  if (size >= 4) {
    const dividend = e.let(e.gpr(RAX, size), type);
    const sign = integer.shr_s(dividend(), constant(m, size, size * 8 - 1));
    runtime(m.i32.or(zeroOrMinusOne, integer.ne(e.gpr(RDX, size), sign)));
    const quotient = e.let(integer.div_s(dividend(), divisor()), type);
    writeQuotient(e, size, quotient, e.let(integer.rem_s(dividend(), divisor()), type));
    return;
  }
  runtime(zeroOrMinusOne);
  const dividend = e.let(signExtend(m, size * 2, shortDividend(e, size)()));
  const quotient = e.let(m.i32.div_s(dividend(), divisor()));
  runtime(m.i32.ne(quotient(), signExtend(m, size, quotient())));
  writeQuotient(e, size, quotient, e.let(m.i32.rem_s(dividend(), divisor())));
}

export function xadd(e: Emitter): void {
  const size = e.sizeOf(0);
  const b = e.let(e.read(1), typeOf(size));
  let sum: Value | undefined;
  const exchange = (a: Value): Expression => {
    const r = e.let(truncate(e.m, size, int(e.m, size).add(a(), b())), typeOf(size));
    e.flags.add(size, a, b, r);
    sum = r;
    if (!e.isRegister(0)) e.write(1, a());
    return r();
  };
  if (!e.isRegister(0)) {
    e.update(0, exchange);
    return;
  }
  // Both registers may be the same: the sum is written last.
  const a = e.let(e.read(0), typeOf(size));
  exchange(a);
  e.write(1, a());
  if (sum !== undefined) e.write(0, sum());
}

export function cmpxchg(e: Emitter): void {
  const { m } = e;
  const size = e.sizeOf(0);
  const type = typeOf(size);
  const desired = e.let(e.read(1), type);
  const expected = e.let(e.gpr(RAX, size), type);
  const isExpected = (value: Value): Expression => int(m, size).eq(value(), expected());
  let old = expected;
  if (e.isRegister(0)) {
    old = e.let(e.read(0), type);
    e.writeRegisterIf(0, isExpected(old), desired());
  } else {
    // Memory is always written, if only with its old value.
    e.update(0, (memory) => {
      old = memory;
      return m.select(isExpected(memory), desired(), memory());
    });
  }
  const r = e.let(truncate(m, size, int(m, size).sub(expected(), old())), type);
  e.flags.sub(size, expected, old, r);
  // The accumulator is only written when the comparison fails: it may be the destination, and 32 bits zero-extend.
  const width = size === 4 ? 8 : size;
  const kept = e.let(e.gpr(RAX, width), typeOf(width));
  e.setGpr(RAX, width, m.select(int(m, size).eqz(r()), kept(), resize(m, size, width, old())));
}
