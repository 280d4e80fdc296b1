/** Where a benchmark ran, without which its numbers mean nothing. */
import { execFileSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';

export interface Environment {
  readonly date: string;
  readonly processor: string;
  readonly processors: number;
  /** Load average of the last minute when the benchmark started: above a few tenths, the numbers are noisy. */
  readonly load: number;
  readonly node: string;
  /** Version, or undefined where it is not installed. */
  readonly qemu: string | undefined;
  readonly gcc: string | undefined;
  /** Path of gcc's own library for 32-bit programs, or undefined without. */
  readonly gcc32: string | undefined;
}

const GCC32_LIBRARY = 'libgcc.a';

/** gcc gives the path of a library that it has, and the name back of one that it has not. */
function gcc32Library(): string | undefined {
  const args = ['-m32', `-print-file-name=${GCC32_LIBRARY}`];
  const path = execFileSync('gcc', args, { encoding: 'utf8' }).trim();
  return path === GCC32_LIBRARY ? undefined : path;
}

/** The version that a program prints, or undefined if there is no such program. */
function version(program: string): string | undefined {
  try {
    const text = execFileSync(program, ['--version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return /\d+\.\d+(\.\d+)*/.exec(text)?.[0] ?? 'unknown';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export function describeEnvironment(): Environment {
  const gcc = version('gcc');
  return {
    date: new Date().toISOString(),
    processor: cpus()[0]?.model ?? 'unknown',
    processors: cpus().length,
    load: loadavg()[0] as number,
    node: process.version,
    qemu: version('qemu-system-x86_64'),
    gcc,
    gcc32: gcc === undefined ? undefined : gcc32Library(),
  };
}
