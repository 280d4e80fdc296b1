/** Near branches of 64-bit code to an address of 16 bits (layout/vendor.ts): rare, so nothing is linked. */
import { RCX } from '../../layout/architecture.ts';
import { RIP } from '../../layout/cpu-state.ts';
import type { Expression } from '../../wasm/builder.ts';
import { i32, i64 } from '../../wasm/value-types.ts';
import { CONDITIONS } from '../condition.ts';
import type { Emitter } from '../emitter.ts';
import type { Semantics } from '../row.ts';
import { type LoopKind, stepLoop } from './branch.ts';
import { push, setStackPointer, top } from './stack.ts';

const SIZE = 2;

function goTo(e: Emitter, target: Expression): void {
  e.setState(RIP, 8, e.m.i64.and(target, e.m.i64.const(0xffffn)));
  e.dispatch();
}

function next(e: Emitter): Expression {
  return e.call('nextRip', [e.record()], i64);
}

/** By the first operand, a displacement. */
function relative(e: Emitter): Expression {
  return e.m.i64.add(next(e), e.m.i64.extend_s(e.read(0)));
}

function goIf(e: Emitter, condition: Expression): void {
  const { m } = e;
  const target = m.i64.and(relative(e), m.i64.const(0xffffn));
  e.setState(RIP, 8, m.select(condition, target, next(e)));
  e.dispatch();
}

export function jmp16(e: Emitter): void {
  goTo(e, relative(e));
}

export function jmpIndirect16(e: Emitter): void {
  goTo(e, e.m.i64.extend_u(e.read(0)));
}

export function jcc16(code: number): Semantics {
  return (e) => goIf(e, e.condition(CONDITIONS[code >> 1] ?? 'o', (code & 1) === 1));
}

export function loop16(kind: LoopKind): Semantics {
  return (e) => goIf(e, stepLoop(e, kind));
}

export function jrcxz16(e: Emitter): void {
  goIf(e, e.m.i64.eqz(e.addressSizeRegister(RCX)));
}

function pushNext(e: Emitter): void {
  push(e, SIZE, e.let(e.m.i32.wrap(next(e)), i32));
}

export function call16(e: Emitter): void {
  pushNext(e);
  goTo(e, relative(e));
}

export function callIndirect16(e: Emitter): void {
  const target = e.let(e.read(0), i32);
  pushNext(e);
  goTo(e, e.m.i64.extend_u(target()));
}

/** With an operand, that many bytes of arguments are dropped. */
export function ret16(e: Emitter): void {
  const { value, above } = top(e, SIZE);
  const dropped = e.operandCount > 0 ? e.m.i64.extend_u(e.read(0)) : e.m.i64.const(0n);
  setStackPointer(e, e.let(e.m.i64.add(above(), dropped), i64));
  goTo(e, e.m.i64.extend_u(value()));
}
