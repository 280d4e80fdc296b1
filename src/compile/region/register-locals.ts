/**
 * The guest's registers in locals. They come in two banks, whose registers are numbered, so that a set of them is a bit mask:
 * general and XMM registers (the low halves of YMM registers), and the upper halves.
 *
 * Outside 64-bit mode general registers have 32 bits, and so their locals: what is above them in the processor state is
 * zero (wasm-runtime/segments/segments.ts).
 */

import type { Local, Locals } from '../../emitter/locals.ts';
import { GPR, YMM } from '../../layout/cpu-state.ts';
import { CPU_STATE } from '../../layout/linear-memory.ts';
import type { Expression, Module } from '../../wasm/builder.ts';
import { i32, i64, type ValueType, v128 } from '../../wasm/value-types.ts';

/** General registers have their own numbers. */
const FIRST_XMM = 16;
const YMM_SIZE = 32;

/** The vector register that begins at an offset in the processor state. */
export function xmmAt(offset: number): number {
  return (offset - YMM) / YMM_SIZE;
}

/** Number of an XMM register in its bank. */
export function numberOfXmm(register: number): number {
  return FIRST_XMM + register;
}

export abstract class RegisterBank {
  protected readonly m: Module;
  protected readonly locals: Locals;
  /** By number; made when a register is first asked for. */
  private readonly made: (Local | undefined)[] = [];

  constructor(m: Module, locals: Locals) {
    this.m = m;
    this.locals = locals;
  }

  protected abstract typeOf(number: number): ValueType;
  /** Offset in the processor state. */
  protected abstract offsetOf(number: number): number;

  local(number: number): Local {
    let local = this.made[number];
    if (local === undefined) {
      local = this.locals.add(this.typeOf(number));
      this.made[number] = local;
    }
    return local;
  }

  /** Copies a set of registers from the processor state. @param loads that are added to. */
  load(registers: number, loads: Expression[]): void {
    const { m } = this;
    for (let rest = registers; rest !== 0; rest &= rest - 1) {
      const number = lowestBit(rest);
      const zero = m.i32.const(0);
      const at = CPU_STATE + this.offsetOf(number);
      const local = this.local(number);
      if (local.type === i32) loads.push(local.set(m.i32.load(at, 4, zero)));
      else loads.push(local.set(local.type === i64 ? m.i64.load(at, 8, zero) : m.v128.load(at, 16, zero)));
    }
  }

  /** Copies a set of registers to the processor state. @param stores that are added to. */
  store(registers: number, stores: Expression[]): void {
    const { m } = this;
    for (let rest = registers; rest !== 0; rest &= rest - 1) {
      const number = lowestBit(rest);
      const zero = m.i32.const(0);
      const at = CPU_STATE + this.offsetOf(number);
      const local = this.local(number);
      const value = local.get();
      if (local.type === v128) stores.push(m.v128.store(at, 16, zero, value));
      else stores.push(m.i64.store(at, 8, zero, local.type === i32 ? m.i64.extend_u(value) : value));
    }
  }
}

/** General registers, and XMM registers. */
export class MainBank extends RegisterBank {
  /** General registers have 32 bits. */
  readonly areNarrow: boolean;
  /** By number of a general register; made when first asked for. */
  private readonly lows: Local[] = [];

  constructor(m: Module, locals: Locals, areNarrow: boolean) {
    super(m, locals);
    this.areNarrow = areNarrow;
  }

  /** Has the low bytes of a general register where only those were written last, zero-extended: i32. */
  low(number: number): Local {
    this.lows[number] ??= this.locals.add(i32);
    return this.lows[number];
  }

  protected typeOf(number: number): ValueType {
    if (number >= FIRST_XMM) return v128;
    return this.areNarrow ? i32 : i64;
  }

  protected offsetOf(number: number): number {
    return number < FIRST_XMM ? GPR + number * 8 : YMM + (number - FIRST_XMM) * YMM_SIZE;
  }
}

/** Upper halves of YMM registers. */
export class UpperBank extends RegisterBank {
  /** Set of those that are kept in locals. */
  private readonly kept: number;

  /** @param kept in locals. The others may only be written (storeValue). */
  constructor(m: Module, locals: Locals, kept: number) {
    super(m, locals);
    this.kept = kept;
  }

  keeps(number: number): boolean {
    return (this.kept & (1 << number)) !== 0;
  }

  /** Stores to the processor state what is not kept. */
  storeValue(number: number, value: Expression): Expression {
    return this.m.v128.store(CPU_STATE + this.offsetOf(number), 16, this.m.i32.const(0), value);
  }

  protected typeOf(): ValueType {
    return v128;
  }

  protected offsetOf(number: number): number {
    return YMM + number * YMM_SIZE + YMM_SIZE / 2;
  }
}

function lowestBit(mask: number): number {
  return 31 - Math.clz32(mask & -mask);
}
