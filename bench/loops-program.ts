/** Builds the guest program of bench/loops/ and reads what it says. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeCpio } from '../src/boot/cpio.ts';
import { median } from './report.ts';

/** Loops of bench/loops/loops.c: the functions that contain them. */
export const LOOPS = ['crc32', 'multiply_add'] as const;
export type Loop = (typeof LOOPS)[number];

const SOURCES = ['loops.c', 'system.c'];
const GCC_OPTIONS = [
  '-O2',
  '-static',
  '-nostdlib',
  '-ffreestanding',
  '-fno-stack-protector',
  '-fno-asynchronous-unwind-tables',
  '-Wall',
  '-Wextra',
  '-Werror',
];

export interface LoopsProgram {
  /** Path of the executable. */
  readonly executable: string;
  /** Path of an initramfs whose first process it is. */
  readonly initrd: string;
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
  const sources = fileURLToPath(new URL('loops/', import.meta.url));
  const folder = fileURLToPath(new URL('../build/bench/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const executable = join(folder, 'loops');
  const initrd = join(folder, 'loops.cpio');
  execFileSync('gcc', [...GCC_OPTIONS, '-o', executable, ...SOURCES.map((file) => join(sources, file))]);
  writeFileSync(
    initrd,
    writeCpio([
      { path: 'dev', mode: 0o040755 },
      { path: 'dev/console', mode: 0o020600, device: { major: 5, minor: 1 } },
      { path: 'init', mode: 0o100755, data: readFileSync(executable) },
    ]),
  );
  const disassembly = execFileSync('objdump', ['-d', '--no-show-raw-insn', executable], { encoding: 'utf8' });
  const instructions = Object.fromEntries(
    LOOPS.map((name) => [name, countLoopInstructions(disassembly, name)]),
  );
  return { executable, initrd, instructions: instructions as Record<Loop, number> };
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
