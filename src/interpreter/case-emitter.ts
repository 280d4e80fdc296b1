/**
 * The emitter of the interpreter's loop (interpret.ts): what it emits is a case of it, which goes on with the loop's next turn instead of a tail
 * call. The loop's parameter is the record there, too.
 */
import type { Local, Locals } from '../emitter/locals.ts';
import { type Access, tlbIndex, tlbProbe } from '../emitter/tlb-probe.ts';
import type { Value } from '../isa/emitter.ts';
import type { Variant } from '../isa/variant.ts';
import { SLOT_ENTER } from '../layout/record.ts';
import { TLB_TABLE } from '../layout/runtime-state.ts';
import type { Expression, FunctionReference, Label, Module } from '../wasm/builder.ts';
import { i32, none, type ValueType } from '../wasm/value-types.ts';
import { type FindRuntimeFunction, goOn, HandlerEmitter, recordBehind, runs } from './handler-emitter.ts';

/** How a case goes on. */
export interface WaysOn {
  /** The loop: with the record that is its parameter. */
  readonly instruction: Label;
  /** The loop around it: with a head. */
  readonly block: Label;
  /** Leaves the instruction to its handler. */
  readonly handler: Label;
  /** Goes where a link leads to, whatever is there (ways-out.ts). */
  readonly followLink: FunctionReference;
}

export class CaseEmitter extends HandlerEmitter {
  private readonly ways: WaysOn;
  private readonly taken: Local[] = [];

  /** @param locals of the loop; what one case has taken of them is free for the next. */
  constructor(module: Module, variant: Variant, runtime: FindRuntimeFunction, locals: Locals, ways: WaysOn) {
    super(module, variant, runtime, locals);
    this.ways = ways;
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

  /** The handler does all again with what it takes where the TLB has no entry: nothing has been written by then. */
  protected override probe(access: Access, linearAddress: Value, size: number): Expression {
    const { m } = this;
    const entry = m.i32.add(this.state(TLB_TABLE, 4), tlbIndex(m, linearAddress()));
    const missed = m.br(this.ways.handler);
    return tlbProbe(m, access, linearAddress, size, entry, 0, this.newLocal(i32), missed);
  }

  protected override readonly mayBounce = false;

  protected override next(): Expression {
    return goOn(this.m, this.ways.instruction, recordBehind(this.m));
  }

  /** Record 0, where there is no link yet, has no function. */
  protected override follow(linkOffset: number): Expression {
    const { m } = this;
    const link = this.newLocal(i32);
    const head = (): Expression => link.get();
    return m.block(null, [
      link.set(m.i32.load(linkOffset, 4, this.record())),
      m.if(runs(m, head, SLOT_ENTER), this.enterHead(head)),
      m.return_call(this.ways.followLink, [this.record(), m.i32.const(linkOffset)], none),
    ]);
  }

  protected override enterHead(head: Value): Expression {
    return goOn(this.m, this.ways.block, head());
  }
}
