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
  AUX_CF,
  AUX_CF_BIT,
  AUX_CF_XOR_OF_BIT,
  AUX_PARITY_BIT,
} from '../../layout/flag-words.ts';
import type { Expression, Module } from '../../wasm/builder.ts';

export interface CarryingSource {
  readonly kind: 'add' | 'sub' | 'adc' | 'sbb';
  readonly size: number;
  readonly a: Value;
  readonly b: Value;
  readonly r: Value;
}

export type FlagSource =
  | CarryingSource
  | { readonly kind: 'logic'; readonly size: number; readonly r: Value }
  | {
      readonly kind: 'inc' | 'dec';
      readonly size: number;
      readonly a: Value;
      readonly r: Value;
      readonly aux: Value;
    }
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

function vector(m: Module, source: CarryingSource): Expression {
  const { a, b, r, size } = source;
  const adds = source.kind === 'add' || source.kind === 'adc';
  if (size === 8) {
    const { i64 } = m;
    const ones = (): Expression => i64.const(-1n);
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
    const masked = i64.and(v, i64.const(BigInt.asIntN(64, 0xc000_0000_0000_0008n)));
    return i32.wrap(i64.shr_u(i64.mul(masked, i64.const(0x1_0000_0001n)), i64.const(32n)));
  }
  if (size === 4) return i32.and(v, i32.const(AUX_ARITHMETIC | 0));
  const shift = 32 - size * 8;
  const masked = i32.and(v, i32.const((0xc0 << (8 * size - 8)) | 8));
  return i32.and(i32.mul(masked, i32.const((1 << shift) | 1)), i32.const(AUX_ARITHMETIC | 0));
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
      const { size, a, r, aux } = source;
      const minimum =
        size === 8 ? m.i64.const(-(2n ** 63n)) : i32.const(size === 4 ? -(2 ** 31) : 1 << (size * 8 - 1));
      const int = size === 8 ? m.i64 : m.i32;
      // Overflow: the increment produced the minimum, the decrement started from it.
      const of = int.eq(source.kind === 'inc' ? r() : a(), minimum);
      const nibble =
        size === 8 ? i32.wrap(source.kind === 'inc' ? r() : a()) : source.kind === 'inc' ? r() : a();
      // AF: the low nibble wrapped to 0 (inc) or was 0 (dec).
      const af = i32.shl(i32.eqz(i32.and(nibble, i32.const(15))), i32.const(3));
      const cf = i32.and(aux(), i32.const(AUX_CF | 0));
      const po = i32.xor(
        i32.shr_u(i32.and(aux(), i32.const(AUX_CF | 0)), i32.const(1)),
        i32.shl(of, i32.const(AUX_CF_XOR_OF_BIT)),
      );
      return { result: signExtend64(m, size, r()), aux: i32.or(i32.or(cf, po), af) };
    }
  }
}

/** A condition from the two words. Each of `result` and `aux` is a local. */
export function conditionOfWords(m: Module, condition: Condition, result: Value, aux: Value): Expression {
  const { i32, i64 } = m;
  const sign = (): Expression =>
    i32.xor(i32.wrap(i64.shr_u(result(), i64.const(63n))), i32.and(aux(), i32.const(1)));
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
  if (source.kind === 'raw') return undefined;
  const { i32 } = m;
  const { size, r } = source;
  const int = size === 8 ? m.i64 : m.i32;
  const signed = (v: Value): Expression =>
    size === 1 ? i32.extend8_s(v()) : size === 2 ? i32.extend16_s(v()) : v();
  const none = (): Expression => (size === 8 ? m.i64.const(0n) : i32.const(0));
  const zero = (): Expression => int.eqz(r());
  const sign = (): Expression => int.lt_s(signed(r), none());
  if (condition === 'z') return zero();
  if (condition === 's') return sign();
  if (source.kind === 'logic') {
    switch (condition) {
      case 'o':
      case 'b':
        return i32.const(0);
      case 'be':
        return zero();
      case 'l':
        return sign();
      case 'le':
        return int.le_s(signed(r), none());
      default:
        return undefined;
    }
  }
  if (source.kind === 'sub') {
    const { a, b } = source;
    switch (condition) {
      case 'b':
        return int.lt_u(a(), b());
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
  if (source.kind === 'add' && condition === 'b') return int.lt_u(r(), source.a());
  if ((source.kind === 'inc' || source.kind === 'dec') && condition === 'b') {
    return i32.shr_u(source.aux(), i32.const(AUX_CF_BIT));
  }
  return undefined;
}
