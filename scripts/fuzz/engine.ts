/** Runs a program in every tier, whole and in slices, and tells what differs. */
import type { HotInstructions } from '../../src/code-cache/installed-regions.ts';
import { type LocalCompiler, type RemoteCompiler, type Tier, Tiering } from '../../src/code-cache/tiering.ts';
import { compileRegions } from '../../src/compile/compiler.ts';
import { COUNTER_INTERPRETED_INSTRUCTIONS } from '../../src/layout/runtime-state.ts';
import { UserMachine } from '../../test/isa/user-machine.ts';
import { interpretByHandlers } from '../../test/support/by-handlers.ts';
import { CODE } from '../../test/vectors/layout.ts';
import { compare, differingBytes, exactly, type WholeState } from '../../test/vectors/vector.ts';
import type { Random } from '../recorder/values.ts';
import { type Coverage, countRegion, noCoverage } from './coverage.ts';
import { KeptRegions, SavedCompiler } from './saved.ts';

/** Instructions after which a program that has not ended is stopped. */
const PATIENCE = 20_000;
/** Instructions after which a region is compiled again: some in every other program. */
const NEVER = 2 ** 31 - 1;
const MORE_AFTER = [30, 300, 3000, NEVER, NEVER, NEVER];
const ONCE_MORE_AFTER = [10, 100, NEVER];
/**
 * Of so many times that a block has become hot, compiling starts once, and at the end of a run: modules cost most of the time,
 * and most programs are there to be many.
 */
const PATIENCE_TO_COMPILE = [1, 8, 1000, 1000, 1000, 1000];
/**
 * The tiers that a program is compiled in: those of a machine as it is by default, of which the second is the last and does not count what it
 * executes, or of one with `--tier compiled`, which has a third.
 */
export const TIERS = ['auto', 'compiled'] as const;

/** How a program is compiled. What is not said is random. */
export interface Compiling {
  readonly tiers?: (typeof TIERS)[number];
  /** Whether another machine finds in a pack what has been compiled. */
  readonly isSaved?: boolean;
  /** Entries after which a block is compiled, and instructions after which a region is compiled again. */
  readonly hotness?: number;
  readonly hotInstructions?: HotInstructions;
  /** How often it is run in each way. */
  readonly rounds?: number;
}

/** Of so many programs one is run with what it has left in a code cache, too: that takes a machine of its own. */
const ONE_IS_SAVED = 32;

/** How a program is run. `warm`: what an earlier run has compiled is still there. `saved`: it is found in a pack. */
export type Way =
  | 'interpreted'
  | 'interpreted in slices'
  | 'interpreted by handlers, in slices'
  | 'compiled'
  | 'compiled, warm'
  | 'compiled, warm, in slices'
  | 'saved'
  | 'saved, warm, in slices';

/** The state a run has led to, and how many instructions that took. */
export interface Result {
  readonly state: WholeState;
  readonly instructions: number;
}

export interface Difference {
  readonly way: Way;
  readonly lines: readonly string[];
}

/** A machine that runs one program after the other. */
class Runner {
  readonly machine: UserMachine;
  readonly coverage: Coverage;
  readonly tiering: Tiering;
  /** What has been compiled. */
  readonly kept: KeptRegions;

  /** @param compile in this thread, or what answers as a compile worker. */
  constructor(tier: Tier, compile: LocalCompiler | RemoteCompiler, coverage = noCoverage()) {
    this.coverage = coverage;
    let tiering: Tiering | undefined;
    this.machine = new UserMachine({
      requestCompile: (head) => tiering?.request(head),
      blockDropped: (head) => tiering?.drop(head),
    });
    const { processor } = this.machine;
    this.kept = new KeptRegions(processor);
    const counting =
      typeof compile !== 'function'
        ? undefined
        : (regions: Parameters<LocalCompiler>[0]): Uint8Array => {
            for (const region of regions) countRegion(region, coverage);
            this.kept.add(regions);
            return compile(regions);
          };
    const remote = typeof compile === 'function' ? undefined : compile;
    const keptIn = remote === undefined ? undefined : { store: '', key: '' };
    tiering = new Tiering(processor, tier, remote, counting, () => 0, keptIn);
    tiering.patience = { whileRoomy: 0, later: 0 };
    this.tiering = tiering;
  }

