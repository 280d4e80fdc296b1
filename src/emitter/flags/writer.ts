/** What semantics say about flags (FlagWriter), as the source that they come from. */
import type { Condition } from '../../isa/condition.ts';
import type { FlagWriter, Value } from '../../isa/emitter.ts';
import { AUX_ARITHMETIC, AUX_PARITY_BIT } from '../../layout/flag-words.ts';
import type { Expression, Module } from '../../wasm/builder.ts';
import { i64, type ValueType } from '../../wasm/value-types.ts';
import { carryOf, type FlagSource, placeCarries } from './source.ts';

/** What is needed of an emitter. */
export interface FlagPlace {
  readonly m: Module;
  let(value: Expression, type?: ValueType): Value;
  condition(condition: Condition, negated: boolean): Expression;
  /** @param isPartial it is made of the source before, which stays. */
  setFlags(source: FlagSource, isPartial?: boolean): void;
  /** What the flags are, for a source that changes only some of them. */
  flagSource(): FlagSource;
  flagAux(): Expression;
}

export class SourceFlagWriter implements FlagWriter {
  private readonly e: FlagPlace;

  constructor(emitter: FlagPlace) {
    this.e = emitter;
  }

  add(size: number, a: Value, b: Value, r: Value): void {
    this.e.setFlags({ kind: 'add', size, a, b, r });
  }

  sub(size: number, a: Value, b: Value, r: Value): void {
    this.e.setFlags({ kind: 'sub', size, a, b, r });
  }

  adc(size: number, a: Value, b: Value, r: Value, carryOut: Value): void {
    this.e.setFlags({ kind: 'adc', size, a, b, r, carryOut });
  }

  sbb(size: number, a: Value, b: Value, r: Value, carryOut: Value): void {
    this.e.setFlags({ kind: 'sbb', size, a, b, r, carryOut });
  }

  logic(size: number, r: Value): void {
    this.e.setFlags({ kind: 'logic', size, r });
  }

  inc(size: number, a: Value, r: Value): void {
    this.step('inc', size, a, r);
  }

  dec(size: number, a: Value, r: Value): void {
    this.step('dec', size, a, r);
  }

  private step(kind: 'inc' | 'dec', size: number, a: Value, r: Value): void {
    const before = this.e.flagSource();
    this.e.setFlags({ kind, size, a, r, cf: () => carryOf(this.e.m, before) }, true);
  }

  result(size: number, r: Value, cf: Value, of: Value): void {
    this.e.setFlags({ kind: 'outcome', size, r, cf, of });
  }

  resultIf(condition: Value, size: number, r: Value, cf: Value, of: Value): void {
    this.e.setFlags({ kind: 'maybe', condition, before: this.e.flagSource(), size, r, cf, of }, true);
  }

  carryAndOverflow(cf: Value, of: Value): void {
    const source = this.e.flagSource();
    const before = source.kind === 'carries' ? source.before : source;
    this.e.setFlags({ kind: 'carries', before, cf, of }, true);
  }

  carry(cf: Expression): void {
    const carry = this.e.let(cf);
    this.e.setFlags({ kind: 'carry', before: this.e.flagSource(), cf: carry }, true);
  }

  compare(zf: Expression, pf: Expression, cf: Expression): void {
    const { e } = this;
    this.e.setFlags({ kind: 'order', zf: e.let(zf), pf: e.let(pf), cf: e.let(cf) });
  }

  compareFloat(size: number, a: Value, b: Value): void {
    const { m } = this.e;
    const float = size === 8 ? m.f64 : m.f32;
    const zf = m.i32.eqz(m.i32.or(float.lt(a(), b()), float.gt(a(), b())));
    const pf = m.i32.or(float.ne(a(), a()), float.ne(b(), b()));
    this.compare(zf, pf, m.i32.eqz(float.ge(a(), b())));
  }

  matches({ cf, zf, sf, of }: Readonly<Record<'cf' | 'zf' | 'sf' | 'of', Expression>>): void {
    const { e } = this;
    const { m } = e;
    const carry = e.let(cf);
    const zero = e.let(zf);
    // Result 0 or 1, positive: of these, 0 has even parity.
    const delta = m.i32.or(sf, m.i32.shl(zero(), m.i32.const(AUX_PARITY_BIT)));
    const aux = e.let(m.i32.or(placeCarries(m, { cf: carry, of: () => of }), delta));
    this.e.setFlags({ kind: 'raw', result: e.let(m.i64.extend_u(m.i32.eqz(zero())), i64), aux });
  }

  zero(zf: Expression): void {
    const { e } = this;
    const { m } = e;
    const zero = e.let(zf);
    const sign = e.let(e.condition('s', false));
    const parity = e.let(e.condition('p', false));
    const old = e.flagAux();
    const result = e.let(m.i64.extend_u(m.i32.eqz(zero())), i64);
    // `result` is 0 or 1: never negative, so the sign delta is SF itself.
    const parityDelta = m.i32.shl(m.i32.xor(zero(), parity()), m.i32.const(AUX_PARITY_BIT));
    const delta = m.i32.or(parityDelta, sign());
    const aux = e.let(m.i32.or(m.i32.and(old, m.i32.const(AUX_ARITHMETIC | 0)), delta));
    this.e.setFlags({ kind: 'raw', result, aux });
  }
}
