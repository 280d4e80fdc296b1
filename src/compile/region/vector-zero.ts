/**
 * A vector that is zero, in a local. V8 makes a constant anew at each use; what has been loaded from memory stays in a register.
 */
import type { Local, Locals } from '../../emitter/locals.ts';
import { CPU_STATE } from '../../layout/linear-memory.ts';
import { VECTOR_ZERO } from '../../layout/runtime-state.ts';
import type { Expression, Module } from '../../wasm/builder.ts';
import { v128 } from '../../wasm/value-types.ts';

export class VectorZero {
  private readonly m: Module;
  private readonly locals: Locals;
  /** Made when it is first asked for. */
  private made: Local | undefined;

  constructor(m: Module, locals: Locals) {
    this.m = m;
    this.locals = locals;
  }

  get(): Expression {
    this.made ??= this.locals.add(v128);
    return this.made.get();
  }

  /** Has to run before. */
  atEntry(): Expression[] {
    if (this.made === undefined) return [];
    return [this.made.set(this.m.v128.load(CPU_STATE + VECTOR_ZERO, 16, this.m.i32.const(0)))];
  }
}
