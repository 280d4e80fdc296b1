/** What the benchmarks have in common in telling their results: a table for people, JSON for programs. */
import { execFileSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';

/** The middle value; the mean of the two middle ones of an even number of values. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('median of no values');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/** Rounded to three decimals: finer than any of this is measured. */
export function milli(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** Columns padded to the widest cell: the first to the left, the others to the right. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(...rows.map((row) => row[i]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number)));
  return `${rows.map((row) => line(row).join('  ').trimEnd()).join('\n')}\n`;
}

/** Where a benchmark ran, without which its numbers mean nothing. */
export interface Environment {
  readonly processor: string;
  readonly processors: number;
  /** Load average of the last minute when the benchmark started: above a few tenths, the numbers are noisy. */
  readonly load: number;
  readonly node: string;
  readonly qemu: string;
}

export function describeEnvironment(): Environment {
  const version = execFileSync('qemu-system-x86_64', ['--version'], { encoding: 'utf8' });
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    processors: cpus().length,
    load: loadavg()[0] as number,
    node: process.version,
    qemu: /version (\S+)/.exec(version)?.[1] ?? 'unknown',
  };
}

/** The table to standard error and the JSON to standard output, so that `> file` keeps the JSON alone. */
export function report(rows: readonly (readonly string[])[], results: object): void {
  process.stderr.write(`\n${formatTable(rows)}\n`);
  process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
}

/** One line on what is going on. */
export function progress(message: string): void {
  process.stderr.write(`${message}\n`);
}
