/**
 * The emitter of the interpreter's loop (interpret.ts): what it emits is a case of it, which goes on with the loop's next turn instead of a tail
 * call. The loop's parameter is the record there, too.
 */
import type { Local, Locals } from '../emitter/locals.ts';
import type { Value } from '../isa/emitter.ts';
import type { Variant } from '../isa/variant.ts';
import type { Expression, Label, Module } from '../wasm/builder.ts';
import type { ValueType } from '../wasm/value-types.ts';
import { type FindRuntimeFunction, goOn, HandlerEmitter, recordBehind } from './handler-emitter.ts';

export class CaseEmitter extends HandlerEmitter {
  private readonly loop: Label;
  private readonly taken: Local[] = [];

  /** @param locals of the loop; what one case has taken of them is free for the next. */
  constructor(module: Module, variant: Variant, runtime: FindRuntimeFunction, locals: Locals, loop: Label) {
    super(module, variant, runtime, locals);
    this.loop = loop;
  }

  /** Runs the semantics. */
  statement(): Expression {
    this.variant.row.semantics(this);
    const statement = this.complete();
    this.locals.release(this.taken);
    return statement;
  }

  protected override newLocal(type: ValueType): Local {
    const local = this.locals.take(type);
    this.taken.push(local);
    return local;
  }

  protected override next(): Expression {
    return goOn(this.m, this.loop, recordBehind(this.m));
  }

  protected override enterHead(head: Value): Expression {
    return goOn(this.m, this.loop, head());
  }
}
