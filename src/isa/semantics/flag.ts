/** CLC, STC, CMC, CLD, STD, LAHF, SAHF, SALC. */
import { FLAG_DF, FLAG_OF, RAX } from '../../layout/architecture.ts';
import { SYSTEM_FLAGS } from '../../layout/cpu-state.ts';
import { i32 } from '../../wasm/value-types.ts';
import type { Emitter } from '../emitter.ts';

/** SF, ZF, AF, PF, CF. */
const LOW_FLAGS = 0xd5;

export function clc(e: Emitter): void {
  e.flags.carry(e.m.i32.const(0));
}

export function stc(e: Emitter): void {
  e.flags.carry(e.m.i32.const(1));
}

export function cmc(e: Emitter): void {
  e.flags.carry(e.m.i32.eqz(e.carry()));
}

export function cld(e: Emitter): void {
  e.setState(SYSTEM_FLAGS, 4, e.m.i32.and(e.state(SYSTEM_FLAGS, 4), e.m.i32.const(~FLAG_DF)));
}

export function std(e: Emitter): void {
  e.setState(SYSTEM_FLAGS, 4, e.m.i32.or(e.state(SYSTEM_FLAGS, 4), e.m.i32.const(FLAG_DF)));
}

/** AH = SF:ZF:0:AF:0:PF:1:CF. */
export function lahf(e: Emitter): void {
  const { m } = e;
  const flags = m.i32.and(e.call('getFlags', [], i32), m.i32.const(LOW_FLAGS));
  e.setHighByte(RAX, m.i32.or(flags, m.i32.const(2)));
}

export function sahf(e: Emitter): void {
  const { m } = e;
  const overflow = m.i32.and(e.call('getFlags', [], i32), m.i32.const(FLAG_OF));
  const low = m.i32.and(e.highByte(RAX), m.i32.const(LOW_FLAGS));
  e.run('setArithmeticFlags', [m.i32.or(overflow, low)]);
}

/** AL = CF ? FFH : 0. */
export function salc(e: Emitter): void {
  e.setGpr(RAX, 1, e.m.i32.sub(e.m.i32.const(0), e.carry()));
}
