/** PUSH, POP, PUSHF, POPF, ENTER, LEAVE in 64-bit mode: the stack address is RSP, flat. */

import { RBP, RSP } from '../../layout/architecture.ts';
import type { Expression } from '../../wasm/builder.ts';
import { i32, i64 } from '../../wasm/value-types.ts';
import type { Emitter, Value } from '../emitter.ts';
import { endBlock } from './system.ts';

export function push(e: Emitter, size: number, value: Value): void {
  const top = e.let(e.m.i64.sub(e.gpr(RSP, 8), e.m.i64.const(BigInt(size))), i64);
  e.store(size, top, value());
  e.setGpr(RSP, 8, top());
}

/** Reads the top of the stack and gives the new stack pointer; the caller commits it. */
export function top(e: Emitter, size: number): { value: Value; above: Value } {
  const pointer = e.let(e.gpr(RSP, 8), i64);
  const value = e.let(e.load(size, pointer), size === 8 ? i64 : i32);
  return { value, above: e.let(e.m.i64.add(pointer(), e.m.i64.const(BigInt(size))), i64) };
}

export function pushOperand(e: Emitter): void {
  const size = e.operandSize;
  push(e, size, e.let(e.read(0), size === 8 ? i64 : i32));
}

/** POP r/m: RSP is already raised when a memory operand's address is formed, and a popped RSP wins. */
export function popOperand(e: Emitter): void {
  const size = e.operandSize;
  const before = e.let(e.gpr(RSP, 8), i64);
  const { value, above } = top(e, size);
  e.setGpr(RSP, 8, above());
  if (e.isRegister(0)) {
    e.write(0, value());
    return;
  }
  const address = e.let(e.address(0), i64);
  // The store may fault, and must then find RSP as it was.
  e.setGpr(RSP, 8, before());
  e.store(size, address, value());
  e.setGpr(RSP, 8, above());
}

export function leave(e: Emitter): void {
  const size = e.operandSize;
  const frame = e.let(e.gpr(RBP, 8), i64);
  const saved: Expression = e.load(size, frame);
  const above = e.let(e.m.i64.add(frame(), e.m.i64.const(BigInt(size))), i64);
  e.setGpr(RBP, size, saved);
  e.setGpr(RSP, 8, above());
}

/** ENTER with its nesting levels: a runtime function that is given frame size | level << 16. */
export function enter(e: Emitter): void {
  e.run('enterFrame', [e.record(), e.m.i32.const(e.operandSize), e.read(0)]);
}

export function pushf(e: Emitter): void {
  const { m } = e;
  const flags = e.call('pushFlagsImage', [e.record()], i32);
  const size = e.operandSize;
  push(e, size, e.let(size === 8 ? m.i64.extend_u(flags) : flags, size === 8 ? i64 : i32));
}

export function popf(e: Emitter): void {
  const size = e.operandSize;
  const { value, above } = top(e, size);
  const flags = size === 8 ? e.m.i32.wrap(value()) : value();
  e.run('popFlags', [e.record(), flags, e.m.i32.const(size)]);
  e.setGpr(RSP, 8, above());
  // The view of memory (EFLAGS.AC) may have changed.
  endBlock(e);
}
