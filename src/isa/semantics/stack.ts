/**
 * PUSH, POP, PUSHA, POPA, PUSHF, POPF, ENTER, LEAVE. The stack is at offset RSP, ESP or SP of SS, by the mode and SS.B
 * (Intel SDM Vol. 1 "Procedure Stack"); in 64-bit mode RSP is the linear address.
 */

import { FLAG_RF, FLAG_VM, RBP, RSP } from '../../layout/architecture.ts';
import { SYSTEM_FLAGS } from '../../layout/cpu-state.ts';
import { LINEAR_MASK, STACK_BASE, STACK_MASK } from '../../layout/runtime-state.ts';
import { i32, i64 } from '../../wasm/value-types.ts';
import type { Emitter, Value } from '../emitter.ts';
import { endBlock } from './system.ts';

/** Only 64-bit code has stack operands of 8 bytes. Those of 2 bytes exist in every mode. */
function isIn64BitCode(e: Emitter): boolean {
  return e.operandSize === 8;
}

/** Linear address of an offset on the stack. */
function stackAddress(e: Emitter, offset: Value): Value {
  if (isIn64BitCode(e)) return offset;
  const { i64: q } = e.m;
  const base = q.add(q.and(offset(), e.state(STACK_MASK, 8)), e.state(STACK_BASE, 8));
  return e.let(q.and(base, e.state(LINEAR_MASK, 8)), i64);
}

/** RSP with another offset; of a register wider than the stack's offsets the rest stays. */
function withOffset(e: Emitter, offset: Value): Value {
  if (isIn64BitCode(e)) return offset;
  const { i64: q } = e.m;
  const mask = e.let(e.state(STACK_MASK, 8), i64);
  const kept = q.and(q.and(e.gpr(RSP, 8), q.const(0xffff_ffffn)), q.xor(mask(), q.const(-1n)));
  return e.let(q.or(kept, q.and(offset(), mask())), i64);
}

/** Moves the stack pointer. */
export function setStackPointer(e: Emitter, offset: Value): void {
  e.setGpr(RSP, 8, withOffset(e, offset)());
}

/** Pops a value for `use`, which may fault, or change the stack segment: RSP moves after it, on the stack of before. */
export function popFor(e: Emitter, size: number, use: (value: Value) => void): void {
  const { value, above } = top(e, size);
  const pointer = withOffset(e, above);
  use(value);
  e.setGpr(RSP, 8, pointer());
}

function below(e: Emitter, offset: Value, bytes: number): Value {
  return e.let(e.m.i64.sub(offset(), e.m.i64.const(BigInt(bytes))), i64);
}

function above(e: Emitter, offset: Value, bytes: number): Value {
  return e.let(e.m.i64.add(offset(), e.m.i64.const(BigInt(bytes))), i64);
}

export function push(e: Emitter, size: number, value: Value): void {
  const top = below(e, e.let(e.gpr(RSP, 8), i64), size);
  e.store(size, stackAddress(e, top), value());
  setStackPointer(e, top);
}

/** Reads the value at an offset on the stack. */
function peek(e: Emitter, size: number, offset: Value): Value {
  return e.let(e.load(size, stackAddress(e, offset)), size === 8 ? i64 : i32);
}

/** Reads the top of the stack and gives the new stack pointer; the caller commits it with setStackPointer(). */
export function top(e: Emitter, size: number): { value: Value; above: Value } {
  const pointer = e.let(e.gpr(RSP, 8), i64);
  return { value: peek(e, size, pointer), above: above(e, pointer, size) };
}

export function pushOperand(e: Emitter): void {
  const size = e.operandSize;
  push(e, size, e.let(e.read(0), size === 8 ? i64 : i32));
}

/** POP r/m: RSP is already raised when a memory operand's address is formed, and a popped RSP wins. */
export function popOperand(e: Emitter): void {
  const size = e.operandSize;
  const before = e.let(e.gpr(RSP, 8), i64);
  const { value, above: after } = top(e, size);
  setStackPointer(e, after);
  if (e.isRegister(0)) {
    e.write(0, value());
    return;
  }
  const address = e.let(e.address(0), i64);
  // The store may fault, and must then find RSP as it was.
  e.setGpr(RSP, 8, before());
  e.store(size, address, value());
  setStackPointer(e, after);
}

/** PUSHA: all general registers, RSP as it was before. */
export function pushAll(e: Emitter): void {
  const size = e.operandSize;
  const pointer = e.let(e.gpr(RSP, 8), i64);
  for (let register = 0; register < 8; register++) {
    const slot = below(e, pointer, (register + 1) * size);
    e.store(size, stackAddress(e, slot), e.gpr(register, size));
  }
  setStackPointer(e, below(e, pointer, 8 * size));
}

/** POPA: the value for RSP is read and thrown away. */
export function popAll(e: Emitter): void {
  const size = e.operandSize;
  const pointer = e.let(e.gpr(RSP, 8), i64);
  const values = Array.from({ length: 8 }, (_, register) =>
    peek(e, size, above(e, pointer, (7 - register) * size)),
  );
  values.forEach((value, register) => {
    if (register !== RSP) e.setGpr(register, size, value());
  });
  setStackPointer(e, above(e, pointer, 8 * size));
}

export function leave(e: Emitter): void {
  const size = e.operandSize;
  const frame = e.let(e.gpr(RBP, 8), i64);
  const saved = peek(e, size, frame);
  e.setGpr(RBP, size, saved());
  setStackPointer(e, above(e, frame, size));
}

/** ENTER with its nesting levels: a runtime function that is given frame size | level << 16. */
export function enter(e: Emitter): void {
  e.run('enterFrame', [e.record(), e.m.i32.const(e.operandSize), e.read(0)]);
}

export function pushf(e: Emitter): void {
  const { m } = e;
  const size = e.operandSize;
  const system = e.let(e.state(SYSTEM_FLAGS, 4));
  e.delegate(m.i32.and(system(), m.i32.const(FLAG_VM)), 'pushVirtualFlags', [e.record(), m.i32.const(size)]);
  const flags = m.i32.or(m.i32.and(system(), m.i32.const(~FLAG_RF)), e.arithmeticFlags());
  push(e, size, e.let(size === 8 ? m.i64.extend_u(flags) : flags, size === 8 ? i64 : i32));
}

export function popf(e: Emitter): void {
  const size = e.operandSize;
  popFor(e, size, (value) => {
    const flags = size === 8 ? e.m.i32.wrap(value()) : value();
    e.run('popFlags', [e.record(), flags, e.m.i32.const(size)]);
  });
  // The view of memory (EFLAGS.AC) may have changed.
  endBlock(e);
}
