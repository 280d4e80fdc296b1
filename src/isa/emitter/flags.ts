import type { Expression } from '../../wasm/builder.ts';
import type { Condition } from '../condition.ts';
import type { Value } from './values.ts';

/**
 * Changes the arithmetic flags: all six, unless a function says otherwise. Values are asked for when flags are needed, which may be behind
 * the instruction: they have to be made of what does not change, such as what has been kept (`let`).
 */
export interface FlagWriter {
  /** r = a + b, all of the given size. r is zero-extended to the size. */
  add(size: number, a: Value, b: Value, r: Value): void;
  /** r = a + b + CF, and what CF becomes. */
  adc(size: number, a: Value, b: Value, r: Value, carryOut: Value): void;
  /** r = a - b. */
  sub(size: number, a: Value, b: Value, r: Value): void;
  /** r = a - b - CF. */
  sbb(size: number, a: Value, b: Value, r: Value, carryOut: Value): void;
  /** CF = OF = AF = 0. */
  logic(size: number, r: Value): void;
  /** r = a + 1; CF stays. */
  inc(size: number, a: Value, r: Value): void;
  dec(size: number, a: Value, r: Value): void;
  /** ZF, SF and PF from r; CF and OF are given as i32 0 or 1; AF = 0. */
  result(size: number, r: Value, cf: Value, of: Value): void;
  /** Like `result`, but only where `condition` (i32) is not zero; otherwise all flags stay. */
  resultIf(condition: Value, size: number, r: Value, cf: Value, of: Value): void;
  /** Only CF and OF change; i32 0 or 1. */
  carryAndOverflow(cf: Value, of: Value): void;
  /** Only CF changes. */
  carry(cf: Expression): void;
  /** ZF, PF, CF as given (i32 0 or 1); OF, SF, AF = 0: COMISD, PTEST and kin. */
  compare(zf: Expression, pf: Expression, cf: Expression): void;
  /** COMISS, COMISD and kin: ZF, PF, CF of two f32 or f64 (`size` bytes); OF, SF, AF = 0. */
  compareFloat(size: number, a: Value, b: Value): void;
  /** PCMPxSTRx: CF, ZF, SF and OF as given (i32 0 or 1); AF = PF = 0. */
  matches(flags: Readonly<Record<'cf' | 'zf' | 'sf' | 'of', Expression>>): void;
  /** Only ZF changes (the others are left as they are). */
  zero(zf: Expression): void;
}

/** The arithmetic flags. */
export interface FlagEmitter {
  readonly flags: FlagWriter;
  condition(condition: Condition, negated: boolean): Expression;
  /** CF as i32 0 or 1. */
  carry(): Expression;
  /** All six, where they are in EFLAGS: i32. */
  arithmeticFlags(): Expression;
}
