/**
 * What a variant does to the arithmetic flags, found by running its semantics against an emitter that only
 * watches. So no table has to repeat it.
 */

import type { FlagSource } from '../emitter/flags/source.ts';
import type { Condition } from '../isa/condition.ts';
import type { Variant } from '../isa/variant.ts';
import {
  FLAGS_DEPEND_ON_COUNT,
  FLAGS_OPAQUE,
  FLAGS_READ,
  FLAGS_REPLACED,
  isNoShift,
} from '../layout/flag-effects.ts';
import type { Expression } from '../wasm/builder.ts';
import { ModuleWriter } from '../wasm/writer/module-writer.ts';
import { HandlerEmitter } from './handler-emitter.ts';

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
  protected override next(): Expression {
    return this.m.i32.const(0);
  }
  protected override enterHead(): Expression {
    return this.m.i32.const(0);
  }
  protected override probe(): Expression {
    return this.m.i32.const(0);
  }
  override run(): void {}
  /** What is not a handler's alone changes no flags. */
  override repeat(): void {}
  watch(): void {
    this.variant.row.semantics(this);
  }
}

/** What is built while watching is not used. */
const scratch = new ModuleWriter();

function noFunction(name: string): never {
  throw new Error(`${name} is not called while watching`);
}

/** How many values the immediates have that effects may depend on: those of a byte. */
const IMMEDIATES = 256;

function watch(variant: Variant, immediate: number): FlagWatcher {
  const watcher = new FlagWatcher(variant, immediate);
  watcher.watch();
  scratch.clear();
  return watcher;
}

function effectsOf({ reads, writes }: FlagWatcher): number {
  return (reads ? FLAGS_READ : 0) | (writes ? FLAGS_REPLACED : 0);
}

/** Bits of layout/flag-effects.ts. */
export function flagEffectsOf(variant: Variant): number {
  if (variant.row.tier === 'handler') return FLAGS_OPAQUE;
  const first = watch(variant, 1);
  const effects = effectsOf(first);
  if (!first.dependsOnImmediate) return effects;
  const all = Array.from({ length: IMMEDIATES }, (_, immediate) => effectsOf(watch(variant, immediate)));
  if (all.every((other) => other === effects)) return effects;
  // Of all that is known beforehand, only that nothing is shifted makes a difference.
  const isKnown = all.every(
    (other, immediate) => other === (isNoShift(immediate, variant.operandSize) ? 0 : effects),
  );
  if (!isKnown)
    throw new Error(`what ${variant.row.mnemonic} does to flags depends on its immediate in a new way`);
  return effects | FLAGS_DEPEND_ON_COUNT;
}
