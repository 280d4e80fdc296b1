/**
 * x87 instructions and the state they share with SSE: all of them are runtime functions (wasm-runtime/x87/index.ts,
 * wasm-runtime/system/fpu-state.ts), which also check for #NM and pending #MF.
 */
import type { RuntimeFunction } from '../../layout/generated/runtime-function.ts';
import { i32 } from '../../wasm/value-types.ts';
import type { Condition } from '../condition.ts';
import type { Emitter } from '../emitter.ts';
import type { Semantics } from '../row.ts';

function constants(e: Emitter, values: readonly number[]): number[] {
  return values.map((value) => e.m.i32.const(value));
}

/** A runtime function of constants only. */
export function plain(name: RuntimeFunction, ...values: number[]): Semantics {
  return (e) => e.run(name, [e.record(), ...constants(e, values)]);
}

/** A runtime function of the address of the memory operand, and constants. */
export function memory(name: RuntimeFunction, ...values: number[]): Semantics {
  return (e) => e.run(name, [e.record(), e.address(0), ...constants(e, values)]);
}

/** Arithmetic or comparison of st(0) and a memory operand; `operation` is ModRM.reg. */
export function memoryArithmetic(name: RuntimeFunction, operation: number): Semantics {
  return (e) => e.run(name, [e.record(), e.m.i32.const(operation), e.address(0)]);
}

/** FNSTCW and FNSTSW: a runtime function that gives the word to be stored. */
export function storeWord(name: RuntimeFunction): Semantics {
  return (e) => e.write(0, e.call(name, [e.record()], i32));
}

/** FSTENV and kin: the layout depends on the operand size. */
export function environment(name: RuntimeFunction): Semantics {
  return (e) => e.run(name, [e.record(), e.address(0), e.m.i32.const(e.operandSize)]);
}

/** XSAVE and XRSTOR: EDX:EAX selects the components. */
export function extendedState(name: RuntimeFunction): Semantics {
  return (e) => {
    const size = e.m.i32.const(e.operandSize);
    e.run(name, [e.record(), e.address(0), size, e.gpr(0, 4), e.gpr(2, 4)]);
  };
}

/** A runtime function of the stack register that is `operand`, and constants. */
export function stack(name: RuntimeFunction, operand: number, ...values: number[]): Semantics {
  return (e) => e.run(name, [e.record(), e.registerNumber(operand), ...constants(e, values)]);
}

/** st(0) = st(0) `operation` ST(i). */
export function arithmeticToTop(operation: number): Semantics {
  return (e) => {
    const zero = e.m.i32.const(0);
    e.run('fpuArithmetic', [
      e.record(),
      e.m.i32.const(operation),
      e.registerNumber(1),
      zero,
      e.m.i32.const(0),
    ]);
  };
}

/** ST(i) = st(0) `operation` ST(i), then `pops` pops. */
export function arithmeticToStack(operation: number, pops: 0 | 1): Semantics {
  return (e) => {
    const { m } = e;
    e.run('fpuArithmetic', [
      e.record(),
      m.i32.const(operation),
      e.registerNumber(0),
      e.registerNumber(0),
      m.i32.const(pops),
    ]);
  };
}

export function fcmov(condition: Condition, negated: boolean): Semantics {
  return (e) => {
    const holds = e.let(e.condition(condition, negated), i32);
    e.run('fcmov', [e.record(), e.registerNumber(1), holds()]);
  };
}
