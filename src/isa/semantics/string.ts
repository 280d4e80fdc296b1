/** MOVS, STOS, LODS, CMPS, SCAS, INS, OUTS, alone and repeated. */

import { FLAG_DF, RAX, RCX, RDI, RSI } from '../../layout/architecture.ts';
import { SYSTEM_FLAGS } from '../../layout/cpu-state.ts';
import type { RuntimeFunction } from '../../layout/generated/runtime-function.ts';
import type { Expression } from '../../wasm/builder.ts';
import { i32, i64 } from '../../wasm/value-types.ts';
import type { Emitter } from '../emitter.ts';
import type { Semantics } from '../row.ts';
import { int, truncate } from './integer.ts';

const DIRECTION_BIT = Math.log2(FLAG_DF);

/** Moves the given string registers on by one element of `size` bytes, in the direction that DF says. */
function advance(e: Emitter, size: number, ...registers: number[]): void {
  const { m } = e;
  const flags = e.state(SYSTEM_FLAGS, 4);
  // DF brought to the place of 2 * size: size - 2 * size where it is set.
  const direction = m.i32.and(
    m.i32.shr_u(flags, m.i32.const(DIRECTION_BIT - 1 - Math.log2(size))),
    m.i32.const(2 * size),
  );
  const step = e.let(m.i64.extend_s(m.i32.sub(m.i32.const(size), direction)), i64);
  for (const register of registers) e.addToAddressRegister(register, step());
}

export function movs(e: Emitter): void {
  e.write(0, e.read(1));
  advance(e, e.sizeOf(0), RSI, RDI);
}

export function stos(e: Emitter): void {
  e.write(0, e.read(1));
  advance(e, e.sizeOf(0), RDI);
}

export function lods(e: Emitter): void {
  e.write(0, e.read(1));
  advance(e, e.sizeOf(0), RSI);
}

/** Flags of operand 0 - operand 1. */
function compare(e: Emitter): void {
  const { m } = e;
  const size = e.sizeOf(0);
  const type = size === 8 ? i64 : i32;
  const a = e.let(e.read(0), type);
  const b = e.let(e.read(1), type);
  e.flags.sub(size, a, b, e.let(truncate(m, size, int(m, size).sub(a(), b())), type));
}

export function cmps(e: Emitter): void {
  compare(e);
  advance(e, e.sizeOf(0), RSI, RDI);
}

export function scas(e: Emitter): void {
  compare(e);
  advance(e, e.sizeOf(0), RDI);
}

function size(e: Emitter): Expression {
  return e.m.i32.const(e.sizeOf(0));
}

/** INS and OUTS alone: the runtime checks the port's permission and moves one element. */
export function ins(e: Emitter): void {
  e.run('inputElement', [e.record(), e.address(0), size(e)]);
  advance(e, e.sizeOf(0), RDI);
}

export function outs(e: Emitter): void {
  e.run('outputElement', [e.record(), e.address(0), size(e)]);
  advance(e, e.sizeOf(0), RSI);
}

/** A repeated string instruction is a runtime function, which says whether the budget ended before it was done. */
export function repeat(name: RuntimeFunction): Semantics {
  return (e) => e.repeat(name, [e.record(), size(e)]);
}

/** REPE and REPNE: go on while the elements are equal, or while they are not. */
export function repeatWhile(name: RuntimeFunction, equal: boolean): Semantics {
  return (e) => e.repeat(name, [e.record(), size(e), e.m.i32.const(equal ? 1 : 0)]);
}

/**
 * A repetition that is done at once by the function `few` if it is short, goes up, and its pages are ready: of the budget that costs
 * what other instructions do.
 * @param args of the function, before count and size. @param pointers registers that go on by the bytes of all elements.
 */
function repeatFew(
  e: Emitter,
  name: RuntimeFunction,
  few: RuntimeFunction,
  args: () => Expression[],
  ...pointers: number[]
): void {
  const { m } = e;
  e.repeat(name, [e.record(), size(e)], (leaveUnless) => {
    const count = e.let(e.addressSizeRegister(RCX), i64);
    leaveUnless(e.call(few, [...args(), count(), size(e)], i32));
    const bytes = e.let(m.i64.shl(count(), m.i64.const(Math.log2(e.sizeOf(0)))), i64);
    for (const pointer of pointers) e.addToAddressRegister(pointer, bytes());
    e.addToAddressRegister(RCX, m.i64.sub(m.i64.const(0), count()));
  });
}

export function repMovs(e: Emitter): void {
  repeatFew(e, 'repMovs', 'moveFew', () => [e.address(0), e.address(1)], RDI, RSI);
}

export function repStos(e: Emitter): void {
  repeatFew(e, 'repStos', 'fillFew', () => [e.address(0), e.gpr(RAX, 8)], RDI);
}
