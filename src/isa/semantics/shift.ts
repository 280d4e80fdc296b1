/** SHL, SHR, SAR, ROL, ROR, RCL, RCR, SHLD, SHRD. A count of zero leaves flags alone. */

import type { Expression } from '../../wasm/builder.ts';
import { i32, i64 } from '../../wasm/value-types.ts';
import type { Emitter, Value } from '../emitter.ts';
import { bitAt, constant, int, resize, signBit, signExtend, truncate } from './integer.ts';

function typeOf(size: number): number {
  return size === 8 ? i64 : i32;
}

/** A shift count masked to 5 or 6 bits, as i32, and its value where that is known while code is made. */
interface Count {
  readonly value: Value;
  readonly known: number | undefined;
}

/** The count operand; shifts without one are by 1. */
function maskedCount(e: Emitter, size: number, operand: number): Count {
  const mask = size === 8 ? 63 : 31;
  const known = operand < e.operandCount ? e.knownImmediate(operand) : 1;
  if (known !== undefined) return { value: () => e.m.i32.const(known & mask), known: known & mask };
  const raw = resize(e.m, e.sizeOf(operand), 4, e.read(operand));
  return { value: e.let(e.m.i32.and(raw, e.m.i32.const(mask))), known: undefined };
}

/** Flags of a shift by `count`: unchanged if it is zero. */
function shiftFlags(e: Emitter, count: Count, size: number, r: Value, cf: Value, of: Value): void {
  if (count.known === undefined) {
    e.flags.resultIf(e.let(e.m.i32.ne(count.value(), e.m.i32.const(0))), size, r, cf, of);
  } else if (count.known !== 0) {
    e.flags.result(size, r, cf, of);
  }
}

function countOfType(e: Emitter, size: number, value: Value): Expression {
  return resize(e.m, 4, size, value());
}

/** What a shift does to a value, by a count that is not zero for `carry` and `overflow`. */
interface Shift {
  readonly result: Value;
  /** The last bit that is shifted out. */
  readonly carry: Value;
  readonly overflow: Value;
}

/** Shifts of 8 and 16 bits are done in 32 bits, so that counts up to 31 need no special case. */
function shiftWith(shift: (e: Emitter, size: number, a: Value, n: Value) => Shift): (e: Emitter) => void {
  return (e) => {
    const size = e.sizeOf(0);
    const count = maskedCount(e, size, 1);
    const n = size === 8 ? () => e.m.i64.extend_u(count.value()) : count.value;
    e.update(0, (a) => {
      const { result, carry, overflow } = shift(e, size, a, n);
      shiftFlags(e, count, size, result, carry, overflow);
      return result();
    });
  };
}

/** Lowest bit of a value as i32. */
function lowestBit(e: Emitter, size: number, value: Expression): Expression {
  return e.m.i32.and(resize(e.m, size, 4, value), e.m.i32.const(1));
}

export const shl = shiftWith((e, size, a, n) => {
  const { m } = e;
  const integer = int(m, size);
  const result = e.let(truncate(m, size, integer.shl(a(), n())), typeOf(size));
  const carry = (): Expression => {
    // Bit size - count of the operand; that of 8 or 16 bits is beyond the result.
    if (size < 4) return bitAt(m, size, m.i32.shl(a(), n()), size * 8);
    return lowestBit(e, size, integer.shr_u(a(), integer.sub(constant(m, size, size * 8), n())));
  };
  return { result, carry, overflow: () => m.i32.xor(carry(), signBit(m, size, result())) };
});

export const shr = shiftWith((e, size, a, n) => {
  const { m } = e;
  const integer = int(m, size);
  const result = e.let(integer.shr_u(a(), n()), typeOf(size));
  const carry = (): Expression =>
    lowestBit(e, size, integer.shr_u(a(), integer.sub(n(), constant(m, size, 1))));
  return { result, carry, overflow: () => signBit(m, size, a()) };
});

