/** What 64-bit mode has dropped: decimal arithmetic, BOUND, ARPL. */
import { VECTOR_BR } from '../../layout/architecture.ts';
import { MODE_REAL } from '../../layout/mode.ts';
import { MODE } from '../../layout/runtime-state.ts';
import { i32, i64 } from '../../wasm/value-types.ts';
import type { Emitter } from '../emitter.ts';
import type { Semantics } from '../row.ts';
import { int, signExtend } from './integer.ts';

const RPL = 3;

/** DAA, DAS, AAA, AAS. */
export function adjust(name: 'adjustPacked' | 'adjustUnpacked', subtracts: boolean): Semantics {
  return (e) => e.run(name, [e.m.i32.const(subtracts ? 1 : 0)]);
}

export function aam(e: Emitter): void {
  e.run('splitDigits', [e.record(), e.read(0)]);
}

export function aad(e: Emitter): void {
  e.run('joinDigits', [e.read(0)]);
}

/** #BR unless the register is between the two signed numbers in memory. */
export function bound(e: Emitter): void {
  const { m } = e;
  const size = e.operandSize;
  const type = size === 8 ? i64 : i32;
  const integer = int(m, size);
  const index = e.let(signExtend(m, size, e.read(0)), type);
  const address = e.let(e.address(1), i64);
  const lower = e.let(signExtend(m, size, e.load(size, address)), type);
  const second = e.let(e.addressWith(1, m.i64.const(BigInt(size))), i64);
  const upper = e.let(signExtend(m, size, e.load(size, second)), type);
  const outside = m.i32.or(integer.lt_s(index(), lower()), integer.gt_s(index(), upper()));
  e.when(outside, () => e.run('raiseFault', [e.record(), m.i32.const(VECTOR_BR), m.i32.const(-1)]));
}

/** Raises the RPL of the first selector to that of the second, which ZF tells; #UD in real and virtual-8086 mode. */
export function arpl(e: Emitter): void {
  const { m } = e;
  const isReal = m.i32.and(e.state(MODE, 4), m.i32.const(MODE_REAL));
  e.when(isReal, () => e.run('raiseUndefined', [e.record()]));
  const rpl = e.let(m.i32.and(e.read(1), m.i32.const(RPL)));
  const raises = e.let(m.i32.lt_u(m.i32.and(e.read(0), m.i32.const(RPL)), rpl()), i32);
  e.update(0, (old) => {
    const raised = m.i32.or(m.i32.and(old(), m.i32.const(~RPL)), rpl());
    return m.select(raises(), raised, old());
  });
  e.flags.zero(raises());
}
