/** Single instructions on this machine's processor, which is right, in both tiers and by both back ends. */

import type { Variant } from '../../src/isa/variant.ts';
import { ENGINES, type Engine, VectorMachine } from '../../test/isa/vector-machine.ts';
import { type CodeMode, type Register, segmentBases } from '../../test/vectors/layout.ts';
import {
  compare,
  type ExpectedState,
  endState,
  type VectorFault,
  type VectorState,
} from '../../test/vectors/vector.ts';
import { Input } from '../recorder/case.ts';
import { type Outcome, runNatively } from '../recorder/native.ts';
import { Random } from '../recorder/values.ts';
import { anyVariant } from './choices.ts';
import { assemble, type Program } from './program.ts';
import { filetestOf, initialOf, startOf } from './report.ts';
import { shrink } from './shrink.ts';
import { singleInstruction } from './single.ts';
import { type Undefined, undefinedAfter } from './undefined.ts';

export interface NativeCase {
  readonly name: string;
  readonly program: Program;
  readonly variant: Variant;
  readonly mode: CodeMode;
}

export interface NativeDifference {
  readonly engine: Engine;
  readonly lines: readonly string[];
}

/** The instruction that a name stands for, with what sets its operands up. */
export function nativeCase(name: string, mode: CodeMode): NativeCase {
  const random = new Random(name);
  for (;;) {
    const variant = anyVariant(random, mode);
    const program = singleInstruction(variant, { random, mode });
    if (program !== undefined) return { name, program, variant, mode };
  }
}

function runAll(recorder: string, programs: readonly Program[]): Outcome[] {
  const runs = programs.map((program) => {
    const assembled = assemble(program);
    if (assembled === undefined) throw new Error('an instruction that cannot be assembled');
    const input = new Input(program.mode);
    for (const [name, value] of program.start.registers) input.set(name, value);
    input.set('rip', BigInt(assembled.entry - segmentBases(input.mode).code));
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
    ...endState(startOf(program, entry), afterOf(outcome), 0n, program.mode),
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

  /** What differs, for each case of one mode. */
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
  report({ name, program, variant, mode }: NativeCase): string {
    const undefinedBits = undefinedAfter(variant);
    const difference = (smaller: Program): NativeDifference | undefined =>
      this.compare([smaller], [undefinedBits])[0];
    const smallest = shrink(program, (smaller) => difference(smaller) !== undefined);
    const { engine, lines } = difference(smallest) as NativeDifference;
    const state = expectedOf(smallest, runAll(this.recorder, [smallest])[0] as Outcome, undefinedBits);
    const instructions = smallest.items.length - (state.fault === undefined ? 0 : 1);
    return filetestOf(
      smallest,
      [
        `Instruction ${name}${mode === 64 ? '' : ` of ${mode}-bit code, shown as 64-bit code`}, ${engine}: ${lines.join('; ')}`,
      ],
      {
        state,
        instructions,
      },
    );
  }
}
