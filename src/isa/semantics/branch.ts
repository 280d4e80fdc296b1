/** Near jumps, calls and returns, conditional branches, LOOP and JRCXZ. */
import { RCX } from '../../layout/architecture.ts';
import { SEGMENT_CS } from '../../layout/cpu-state.ts';
import type { Expression } from '../../wasm/builder.ts';
import { i32, i64 } from '../../wasm/value-types.ts';
import { CONDITIONS } from '../condition.ts';
import type { Emitter, Value } from '../emitter.ts';
import type { Semantics } from '../row.ts';
import { resize } from './integer.ts';
import { push, setStackPointer, top } from './stack.ts';

export function jmp(e: Emitter): void {
  e.jump();
}

export function jmpIndirect(e: Emitter): void {
  e.jumpTo(resize(e.m, e.sizeOf(0), 8, e.read(0)));
}

export function jcc(code: number): Semantics {
  const condition = CONDITIONS[code >> 1] ?? 'o';
  return (e) => e.jumpIf(e.condition(condition, (code & 1) === 1));
}

/** The offset of the next instruction, as wide as the operand. */
function returnAddress(e: Emitter): Value {
  const size = e.operandSize;
  if (size === 8) return e.let(e.nextRip(), i64);
  return e.let(resize(e.m, 8, size, e.m.i64.sub(e.nextRip(), e.segmentBase(SEGMENT_CS))));
}

export function call(e: Emitter): void {
  push(e, e.operandSize, returnAddress(e));
  e.jump();
}

export function callIndirect(e: Emitter): void {
  const target = e.let(resize(e.m, e.sizeOf(0), 8, e.read(0)), i64);
  push(e, e.operandSize, returnAddress(e));
  e.jumpTo(target());
}

export function ret(e: Emitter): void {
  const { value, above } = top(e, e.operandSize);
  setStackPointer(e, above);
  e.jumpTo(resize(e.m, e.operandSize, 8, value()));
}

/** RET imm16 also drops arguments. */
export function retImmediate(e: Emitter): void {
  const { value, above } = top(e, e.operandSize, e.m.i64.extend_u(e.read(0)));
  setStackPointer(e, above);
  e.jumpTo(resize(e.m, e.operandSize, 8, value()));
}

export type LoopKind = 'always' | 'equal' | 'notEqual';

/** Counts down, and says whether LOOP, LOOPE or LOOPNE goes on. The count is as wide as addresses; no flags change. */
export function stepLoop(e: Emitter, kind: LoopKind): Expression {
  const { m } = e;
  e.addToAddressRegister(RCX, m.i64.const(-1n));
  const more = e.let(m.i64.ne(e.addressSizeRegister(RCX), m.i64.const(0n)), i32);
  return kind === 'always' ? more() : m.i32.and(more(), e.condition('z', kind === 'notEqual'));
}

export function loop(kind: LoopKind): Semantics {
  return (e) => e.jumpIf(stepLoop(e, kind));
}

/** JCXZ, JECXZ, JRCXZ by the address size. */
export function jrcxz(e: Emitter): void {
  e.jumpIf(e.m.i64.eqz(e.addressSizeRegister(RCX)));
}
