/** One instruction with random operands, in a random state. */
import type { Variant } from '../../src/isa/variant.ts';
import {
  CODE,
  type CodeMode,
  GENERAL_REGISTERS,
  XMM_REGISTERS,
  YMM_HIGH_REGISTERS,
} from '../../test/vectors/layout.ts';
import { Input } from '../recorder/case.ts';
import { anyFcw, anyValue80, setStack } from '../recorder/extended.ts';
import { anyMxcsr, type Lane, MXCSR_DEFAULT, MXCSR_UNMASKED, vectorValue } from '../recorder/lanes.ts';
import { anyFlags, anyValue, DF, type Random } from '../recorder/values.ts';
import { POINTER_BASE, POINTER_MASK, withOperands } from './operands.ts';
import type { Program } from './program.ts';
import { isDefined } from './undefined.ts';

const LANES: readonly Lane[] = ['i8', 'i16', 'i32', 'i64', 'f32', 'f64'];

export interface SingleOptions {
  readonly random: Random;
  readonly mode: CodeMode;
  /** The state of SSE is random, too: by default. */
  readonly sse?: boolean;
  /** And that of the x87. */
  readonly x87?: boolean;
}

/** Undefined if what the variant does is not defined, or if the operands that chance has given it are impossible. */
export function singleInstruction(
  variant: Variant,
  { random, mode, sse = true, x87 = true }: SingleOptions,
): Program | undefined {
  if (!isDefined(variant)) return undefined;
  const made = withOperands({ random, keepsCounter: false, keepsFlags: true, mode }, variant);
  if (made === undefined) return undefined;
  const { items } = made;
  const input = new Input(mode);
  // What code outside 64-bit mode does to the upper halves is undefined, and it has no others.
  const count = mode === 64 ? 16 : 8;
  for (const register of GENERAL_REGISTERS.slice(0, count))
    if (register !== 'rsp') input.set(register, anyValue(random, mode === 64 ? 64 : 32));
  if (mode === 64) input.registers.set('r13', BigInt(POINTER_BASE + random.below(POINTER_MASK)));
  input.set('rflags', anyFlags(random) | (random.below(4) === 0 ? BigInt(DF) : 0n));
  if (sse) {
    for (const register of [...XMM_REGISTERS.slice(0, count), ...YMM_HIGH_REGISTERS.slice(0, count)])
      input.set(register, vectorValue(random, random.pick(LANES)));
    const masked = random.below(8) > 0;
    // With PE set and all else at its default, inline code computes.
    const usual = random.below(2) ? MXCSR_DEFAULT | 0x20n : anyMxcsr(random);
    input.set('mxcsr', masked ? usual : random.pick(MXCSR_UNMASKED));
  }
  if (x87) {
    setStack(
      input,
      Array.from({ length: random.below(9) }, () => anyValue80(random)),
    );
    input.set('fcw', anyFcw(random));
  }
  const { registers } = input;
  return { mode, items, base: CODE + 0x800, entry: 0, start: { registers, memory: new Map() } };
}
