/** Reads what the programs of bench/c/harness.c print. */
import type { TimedLine } from '../run/child.ts';

/** How much of a program was done when a mark had passed. */
export interface Work {
  readonly name: string;
  /** Milliseconds of the program's own clock. */
  readonly mark: number;
  readonly units: number;
  /** When the first unit after the mark ended, by the program's own clock. */
  readonly nanoseconds: number;
  /** The same by the host's clock: from its first line to this one. */
  readonly hostSeconds: number;
  /** What each unit came to, the same everywhere. */
  readonly result: string;
}

export interface WorkOutput {
  readonly work: readonly Work[];
  /** Reasons by program. */
  readonly skipped: ReadonlyMap<string, string>;
  /** Programs whose units did not all come to the same, or failed their own check. */
  readonly wrong: readonly string[];
}

const WORK = /^work (\S+) (\d+) (\d+) (\d+) (\d+)$/;
const SKIP = /^skip (\S+) (\S+)$/;

export function parseWork(lines: readonly TimedLine[]): WorkOutput {
  const begun = new Map<string, number>();
  const work: Work[] = [];
  const skipped = new Map<string, string>();
  const wrong: string[] = [];
  for (const { text, seconds } of lines) {
    const [, name, ...numbers] = WORK.exec(text) ?? [];
    const start = name === undefined ? undefined : begun.get(name);
    if (name !== undefined && start !== undefined) {
      const [mark, units, nanoseconds] = numbers.map(Number) as [number, number, number];
      const result = numbers[3] as string;
      work.push({ name, mark, units, nanoseconds, hostSeconds: seconds - start, result });
    }
    const [, program, reason] = SKIP.exec(text) ?? [];
    if (program !== undefined) skipped.set(program, reason as string);
    if (text.startsWith('begin ')) begun.set(text.slice('begin '.length), seconds);
    if (text.startsWith('wrong ')) wrong.push(text.slice('wrong '.length));
  }
  return { work, skipped, wrong };
}

/**
 * Seconds of the programs' own clock in a second of the host's, over all of them; undefined without any. A guest's
 * clock may go slower on a busy host.
 */
export function clockRate({ work }: WorkOutput): number | undefined {
  const last = [...new Map(work.map((one) => [one.name, one])).values()];
  const host = last.reduce((sum, { hostSeconds }) => sum + hostSeconds, 0);
  return host === 0 ? undefined : last.reduce((sum, { nanoseconds }) => sum + nanoseconds / 1e9, 0) / host;
}

/** Units in a second of the host's clock: whether a guest's is right shall not matter. */
export function unitsPerSecond({ units, hostSeconds }: Work): number {
  return units / hostSeconds;
}
