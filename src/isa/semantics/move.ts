/** Data movement between general registers, memory and immediates. */

import { RAX, RDX } from '../../layout/architecture.ts';
import type { Expression } from '../../wasm/builder.ts';
import { i32, i64 } from '../../wasm/value-types.ts';
import { CONDITIONS } from '../condition.ts';
import type { Emitter, Value } from '../emitter.ts';
import type { Semantics } from '../row.ts';
import { resize, signExtend } from './integer.ts';

function typeOf(size: number): number {
  return size === 8 ? i64 : i32;
}

export function mov(e: Emitter): void {
  e.write(0, e.read(1));
}

export function movzx(e: Emitter): void {
  e.write(0, resize(e.m, e.sizeOf(1), e.sizeOf(0), e.read(1)));
}

/** Sign-extends a value of `from` bytes to `to` bytes. */
function extend(e: Emitter, from: number, to: number, value: Expression): Expression {
  if (to === 8 && from < 8) return e.m.i64.extend_s(signExtend(e.m, from, value));
  return signExtend(e.m, from, value);
}

/** MOVSX and MOVSXD. */
export function movsx(e: Emitter): void {
  const to = e.sizeOf(0);
  const from = Math.min(e.sizeOf(1), to);
  e.write(0, extend(e, from, to, e.read(1)));
}

export function lea(e: Emitter): void {
  e.write(0, resize(e.m, 8, e.sizeOf(0), e.effectiveAddress(1)));
}

export function xchg(e: Emitter): void {
  const value = e.let(e.read(1), typeOf(e.sizeOf(1)));
  if (e.isRegister(0)) {
    const other = e.let(e.read(0), typeOf(e.sizeOf(0)));
    e.write(0, value());
    e.write(1, other());
    return;
  }
  let old: Value | undefined;
  e.update(0, (memory) => {
    old = memory;
    return value();
  });
  if (old !== undefined) e.write(1, old());
}

export function bswap(e: Emitter): void {
  const { m } = e;
  const size = e.sizeOf(0);
  if (size === 8) {
    const v = e.let(e.read(0), i64);
    const pairs = (value: Value, mask: bigint, shift: bigint): Expression =>
      m.i64.or(
        m.i64.and(m.i64.shr_u(value(), m.i64.const(shift)), m.i64.const(mask)),
        m.i64.shl(m.i64.and(value(), m.i64.const(mask)), m.i64.const(shift)),
      );
    const bytes = e.let(pairs(v, 0x00ff_00ff_00ff_00ffn, 8n), i64);
    const words = e.let(pairs(bytes, 0x0000_ffff_0000_ffffn, 16n), i64);
    e.write(0, m.i64.rotl(words(), m.i64.const(32n)));
    return;
  }
  // A 16-bit BSWAP is undefined; processors store zero.
  if (size === 2) {
    e.write(0, m.i32.const(0));
    return;
  }
  const v = e.let(e.read(0));
  const even = m.i32.rotl(m.i32.and(v(), m.i32.const(0x00ff_00ff)), m.i32.const(24));
  const odd = m.i32.rotl(m.i32.and(v(), m.i32.const(0xff00_ff00 | 0)), m.i32.const(8));
  e.write(0, m.i32.or(even, odd));
}

export function movbe(e: Emitter): void {
  const { m } = e;
  const size = e.sizeOf(0);
  const swapped = (v: Value): Expression => {
    if (size === 2)
      return m.i32.or(
        m.i32.shr_u(v(), m.i32.const(8)),
        m.i32.shl(m.i32.and(v(), m.i32.const(0xff)), m.i32.const(8)),
      );
    if (size === 4) {
      const even = m.i32.rotl(m.i32.and(v(), m.i32.const(0x00ff_00ff)), m.i32.const(24));
      return m.i32.or(even, m.i32.rotl(m.i32.and(v(), m.i32.const(0xff00_ff00 | 0)), m.i32.const(8)));
    }
    const half = (value: Expression): Expression => {
      const h = e.let(m.i32.wrap(value));
      const even = m.i32.rotl(m.i32.and(h(), m.i32.const(0x00ff_00ff)), m.i32.const(24));
      return m.i64.extend_u(
        m.i32.or(even, m.i32.rotl(m.i32.and(h(), m.i32.const(0xff00_ff00 | 0)), m.i32.const(8))),
      );
    };
    return m.i64.or(m.i64.shl(half(v()), m.i64.const(32n)), half(m.i64.shr_u(v(), m.i64.const(32n))));
  };
  const value = e.let(e.read(1), typeOf(size));
  e.write(0, swapped(value));
}

/** CMOVcc: a 32-bit destination is zero-extended even if the condition fails. */
export function cmovcc(code: number): Semantics {
  const condition = CONDITIONS[code >> 1] ?? 'o';
  return (e) => {
    const size = e.sizeOf(0);
    const source = e.let(e.read(1), typeOf(size));
    const old = e.let(e.read(0), typeOf(size));
    e.write(0, e.m.select(e.condition(condition, (code & 1) === 1), source(), old()));
  };
}

export function setcc(code: number): Semantics {
  const condition = CONDITIONS[code >> 1] ?? 'o';
  return (e) => e.write(0, e.condition(condition, (code & 1) === 1));
}

/** CBW, CWDE, CDQE. */
export function cbw(e: Emitter): void {
  const size = e.operandSize;
  e.setGpr(RAX, size, extend(e, size / 2, size, e.gpr(RAX, size / 2)));
}

/** CWD, CDQ, CQO. */
export function cwd(e: Emitter): void {
  const { m } = e;
  const size = e.operandSize;
  if (size === 8) e.setGpr(RDX, 8, m.i64.shr_s(e.gpr(RAX, 8), m.i64.const(63n)));
  else e.setGpr(RDX, size, m.i32.shr_s(signExtend(m, size, e.gpr(RAX, size)), m.i32.const(31)));
}

/** XLAT: AL = byte AL of the table at [segment:rBX]. */
export function xlat(e: Emitter): void {
  const address = e.let(e.addressWith(0, e.m.i64.extend_u(e.gpr(RAX, 1))), i64);
  e.setGpr(RAX, 1, e.load(1, address));
}

/** NOP, PAUSE, prefetches, ENDBR: nothing, and no memory access. */
export function nop(_e: Emitter): void {}
