/**
 * PUSH, POP, PUSHA, POPA, PUSHF, POPF, ENTER, LEAVE. The stack is at offset RSP, ESP or SP of SS, by the mode and SS.B
 * (Intel SDM Vol. 1 "Procedure Stack"); in 64-bit mode RSP is the linear address.
 */

import { FLAG_RF, FLAG_VM, RBP, RSP } from '../../layout/architecture.ts';
import { SYSTEM_FLAGS } from '../../layout/cpu-state.ts';
import { LINEAR_MASK, STACK_BASE, STACK_MASK } from '../../layout/runtime-state.ts';
import type { Expression } from '../../wasm/builder.ts';
import { i32, i64 } from '../../wasm/value-types.ts';
import type { Emitter, Value } from '../emitter.ts';
import { endBlock } from './system.ts';

/** A register as an offset on the stack. */
function offsetIn(e: Emitter, register: number): Value {
  const offset = e.let(e.stackSize === 4 ? e.m.i64.extend_u(e.gpr(register, 4)) : e.gpr(register, 8), i64);
  e.sameAddress(offset, register);
  return offset;
}

/** @param by i64: of an offset of 4 bytes only the low half counts. */
function movedBy(e: Emitter, offset: Value, by: Expression): Value {
  const { i32: d, i64: q } = e.m;
  if (e.stackSize !== 4) return e.let(q.add(offset(), by), i64);
  return e.let(q.extend_u(d.add(d.wrap(offset()), d.wrap(by))), i64);
}

function moved(e: Emitter, offset: Value, bytes: number): Value {
  const result = movedBy(e, offset, e.m.i64.const(BigInt(bytes)));
  e.nearAddress(result, offset, bytes);
  return result;
}

/** Linear address of an offset on the stack. */
function stackAddress(e: Emitter, offset: Value): Value {
  if (e.stackSize !== undefined) return offset;
  const { i64: q } = e.m;
  const base = q.add(q.and(offset(), e.state(STACK_MASK, 8)), e.state(STACK_BASE, 8));
  return e.let(q.and(base, e.state(LINEAR_MASK, 8)), i64);
}

/** RSP with another offset; of a register wider than the stack's offsets the rest stays. */
function withOffset(e: Emitter, offset: Value): Value {
  if (e.stackSize !== undefined) return offset;
  const { i64: q } = e.m;
  const mask = e.let(e.state(STACK_MASK, 8), i64);
  const kept = q.and(q.and(e.gpr(RSP, 8), q.const(0xffff_ffffn)), q.xor(mask(), q.const(-1n)));
  return e.let(q.or(kept, q.and(offset(), mask())), i64);
}

/** Moves the stack pointer. */
export function setStackPointer(e: Emitter, offset: Value): void {
  e.setGpr(RSP, 8, withOffset(e, offset)());
  e.sameAddress(offset, RSP);
}

/** Pops a value for `use`, which may fault, or change the stack segment: RSP moves after it, on the stack of before. */
export function popFor(e: Emitter, size: number, use: (value: Value) => void): void {
  const { value, above } = top(e, size);
  const pointer = withOffset(e, above);
  use(value);
  e.setGpr(RSP, 8, pointer());
}

export function push(e: Emitter, size: number, value: Value): void {
  const top = moved(e, offsetIn(e, RSP), -size);
  e.store(size, stackAddress(e, top), value());
  setStackPointer(e, top);
}

/** Reads the value at an offset on the stack. */
function peek(e: Emitter, size: number, offset: Value): Value {
  return e.let(e.load(size, stackAddress(e, offset)), size === 8 ? i64 : i32);
}

/**
 * Reads the top of the stack and gives the new stack pointer; the caller commits it with setStackPointer().
 * @param dropped i64: bytes that are removed besides.
 */
export function top(e: Emitter, size: number, dropped?: Expression): { value: Value; above: Value } {
  const pointer = offsetIn(e, RSP);
  const value = peek(e, size, pointer);
  const above = moved(e, pointer, size);
  return { value, above: dropped === undefined ? above : movedBy(e, above, dropped) };
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
  const pointer = offsetIn(e, RSP);
  for (let register = 0; register < 8; register++) {
    const slot = moved(e, pointer, -(register + 1) * size);
    e.store(size, stackAddress(e, slot), e.gpr(register, size));
  }
  setStackPointer(e, moved(e, pointer, -8 * size));
}

/** POPA: the value for RSP is read and thrown away. */
export function popAll(e: Emitter): void {
  const size = e.operandSize;
  const pointer = offsetIn(e, RSP);
  const values = Array.from({ length: 8 }, (_, register) =>
    peek(e, size, moved(e, pointer, (7 - register) * size)),
  );
  values.forEach((value, register) => {
    if (register !== RSP) e.setGpr(register, size, value());
  });
  setStackPointer(e, moved(e, pointer, 8 * size));
}

export function leave(e: Emitter): void {
  const size = e.operandSize;
  const frame = offsetIn(e, RBP);
  const saved = peek(e, size, frame);
  e.setGpr(RBP, size, saved());
  setStackPointer(e, moved(e, frame, size));
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
