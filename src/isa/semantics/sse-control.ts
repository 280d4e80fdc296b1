/** LDMXCSR and STMXCSR. */
import { MXCSR, MXCSR_CONTROL, MXCSR_FLAGS } from '../../layout/cpu-state.ts';
import type { Emitter } from '../emitter.ts';

/** #GP(0) if a reserved bit is set. */
export function ldmxcsr(e: Emitter): void {
  const { m } = e;
  const value = e.let(e.read(0));
  const reserved = m.i32.and(value(), m.i32.const(~(MXCSR_CONTROL | MXCSR_FLAGS)));
  e.delegate(reserved, 'raiseGeneralProtection', [e.record(), m.i32.const(0)]);
  e.setState(MXCSR, 4, value());
}

export function stmxcsr(e: Emitter): void {
  e.write(0, e.state(MXCSR, 4));
}