export const sar = shiftWith((e, size, a, n) => {
  const { m } = e;
  const integer = int(m, size);
  const x = e.let(signExtend(m, size, a()), typeOf(size));
  const result = e.let(truncate(m, size, integer.shr_s(x(), n())), typeOf(size));
  const carry = (): Expression =>
    lowestBit(e, size, integer.shr_s(x(), integer.sub(n(), constant(m, size, 1))));
  return { result, carry, overflow: () => m.i32.const(0) };
});

/** The operand as i64 and the count as i64. */
function as64(e: Emitter, size: number, a: Value, n: Value): { a: Value; n: Value } {
  return { a: e.let(resize(e.m, size, 8, a()), i64), n: e.let(e.m.i64.extend_u(n()), i64) };
}

function narrow(e: Emitter, size: number, value: Expression): Value {
  return e.let(truncate(e.m, size, resize(e.m, 8, size, value)), typeOf(size));
}

function rotate(left: boolean): (e: Emitter) => void {
  return (e) => {
    const { m } = e;
    const size = e.sizeOf(0);
    const bits = size * 8;
    const count = maskedCount(e, size, 1);
    const n = count.value;
    e.update(0, (a) => {
      let result: Value;
      if (size >= 4) {
        const by = countOfType(e, size, n);
        const ops = int(m, size);
        result = e.let(left ? ops.rotl(a(), by) : ops.rotr(a(), by), typeOf(size));
      } else {
        // Repeat the value through 32 bits: then a 32-bit rotate rotates every copy.
        const copies = size === 1 ? 0x0101_0101 : 0x0001_0001;
        const spread = m.i32.mul(a(), m.i32.const(copies));
        const turned = left ? m.i32.rotl(spread, n()) : m.i32.rotr(spread, n());
        result = e.let(truncate(m, size, turned));
      }
      const top = (): Expression => signBit(m, size, result());
      const lowest = (): Expression => bitAt(m, size, result(), 0);
      const carry = left ? lowest : top;
      const overflow = (): Expression =>
        m.i32.xor(top(), left ? lowest() : bitAt(m, size, result(), bits - 2));
      if (count.known === undefined) {
        const rotated = e.let(m.i32.ne(n(), m.i32.const(0)));
        const oldCarry = e.let(e.carry());
        const oldOverflow = e.let(e.condition('o', false));
        e.flags.carryAndOverflow(
          () => m.select(rotated(), carry(), oldCarry()),
          () => m.select(rotated(), overflow(), oldOverflow()),
        );
      } else if (count.known !== 0) e.flags.carryAndOverflow(carry, overflow);
      return result();
    });
  };
}

export const rol = rotate(true);
export const ror = rotate(false);

/** Rotates through carry: rare, so done by the runtime function `rotateCarry*`, which gives the new carry in bit 0 of the flags word. */
function rotateThroughCarry(left: boolean): (e: Emitter) => void {
  return (e) => {
    const { m } = e;
    const size = e.sizeOf(0);
    const bits = size * 8;
    const raw = maskedCount(e, size, 1).value;
    const n = size >= 4 ? raw : e.let(m.i32.rem_u(raw(), m.i32.const(bits + 1)));
    const turned = e.let(m.i32.ne(n(), m.i32.const(0)));
    e.update(0, (a) => {
      const { a: x, n: c } = as64(e, size, a, n);
      const oldCarry = e.let(e.carry());
      const oldOverflow = e.let(e.condition('o', false));
      const carryIn = e.let(m.i64.extend_u(oldCarry()), i64);
      const one = (): Expression => m.i64.const(1n);
      const width = (): Expression => m.i64.const(BigInt(bits));
      // A shift by 64 is a shift by 0 in wasm: the far part is shifted in two steps.
      const far = (value: Expression, by: Expression, toLeft: boolean): Expression =>
        toLeft ? m.i64.shl(m.i64.shl(value, one()), by) : m.i64.shr_u(m.i64.shr_u(value, one()), by);
      const near = left ? m.i64.shl(x(), c()) : m.i64.shr_u(x(), c());
      const inserted = left
        ? m.i64.shl(carryIn(), m.i64.sub(c(), one()))
        : m.i64.shl(carryIn(), m.i64.sub(width(), c()));
      const wrapped = left
        ? far(x(), m.i64.sub(width(), c()), false)
        : far(x(), m.i64.sub(width(), c()), true);
      const value = m.i64.or(m.i64.or(near, inserted), wrapped);
      const result = e.let(
        truncate(m, size, resize(m, 8, size, m.select(turned(), value, x()))),
        typeOf(size),
      );
      const out = left ? m.i64.shr_u(x(), m.i64.sub(width(), c())) : m.i64.shr_u(x(), m.i64.sub(c(), one()));
      const carry = e.let(m.select(turned(), m.i32.and(m.i32.wrap(out), m.i32.const(1)), oldCarry()));
      const overflow = (): Expression => {
        const second = left ? carry() : bitAt(m, size, result(), bits - 2);
        return m.i32.xor(signBit(m, size, result()), second);
      };
      e.flags.carryAndOverflow(carry, () => m.select(turned(), overflow(), oldOverflow()));
      return result();
    });
  };
}

