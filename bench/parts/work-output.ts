/** Reads what the programs of bench/c/harness.c print. */

/** How much of a program was done when a mark had passed. */
export interface Work {
  readonly name: string;
  /** Milliseconds. */
  readonly mark: number;
  readonly units: number;
  /** When the first unit after the mark ended. */
  readonly nanoseconds: number;
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

export function parseWork(output: string): WorkOutput {
  const work = [...output.matchAll(/^work (\S+) (\d+) (\d+) (\d+) (\d+)$/gm)].map(
    ([, name, mark, units, nanoseconds, result]) => ({
      name: name as string,
      mark: Number(mark),
      units: Number(units),
      nanoseconds: Number(nanoseconds),
      result: result as string,
    }),
  );
  const skipped = [...output.matchAll(/^skip (\S+) (\S+)$/gm)];
  return {
    work,
    skipped: new Map(skipped.map(([, name, reason]) => [name as string, reason as string])),
    wrong: [...output.matchAll(/^wrong (.+)$/gm)].map(([, what]) => what as string),
  };
}

/** Units in a second. */
export function unitsPerSecond({ units, nanoseconds }: Work): number {
  return (units / nanoseconds) * 1e9;
}
