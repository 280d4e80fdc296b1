/**
 * Where the arithmetic flags come from, and how to turn that into the two words of the processor state
 * (layout/flag-words.ts).
 *
 * The carry vector of an addition has in each bit the carry out of that bit: (a & b) | ((a | b) & ~r); of a
 * subtraction the borrow: (~a & b) | ((~a | b) & r). Its top two bits give CF and CF ^ OF, bit 3 gives AF.
 */
import type { Condition } from '../../isa/condition.ts';
import type { Value } from '../../isa/emitter.ts';
import {
  AUX_ARITHMETIC,
  AUX_CARRIES,
  AUX_CF_BIT,
  AUX_CF_XOR_OF_BIT,
  AUX_PARITY_BIT,
} from '../../layout/flag-words.ts';
import type { Expression, Module } from '../../wasm/builder.ts';

/** r = a + b or a - b. */
interface ArithmeticSource {
  readonly kind: 'add' | 'sub';
  readonly size: number;
  readonly a: Value;
  readonly b: Value;
  readonly r: Value;
}

/** With CF, and what that becomes as i32 0 or 1. */
interface CarryingSource extends Omit<ArithmeticSource, 'kind'> {
  readonly kind: 'adc' | 'sbb';
  readonly carryOut: Value;
}

/** What CF and OF become, i32 0 or 1: made where it is needed, of locals that do not change. */
interface Carries {
  readonly cf: Value;
  readonly of: Value;
}

/** Changes only some of the flags, or changes them only sometimes. */
type PartialSource =
  /** CF stays. */
  | {
      readonly kind: 'inc' | 'dec';
      readonly size: number;
      readonly a: Value;
      readonly r: Value;
      readonly cf: Value;
    }
  | ({ readonly kind: 'carries'; readonly before: FlagSource } & Carries)
  | { readonly kind: 'carry'; readonly before: FlagSource; readonly cf: Value }
  /** As `outcome`, if `condition` is not zero. */
  | ({
      readonly kind: 'maybe';
      readonly condition: Value;
      readonly before: FlagSource;
      readonly size: number;
      readonly r: Value;
    } & Carries);

export type FlagSource =
  | ArithmeticSource
  | CarryingSource
  | PartialSource
  | { readonly kind: 'logic'; readonly size: number; readonly r: Value }
  /** ZF, SF and PF of r; AF = 0. */
  | ({ readonly kind: 'outcome'; readonly size: number; readonly r: Value } & Carries)
  /** Of numbers that were compared, i32 0 or 1 each; all others are zero. */
  | { readonly kind: 'order'; readonly zf: Value; readonly pf: Value; readonly cf: Value }
  | { readonly kind: 'raw'; readonly result: Value; readonly aux: Value };

/** Sign-extends a value of `size` bytes to i64. */
function signExtend64(m: Module, size: number, value: Expression): Expression {
  switch (size) {
    case 1:
      return m.i64.extend_s(m.i32.extend8_s(value));
    case 2:
      return m.i64.extend_s(m.i32.extend16_s(value));
    case 4:
      return m.i64.extend_s(value);
    default:
      return value;
  }
}

function vector(m: Module, source: ArithmeticSource | CarryingSource): Expression {
  const { a, b, r, size } = source;
  const adds = source.kind === 'add' || source.kind === 'adc';
  if (size === 8) {
    const { i64 } = m;
    const ones = (): Expression => i64.const(-1);
    if (adds) return i64.or(i64.and(a(), b()), i64.and(i64.or(a(), b()), i64.xor(r(), ones())));
    // (~a & b) | (~(a ^ b) & r), the same function with fewer terms.
    return i64.or(i64.and(i64.xor(a(), ones()), b()), i64.and(i64.xor(i64.xor(a(), b()), ones()), r()));
  }
  const { i32 } = m;
  const ones = (): Expression => i32.const(-1);
  if (adds) return i32.or(i32.and(a(), b()), i32.and(i32.or(a(), b()), i32.xor(r(), ones())));
  return i32.or(i32.and(i32.xor(a(), ones()), b()), i32.and(i32.xor(i32.xor(a(), b()), ones()), r()));
}

/** Brings the two top bits of a carry vector to bits 31 and 30 and keeps bit 3. */
function packVector(m: Module, size: number, v: Expression): Expression {
  const { i32, i64 } = m;
  if (size === 8) {
    // Multiplying by 2^32 + 1 adds the low half to the high half: AF (bit 3) joins CF and CF ^ OF there.
    const masked = i64.and(v, i64.halves(8, 0xc000_0000 | 0));
    return i32.wrap(i64.shr_u(i64.mul(masked, i64.const(0x1_0000_0001)), i64.const(32)));
  }
  if (size === 4) return i32.and(v, i32.const(AUX_ARITHMETIC | 0));
  const shift = 32 - size * 8;
  const masked = i32.and(v, i32.const((0xc0 << (8 * size - 8)) | 8));
  return i32.and(i32.mul(masked, i32.const((1 << shift) | 1)), i32.const(AUX_ARITHMETIC | 0));
}

