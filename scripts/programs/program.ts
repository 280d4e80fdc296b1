/** What a program of the list is, and how what it gave in a guest is held against what it gave natively. */
import type { ClockKind } from '../../src/machine/clock.ts';
import type { Architecture } from './root.ts';

/** What one run of a program gave. */
export interface Outcome {
  /** Exit status; 124 where it took longer than its limit, as of timeout(1). */
  readonly status: number;
  /** Standard output and standard error. */
  readonly output: string;
  /** Wall-clock time on the host. */
  readonly seconds: number;
}

export interface Program {
  /** For --only. */
  readonly name: string;
  /** Folder of scripts/programs/suite/ with the files it needs; by default that of its name, if there is one. */
  readonly files?: string;
  /** Whose packages it is of. */
  readonly architecture: Architecture;
  /** Debian packages it needs; the page tells the version of the first. */
  readonly packages: readonly [string, ...string[]];
  /** What is run, for the page: a few words. */
  readonly about: string;
  /** Models of --cpu that it is run with. */
  readonly cpus: readonly string[];
  /**
   * How time passes in its guest, by default as on the host. By instructions, what waits for something with a time limit of
   * its own finds a machine that is never busy, and sleeping takes no time.
   */
  readonly clock?: ClockKind;
  /** A line for bash, in a folder with the program's files that it may write to. */
  readonly run: string;
  /** Longest time in the guest, in its seconds. */
  readonly limit: number;
  /** What is wrong, a line each. @param native undefined for what only a guest has. */
  compare(guest: Outcome, native: Outcome | undefined): readonly string[];
  /** False for what is no matter of the host: then the guest alone is judged. */
  readonly isNative: boolean;
}

/** Lines of a difference that are told. */
const TOLD = 12;

/** The lines that one has and the other has not at the same place, with the first ones written out. */
function differentLines(guest: readonly string[], native: readonly string[]): string[] {
  const length = Math.max(guest.length, native.length);
  const different = Array.from({ length }, (_, index) => index).filter((at) => guest[at] !== native[at]);
  const told = different.slice(0, TOLD).map((at) => {
    const shown = (line: string | undefined) => (line === undefined ? 'nothing' : JSON.stringify(line));
    return `line ${at + 1}: ${shown(guest[at])} in the guest, ${shown(native[at])} natively`;
  });
  const left = different.length - told.length;
  return left > 0 ? [...told, `and ${left} more lines`] : told;
}

/** The last lines of an output, to see why it ended. */
function tail(output: string): string {
  return output.trimEnd().split('\n').slice(-5).join(' | ');
}

/**
 * Compares status and output line by line.
 * @param lines takes out of the output what has to be the same: all of it, if not given.
 */
export function sameLines(
  lines = (output: string): readonly string[] => output.split('\n'),
): Program['compare'] {
  return (guest, native) => {
    if (native === undefined) throw new Error('there is no native run to compare with');
    if (native.status !== 0)
      return [`natively it ended with status ${native.status}: ${tail(native.output)}`];
    const wanted = lines(native.output);
    if (wanted.join('').trim() === '') return ['natively it told nothing to compare'];
    const differences = differentLines(lines(guest.output), wanted);
    if (guest.status === native.status) return differences;
    return [`in the guest it ended with status ${guest.status}: ${tail(guest.output)}`, ...differences];
  };
}
