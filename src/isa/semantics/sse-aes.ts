/** AES-NI and PCLMULQDQ, computed by runtime functions of values. */
import { v128 } from '../../wasm/value-types.ts';
import type { Emitter } from '../emitter.ts';
import type { Semantics } from '../row.ts';

function rounds(name: 'aesEncrypt' | 'aesDecrypt', last: boolean): Semantics {
  return (e) => {
    const key = e.read(1);
    e.write(0, e.call(name, [e.read(0), key, e.m.i32.const(last ? 1 : 0)], v128));
  };
}

export const aesenc = rounds('aesEncrypt', false);
export const aesenclast = rounds('aesEncrypt', true);
export const aesdec = rounds('aesDecrypt', false);
export const aesdeclast = rounds('aesDecrypt', true);

export function aesimc(e: Emitter): void {
  e.write(0, e.call('aesInverseMix', [e.read(1)], v128));
}

export function aeskeygenassist(e: Emitter): void {
  e.write(0, e.call('aesKeyAssist', [e.read(1), e.read(2)], v128));
}

export function pclmulqdq(e: Emitter): void {
  const b = e.read(1);
  e.write(0, e.call('carrylessMultiply', [e.read(0), b, e.read(2)], v128));
}