/** CF and CF ^ OF in their places in FLAG_AUX. */
export function placeCarries(m: Module, { cf, of }: Carries): Expression {
  const { i32 } = m;
  return i32.or(
    i32.shl(cf(), i32.const(AUX_CF_BIT)),
    i32.shl(i32.xor(cf(), of()), i32.const(AUX_CF_XOR_OF_BIT)),
  );
}

/** FLAG_RESULT (i64) and FLAG_AUX (i32) of a source. */
export function materialize(m: Module, source: FlagSource): { result: Expression; aux: Expression } {
  const { i32 } = m;
  switch (source.kind) {
    case 'raw':
      return { result: source.result(), aux: source.aux() };
    case 'logic':
      return { result: signExtend64(m, source.size, source.r()), aux: i32.const(0) };
    case 'add':
    case 'adc':
    case 'sub':
    case 'sbb':
      return {
        result: signExtend64(m, source.size, source.r()),
        aux: packVector(m, source.size, vector(m, source)),
      };
    case 'inc':
    case 'dec': {
      const { size, a, r } = source;
      const minimum =
        size === 8 ? m.i64.halves(0, 1 << 31) : i32.const(size === 4 ? -(2 ** 31) : 1 << (size * 8 - 1));
      const int = size === 8 ? m.i64 : m.i32;
      // Overflow: the increment produced the minimum, the decrement started from it.
      const of = int.eq(source.kind === 'inc' ? r() : a(), minimum);
      const nibble =
        size === 8 ? i32.wrap(source.kind === 'inc' ? r() : a()) : source.kind === 'inc' ? r() : a();
      // AF: the low nibble wrapped to 0 (inc) or was 0 (dec).
      const af = i32.shl(i32.eqz(i32.and(nibble, i32.const(15))), i32.const(3));
      const aux = placeCarries(m, { cf: source.cf, of: () => of });
      return { result: signExtend64(m, size, r()), aux: i32.or(aux, af) };
    }
    case 'outcome':
      return { result: signExtend64(m, source.size, source.r()), aux: placeCarries(m, source) };
    case 'order': {
      const { zf, pf, cf } = source;
      // Result 0 or 1 gives ZF; its own parity (even for 0, odd for 1) is corrected by the parity delta.
      const delta = i32.shl(i32.xor(zf(), pf()), i32.const(AUX_PARITY_BIT));
      const aux = i32.or(placeCarries(m, { cf, of: () => i32.const(0) }), delta);
      return { result: m.i64.extend_u(i32.eqz(zf())), aux };
    }
    case 'maybe': {
      const old = materialize(m, source.before);
      const result = signExtend64(m, source.size, source.r());
      return {
        result: m.select(source.condition(), result, old.result),
        aux: m.select(source.condition(), placeCarries(m, source), old.aux),
      };
    }
    case 'carries': {
      const { result, aux } = materialize(m, source.before);
      return { result, aux: i32.or(i32.and(aux, i32.const(~AUX_CARRIES)), placeCarries(m, source)) };
    }
    case 'carry': {
      // OF stays: one of the bits is CF ^ OF, so it changes with CF.
      const { result, aux } = materialize(m, source.before);
      const changed = i32.xor(carryOf(m, source.before), source.cf());
      const flip = i32.shl(i32.mul(changed, i32.const(3)), i32.const(AUX_CF_XOR_OF_BIT));
      return { result, aux: i32.xor(aux, flip) };
    }
  }
}

/** CF of a source: i32 0 or 1. */
export function carryOf(m: Module, source: FlagSource): Expression {
  const { i32 } = m;
  switch (source.kind) {
    case 'raw':
      return i32.shr_u(source.aux(), i32.const(AUX_CF_BIT));
    case 'logic':
      return i32.const(0);
    case 'add':
      return (source.size === 8 ? m.i64 : i32).lt_u(source.r(), source.b());
    case 'sub':
      return (source.size === 8 ? m.i64 : i32).lt_u(source.a(), source.b());
    case 'adc':
    case 'sbb':
      return source.carryOut();
    case 'maybe':
      return m.select(source.condition(), source.cf(), carryOf(m, source.before));
    default:
      return source.cf();
  }
}

