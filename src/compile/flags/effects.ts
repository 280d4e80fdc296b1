/**
 * What a variant does to the arithmetic flags, found by running its semantics against an emitter that only
 * watches. So no table has to repeat it.
 */

import type { FlagSource } from '../../emitter/flags/source.ts';
import { HandlerEmitter } from '../../interpreter/handler-emitter.ts';
import type { Condition } from '../../isa/condition.ts';
import { variantOfSlot } from '../../isa/instruction-set.ts';
import type { Expression } from '../../wasm/builder.ts';
import { ModuleWriter } from '../../wasm/writer/module-writer.ts';

export interface FlagEffects {
  /** Needs the flags that were there before. */
  readonly reads: boolean;
  /** Replaces all of them. */
  readonly writes: boolean;
}

class FlagWatcher extends HandlerEmitter {
  reads = false;
  writes = false;

  private see(): void {
    if (!this.writes) this.reads = true;
  }
  override setFlags(_source: FlagSource): void {
    this.writes = true;
  }
  override flagResult(): Expression {
    this.see();
    return super.flagResult();
  }
  override flagAux(): Expression {
    this.see();
    return super.flagAux();
  }
  override condition(condition: Condition, negated: boolean): Expression {
    this.see();
    return super.condition(condition, negated);
  }
  override call(): Expression {
    return this.m.i32.const(0);
  }
  protected override enterHead(): Expression {
    return this.m.i32.const(0);
  }
  protected override probe(): Expression {
    return this.m.i32.const(0);
  }
  override run(): void {}
  watch(): void {
    this.variant.row.semantics(this);
  }
}

/** Instructions that only their handler can run: compiled code has left before them, flags complete. */
const OPAQUE: FlagEffects = { reads: true, writes: true };

/** What is built while watching is not used. */
const scratch = new ModuleWriter();

function noFunction(name: string): never {
  throw new Error(`${name} is not called while watching`);
}

const known = new Map<number, FlagEffects>();

/** Effects of the variant in a table slot; slots without one are opaque. */
export function flagEffects(slot: number): FlagEffects {
  let effects = known.get(slot);
  if (effects === undefined) {
    effects = findEffects(slot);
    known.set(slot, effects);
  }
  return effects;
}

function findEffects(slot: number): FlagEffects {
  const variant = variantOfSlot(slot);
  if (variant === undefined || variant.row.tier === 'handler') return OPAQUE;
  const watcher = new FlagWatcher(scratch, variant, noFunction);
  watcher.watch();
  scratch.clear();
  return { reads: watcher.reads, writes: watcher.writes };
}
