/** LDMXCSR and STMXCSR. */
import { MXCSR } from '../../layout/cpu-state.ts';
import type { Emitter } from '../emitter.ts';

export function ldmxcsr(e: Emitter): void {
  e.run('loadMxcsr', [e.record(), e.read(0)]);
}

export function stmxcsr(e: Emitter): void {
  e.write(0, e.state(MXCSR, 4));
}
