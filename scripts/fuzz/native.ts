/** Single instructions on this machine's processor, which is right, in both tiers and by both back ends. */

import type { Variant } from '../../src/isa/variant.ts';
import { ENGINES, type Engine, VectorMachine } from '../../test/isa/vector-machine.ts';
import { CODE, GENERAL_REGISTERS, type Register, XMM_REGISTERS } from '../../test/vectors/layout.ts';
import {
  compare,
  type ExpectedState,
  endState,
  type VectorFault,
  type VectorState,
} from '../../test/vectors/vector.ts';
import { Input } from '../recorder/case.ts';
import { anyFcw, anyValue80, setStack } from '../recorder/extended.ts';
import { anyMxcsr, type Lane, MXCSR_DEFAULT, MXCSR_UNMASKED, vectorValue } from '../recorder/lanes.ts';
import { type Outcome, runNatively } from '../recorder/native.ts';
import { anyFlags, anyValue, DF, Random } from '../recorder/values.ts';
import { anyVariant } from './choices.ts';
import { POINTER_BASE, POINTER_MASK, withOperands } from './operands.ts';
import { assemble, type Program } from './program.ts';
import { filetestOf, initialOf, startOf } from './report.ts';
import { shrink } from './shrink.ts';
import { isDefined, type Undefined, undefinedAfter } from './undefined.ts';

const LANES: readonly Lane[] = ['i8', 'i16', 'i32', 'i64', 'f32', 'f64'];

export interface NativeCase {
  readonly name: string;
  readonly program: Program;
  readonly variant: Variant;
}

export interface NativeDifference {
  readonly engine: Engine;
  readonly lines: readonly string[];
}

/** The instruction that a name stands for, with what sets its operands up. */
export function nativeCase(name: string): NativeCase {
  const random = new Random(name);
  for (;;) {
    const variant = anyVariant(random);
    const items = isDefined(variant)
      ? withOperands({ random, keepsCounter: false, keepsFlags: true }, variant)
      : undefined;
    if (items === undefined) continue;
    const input = new Input();
    for (const register of GENERAL_REGISTERS)
      if (register !== 'rsp') input.set(register, anyValue(random, 64));
    input.registers.set('r13', BigInt(POINTER_BASE + random.below(POINTER_MASK)));
    for (const register of XMM_REGISTERS) input.set(register, vectorValue(random, random.pick(LANES)));
    input.set('rflags', anyFlags(random) | (random.below(4) === 0 ? BigInt(DF) : 0n));
    // A conversion to MMX that raises #XM has made the x87 registers valid on some processors.
    const masked = random.below(8) > 0 || /^cvt.*2pi$/.test(variant.row.mnemonic);
    // With PE set and all else at its default, inline code computes.
    const usual = random.below(2) ? MXCSR_DEFAULT | 0x20n : anyMxcsr(random);
    input.set('mxcsr', masked ? usual : random.pick(MXCSR_UNMASKED));
    setStack(
      input,
      Array.from({ length: random.below(9) }, () => anyValue80(random)),
    );
    input.set('fcw', anyFcw(random));
    const { registers } = input;
    const program = { items, base: CODE + 0x800, entry: 0, start: { registers, memory: new Map() } };
    return { name, program, variant };
  }
}

function runAll(recorder: string, programs: readonly Program[]): Outcome[] {
  const runs = programs.map((program) => {
    const assembled = assemble(program);
    if (assembled === undefined) throw new Error('an instruction that cannot be assembled');
    const input = new Input();
    for (const [name, value] of program.start.registers) input.set(name, value);
    input.set('rip', BigInt(assembled.entry));
    return { input, code: assembled.bytes };
  });
  return runNatively(recorder, runs);
}

function afterOf({ registers, memory, fault }: Outcome): VectorState & { fault?: VectorFault } {
  const after: VectorState & { fault?: VectorFault } = {};
  for (const [name, value] of registers) after[name as Register] = value.toString(16);
  after.mem = Object.fromEntries(
    [...memory].map(([address, byte]) => [address.toString(16), byte.toString(16).padStart(2, '0')]),
  );
  if (fault !== undefined) {
    after.fault = {
      vector: fault.vector,
      error: fault.vector >= 8 && fault.vector <= 14 ? fault.errorCode.toString(16) : '0',
      ...(fault.vector === 14 ? { address: fault.address.toString(16) } : {}),
    };
  }
  return after;
}

/** The state that the processor reached, with what of it counts. */
function expectedOf(program: Program, outcome: Outcome, { flags, fsw }: Undefined): ExpectedState {
  const entry = assemble(program)?.entry ?? program.base;
  return {
    ...endState(startOf(program, entry), afterOf(outcome), 0n),
    undefinedFlags: BigInt(flags),
    undefinedFsw: fsw,
  };
}

export class NativeTrials {
  private readonly recorder: string;
  private readonly machine = new VectorMachine();

  /** @param recorder the program that recorder.c makes. */
  constructor(recorder: string) {
    this.recorder = recorder;
  }

  /** What differs, for each case. */
  run(cases: readonly NativeCase[]): (NativeDifference | undefined)[] {
    return this.compare(
      cases.map(({ program }) => program),
      cases.map(({ variant }) => undefinedAfter(variant)),
    );
  }

  /** What differs, for each program. */
  private compare(
    programs: readonly Program[],
    undefinedOf: readonly Undefined[],
  ): (NativeDifference | undefined)[] {
    const outcomes = runAll(this.recorder, programs);
    return programs.map((program, at) => {
      const initial = initialOf(program);
      if (initial === undefined) return undefined;
      const expected = expectedOf(program, outcomes[at] as Outcome, undefinedOf[at] as Undefined);
      for (const engine of ENGINES) {
        const actual = this.machine.runFrom(initial, engine);
        const lines = compare(expected, actual);
        if (lines.length > 0) return { engine, lines };
      }
      return undefined;
    });
  }

  /** The smallest program that differs, as a filetest with what the processor made of it. */
  report({ name, program, variant }: NativeCase): string {
    const undefinedBits = undefinedAfter(variant);
    const difference = (smaller: Program): NativeDifference | undefined =>
      this.compare([smaller], [undefinedBits])[0];
    const smallest = shrink(program, (smaller) => difference(smaller) !== undefined);
    const { engine, lines } = difference(smallest) as NativeDifference;
    const state = expectedOf(smallest, runAll(this.recorder, [smallest])[0] as Outcome, undefinedBits);
    const instructions = smallest.items.length - (state.fault === undefined ? 0 : 1);
    return filetestOf(smallest, [`Instruction ${name}, ${engine}: ${lines.join('; ')}`], {
      state,
      instructions,
    });
  }
}
