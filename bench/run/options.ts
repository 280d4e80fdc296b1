/** The options of the benchmark. */
import { parseArgs } from 'node:util';

export const PART_NAMES = [
  'boot',
  'compute',
  'system',
  'programs',
  'applications',
  'boot-686',
  'compute-686',
  'micro',
  'loops',
  'doors',
  'door-tiers',
] as const;
export type PartName = (typeof PART_NAMES)[number];

/** Parts that only run when they are named: `loops` is for whoever works on the tiers, and all doors take long. */
const ONLY_NAMED: readonly PartName[] = ['loops', 'doors', 'door-tiers'];
const DEFAULT_PARTS = PART_NAMES.filter((name) => !ONLY_NAMED.includes(name));

export const USAGE = `usage: npm run bench -- [options]

  --quick         short times and one round, to see that everything works
  --parts LIST    of ${PART_NAMES.join(', ')}; by default ${DEFAULT_PARTS.join(',')}
  --rounds N      rounds of each part, instead of its own default
  --cli FILE      program to measure instead of dist/cli.js, such as src/cli.ts
  --out FOLDER    where results.json and report.html go, by default build/bench
  --help          print this
`;

export interface Options {
  readonly quick: boolean;
  readonly parts: readonly PartName[];
  readonly rounds: number | undefined;
  /** Path of the command line program to measure, if it is not the built one. */
  readonly cli: string | undefined;
  readonly out: string;
  readonly help: boolean;
}

function isPartName(name: string): name is PartName {
  return (PART_NAMES as readonly string[]).includes(name);
}

/** @throws Error for unknown options and parts, and for --rounds that are not a whole number above 0. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      parts: { type: 'string', default: DEFAULT_PARTS.join(',') },
      rounds: { type: 'string' },
      cli: { type: 'string' },
      out: { type: 'string', default: 'build/bench' },
      help: { type: 'boolean', default: false },
    },
  });
  const parts = values.parts.split(',').map((name) => {
    if (!isPartName(name)) throw new Error(`--parts ${name}: not one of ${PART_NAMES.join(', ')}`);
    return name;
  });
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0))
    throw new Error(`--rounds ${values.rounds}: not a whole number above 0`);
  return { quick: values.quick, parts, rounds, cli: values.cli, out: values.out, help: values.help };
}
