/**
 * x87 instructions and the state they share with SSE: all of them are runtime functions (wasm-runtime/x87/index.ts,
 * wasm-runtime/system/fpu-state.ts), which also check for #NM and pending #MF. Those that neither change what others may raise nor
 * store or load the whole state are part of regions (Emitter.x87).
 */
import type { RuntimeFunction } from '../../layout/generated/runtime-function.ts';
import { i32, i64, none } from '../../wasm/value-types.ts';
import type { Condition } from '../condition.ts';
import type { Emitter, X87Operand } from '../emitter.ts';
import type { Semantics } from '../row.ts';

function constants(e: Emitter, values: readonly number[]): number[] {
  return values.map((value) => e.m.i32.const(value));
}

/** A runtime function of constants only. */
export function plain(name: RuntimeFunction, ...values: number[]): Semantics {
  return (e) => e.emit(e.x87(name, constants(e, values), none));
}

/** The same for what changes what other instructions may raise, with the address of the memory operand if there is one. */
export function control(name: RuntimeFunction): Semantics {
  return (e) => e.run(name, e.operandCount === 0 ? [e.record()] : [e.record(), e.address(0)]);
}

function memoryOperand(e: Emitter, access: X87Operand['access'], size: number): X87Operand {
  return { access, size, linearAddress: e.let(e.address(0), i64) };
}

/** A runtime function of the address of the memory operand, from which it reads `size` bytes. */
export function load(name: RuntimeFunction, size: number): Semantics {
  return (e) => {
    const operand = memoryOperand(e, 'read', size);
    e.emit(e.x87(name, [operand.linearAddress()], none, operand));
  };
}

/** A runtime function of the address of the memory operand, to which it writes `size` bytes, and constants. */
export function store(name: RuntimeFunction, size: number, ...values: number[]): Semantics {
  return (e) => {
    const operand = memoryOperand(e, 'write', size);
    e.emit(e.x87(name, [operand.linearAddress(), ...constants(e, values)], none, operand));
  };
}

/** Arithmetic or comparison of st(0) and a memory operand of `size` bytes; `operation` is ModRM.reg. */
export function memoryArithmetic(name: RuntimeFunction, size: number, operation: number): Semantics {
  return (e) => {
    const operand = memoryOperand(e, 'read', size);
    e.emit(e.x87(name, [e.m.i32.const(operation), operand.linearAddress()], none, operand));
  };
}

/** FNSTCW and FNSTSW: a runtime function that gives the word to be stored. */
export function storeWord(name: RuntimeFunction): Semantics {
  return (e) => e.write(0, e.let(e.x87(name, [], i32), i32)());
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
  return (e) => e.emit(e.x87(name, [e.registerNumber(operand), ...constants(e, values)], none));
}

/** FCOMI and kin: ZF, PF and CF are the condition codes C3, C2 and C0. */
export function compareToFlags(quiet: 0 | 1, pops: 0 | 1): Semantics {
  return (e) => {
    const { m } = e;
    const codes = e.let(e.x87('fcomi', [e.registerNumber(1), ...constants(e, [quiet, pops])], i32), i32);
    const bit = (number: number) => m.i32.and(m.i32.shr_u(codes(), m.i32.const(number)), m.i32.const(1));
    e.flags.compare(bit(14), bit(10), bit(8));
  };
}

/** st(0) = st(0) and ST(i) by a runtime function. */
export function arithmeticToTop(name: RuntimeFunction): Semantics {
  return (e) => e.emit(e.x87(name, [e.registerNumber(1), ...constants(e, [0, 0])], none));
}

/** ST(i) = st(0) and ST(i) by a runtime function, then `pops` pops. */
export function arithmeticToStack(name: RuntimeFunction, pops: 0 | 1): Semantics {
  return (e) =>
    e.emit(e.x87(name, [e.registerNumber(0), e.registerNumber(0), ...constants(e, [pops])], none));
}

export function fcmov(condition: Condition, negated: boolean): Semantics {
  return (e) => {
    const holds = e.let(e.condition(condition, negated), i32);
    e.emit(e.x87('fcmov', [e.registerNumber(1), holds()], none));
  };
}
