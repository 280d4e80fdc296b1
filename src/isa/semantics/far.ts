/**
 * Control transfers that may change segment, privilege or mode: software interrupts, IRET, far jumps, calls and
 * returns, fast system calls, and the instructions that are defined to be undefined.
 */
import type { RuntimeFunction } from '../../layout/generated/runtime-function.ts';
import { i64 } from '../../wasm/value-types.ts';
import type { Emitter } from '../emitter.ts';
import type { Semantics } from '../row.ts';
import { resize } from './integer.ts';
import { farPointer } from './segment.ts';

/** Runs a runtime function that sets RIP and the mode, with the operand size if it differs by that. */
export function transfer(name: RuntimeFunction, sized: boolean): Semantics {
  return (e) => {
    e.run(name, sized ? [e.record(), e.m.i32.const(e.operandSize)] : [e.record()]);
    e.dispatch();
  };
}

/** JMP and CALL through a far pointer in memory. @param size in bytes of what is pushed, if it is not the operand size. */
export function farTransfer(name: 'farJump' | 'farCall', size?: number): Semantics {
  return (e) => {
    const { offset, selector } = farPointer(e, 0);
    const target = resize(e.m, e.operandSize, 8, offset());
    e.run(name, [e.record(), selector(), target, e.m.i32.const(size ?? e.operandSize)]);
    e.dispatch();
  };
}

/** JMP and CALL to a far pointer in the instruction. */
export function farTransferImmediate(name: 'farJump' | 'farCall'): Semantics {
  return (e) => {
    const { m } = e;
    const pointer = e.let(e.read(0), i64);
    const selector = m.i32.wrap(m.i64.shr_u(pointer(), m.i64.const(32n)));
    const offset = m.i64.and(pointer(), m.i64.const(0xffff_ffffn));
    e.run(name, [e.record(), selector, offset, m.i32.const(e.operandSize)]);
    e.dispatch();
  };
}

export function farReturn(e: Emitter): void {
  const { m } = e;
  const dropped = e.operandCount > 0 ? e.read(0) : m.i32.const(0);
  e.run('farReturn', [e.record(), m.i32.const(e.operandSize), dropped]);
  e.dispatch();
}

// ---- raised on purpose: nothing follows ----

/** INT n. */
export function int(e: Emitter): void {
  e.run('softwareInterrupt', [e.record(), e.read(0)]);
  e.emit(e.m.unreachable());
}

/** INT3. */
export function int3(e: Emitter): void {
  e.run('softwareException', [e.record(), e.m.i32.const(3)]);
  e.emit(e.m.unreachable());
}

/** INTO: nothing happens unless OF is set. */
export function into(e: Emitter): void {
  e.when(e.condition('o', false), () => e.run('softwareException', [e.record(), e.m.i32.const(4)]));
}

/** INT1. */
export function int1(e: Emitter): void {
  e.run('softwareDebugTrap', [e.record()]);
  e.emit(e.m.unreachable());
}

/** UD0, UD1, UD2. */
export function undefinedOpcode(e: Emitter): void {
  e.run('raiseUndefined', [e.record()]);
  e.emit(e.m.unreachable());
}
