/** BMI1 and BMI2, VEX-encoded instructions on general registers. */
import type { Expression } from '../../wasm/builder.ts';
import { i32, i64 } from '../../wasm/value-types.ts';
import type { Emitter, Value } from '../emitter.ts';
import type { Semantics } from '../row.ts';
import { multiplyHigh64 } from './arithmetic.ts';
import { constant, int, resize } from './integer.ts';

const RDX = 2;

/** An operand in a local. */
function kept(e: Emitter, operand: number): Value {
  return e.let(e.read(operand), e.sizeOf(0) === 8 ? i64 : i32);
}

/** Writes a result; ZF and SF from it, CF as given, OF = 0. The manual leaves AF and PF, sometimes SF, undefined. */
function finish(e: Emitter, result: Expression, cf: Value): void {
  const size = e.sizeOf(0);
  const r = e.let(result, size === 8 ? i64 : i32);
  e.write(0, r());
  e.flags.result(size, r, cf, () => e.m.i32.const(0));
}

export function andn(e: Emitter): void {
  const { m } = e;
  const size = e.sizeOf(0);
  const integer = int(m, size);
  const b = kept(e, 2);
  const r = e.let(integer.and(integer.xor(e.read(1), constant(m, size, -1)), b()), size === 8 ? i64 : i32);
  e.write(0, r());
  e.flags.logic(size, r);
}

/** CF tells whether the source was zero (BLSMSK, BLSR), or not (BLSI). */
function lowestBit(
  operation: (e: Emitter, a: Value, minusOne: Expression) => Expression,
  carryOfZero: boolean,
): Semantics {
  return (e) => {
    const { m } = e;
    const size = e.sizeOf(0);
    const integer = int(m, size);
    const a = kept(e, 1);
    const zero = (): Expression => integer.eqz(a());
    const result = operation(e, a, integer.sub(a(), constant(m, size, 1)));
    finish(e, result, () => (carryOfZero ? zero() : m.i32.eqz(zero())));
  };
}

/** a & -a, which is a & ~(a - 1). */
export const blsi = lowestBit((e, a, minusOne) => {
  const integer = int(e.m, e.sizeOf(0));
  return integer.and(a(), integer.xor(minusOne, constant(e.m, e.sizeOf(0), -1)));
}, false);
export const blsmsk = lowestBit((e, a, minusOne) => int(e.m, e.sizeOf(0)).xor(a(), minusOne), true);
export const blsr = lowestBit((e, a, minusOne) => int(e.m, e.sizeOf(0)).and(a(), minusOne), true);

/** The low `count` bits of a value; all of it if there are not more. `count` is i32. */
function lowBits(e: Emitter, value: Expression, count: Value): Expression {
  const { m } = e;
  const size = e.sizeOf(0);
  const integer = int(m, size);
  const ones = integer.shl(constant(m, size, -1), resize(m, 4, size, count()));
  const kept = integer.xor(ones, constant(m, size, -1));
  return integer.and(
    value,
    m.select(m.i32.lt_u(count(), m.i32.const(size * 8)), kept, constant(m, size, -1)),
  );
}

/** Start in bits 0 to 7, length in bits 8 to 15 of the last operand. */
export function bextr(e: Emitter): void {
  const { m } = e;
  const size = e.sizeOf(0);
  const control = e.let(resize(m, size, 4, e.read(2)));
  const a = kept(e, 1);
  const start = e.let(m.i32.and(control(), m.i32.const(0xff)));
  const length = e.let(m.i32.and(m.i32.shr_u(control(), m.i32.const(8)), m.i32.const(0xff)));
  const shifted = m.select(
    m.i32.lt_u(start(), m.i32.const(size * 8)),
    int(m, size).shr_u(a(), resize(m, 4, size, start())),
    constant(m, size, 0),
  );
  finish(e, lowBits(e, shifted, length), () => m.i32.const(0));
}

/** CF: the index is beyond the operand. */
export function bzhi(e: Emitter): void {
  const { m } = e;
  const size = e.sizeOf(0);
  const index = e.let(m.i32.and(resize(m, size, 4, e.read(2)), m.i32.const(0xff)));
  const a = kept(e, 1);
  finish(e, lowBits(e, a(), index), () => m.i32.ge_u(index(), m.i32.const(size * 8)));
}

/** RDX times the source, without flags: the high half to operand 0, the low half to operand 1, in this order if both are one. */
export function mulx(e: Emitter): void {
  const { m } = e;
  const size = e.sizeOf(0);
  const b = kept(e, 2);
  if (size === 4) {
    const wide = m.i64.mul(m.i64.extend_u(e.gpr(RDX, 4)), m.i64.extend_u(b()));
    const product = e.let(wide, i64);
    e.write(1, m.i32.wrap(product()));
    e.write(0, m.i32.wrap(m.i64.shr_u(product(), m.i64.const(32n))));
    return;
  }
  const a = e.let(e.gpr(RDX, 8), i64);
  const high = e.let(multiplyHigh64(e, a, b, false), i64);
  e.write(1, m.i64.mul(a(), b()));
  e.write(0, high());
}

/** PDEP and PEXT. Zero-extended operands give zero-extended results. */
function bitField(name: 'depositBits' | 'extractBits'): Semantics {
  return (e) => {
    const { m } = e;
    const size = e.sizeOf(0);
    const mask = e.let(resize(m, size, 8, e.read(2)), i64);
    const value = resize(m, size, 8, e.read(1));
    e.write(0, resize(m, 8, size, e.call(name, [value, mask()], i64)));
  };
}

export const pdep = bitField('depositBits');
export const pext = bitField('extractBits');

export function rorx(e: Emitter): void {
  const { m } = e;
  const size = e.sizeOf(0);
  const count = resize(m, 4, size, e.read(2));
  e.write(0, int(m, size).rotr(e.read(1), count));
}

/** Shifts by a register, modulo the operand's width, without flags. */
function shift(name: 'shl' | 'shr_u' | 'shr_s'): Semantics {
  return (e) => {
    const count = kept(e, 2);
    e.write(0, int(e.m, e.sizeOf(0))[name](e.read(1), count()));
  };
}

export const shlx = shift('shl');
export const shrx = shift('shr_u');
export const sarx = shift('shr_s');
