/** PCMPxSTRx, PHMINPOSUW, MPSADBW: instructions that runtime functions compute. */
import { v128 } from '../../wasm/value-types.ts';
import type { Emitter } from '../emitter.ts';
import type { Semantics } from '../row.ts';

/** PCMPESTRI, or PCMPESTRM if `mask`; REX.W makes the lengths 64 bits wide. */
export function compareExplicit(mask: boolean): Semantics {
  return (e) => {
    const { m } = e;
    const b = e.read(1);
    const size = m.i32.const(e.operandSize);
    e.run('sseCompareExplicit', [e.read(0), b, e.read(2), size, m.i32.const(mask ? 1 : 0)]);
  };
}

/** PCMPISTRI, or PCMPISTRM if `mask`. */
export function compareImplicit(mask: boolean): Semantics {
  return (e) => {
    const b = e.read(1);
    e.run('sseCompareImplicit', [e.read(0), b, e.read(2), e.m.i32.const(mask ? 1 : 0)]);
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
