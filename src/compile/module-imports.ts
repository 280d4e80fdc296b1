/** Functions that the regions of a module share, made when they are first asked for. */

import { Locals } from '../emitter/locals.ts';
import { functionType } from '../emitter/signature.ts';
import { type Access, viewProbe } from '../emitter/tlb-probe.ts';
import {
  GENERATED_FUNCTIONS,
  type RegionImport,
  RUNTIME_MODULE,
  type Signature,
} from '../layout/contract.ts';
import { RUNTIME_FUNCTIONS, type RuntimeFunction } from '../layout/generated/runtime-function.ts';
import type { Expression, FunctionReference, Module } from '../wasm/builder.ts';
import { i32, i64 } from '../wasm/value-types.ts';

const SIGNATURES: Readonly<Record<RegionImport, Signature>> = {
  ...RUNTIME_FUNCTIONS,
  ...GENERATED_FUNCTIONS,
};

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

  /** A function of the runtime. */
  function(name: RegionImport): FunctionReference {
    return this.once(name, () => {
      const { parameters, result } = functionType(SIGNATURES[name]);
      return this.m.importFunction(RUNTIME_MODULE, name, parameters, result);
    });
  }

  /** Host address of an access that the TLB does not have: i32, 0 if only the handler can do it. */
  fill(access: Access, linearAddress: Expression, size: number): Expression {
    const { m } = this;
    return m.call(this.function(FILL[access]), [linearAddress, m.i32.const(size)], i32);
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
