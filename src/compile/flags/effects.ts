/**
 * What a variant does to the arithmetic flags, found by running its semantics against an emitter that only
 * watches. So no table has to repeat it.
 */

import type { FlagSource } from '../../emitter/flags/source.ts';
import { HandlerEmitter } from '../../interpreter/handler-emitter.ts';
import type { Condition } from '../../isa/condition.ts';
import { variantOfSlot } from '../../isa/instruction-set.ts';
import type { Variant } from '../../isa/variant.ts';
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
  /** Another immediate may have other effects. */
  dependsOnImmediate = false;
  private readonly value: number;

  /** @param value the low 32 bits of the immediate, if there is one. */
  constructor(variant: Variant, value: number) {
    super(scratch, variant, noFunction);
    this.value = value;
  }

  private see(): void {
    if (!this.writes) this.reads = true;
  }
  override setFlags(_source: FlagSource, isPartial = false): void {
    if (isPartial) this.see();
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
  override knownImmediate(operand: number): number | undefined {
    if (this.location(operand).kind !== 'immediate') return undefined;
    this.dependsOnImmediate = true;
    return this.value;
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

/** By slot. */
const known: (FlagEffects | undefined)[] = [];
/** Of slots that have others with another immediate. */
const knownWithImmediate = new Map<number, Map<number, FlagEffects>>();

/** Effects of an instruction; slots without a variant are opaque. @param immediate its low 32 bits. */
export function flagEffects(slot: number, immediate: number): FlagEffects {
  const effects = known[slot] ?? knownWithImmediate.get(slot)?.get(immediate);
  return effects ?? findEffects(slot, immediate);
}

function findEffects(slot: number, immediate: number): FlagEffects {
  const variant = variantOfSlot(slot);
  if (variant === undefined || variant.row.tier === 'handler') return OPAQUE;
  const watcher = new FlagWatcher(variant, immediate);
  watcher.watch();
  scratch.clear();
  const { reads, writes, dependsOnImmediate } = watcher;
  const effects = { reads, writes };
  if (!dependsOnImmediate) known[slot] = effects;
  else {
    const others = knownWithImmediate.get(slot) ?? new Map<number, FlagEffects>();
    knownWithImmediate.set(slot, others.set(immediate, effects));
  }
  return effects;
}
