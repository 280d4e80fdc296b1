/** Builds the guest program bench/c/loops.c and reads what it says. */
import { execFileSync } from 'node:child_process';
import { median } from '../report/statistics.ts';
import { buildCProgram, type CProgram } from '../run/c-program.ts';

/** Loops of bench/c/loops.c: the functions that contain them. */
export const LOOPS = ['crc32', 'multiply_add'] as const;
export type Loop = (typeof LOOPS)[number];

export interface LoopsProgram extends CProgram {
  /** Instructions in one iteration of each loop. */
  readonly instructions: Readonly<Record<Loop, number>>;
}

/**
 * Instructions of the only loop of a function, counted in what `objdump -d --no-show-raw-insn` prints.
 * @throws Error if the function has not exactly one jump backwards.
 */
export function countLoopInstructions(disassembly: string, name: string): number {
  const body = new RegExp(`<${name}>:\\n((?:.+\\n)*)`).exec(disassembly)?.[1];
  if (body === undefined) throw new Error(`there is no function ${name}`);
  const lines = [...body.matchAll(/^ *([\da-f]+):\t(\S+) *(?:([\da-f]+) <)?/gm)];
  const addresses = lines.map((line) => Number.parseInt(line[1] as string, 16));
  const loops = lines.flatMap(([, , mnemonic, target], i) => {
    const first = addresses.indexOf(Number.parseInt(target ?? '', 16));
    return (mnemonic as string).startsWith('j') && first >= 0 && first <= i ? [i - first + 1] : [];
  });
  if (loops.length !== 1) throw new Error(`${name} has ${loops.length} loops`);
  return loops[0] as number;
}

export function buildLoopsProgram(): LoopsProgram {
  const program = buildCProgram('loops', ['system.c', 'loops.c']);
  const disassembly = execFileSync('objdump', ['-d', '--no-show-raw-insn', program.executable], {
    encoding: 'utf8',
  });
  const instructions = Object.fromEntries(
    LOOPS.map((name) => [name, countLoopInstructions(disassembly, name)]),
  );
  return { ...program, instructions: instructions as Record<Loop, number> };
}

/**
 * Nanoseconds of one iteration of a loop: the median of the program's rounds, so that a first round in which the
 * emulator has yet to compile does not count.
 */
export function nanosecondsPerIteration(output: string, loop: Loop): number {
  const rounds = [...output.matchAll(new RegExp(`^loop ${loop} (\\d+) (\\d+)$`, 'gm'))];
  if (rounds.length === 0) throw new Error(`no result of ${loop}:\n${output.slice(-2000)}`);
  return median(rounds.map(([, iterations, nanoseconds]) => Number(nanoseconds) / Number(iterations)));
}
