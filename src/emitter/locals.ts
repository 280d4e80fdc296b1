/** The locals of one function. Only this file knows their numbers. */
import type { Expression, Module } from '../wasm/builder.ts';
import type { ValueType } from '../wasm/value-types.ts';

export class Local {
  private readonly m: Module;
  private readonly index: number;
  readonly type: ValueType;

  constructor(m: Module, index: number, type: ValueType) {
    this.m = m;
    this.index = index;
    this.type = type;
  }

  get(): Expression {
    return this.m.local.get(this.index, this.type);
  }

  set(value: Expression): Expression {
    return this.m.local.set(this.index, value);
  }

  /** Sets it; the expression has the value. */
  tee(value: Expression): Expression {
    return this.m.local.tee(this.index, value, this.type);
  }
}

export class Locals {
  private readonly m: Module;
  private readonly parameters: readonly ValueType[];
  private readonly types: ValueType[] = [];
  /** By type. */
  private readonly free: (Local[] | undefined)[] = [];

  constructor(m: Module, parameters: readonly ValueType[]) {
    this.m = m;
    this.parameters = parameters;
  }

  parameter(index: number): Local {
    return new Local(this.m, index, this.parameters[index] as ValueType);
  }

  /** For the whole function. */
  add(type: ValueType): Local {
    this.types.push(type);
    return new Local(this.m, this.parameters.length + this.types.length - 1, type);
  }

  /** Until it is released. */
  take(type: ValueType): Local {
    return this.free[type]?.pop() ?? this.add(type);
  }

  /** Nothing that has been emitted may read them behind what is emitted from now on. */
  release(locals: readonly Local[]): void {
    for (let i = 0; i < locals.length; i++) {
      const local = locals[i] as Local;
      const free = this.free[local.type];
      if (free === undefined) this.free[local.type] = [local];
      else free.push(local);
    }
  }

  /** Takes locals that have been released. */
  reserve(locals: readonly Local[]): void {
    for (const local of locals) {
      const free = this.free[local.type];
      const at = free === undefined ? -1 : free.indexOf(local);
      if (at >= 0) free?.splice(at, 1);
    }
  }

  /** What the function declares: types of all but the parameters. */
  get declared(): readonly ValueType[] {
    return this.types;
  }
}
