/**
 * Whether MXCSR is such that inline code may round, in a local: nothing in a region changes its control bits, and sticky
 * flags are only set.
 */
import type { Local, Locals } from '../../emitter/locals.ts';
import type { Expression } from '../../wasm/builder.ts';
import { i32 } from '../../wasm/value-types.ts';

export class MxcsrLocal {
  private readonly locals: Locals;
  private local: Local | undefined;

  constructor(locals: Locals) {
    this.locals = locals;
  }

  /** i32, not zero if it is not, or has not been when it was last looked at. */
  isSpecial(): Expression {
    this.local ??= this.locals.add(i32);
    return this.local.get();
  }

  /** Looks at it: at the start of the region, and where a flag may have been set. @param special i32. */
  look(special: Expression): Expression[] {
    return this.local === undefined ? [] : [this.local.set(special)];
  }
}
