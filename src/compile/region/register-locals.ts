/**
 * The guest's registers in locals. Sets of them are bit masks: general register n is bit n, XMM register n is
 * bit n + 16.
 */

import type { Local, Locals } from '../../emitter/locals.ts';
import { GPR, YMM } from '../../layout/cpu-state.ts';
import { CPU_STATE } from '../../layout/linear-memory.ts';
import type { Expression, Module } from '../../wasm/builder.ts';
import { i64, v128 } from '../../wasm/value-types.ts';

const FIRST_XMM = 16;

export function bitOfGeneral(register: number): number {
  return 1 << register;
}

export function bitOfXmm(register: number): number {
  return 1 << (FIRST_XMM + register);
}

export class RegisterLocals {
  private readonly m: Module;
  private readonly locals: Locals;
  /** By bit number; made when a register is first asked for. */
  private readonly made: (Local | undefined)[] = [];

  constructor(m: Module, locals: Locals) {
    this.m = m;
    this.locals = locals;
  }

  general(register: number): Local {
    return this.ofBit(register);
  }

  xmm(register: number): Local {
    return this.ofBit(FIRST_XMM + register);
  }

  private ofBit(bit: number): Local {
    let local = this.made[bit];
    if (local === undefined) {
      local = this.locals.add(bit < FIRST_XMM ? i64 : v128);
      this.made[bit] = local;
    }
    return local;
  }

  /** Copies a set of registers from the processor state. */
  load(registers: number): Expression[] {
    const { m } = this;
    return bitsOf(registers).map((bit) => {
      const zero = m.i32.const(0);
      const value =
        bit < FIRST_XMM ? m.i64.load(stateOffset(bit), 8, zero) : m.v128.load(stateOffset(bit), 16, zero);
      return this.ofBit(bit).set(value);
    });
  }

  /** Copies a set of registers to the processor state. */
  store(registers: number): Expression[] {
    const { m } = this;
    return bitsOf(registers).map((bit) => {
      const zero = m.i32.const(0);
      const value = this.ofBit(bit).get();
      return bit < FIRST_XMM
        ? m.i64.store(stateOffset(bit), 8, zero, value)
        : m.v128.store(stateOffset(bit), 16, zero, value);
    });
  }
}

/** Address of a register, by bit number. */
function stateOffset(bit: number): number {
  return CPU_STATE + (bit < FIRST_XMM ? GPR + bit * 8 : YMM + (bit - FIRST_XMM) * 32);
}

/** Numbers of the bits that are set. */
function bitsOf(mask: number): number[] {
  const bits: number[] = [];
  for (let rest = mask; rest !== 0; rest &= rest - 1) bits.push(31 - Math.clz32(rest & -rest));
  return bits;
}
