/** PCMPxSTRx, PHMINPOSUW, MPSADBW: instructions that runtime functions compute. */
import {
  STRINGS_FIRST_SHORT,
  STRINGS_INDEX_SHIFT,
  STRINGS_SECOND_SHORT,
} from '../../layout/string-comparison.ts';
import type { Expression } from '../../wasm/builder.ts';
import { i32, v128 } from '../../wasm/value-types.ts';
import type { Emitter } from '../emitter.ts';
import type { Semantics } from '../row.ts';

/** Flags and result of a comparison, as layout/string-comparison.ts has it: RCX, or XMM0 if `mask`. */
function writeComparison(e: Emitter, mask: boolean, comparison: Expression): void {
  const { m } = e;
  const found = e.let(comparison);
  const bits = e.let(m.i32.and(found(), m.i32.const(0xffff)));
  const isSet = (bit: number): Expression => m.i32.ne(m.i32.and(found(), m.i32.const(bit)), m.i32.const(0));
  e.flags.matches({
    cf: m.i32.ne(bits(), m.i32.const(0)),
    zf: isSet(STRINGS_SECOND_SHORT),
    sf: isSet(STRINGS_FIRST_SHORT),
    of: m.i32.and(bits(), m.i32.const(1)),
  });
  if (mask) e.setXmm(0, e.call('sseStringMask', [bits(), e.read(2)], v128));
  else e.setGpr(1, 4, m.i32.shr_u(found(), m.i32.const(STRINGS_INDEX_SHIFT)));
}

/** PCMPESTRI, or PCMPESTRM if `mask`; REX.W makes the lengths in RAX and RDX 64 bits wide. */
export function compareExplicit(mask: boolean): Semantics {
  return (e) => {
    const { m } = e;
    const b = e.let(e.read(1), v128);
    const length = (register: number): Expression =>
      e.operandSize === 8 ? e.gpr(register, 8) : m.i64.extend_s(e.gpr(register, 4));
    const args = [e.read(0), b(), length(0), length(2), e.read(2)];
    writeComparison(e, mask, e.call('sseCompareExplicit', args, i32));
  };
}

/** PCMPISTRI, or PCMPISTRM if `mask`. */
export function compareImplicit(mask: boolean): Semantics {
  return (e) => {
    const b = e.let(e.read(1), v128);
    writeComparison(e, mask, e.call('sseCompareImplicit', [e.read(0), b(), e.read(2)], i32));
  };
}

/** The VEX encodings of PCMPESTRM and PCMPISTRM clear what is above the result in XMM0. */
export function clearingAbove(semantics: Semantics): Semantics {
  return (e) => {
    semantics(e);
    e.clearUpper(0);
  };
}

export function phminposuw(e: Emitter): void {
  e.write(0, e.call('sseMinimumPosition', [e.read(1)], v128));
}

export function mpsadbw(e: Emitter): void {
  const b = e.read(1);
  e.write(0, e.call('sseMultipleSums', [e.read(0), b, e.read(2)], v128));
}
