/**
 * EXTRQ and INSERTQ (AMD64 APM Vol. 4): fields of bits in the low half of an XMM register. The high half is undefined then: zero, as
 * on processors (Zen 4). So are the bits of a field that reaches beyond bit 63: those are of the low half alone.
 */
import type { Expression } from '../../wasm/builder.ts';
import { i64, v128 } from '../../wasm/value-types.ts';
import type { Emitter, Value } from '../emitter.ts';
import type { Semantics } from '../row.ts';

interface Field {
  /** As many ones as the field has bits. */
  readonly mask: Value;
  /** Of its lowest bit; of more than six bits the others do not count. */
  readonly index: Value;
}

/** @param control i64: the field's length in bits 0 to 5, 0 for 64, and its index in bits 8 to 13. */
function fieldOf(e: Emitter, control: Expression): Field {
  const { i64: q } = e.m;
  const bits = e.let(control, i64);
  return {
    mask: e.let(q.shr_u(q.const(-1n), q.sub(q.const(0n), bits())), i64),
    index: e.let(q.shr_u(bits(), q.const(8n)), i64),
  };
}

const low = (e: Emitter, operand: number): Expression => e.m.i64x2.extract_lane(e.read(operand), 0);

function writeLow(e: Emitter, value: Expression): void {
  const { i64: q, i64x2 } = e.m;
  e.write(0, i64x2.replace_lane(i64x2.splat(q.const(0n)), 0, value));
}

function extract(e: Emitter, control: Expression): void {
  const { i64: q } = e.m;
  const { mask, index } = fieldOf(e, control);
  writeLow(e, q.and(q.shr_u(low(e, 0), index()), mask()));
}

function insert(e: Emitter, source: Expression, control: Expression): void {
  const { i64: q } = e.m;
  const { mask, index } = fieldOf(e, control);
  const kept = q.and(low(e, 0), q.xor(q.shl(mask(), index()), q.const(-1n)));
  writeLow(e, q.or(kept, q.shl(q.and(source, mask()), index())));
}

/** The control of an immediate: a byte each. */
const immediate = (e: Emitter, operand: number): Expression => e.m.i64.extend_u(e.read(operand));

export const extrqImmediate: Semantics = (e) => extract(e, immediate(e, 1));
export const extrq: Semantics = (e) => extract(e, e.read(1));
export const insertqImmediate: Semantics = (e) => insert(e, e.read(1), immediate(e, 2));

/** The control is in the high half of the source. */
export const insertq: Semantics = (e) => {
  const source = e.let(e.read(1), v128);
  insert(e, e.m.i64x2.extract_lane(source(), 0), e.m.i64x2.extract_lane(source(), 1));
};
