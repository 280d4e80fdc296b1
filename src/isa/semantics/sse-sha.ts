/** SHA and GFNI, computed by runtime functions. */
import { v128 } from '../../wasm/value-types.ts';
import type { Emitter } from '../emitter.ts';
import type { Semantics } from '../row.ts';

/** first = function(first, second). */
function compute(
  name:
    | 'sha1NextE'
    | 'sha1Message1'
    | 'sha1Message2'
    | 'sha256Message1'
    | 'sha256Message2'
    | 'galoisMultiply',
): Semantics {
  return (e) => {
    const b = e.read(1);
    e.write(0, e.call(name, [e.read(0), b], v128));
  };
}

export const sha1nexte = compute('sha1NextE');
export const sha1msg1 = compute('sha1Message1');
export const sha1msg2 = compute('sha1Message2');
export const sha256msg1 = compute('sha256Message1');
export const sha256msg2 = compute('sha256Message2');
export const gf2p8mulb = compute('galoisMultiply');

export function sha1rnds4(e: Emitter): void {
  const words = e.read(1);
  e.write(0, e.call('sha1Rounds', [e.read(0), words, e.read(2)], v128));
}

/** With the words in XMM0. */
export function sha256rnds2(e: Emitter): void {
  const second = e.read(1);
  e.write(0, e.call('sha256Rounds', [e.read(0), second, e.xmm(0)], v128));
}

function affine(inverts: boolean): Semantics {
  return (e) => {
    const matrices = e.read(1);
    const args = [e.read(0), matrices, e.read(2), e.m.i32.const(inverts ? 1 : 0)];
    e.write(0, e.call('galoisAffine', args, v128));
  };
}

export const gf2p8affineqb = affine(false);
export const gf2p8affineinvqb = affine(true);
