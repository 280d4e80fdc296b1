/** What the manual leaves undefined after an instruction: Intel SDM Vol. 2, "Flags Affected". */
import type { Variant } from '../../src/isa/variant.ts';
import { C023 } from '../recorder/extended.ts';
import { AF, CF, OF, PF, SF, STATUS_FLAGS, ZF } from '../recorder/values.ts';

export interface Undefined {
  /** Bits of RFLAGS. */
  readonly flags: number;
  /** Bits of the x87 status word. */
  readonly fsw: number;
}

const FLAGS: Readonly<Record<string, number>> = {
  and: AF,
  or: AF,
  xor: AF,
  test: AF,
  mul: SF | ZF | AF | PF,
  imul: SF | ZF | AF | PF,
  div: STATUS_FLAGS,
  idiv: STATUS_FLAGS,
  shl: OF | AF | CF,
  shr: OF | AF | CF,
  sar: OF | AF,
  rol: OF,
  ror: OF,
  rcl: OF,
  rcr: OF,
  shld: OF | AF,
  shrd: OF | AF,
  bt: OF | SF | AF | PF,
  bts: OF | SF | AF | PF,
  btr: OF | SF | AF | PF,
  btc: OF | SF | AF | PF,
  bsf: CF | OF | SF | AF | PF,
  bsr: CF | OF | SF | AF | PF,
  tzcnt: OF | SF | AF | PF,
  lzcnt: OF | SF | AF | PF,
  andn: AF | PF,
  bextr: AF | SF | PF,
  blsi: AF | PF,
  blsmsk: AF | PF,
  blsr: AF | PF,
  bzhi: AF | PF,
  daa: OF,
  das: OF,
  aaa: OF | SF | ZF | PF,
  aas: OF | SF | ZF | PF,
  aam: OF | AF | CF,
  aad: OF | AF | CF,
};

/** Comparisons and the remainder, whose result is in the condition codes. */
const CONDITIONS = /^f(?:u?com|ucomi|icom|tst|xam|prem)/;

export function undefinedAfter({ row }: Variant): Undefined {
  const { mnemonic } = row;
  const isX87 = mnemonic.startsWith('f');
  return {
    flags: FLAGS[mnemonic] ?? 0,
    fsw: isX87 && !CONDITIONS.test(mnemonic) ? C023 : 0,
  };
}

/** Results that the manual only approximates, or that are undefined for some operands. */
const APPROXIMATE =
  /^(?:v?rcp|v?rsqrt|f2xm1|fyl2x|fptan|fpatan|fsin|fcos|fscale|f?xsave|fnsave|fnstenv|fxsave)|^(?:bsf|bsr)$/;

/** True if a processor's result is the result. */
export function isDefined({ row, operandSize }: Variant): boolean {
  const { mnemonic } = row;
  if (APPROXIMATE.test(mnemonic)) return false;
  // 16-bit operands, with counts above 16 and at all.
  return operandSize !== 2 || !/^(?:shld|shrd|bswap)$/.test(mnemonic);
}
