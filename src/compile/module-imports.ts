/** Functions that the regions of a module share, made when they are first asked for. */

import { Locals } from '../emitter/locals.ts';
import { type Access, viewProbe } from '../emitter/tlb-probe.ts';
import type { RuntimeFunction } from '../layout/generated/runtime-function.ts';
import type { Expression, FunctionReference, Module } from '../wasm/builder.ts';
import { i32, i64, type ValueType } from '../wasm/value-types.ts';

/** Where generated modules import from. */
const IMPORT_RUNTIME = 'runtime';
export const IMPORT_ENVIRONMENT = 'env';

/** What regions end in (interpreter/ways-out.ts), and what those of the first tier call when they have become hot. */
export type WayOutFunction = 'continueAt' | 'followLink' | 'jumpTo' | 'outOfBudget' | 'requestCompile';

const FILL: Record<Access, RuntimeFunction> = {
  read: 'fillRead',
  write: 'fillWrite',
  readWrite: 'fillWrite',
};

export class ModuleImports {
  private readonly m: Module;
  private readonly functions = new Map<string, FunctionReference>();

  constructor(m: Module) {
    this.m = m;
  }

  function(
    name: RuntimeFunction | WayOutFunction,
    parameters: readonly ValueType[],
    result: ValueType,
  ): FunctionReference {
    return this.once(name, () => this.m.importFunction(IMPORT_RUNTIME, name, parameters, result));
  }

  /** Host address of an access that the TLB does not have: i32, 0 if only the handler can do it. */
  fill(access: Access, linearAddress: Expression, size: number): Expression {
    const { m } = this;
    return m.call(this.function(FILL[access], [i64, i32], i32), [linearAddress, m.i32.const(size)], i32);
  }

  /** A function of the module that probes a TLB view: linear address -> host address, 0 as of fill(). */
  probe(access: Access, size: number, view: number): FunctionReference {
    const name = `${FILL[access]}${size}_${view}`;
    return this.once(name, () => this.addProbe(name, access, size, view));
  }

  private once(name: string, make: () => FunctionReference): FunctionReference {
    let reference = this.functions.get(name);
    if (reference === undefined) {
      reference = make();
      this.functions.set(name, reference);
    }
    return reference;
  }

  private addProbe(name: string, access: Access, size: number, view: number): FunctionReference {
    const { m } = this;
    const locals = new Locals(m, [i64]);
    const address = locals.parameter(0);
    const missed = this.fill(access, address.get(), size);
    const probe = viewProbe(m, access, () => address.get(), size, view, locals.add(i32), missed);
    return m.addFunction(name, [i64], i32, locals.declared, probe);
  }
}
