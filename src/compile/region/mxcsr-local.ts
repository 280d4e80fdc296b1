/**
 * What a region has to know of MXCSR, in a local: only LDMXCSR changes its control bits. Other instructions set sticky flags, which are
 * noticed where the region is entered again: a local that changes on ways that are hardly ever taken is another one where they
 * meet the others, and with PE set unnoticed it only takes longer.
 */
import { unusualMxcsr } from '../../emitter/emitter-base.ts';
import type { Local, Locals } from '../../emitter/locals.ts';
import type { Expression, Module } from '../../wasm/builder.ts';
import { i32 } from '../../wasm/value-types.ts';

export class MxcsrLocal {
  private readonly m: Module;
  private readonly locals: Locals;
  /** Made when it is first asked for. */
  private made: Local | undefined;

  constructor(m: Module, locals: Locals) {
    this.m = m;
    this.locals = locals;
  }

  private get local(): Local {
    this.made ??= this.locals.add(i32);
    return this.made;
  }

  /** Bits that are not as usual (unusualMxcsr()), when it was last looked at. */
  unusual(): Expression {
    return this.local.get();
  }

  /** Looks at MXCSR if something has been asked: at the start of the region. */
  atEntry(): Expression[] {
    return this.made === undefined ? [] : [this.look()];
  }

  /** Looks at MXCSR, for code behind it. */
  look(): Expression {
    return this.local.set(unusualMxcsr(this.m));
  }
}