  /** How soon blocks are compiled, and regions once more. */
  setHotness(entries: number, instructions: HotInstructions): void {
    this.machine.processor.blocks.hotness = entries;
    this.tiering.hotInstructions = instructions;
  }

  /**
   * @param slice how long each slice is.
   * @param waits whether what has become hot waits for more of its kind, so that a module has several regions.
   */
  run(initial: WholeState, slice: () => number, waits = (): boolean => false): Result {
    const { machine, tiering } = this;
    const { processor } = machine;
    machine.load(initial);
    // What there is of earlier runs.
    tiering.poll();
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
  /** What regions there were, and what ran in them. */
  readonly coverage = noCoverage();
  private readonly compile: LocalCompiler;
  private readonly interpreter: Runner;
  private readonly handlers: Runner;
  private readonly compiled: Readonly<Record<(typeof TIERS)[number], Runner>>;

  /** @param compile how regions become modules. */
  constructor(compile: LocalCompiler = compileRegions) {
    this.compile = compile;
    this.interpreter = new Runner('interpreter', compile);
    this.handlers = new Runner('interpreter', compile);
    interpretByHandlers(this.handlers.machine.processor);
    this.compiled = {
      auto: new Runner('auto', compile, this.coverage),
      compiled: new Runner('compiled', compile, this.coverage),
    };
  }

  /** What the interpreter makes of a program in one go. */
  interpret(initial: WholeState): Result {
    return this.interpreter.run(initial, whole);
  }

  /** Runs a program in each way. @param random for the slices, and for how it is compiled where that is not said. */
  compare(initial: WholeState, random: Random, compiling: Compiling = {}): Difference | undefined {
    const {
      tiers = random.pick(TIERS),
      isSaved = random.below(ONE_IS_SAVED) === 0,
      hotness = random.pick([2, 3, 4, 8]),
      hotInstructions = { first: random.pick(MORE_AFTER), second: random.pick(ONCE_MORE_AFTER) },
      rounds = 1,
    } = compiling;
    const { interpreter, handlers } = this;
    const compiled = this.compiled[tiers];
    const expected = this.interpret(initial);
    compiled.setHotness(hotness, hotInstructions);
    compiled.kept.clear();
    const patience = random.pick(PATIENCE_TO_COMPILE);
    const waits = (): boolean => random.below(patience) > 0;
    const longest = random.pick([3, 20, 200]);
    const slices = (): number => 1 + random.below(longest);
    const ways: (readonly [Way, () => Result])[] = [
      ['interpreted in slices', () => interpreter.run(initial, slices)],
      ['interpreted by handlers, in slices', () => handlers.run(initial, slices)],
      ['compiled', () => compiled.run(initial, whole, waits)],
      ['compiled, warm', () => compiled.run(initial, whole, waits)],
      ['compiled, warm, in slices', () => compiled.run(initial, slices, waits)],
    ];
    for (let round = 0; round < rounds; round++) {
      for (const [way, run] of ways) {
        const lines = differences(expected, run());
        if (lines.length > 0) return { way, lines };
      }
    }
    return isSaved ? this.compareSaved(initial, expected, compiled.kept, hotness, slices) : undefined;
  }

  /** The same on a new machine that finds what has been compiled. */
  private compareSaved(
    initial: WholeState,
    expected: Result,
    kept: KeptRegions,
    hotness: number,
    slices: () => number,
  ): Difference | undefined {
    const saved = new Runner('auto', new SavedCompiler(kept, this.compile), this.coverage);
    saved.setHotness(hotness, { first: NEVER, second: NEVER });
    const ways: (readonly [Way, () => Result])[] = [
      ['saved', () => saved.run(initial, whole)],
      ['saved, warm, in slices', () => saved.run(initial, slices)],
    ];
    for (const [way, run] of ways) {
      const lines = differences(expected, run());
      if (lines.length > 0) return { way, lines };
    }
    this.coverage.saved += saved.tiering.statistics.saved.regions;
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
