/** What semantics say about flags (FlagWriter), as the source that they come from. */
import type { Condition } from '../../isa/condition.ts';
import type { FlagWriter, Value } from '../../isa/emitter.ts';
import {
  AUX_ARITHMETIC,
  AUX_CARRIES,
  AUX_CF_BIT,
  AUX_CF_XOR_OF_BIT,
  AUX_PARITY_BIT,
} from '../../layout/flag-words.ts';
import type { Expression, Module } from '../../wasm/builder.ts';
import { i64, type ValueType } from '../../wasm/value-types.ts';
import { type FlagSource, materialize } from './source.ts';

/** What is needed of an emitter. */
export interface FlagPlace {
  readonly m: Module;
  let(value: Expression, type?: ValueType): Value;
  condition(condition: Condition, negated: boolean): Expression;
  setFlags(source: FlagSource): void;
  flagResult(): Expression;
  flagAux(): Expression;
}

export class SourceFlagWriter implements FlagWriter {
  private readonly e: FlagPlace;

  constructor(emitter: FlagPlace) {
    this.e = emitter;
  }

  private set(source: FlagSource): void {
    this.e.setFlags(source);
  }

  /** CF and CF ^ OF in place, from i32 0/1 expressions. `cf` is used twice. */
  private carries(cf: Value, of: Expression): Expression {
    const { i32 } = this.e.m;
    return i32.or(
      i32.shl(cf(), i32.const(AUX_CF_BIT)),
      i32.shl(i32.xor(cf(), of), i32.const(AUX_CF_XOR_OF_BIT)),
    );
  }

  add(size: number, a: Value, b: Value, r: Value): void {
    this.set({ kind: 'add', size, a, b, r });
  }

  sub(size: number, a: Value, b: Value, r: Value): void {
    this.set({ kind: 'sub', size, a, b, r });
  }

  adc(size: number, a: Value, b: Value, r: Value): void {
    this.set({ kind: 'adc', size, a, b, r });
  }

  sbb(size: number, a: Value, b: Value, r: Value): void {
    this.set({ kind: 'sbb', size, a, b, r });
  }

  logic(size: number, r: Value): void {
    this.set({ kind: 'logic', size, r });
  }

  inc(size: number, a: Value, r: Value): void {
    this.set({ kind: 'inc', size, a, r, aux: this.e.let(this.e.flagAux()) });
  }

  dec(size: number, a: Value, r: Value): void {
    this.set({ kind: 'dec', size, a, r, aux: this.e.let(this.e.flagAux()) });
  }

  result(size: number, r: Value, cf: Expression, of: Expression): void {
    const { e } = this;
    const carry = e.let(cf);
    const aux = e.let(this.carries(carry, of));
    this.set({ kind: 'raw', result: e.let(materialize(e.m, { kind: 'logic', size, r }).result, i64), aux });
  }

  resultIf(condition: Value, size: number, r: Value, cf: Expression, of: Expression): void {
    const { e } = this;
    const { m } = e;
    const carry = e.let(cf);
    const newAux = this.carries(carry, of);
    const aux = e.let(m.select(condition(), newAux, e.flagAux()));
    const newResult = materialize(m, { kind: 'logic', size, r }).result;
    const result = e.let(m.select(condition(), newResult, e.flagResult()), i64);
    this.set({ kind: 'raw', result, aux });
  }

  carryAndOverflow(cf: Expression, of: Expression): void {
    const { e } = this;
    const { i32 } = e.m;
    const carry = e.let(cf);
    const kept = i32.and(e.flagAux(), i32.const(~AUX_CARRIES));
    const aux = e.let(i32.or(kept, this.carries(carry, of)));
    this.set({ kind: 'raw', result: e.let(e.flagResult(), i64), aux });
  }

  carry(cf: Expression): void {
    const { e } = this;
    const { i32 } = e.m;
    // OF stays: one of the bits is CF ^ OF, so it changes with CF.
    const old = e.let(e.flagAux());
    const carry = e.let(cf);
    const changed = e.let(i32.xor(i32.shr_u(old(), i32.const(AUX_CF_BIT)), carry()));
    const flip = i32.or(
      i32.shl(changed(), i32.const(AUX_CF_BIT)),
      i32.shl(changed(), i32.const(AUX_CF_XOR_OF_BIT)),
    );
    const aux = e.let(i32.xor(old(), flip));
    this.set({ kind: 'raw', result: e.let(e.flagResult(), i64), aux });
  }

  compare(zf: Expression, pf: Expression, cf: Expression): void {
    const { e } = this;
    const { m } = e;
    const carry = e.let(cf);
    // Result 0 or 1 gives ZF; its own parity (even for 0, odd for 1) is corrected by the parity delta.
    const result = e.let(m.i64.extend_u(m.i32.eqz(zf)), i64);
    const even = m.i32.eqz(m.i32.wrap(result()));
    const delta = m.i32.shl(m.i32.xor(even, pf), m.i32.const(AUX_PARITY_BIT));
    const aux = e.let(m.i32.or(this.carries(carry, m.i32.const(0)), delta));
    this.set({ kind: 'raw', result, aux });
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
    const aux = e.let(m.i32.or(this.carries(carry, of), delta));
    this.set({ kind: 'raw', result: e.let(m.i64.extend_u(m.i32.eqz(zero())), i64), aux });
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
    this.set({ kind: 'raw', result, aux });
  }
}
