/**
 * Single instructions on this machine's processor, which is right, in the interpreter and as regions. Many inputs are tried with
 * each form of an instruction, which is decoded and compiled once, and many forms at a time.
 */
import { ENGINES, type Engine, VectorMachine } from '../../test/isa/vector-machine.ts';
import { BACK_ENDS } from '../../test/support/back-ends.ts';
import { type CodeMode, type Register, segmentBases } from '../../test/vectors/layout.ts';
import {
  compare,
  type ExpectedState,
  endState,
  type VectorFault,
  type VectorState,
} from '../../test/vectors/vector.ts';
import { Input } from '../recorder/case.ts';
import { decodeCase, OUTPUT, type Outcome, runNatively, runRecords } from '../recorder/native.ts';
import { Random } from '../recorder/values.ts';
import { type Form, formOf, PLACES } from './form.ts';
import { InputMachine } from './input-machine.ts';
import { InputWriter, inputSize } from './inputs.ts';
import { likeNative } from './native-processor.ts';
import { assemble, type Program } from './program.ts';
import { filetestOf, initialOf, startOf } from './report.ts';
import { shrink } from './shrink.ts';

/** Inputs that each form is tried with. */
const INPUTS = 64;
/** Every so many batches Binaryen's regions are run as well, and those of its optimiser: they take longer to make. */
const BINARYEN_EVERY = 16;
/** Inputs between two that find no translations of addresses. */
const FLUSH_EVERY = 8;

/** An input that has led to something else. */
export interface Failure {
  readonly form: Form;
  /** Such as `seed/3/17`. */
  readonly name: string;
  readonly engine: Engine;
  /** The input in the form that the recorder reads. */
  readonly input: Input;
}

/** What a batch of forms has been run with. */
export interface Batch {
  readonly forms: readonly Form[];
  /** Cases of each form: all of them were run and compared by all engines. */
  readonly inputs: number;
  readonly engines: readonly Engine[];
  /** The first of each form and engine. */
  readonly failures: readonly Failure[];
}

/** Offsets of what the recorder wrote of each of `count` cases, in bytes. */
function outputsIn(output: Uint32Array, count: number): number[] {
  const offsets: number[] = [];
  for (let at = 0; offsets.length < count; ) {
    offsets.push(at);
    at += OUTPUT.size + 8 * (output[(at + OUTPUT.changeCount) >> 2] as number);
  }
  return offsets;
}

/** The same bytes as words. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length >> 2);
}

const enginesOf = (batch: number): readonly Engine[] =>
  batch % BINARYEN_EVERY === 0 ? ENGINES : ['interpreter', 'writer'];

export class NativeBatches {
  private readonly recorder: string;
  private readonly machine = new InputMachine(likeNative());
  private readonly mode: CodeMode;
  private readonly seed: string;

  private readonly backEnds: typeof BACK_ENDS;

  /**
   * @param recorder the program that recorder.c makes.
   * @param backEnds how regions become modules.
   */
  constructor(recorder: string, seed: string, mode: CodeMode, backEnds = BACK_ENDS) {
    this.recorder = recorder;
    this.backEnds = backEnds;
    this.seed = seed;
    this.mode = mode;
  }

  /** Runs the forms of a batch: those with the numbers from `batch` * PLACES on. */
  run(batch: number): Batch {
    const { machine, mode, seed } = this;
    const forms = Array.from({ length: PLACES }, (_, i) => formOf(seed, batch * PLACES + i, mode));
    const inputs = new Uint8Array(INPUTS * forms.reduce((sum, form) => sum + inputSize(form), 0));
    const writer = new InputWriter(inputs);
    const starts: number[] = [];
    let end = 0;
    for (const form of forms) {
      for (let i = 0; i < INPUTS; i++) {
        starts.push(end);
        writer.write(end, form, new Random(`${form.name}/${i}`));
        end += inputSize(form);
      }
    }
    const output = wordsOf(runRecords(this.recorder, inputs));
    const ends = outputsIn(output, starts.length);
    const words = wordsOf(inputs);
    const engines = enginesOf(batch);
    const failures: Failure[] = [];
    machine.loadBatch(forms, mode);
    for (const engine of engines) {
      if (engine === 'interpreter') machine.interpret();
      else machine.compile(this.backEnds[engine]);
      forms.forEach((form, at) => {
        let failed = false;
        for (let i = 0; i < INPUTS; i++) {
          const start = starts[at * INPUTS + i] as number;
          if (i % FLUSH_EVERY === 0) machine.flush();
          machine.runInput(words, start, form.code.length);
          const agrees = machine.agrees(output, ends[at * INPUTS + i] as number, form.undefinedBits);
          machine.restore();
          if (agrees || failed) continue;
          failed = true;
          failures.push({ form, name: `${form.name}/${i}`, engine, input: decodeCase(inputs, start, mode) });
        }
      });
    }
    return { forms, inputs: INPUTS, engines, failures };
  }
}

interface Difference {
  readonly engine: Engine;
  readonly lines: readonly string[];
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

/** Programs on the processor, and on a machine of their own. */
class NativeTrial {
  private readonly recorder: string;
  private readonly form: Form;
  private readonly machine = new VectorMachine(likeNative());

  constructor(recorder: string, form: Form) {
    this.recorder = recorder;
    this.form = form;
  }

  private native(program: Program): Outcome {
    const assembled = assemble(program);
    if (assembled === undefined) throw new Error('an instruction that cannot be assembled');
    const input = new Input(program.mode);
    for (const [name, value] of program.start.registers) input.set(name, value);
    input.set('rip', BigInt(assembled.entry - segmentBases(input.mode).code));
    for (const [address, bytes] of program.start.memory) input.memory.set(address, bytes);
    return runNatively(this.recorder, [{ input, code: assembled.bytes }])[0] as Outcome;
  }

  /** The state that the processor reached, with what of it counts. */
  expected(program: Program): ExpectedState {
    const { flags, fsw } = this.form.undefinedBits;
    const entry = assemble(program)?.entry ?? program.base;
    return {
      ...endState(startOf(program, entry), afterOf(this.native(program)), 0n, program.mode),
      undefinedFlags: BigInt(flags),
      undefinedFsw: fsw,
    };
  }

  difference(program: Program): Difference | undefined {
    const initial = initialOf(program);
    if (initial === undefined) return undefined;
    const expected = this.expected(program);
    for (const engine of ENGINES) {
      const lines = compare(expected, this.machine.runFrom(initial, engine));
      if (lines.length > 0) return { engine, lines };
    }
    return undefined;
  }
}

/** The smallest program that differs, as a filetest with what the processor made of it. */
export function reportFailure(recorder: string, { form, name, engine, input }: Failure): string {
  const trial = new NativeTrial(recorder, form);
  const { registers, memory } = input;
  registers.delete('rip');
  const program: Program = { ...form.program, start: { registers, memory } };
  const bits = form.mode === 64 ? '' : ` of ${form.mode}-bit code, shown as 64-bit code`;
  if (trial.difference(program) === undefined)
    return `# Instruction ${name}${bits}, ${form.variant.row.mnemonic}, ${engine}: only after those before it\n`;
  const smallest = shrink(program, (smaller) => trial.difference(smaller) !== undefined);
  const { engine: where, lines } = trial.difference(smallest) as Difference;
  const state = trial.expected(smallest);
  const instructions = smallest.items.length - (state.fault === undefined ? 0 : 1);
  return filetestOf(smallest, [`Instruction ${name}${bits}, ${where}: ${lines.join('; ')}`], {
    state,
    instructions,
  });
}
