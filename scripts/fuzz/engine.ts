/** Runs a program in every tier, whole and in slices, and tells what differs. */
import { type LocalCompiler, Tiering } from '../../src/code-cache/tiering.ts';
import { compileRegions } from '../../src/compile/compiler.ts';
import { COUNTER_INTERPRETED_INSTRUCTIONS } from '../../src/layout/runtime-state.ts';
import { UserMachine } from '../../test/isa/user-machine.ts';
import { CODE } from '../../test/vectors/layout.ts';
import { compare, differingBytes, exactly, type WholeState } from '../../test/vectors/vector.ts';
import type { Random } from '../recorder/values.ts';
import { type Coverage, countRegion, noCoverage } from './coverage.ts';

/** Instructions after which a program that has not ended is stopped. */
const PATIENCE = 20_000;
/** Instructions after which a region is compiled again: some in every other program. */
const NEVER = 2 ** 31 - 1;
const SECOND_TIER_AFTER = [30, 300, 3000, NEVER, NEVER, NEVER];
/**
 * Of so many times that a block has become hot, compiling starts once, and at the end of a run: modules cost most of the time,
 * and most programs are there to be many.
 */
const PATIENCE_TO_COMPILE = [1, 8, 1000, 1000, 1000, 1000];
/** How a program is run. `warm`: what an earlier run has compiled is still there. */
export type Way =
  | 'interpreted'
  | 'interpreted in slices'
  | 'compiled'
  | 'compiled, warm'
  | 'compiled, warm, in slices';

/** The state a run has led to, and how many instructions that took. */
export interface Result {
  readonly state: WholeState;
  readonly instructions: number;
}

export interface Difference {
  readonly way: Way;
  readonly lines: readonly string[];
}

/** A machine of one tier that runs one program after the other. */
class Runner {
  readonly machine: UserMachine;
  readonly coverage: Coverage = noCoverage();
  private readonly tiering: Tiering;

  constructor(tier: 'interpreter' | 'compiled', compile: LocalCompiler) {
    let tiering: Tiering | undefined;
    this.machine = new UserMachine({
      requestCompile: (head) => tiering?.request(head),
      blockDropped: (head) => tiering?.drop(head),
    });
    const counting: LocalCompiler = (regions) => {
      for (const region of regions) countRegion(region, this.coverage);
      return compile(regions);
    };
    tiering = new Tiering(this.machine.processor, tier, undefined, counting, () => 0);
    this.tiering = tiering;
  }

  /** How soon blocks are compiled, and regions once more. */
  setHotness(entries: number, instructions: number): void {
    this.machine.processor.blocks.hotness = entries;
    this.tiering.hotInstructions = { first: instructions, second: NEVER };
  }

  /**
   * @param slice how long each slice is.
   * @param waits whether what has become hot waits for more of its kind, so that a module has several regions.
   */
  run(initial: WholeState, slice: () => number, waits = (): boolean => false): Result {
    const { machine, tiering } = this;
    const { processor } = machine;
    machine.load(initial);
    const before = processor.instructions;
    const interpreted = processor.counter(COUNTER_INTERPRETED_INSTRUCTIONS);
    for (let left = PATIENCE; left > 0 && !machine.ended; ) {
      processor.run(Math.min(left, slice()));
      left = PATIENCE - (processor.instructions - before);
      if (!waits()) tiering.poll();
    }
    tiering.poll();
    const instructions = processor.instructions - before;
    this.coverage.instructions += instructions;
    this.coverage.compiledInstructions +=
      instructions - (processor.counter(COUNTER_INTERPRETED_INSTRUCTIONS) - interpreted);
    return { state: machine.state(), instructions };
  }
}

const whole = (): number => PATIENCE;

export class Engine {
  private readonly interpreter: Runner;
  private readonly compiled: Runner;

  /** @param compile how regions become modules. */
  constructor(compile: LocalCompiler = compileRegions) {
    this.interpreter = new Runner('interpreter', compile);
    this.compiled = new Runner('compiled', compile);
  }

  /** What regions there were, and what ran in them. */
  get coverage(): Coverage {
    return this.compiled.coverage;
  }

  /** What the interpreter makes of a program in one go. */
  interpret(initial: WholeState): Result {
    return this.interpreter.run(initial, whole);
  }

  /** Runs a program in each way. @param random for the slices and for how soon blocks are compiled. */
  compare(initial: WholeState, random: Random): Difference | undefined {
    const { interpreter, compiled } = this;
    const expected = this.interpret(initial);
    compiled.setHotness(random.pick([2, 3, 4, 8]), random.pick(SECOND_TIER_AFTER));
    const patience = random.pick(PATIENCE_TO_COMPILE);
    const waits = (): boolean => random.below(patience) > 0;
    const longest = random.pick([3, 20, 200]);
    const slices = (): number => 1 + random.below(longest);
    const ways: (readonly [Way, () => Result])[] = [
      ['interpreted in slices', () => interpreter.run(initial, slices)],
      ['compiled', () => compiled.run(initial, whole, waits)],
      ['compiled, warm', () => compiled.run(initial, whole, waits)],
      ['compiled, warm, in slices', () => compiled.run(initial, slices, waits)],
    ];
    for (const [way, run] of ways) {
      const lines = differences(expected, run());
      if (lines.length > 0) return { way, lines };
    }
    return undefined;
  }
}

/** What differs between two runs of one program, a line for each. */
function differences(expected: Result, actual: Result): string[] {
  const lines = compare(exactly(expected.state), actual.state);
  for (const offset of differingBytes(expected.state.codeArea, actual.state.codeArea)) {
    const [want, have] = [expected.state.codeArea[offset], actual.state.codeArea[offset]];
    lines.push(`[${(CODE + offset).toString(16)}]: expected ${want}, got ${have}`);
  }
  // The registers that are empty, too.
  if (!Buffer.from(expected.state.fpu).equals(actual.state.fpu)) lines.push('x87 image differs');
  if (expected.instructions !== actual.instructions)
    lines.push(`instructions: expected ${expected.instructions}, got ${actual.instructions}`);
  return lines;
}
