/** The options that benchmarks with several rounds share. */
import { parseArgs } from 'node:util';

export interface RoundOptions {
  readonly rounds: number;
  /** Path of the command line program to measure, if it is not the built one. */
  readonly cli: string | undefined;
}

/** @throws Error for unknown options and for --rounds that are not a whole number above 0. */
export function roundOptions(defaultRounds: number): RoundOptions {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: String(defaultRounds) }, cli: { type: 'string' } },
  });
  const rounds = Number(values.rounds);
  if (!(Number.isInteger(rounds) && rounds > 0))
    throw new Error(`--rounds ${values.rounds}: not a whole number above 0`);
  return { rounds, cli: values.cli };
}
