/** CMPXCHG8B and CMPXCHG16B: compare and exchange of a pair of registers. */

import { RAX, RBX, RCX, RDX } from '../../layout/architecture.ts';
import type { Expression } from '../../wasm/builder.ts';
import { i64, v128 } from '../../wasm/value-types.ts';
import type { Emitter, Value } from '../emitter.ts';

/**
 * Memory is written in both cases, with its old value if it differs from what is expected.
 *
 * @returns the old value, and i32 0 or 1: whether it was the expected one.
 */
function exchangeIfEqual(
  e: Emitter,
  isExpected: (old: Value) => Expression,
  replacement: Value,
): { old: Value; equal: Value } {
  let found = replacement;
  let equal = replacement;
  e.update(0, (old) => {
    found = old;
    equal = e.let(isExpected(old));
    return e.m.select(equal(), replacement(), old());
  });
  e.flags.zero(equal());
  return { old: found, equal };
}

export function cmpxchg8b(e: Emitter): void {
  const { m } = e;
  const pair = (high: number, low: number): Value => {
    const upper = m.i64.shl(m.i64.extend_u(e.gpr(high, 4)), m.i64.const(32n));
    return e.let(m.i64.or(upper, m.i64.extend_u(e.gpr(low, 4))), i64);
  };
  const expected = pair(RDX, RAX);
  const { old, equal } = exchangeIfEqual(e, (value) => m.i64.eq(value(), expected()), pair(RCX, RBX));
  // The upper halves of RAX and RDX are cleared only where EAX and EDX are written.
  const low = m.i64.and(old(), m.i64.const(0xffff_ffffn));
  e.setGpr(RAX, 8, m.select(equal(), e.gpr(RAX, 8), low));
  const high = m.i64.shr_u(old(), m.i64.const(32n));
  e.setGpr(RDX, 8, m.select(equal(), e.gpr(RDX, 8), high));
}

export function cmpxchg16b(e: Emitter): void {
  const { m } = e;
  const low = (value: Value): Expression => m.i64x2.extract_lane(value(), 0);
  const high = (value: Value): Expression => m.i64x2.extract_lane(value(), 1);
  const isExpected = (old: Value): Expression =>
    m.i32.and(m.i64.eq(low(old), e.gpr(RAX, 8)), m.i64.eq(high(old), e.gpr(RDX, 8)));
  const replacement = e.let(m.i64x2.replace_lane(m.i64x2.splat(e.gpr(RBX, 8)), 1, e.gpr(RCX, 8)), v128);
  const { old } = exchangeIfEqual(e, isExpected, replacement);
  // If they were equal, this changes nothing.
  e.setGpr(RAX, 8, low(old));
  e.setGpr(RDX, 8, high(old));
}
