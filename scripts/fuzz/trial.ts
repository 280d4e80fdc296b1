/** One program of the fuzzer: made from its name, run, and made smaller if it fails. */
import { Random } from '../recorder/values.ts';
import { type Difference, Engine } from './engine.ts';
import { generate } from './generator.ts';
import type { Program } from './program.ts';
import { filetestOf, initialOf } from './report.ts';
import { shrink } from './shrink.ts';

function compareProgram(engine: Engine, program: Program, name: string): Difference | undefined {
  const initial = initialOf(program);
  return initial && engine.compare(initial, new Random(name));
}

export interface Trial {
  readonly difference: Difference | undefined;
  /** How many instructions of each family there are in the program. */
  readonly families: ReadonlyMap<string, number>;
}

/** Runs the program of a name, such as `seed/3`. */
export function tryProgram(engine: Engine, name: string): Trial {
  const { program, families } = generate(name);
  return { difference: compareProgram(engine, program, name), families };
}

/**
 * The smallest program that differs, as a filetest.
 * @param newEngine machines that nothing else ran on: what a program finds there is its own doing.
 */
export function report(name: string, difference: Difference, newEngine = () => new Engine()): string {
  const differs = (program: Program, engine: Engine): boolean =>
    compareProgram(engine, program, name) !== undefined;
  const { program } = generate(name);
  if (!differs(program, newEngine()))
    return `# Program ${name}, ${difference.way}: ${difference.lines.join('; ')}: only after those before it\n`;
  const engine = newEngine();
  let smallest = shrink(program, (smaller) => differs(smaller, engine));
  // It may need what those before it have left behind.
  if (!differs(smallest, newEngine())) smallest = shrink(program, (smaller) => differs(smaller, newEngine()));
  const { way, lines } = compareProgram(newEngine(), smallest, name) as Difference;
  const initial = initialOf(smallest);
  if (initial === undefined) throw new Error('the smallest program cannot be assembled');
  return filetestOf(
    smallest,
    [`Program ${name}, ${way}: ${lines.join('; ')}`],
    newEngine().interpret(initial),
  );
}
