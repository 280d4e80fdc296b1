/** Functions that the regions of a module share, made when they are first asked for. */

import { Locals } from '../emitter/locals.ts';
import { type FunctionType, functionType } from '../emitter/signature.ts';
import { type Access, viewProbe } from '../emitter/tlb-probe.ts';
import type { Value } from '../isa/emitter.ts';
import {
  GENERATED_FUNCTIONS,
  type RegionImport,
  RUNTIME_MODULE,
  type Signature,
} from '../layout/contract.ts';
import { RUNTIME_FUNCTIONS, type RuntimeFunction } from '../layout/generated/runtime-function.ts';
import { RECORD_FN } from '../layout/record.ts';
import type { Expression, FunctionReference, Module } from '../wasm/builder.ts';
import { i32, i64, none } from '../wasm/value-types.ts';

const SIGNATURES: Readonly<Record<RegionImport, Signature>> = {
  ...RUNTIME_FUNCTIONS,
  ...GENERATED_FUNCTIONS,
};

const FILL: Record<Access, RuntimeFunction> = {
  read: 'fillRead',
  write: 'fillWrite',
  readWrite: 'fillWrite',
};

/** Of those that modules have imported. */
const types = new Map<RegionImport, FunctionType>();

function typeOf(name: RegionImport): FunctionType {
  const known = types.get(name);
  if (known !== undefined) return known;
  const type = functionType(SIGNATURES[name]);
  types.set(name, type);
  return type;
}

export class ModuleImports {
  private readonly m: Module;
  /** The module has the function table. */
  private readonly hasTable: boolean;
  private readonly functions = new Map<string, FunctionReference>();

  constructor(m: Module, hasTable: boolean) {
    this.m = m;
    this.hasTable = hasTable;
  }

  /** A function of the runtime. */
  function(name: RegionImport): FunctionReference {
    const known = this.functions.get(name);
    if (known !== undefined) return known;
    const { parameters, result } = typeOf(name);
    const reference = this.m.importFunction(RUNTIME_MODULE, name, parameters, result);
    this.functions.set(name, reference);
    return reference;
  }

  /** Ends in the function of a record. Without the table the runtime calls it, which takes a second jump, and lines of the host's caches. */
  enter(record: Value): Expression {
    const { m } = this;
    if (!this.hasTable) return m.return_call(this.function('continueAt'), [record()], none);
    return m.return_call_indirect(m.i32.load(RECORD_FN, 4, record()), [record()], [i32], none);
  }

  /** Host address of an access that the TLB does not have: i32, 0 if only the handler can do it. */
  fill(access: Access, linearAddress: Expression, size: number): Expression {
    const { m } = this;
    return m.call(this.function(FILL[access]), [linearAddress, m.i32.const(size)], i32);
  }

  /** A function of the module that probes a TLB view: linear address -> host address, 0 as of fill(). */
  probe(access: Access, size: number, view: number): FunctionReference {
    const name = `${FILL[access]}${size}_${view}`;
    const known = this.functions.get(name);
    if (known !== undefined) return known;
    const reference = this.addProbe(name, access, size, view);
    this.functions.set(name, reference);
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
