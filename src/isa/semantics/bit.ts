/** BT, BTS, BTR, BTC, BSF, BSR, POPCNT, LZCNT, TZCNT, CRC32. */

import type { Expression } from '../../wasm/builder.ts';
import { i32, i64 } from '../../wasm/value-types.ts';
import type { Emitter, Value } from '../emitter.ts';
import type { Semantics } from '../row.ts';
import { constant, int, resize, signExtend } from './integer.ts';

function typeOf(size: number): number {
  return size === 8 ? i64 : i32;
}

/** The operand with bit `n` changed. */
type Change = (e: Emitter, size: number, a: Value, n: Value) => Expression;

function mask(e: Emitter, size: number, n: Value): Expression {
  return int(e.m, size).shl(constant(e.m, size, 1), n());
}

const set: Change = (e, size, a, n) => int(e.m, size).or(a(), mask(e, size, n));
const reset: Change = (e, size, a, n) => {
  const integer = int(e.m, size);
  return integer.and(a(), integer.xor(mask(e, size, n), constant(e.m, size, -1)));
};
const complement: Change = (e, size, a, n) => int(e.m, size).xor(a(), mask(e, size, n));

/**
 * Linear address of the word that a bit offset beyond the operand's width selects: the offset is signed, and
 * counts from the memory operand.
 */
function wordAddress(e: Emitter, size: number, offset: Value): Value {
  const { m } = e;
  const bits = size === 8 ? offset() : m.i64.extend_s(signExtend(m, size, offset()));
  const words = m.i64.shr_s(bits, m.i64.const(BigInt(Math.log2(size * 8))));
  const displacement = m.i64.shl(words, m.i64.const(BigInt(Math.log2(size))));
  return e.let(e.addressWith(0, displacement), i64);
}

/**
 * CF = bit of operand 0 selected by operand 1, which is then changed. Other flags are left alone: ZF must be, the
 * rest may.
 */
function bitTest(change: Change | undefined): Semantics {
  return (e) => {
    const { m } = e;
    const size = e.sizeOf(0);
    const offset = e.let(resize(m, e.sizeOf(1), size, e.read(1)), typeOf(size));
    const n = e.let(int(m, size).and(offset(), constant(m, size, size * 8 - 1)), typeOf(size));
    const test = (a: Value): void => {
      const bit = resize(m, size, 4, int(m, size).shr_u(a(), n()));
      e.flags.carry(m.i32.and(bit, m.i32.const(1)));
    };
    // An immediate offset stays within the operand.
    const reaches = !e.isRegister(0) && e.isRegister(1);
    if (change === undefined) {
      const value = reaches ? e.load(size, wordAddress(e, size, offset)) : e.read(0);
      test(e.let(value, typeOf(size)));
      return;
    }
    const testAndChange = (a: Value): Expression => {
      test(a);
      return change(e, size, a, n);
    };
    if (reaches) e.updateMemory(size, wordAddress(e, size, offset), testAndChange);
    else e.update(0, testAndChange);
  };
}

export const bt = bitTest(undefined);
export const bts = bitTest(set);
export const btr = bitTest(reset);
export const btc = bitTest(complement);

function trailingZeros(e: Emitter, size: number, a: Value): Expression {
  const { m } = e;
  // A bit beyond the operand ends the count of a zero.
  if (size === 2) return m.i32.ctz(m.i32.or(a(), m.i32.const(0x1_0000)));
  return int(m, size).ctz(a());
}

function leadingZeros(e: Emitter, size: number, a: Value): Expression {
  const { m } = e;
  if (size === 2) return m.i32.sub(m.i32.clz(a()), m.i32.const(16));
  return int(m, size).clz(a());
}

/**
 * BSF and BSR: only ZF is defined. A source of zero leaves the destination as it was, as every processor does
 * and AMD documents.
 */
function scan(index: (e: Emitter, size: number, a: Value) => Expression): Semantics {
  return (e) => {
    const size = e.sizeOf(0);
    const a = e.let(e.read(1), typeOf(size));
    const found = int(e.m, size).ne(a(), constant(e.m, size, 0));
    e.writeRegisterIf(0, found, index(e, size, a));
    e.flags.logic(size, a);
  };
}

export const bsf = scan(trailingZeros);
export const bsr = scan((e, size, a) =>
  int(e.m, size).sub(constant(e.m, size, size * 8 - 1), leadingZeros(e, size, a)),
);

/** LZCNT and TZCNT: CF = the source was zero, ZF = the count is zero. */
function countZeros(count: (e: Emitter, size: number, a: Value) => Expression): Semantics {
  return (e) => {
    const size = e.sizeOf(0);
    const a = e.let(e.read(1), typeOf(size));
    const r = e.let(count(e, size, a), typeOf(size));
    e.write(0, r());
    e.flags.result(
      size,
      r,
      () => int(e.m, size).eqz(a()),
      () => e.m.i32.const(0),
    );
  };
}

export const lzcnt = countZeros(leadingZeros);
export const tzcnt = countZeros(trailingZeros);

/** ZF = the source was zero; the other flags are cleared. */
export function popcnt(e: Emitter): void {
  const { m } = e;
  const size = e.sizeOf(0);
  const a = e.let(e.read(1), typeOf(size));
  e.write(0, int(m, size).popcnt(a()));
  e.flags.compare(int(m, size).eqz(a()), m.i32.const(0), m.i32.const(0));
}

/** CRC-32C of operand 0 continued with the bytes of operand 1; no flags. */
export function crc32(e: Emitter): void {
  const size = e.sizeOf(1);
  const value = e.let(resize(e.m, size, 8, e.read(1)), i64);
  e.write(0, e.call('crc32c', [e.read(0), value(), e.m.i32.const(size)], i32));
}
