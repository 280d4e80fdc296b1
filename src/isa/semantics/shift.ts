/** SHL, SHR, SAR, ROL, ROR, RCL, RCR, SHLD, SHRD. A count of zero leaves flags alone. */

import type { Expression } from '../../wasm/builder.ts';
import { i32, i64 } from '../../wasm/value-types.ts';
import type { Emitter, Value } from '../emitter.ts';
import { bitAt, int, resize, signBit, signExtend, truncate } from './integer.ts';

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
function shiftFlags(e: Emitter, count: Count, size: number, r: Value, cf: Expression, of: Expression): void {
  if (count.known === undefined) {
    e.flags.resultIf(e.let(e.m.i32.ne(count.value(), e.m.i32.const(0))), size, r, cf, of);
  } else if (count.known !== 0) {
    e.flags.result(size, r, cf, of);
  }
}

function countOfType(e: Emitter, size: number, value: Value): Expression {
  return resize(e.m, 4, size, value());
}

/** Shifts of 8 and 16 bits are done in 64 bits, so that counts up to 31 need no special case. */
function shiftWith(
  wide: (
    e: Emitter,
    size: number,
    a: Value,
    n: Value,
  ) => { result: Value; carry: Value; overflow: Expression },
): (e: Emitter) => void {
  return (e) => {
    const size = e.sizeOf(0);
    const n = maskedCount(e, size, 1);
    e.update(0, (a) => {
      const { result, carry, overflow } = wide(e, size, a, n.value);
      shiftFlags(e, n, size, result, carry(), overflow);
      return result();
    });
  };
}

/** The operand as i64 and the count as i64. */
function as64(e: Emitter, size: number, a: Value, n: Value): { a: Value; n: Value } {
  return { a: e.let(resize(e.m, size, 8, a()), i64), n: e.let(e.m.i64.extend_u(n()), i64) };
}

function narrow(e: Emitter, size: number, value: Expression): Value {
  return e.let(truncate(e.m, size, resize(e.m, 8, size, value)), typeOf(size));
}

export const shl = shiftWith((e, size, a, n) => {
  const { m } = e;
  const { a: x, n: c } = as64(e, size, a, n);
  const result = narrow(e, size, m.i64.shl(x(), c()));
  // Last bit out: bit (size - count) of the operand.
  const last = m.i64.shr_u(x(), m.i64.sub(m.i64.const(BigInt(size * 8)), c()));
  const beyond = size < 4 ? m.i32.le_u(n(), m.i32.const(size * 8)) : m.i32.const(1);
  const carry = e.let(m.i32.and(m.i32.wrap(last), beyond));
  return { result, carry, overflow: m.i32.xor(carry(), signBit(m, size, result())) };
});

export const shr = shiftWith((e, size, a, n) => {
  const { m } = e;
  const { a: x, n: c } = as64(e, size, a, n);
  const result = narrow(e, size, m.i64.shr_u(x(), c()));
  const last = m.i64.shr_u(x(), m.i64.sub(c(), m.i64.const(1n)));
  const carry = e.let(m.i32.and(m.i32.wrap(last), m.i32.const(1)));
  return { result, carry, overflow: signBit(m, size, a()) };
});

export const sar = shiftWith((e, size, a, n) => {
  const { m } = e;
  const signed = e.let(resize(m, size, 8, signExtend(m, size, a())), i64);
  const x: Value = size === 8 ? signed : e.let(m.i64.extend_s(m.i32.wrap(signed())), i64);
  const c = e.let(m.i64.extend_u(n()), i64);
  const result = narrow(e, size, m.i64.shr_s(x(), c()));
  const last = m.i64.shr_s(x(), m.i64.sub(c(), m.i64.const(1n)));
  const carry = e.let(m.i32.and(m.i32.wrap(last), m.i32.const(1)));
  return { result, carry, overflow: m.i32.const(0) };
});

function rotate(left: boolean): (e: Emitter) => void {
  return (e) => {
    const { m } = e;
    const size = e.sizeOf(0);
    const bits = size * 8;
    const n = maskedCount(e, size, 1).value;
    const rotated = e.let(m.i32.ne(n(), m.i32.const(0)));
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
      const top = e.let(signBit(m, size, result()));
      const cf = left ? bitAt(m, size, result(), 0) : top();
      const of = left
        ? m.i32.xor(top(), bitAt(m, size, result(), 0))
        : m.i32.xor(top(), bitAt(m, size, result(), bits - 2));
      const carry = e.let(cf);
      const overflow = e.let(of);
      const oldCarry = e.let(e.carry());
      const oldOverflow = e.let(e.condition('o', false));
      e.flags.carryAndOverflow(
        m.select(rotated(), carry(), oldCarry()),
        m.select(rotated(), overflow(), oldOverflow()),
      );
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
      const top = signBit(m, size, result());
      const overflow = left ? m.i32.xor(top, carry()) : m.i32.xor(top, bitAt(m, size, result(), bits - 2));
      e.flags.carryAndOverflow(carry(), m.select(turned(), overflow, oldOverflow()));
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
        const last = left ? m.i64.shr_u(a(), rest()) : m.i64.shr_u(a(), m.i64.sub(c(), m.i64.const(1n)));
        carry = e.let(m.i32.and(m.i32.wrap(last), m.i32.const(1)));
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
          const last = m.i64.shr_u(pair(), m.i64.sub(m.i64.const(BigInt(32 + bits)), c()));
          carry = e.let(m.i32.and(m.i32.wrap(last), m.i32.const(1)));
        } else {
          const high = shiftBits(wide(filler), bits);
          const again = size === 2 ? shiftBits(wide(a), 32) : m.i64.const(0n);
          pair = e.let(m.i64.or(m.i64.or(again, high), wide(a)), i64);
          result = narrow(e, size, m.i64.shr_u(pair(), c()));
          const last = m.i64.shr_u(pair(), m.i64.sub(c(), m.i64.const(1n)));
          carry = e.let(m.i32.and(m.i32.wrap(last), m.i32.const(1)));
        }
      }
      const overflow = m.i32.xor(signBit(m, size, result()), signBit(m, size, a()));
      shiftFlags(e, count, size, result, carry(), overflow);
      return result();
    });
  };
}

export const shld = shiftDouble(true);
export const shrd = shiftDouble(false);