/** A condition from the two words. Each of `result` and `aux` is a local. */
export function conditionOfWords(m: Module, condition: Condition, result: Value, aux: Value): Expression {
  const { i32, i64 } = m;
  const sign = (): Expression =>
    i32.xor(i32.wrap(i64.shr_u(result(), i64.const(63))), i32.and(aux(), i32.const(1)));
  const overflow = (): Expression =>
    i32.shr_u(i32.xor(aux(), i32.shl(aux(), i32.const(1))), i32.const(AUX_CF_BIT));
  const carry = (): Expression => i32.shr_u(aux(), i32.const(AUX_CF_BIT));
  const zero = (): Expression => i64.eqz(result());
  switch (condition) {
    case 'o':
      return overflow();
    case 'b':
      return carry();
    case 'z':
      return zero();
    case 'be':
      return i32.or(carry(), zero());
    case 's':
      return sign();
    case 'p': {
      const bits = i32.and(
        i32.xor(i32.wrap(result()), i32.shr_u(aux(), i32.const(AUX_PARITY_BIT))),
        i32.const(0xff),
      );
      return i32.eqz(i32.and(i32.popcnt(bits), i32.const(1)));
    }
    case 'l':
      return i32.xor(sign(), overflow());
    case 'le':
      return i32.or(zero(), i32.xor(sign(), overflow()));
  }
}

/** A condition straight from the operation that set the flags, or undefined if only the words can tell. */
export function conditionOfSource(
  m: Module,
  condition: Condition,
  source: FlagSource,
): Expression | undefined {
  if (condition === 'b') return source.kind === 'raw' ? undefined : carryOf(m, source);
  switch (source.kind) {
    case 'raw':
    case 'maybe':
      return undefined;
    case 'carries':
    case 'carry':
      return conditionBefore(m, condition, source);
    case 'order':
      return conditionOfOrder(m, condition, source);
    default:
      return conditionOfOperation(m, condition, source);
  }
}

/** Where CF, and maybe OF, is another than in the source before. */
function conditionBefore(
  m: Module,
  condition: Condition,
  source: FlagSource & { kind: 'carries' | 'carry' },
): Expression | undefined {
  if (condition === 'o' && source.kind === 'carries') return source.of();
  if (condition === 'z' || condition === 's' || condition === 'p')
    return conditionOfSource(m, condition, source.before);
  return undefined;
}

/** Of a condition that is not CF. */
function conditionOfOrder(
  m: Module,
  condition: Condition,
  { zf, pf, cf }: FlagSource & { kind: 'order' },
): Expression {
  switch (condition) {
    case 'z':
    case 'le':
      return zf();
    case 'be':
      return m.i32.or(cf(), zf());
    case 'p':
      return pf();
    default:
      return m.i32.const(0);
  }
}

type OperationSource = Exclude<
  FlagSource,
  { readonly kind: 'raw' | 'maybe' | 'carries' | 'carry' | 'order' }
>;

function conditionOfOperation(
  m: Module,
  condition: Condition,
  source: OperationSource,
): Expression | undefined {
  const { i32 } = m;
  const { kind, size, r } = source;
  const int = size === 8 ? m.i64 : m.i32;
  const signed = (v: Value): Expression =>
    size === 1 ? i32.extend8_s(v()) : size === 2 ? i32.extend16_s(v()) : v();
  const number = (value: number): Expression => (size === 8 ? m.i64.const(value) : i32.const(value));
  const zero = (): Expression => int.eqz(r());
  const sign = (): Expression => int.lt_s(signed(r), number(0));
  if (condition === 'z') return zero();
  if (condition === 's') return sign();
  switch (kind) {
    case 'logic':
      switch (condition) {
        case 'o':
          return i32.const(0);
        case 'be':
          return zero();
        case 'l':
          return sign();
        case 'le':
          return int.le_s(signed(r), number(0));
        default:
          return undefined;
      }
    case 'sub': {
      const { a, b } = source;
      switch (condition) {
        case 'be':
          return int.le_u(a(), b());
        case 'l':
          return int.lt_s(signed(a), signed(b));
        case 'le':
          return int.le_s(signed(a), signed(b));
        default:
          return undefined;
      }
    }
    case 'inc':
    case 'dec': {
      // Whether the exact result is below zero, or not above it.
      if (condition !== 'l' && condition !== 'le') return undefined;
      const limit = number(kind === 'inc' ? -1 : 1);
      return condition === 'l' ? int.lt_s(signed(source.a), limit) : int.le_s(signed(source.a), limit);
    }
    case 'outcome':
      switch (condition) {
        case 'o':
          return source.of();
        case 'be':
          return i32.or(source.cf(), zero());
        case 'l':
          return i32.xor(sign(), source.of());
        case 'le':
          return i32.or(zero(), i32.xor(sign(), source.of()));
        default:
          return undefined;
      }
    default:
      return condition === 'be' && kind === 'add' ? i32.or(carryOf(m, source), zero()) : undefined;
  }
}
