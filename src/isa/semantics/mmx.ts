/**
 * MMX: 64-bit vectors in the significands of the x87 registers. What works on each lane by itself is shared with
 * SSE (sse-integer.ts, sse-shuffle.ts); here is what depends on the length of the vector.
 *
 * Deviation: MASKMOVQ ignores a segment override, and faults where only bytes that are not selected are
 * inaccessible.
 */
import { FPU_TOP } from '../../layout/cpu-state.ts';
import type { Expression, Module } from '../../wasm/builder.ts';
import { i64, v128 } from '../../wasm/value-types.ts';
import type { Emitter, Value } from '../emitter.ts';
import type { Semantics } from '../row.ts';
import { mov } from './move.ts';
import { lanes, packed, packedValues, shuffle, splat, writeVector, zero } from './vector.ts';

/**
 * An MMX instruction: #UD, #NM and pending x87 exceptions come first. Where it has not faulted, TOP becomes zero
 * and all registers valid.
 */
export function mmx(semantics: Semantics): Semantics {
  return (e) => {
    e.run('requireMmx', [e.record()]);
    semantics(e);
    e.run('enterMmx', []);
  };
}

/** A move of an MMX register, perhaps to memory: as Intel's processors do it, TOP is zero before the store, also if that faults. */
export function movFromMmx(e: Emitter): void {
  e.setState(FPU_TOP, 4, e.m.i32.const(0));
  mov(e);
}

/** A conversion: when its operand has been read the x87 registers are valid, also if it then raises #XM. */
export function conversion(semantics: Semantics): Semantics {
  return (e) => {
    e.let(e.readVector(1), v128);
    e.run('enterMmx', []);
    semantics(e);
  };
}

/** EMMS: all registers are empty. */
export function emms(e: Emitter): void {
  e.run('requireMmx', [e.record()]);
  e.run('leaveMmx', []);
}

/** The first operand in the low half, the second in the high half. */
function joined(m: Module, a: Expression, b: Expression): Expression {
  return shuffle(m, 8, a, b, [0, 2]);
}

/** PUNPCKH: the high halves of both operands, lane by lane. */
function interleaveHigh(width: 1 | 2 | 4): Semantics {
  const half = 4 / width;
  const order = Array.from(
    { length: 16 / width },
    (_, i) => ((i >> 1) % half) + half + (i & 1) * (16 / width),
  );
  return packed((m, a, b) => shuffle(m, width, a, b, order));
}

export const punpckhbw = interleaveHigh(1);
export const punpckhwd = interleaveHigh(2);
export const punpckhdq = interleaveHigh(4);

export const packsswb = packed((m, a, b) => m.i8x16.narrow_i16x8_s(joined(m, a, b), zero(m)));
export const packuswb = packed((m, a, b) => m.i8x16.narrow_i16x8_u(joined(m, a, b), zero(m)));
export const packssdw = packed((m, a, b) => m.i16x8.narrow_i32x4_s(joined(m, a, b), zero(m)));

/** Bit 7 of an index clears; its bits 3 to 6 are ignored. */
export const pshufb = packed((m, a, b) => m.i8x16.swizzle(a, m.v128.and(b, splat(m, 1, 0x87))));

/** PHADD and PHSUB: pairs of the first, then of the second. */
function horizontal(
  width: 2 | 4,
  operation: (m: Module, even: Expression, odd: Expression) => Expression,
): Semantics {
  const numbers = Array.from({ length: 16 / width }, (_, i) => (2 * i) % (16 / width));
  const every = (m: Module, value: Value, first: 0 | 1): Expression => {
    const order = numbers.map((lane) => lane + first);
    return shuffle(m, width, value(), value(), order);
  };
  return packedValues((e, a, b) => {
    const value = e.let(joined(e.m, a(), b()), v128);
    return operation(e.m, every(e.m, value, 0), every(e.m, value, 1));
  });
}

export const phaddw = horizontal(2, (m, even, odd) => m.i16x8.add(even, odd));
export const phaddd = horizontal(4, (m, even, odd) => m.i32x4.add(even, odd));
export const phaddsw = horizontal(2, (m, even, odd) => m.i16x8.add_saturate_s(even, odd));
export const phsubw = horizontal(2, (m, even, odd) => m.i16x8.sub(even, odd));
export const phsubd = horizontal(4, (m, even, odd) => m.i32x4.sub(even, odd));
export const phsubsw = horizontal(2, (m, even, odd) => m.i16x8.sub_saturate_s(even, odd));

/** 8 bytes of first:second, from byte `immediate` of the second up. */
export function palignr(e: Emitter): void {
  const { m } = e;
  const low = e.readVector(1);
  const value = e.let(joined(m, low, e.readVector(0)), v128);
  const distance = m.i8x16.splat(m.i32.and(e.read(2), m.i32.const(0xff)));
  const numbers = Array.from({ length: 16 }, (_, i) => i);
  // Distances saturate: an index from 16 up gives zero.
  writeVector(e, 0, m.i8x16.swizzle(value(), m.i8x16.add_saturate_u(lanes(m, 1, numbers), distance)));
}

/** MASKMOVQ: the bytes whose mask has its sign bit set. Unlike others it has left the x87 registers valid if it faults. */
export function maskmovq(e: Emitter): void {
  const { m } = e;
  const value = e.let(e.read(1), i64);
  const signs = m.i8x16.shr_s(e.readVector(2), m.i32.const(7));
  const mask = e.let(m.i64x2.extract_lane(signs, 0), i64);
  e.run('enterMmx', []);
  e.update(0, (old) => m.i64.xor(old(), m.i64.and(m.i64.xor(old(), value()), mask())));
}