export const rcl = rotateThroughCarry(true);
export const rcr = rotateThroughCarry(false);

/** SHLD and SHRD: operands are destination, filler, count. */
function shiftDouble(left: boolean): (e: Emitter) => void {
  return (e) => {
    const { m } = e;
    const size = e.sizeOf(0);
    const bits = size * 8;
    const filler = e.let(e.read(1), typeOf(size));
    const count = maskedCount(e, size, 2);
    const n = count.value;
    const shifted = e.let(m.i32.ne(n(), m.i32.const(0)));
    e.update(0, (a) => {
      let result: Value;
      let carry: Value;
      if (size === 8) {
        const c = e.let(m.i64.extend_u(n()), i64);
        const rest = e.let(m.i64.sub(m.i64.const(64n), c()), i64);
        const value = left
          ? m.i64.or(m.i64.shl(a(), c()), m.i64.shr_u(filler(), rest()))
          : m.i64.or(m.i64.shr_u(a(), c()), m.i64.shl(filler(), rest()));
        result = e.let(m.select(shifted(), value, a()), i64);
        const last = (): Expression => m.i64.shr_u(a(), left ? rest() : m.i64.sub(c(), m.i64.const(1n)));
        carry = () => lowestBit(e, 8, last());
      } else {
        // 16 and 32 bits: both operands side by side in 64 bits. 16-bit counts above 16 wrap round the pair.
        const wide = (v: Value): Expression => m.i64.extend_u(v());
        const shiftBits = (v: Expression, by: number): Expression => m.i64.shl(v, m.i64.const(BigInt(by)));
        const c = e.let(m.i64.extend_u(n()), i64);
        let pair: Value;
        if (left) {
          const low = size === 2 ? m.i64.or(shiftBits(wide(filler), 16), wide(a)) : wide(filler);
          const high = shiftBits(wide(a), 32);
          pair = e.let(m.i64.or(high, low), i64);
          result = narrow(e, size, m.i64.shr_u(m.i64.shl(pair(), c()), m.i64.const(32n)));
          const last = (): Expression => m.i64.sub(m.i64.const(BigInt(32 + bits)), c());
          carry = () => lowestBit(e, 8, m.i64.shr_u(pair(), last()));
        } else {
          const high = shiftBits(wide(filler), bits);
          const again = size === 2 ? shiftBits(wide(a), 32) : m.i64.const(0n);
          pair = e.let(m.i64.or(m.i64.or(again, high), wide(a)), i64);
          result = narrow(e, size, m.i64.shr_u(pair(), c()));
          const last = (): Expression => m.i64.sub(c(), m.i64.const(1n));
          carry = () => lowestBit(e, 8, m.i64.shr_u(pair(), last()));
        }
      }
      const overflow = (): Expression => m.i32.xor(signBit(m, size, result()), signBit(m, size, a()));
      shiftFlags(e, count, size, result, carry, overflow);
      return result();
    });
  };
}

export const shld = shiftDouble(true);
export const shrd = shiftDouble(false);
