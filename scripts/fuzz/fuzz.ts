/**
 * Runs random programs in every tier until they differ or time is up. What differs is made as small as possible and
 * printed as a filetest (test/filetests/).
 *
 *     npm run fuzz -- [--minutes M] [--seed S] [--programs N] [--failures N]
 *
 * The programs of a seed are always the same; program N of seed S is `S/N`.
 */
import { parseArgs } from 'node:util';
import { Engine } from './engine.ts';
import { report, tryProgram } from './trial.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    programs: { type: 'string', default: 'Infinity' },
    failures: { type: 'string', default: '1' },
  },
});

function positive(name: keyof typeof values): number {
  const value = Number(values[name]);
  if (value > 0) return value;
  console.error(`fuzz: --${name} ${values[name]}: not a number greater than 0`);
  process.exit(2);
}

const minutes = positive('minutes');
const programs = positive('programs');
const mostFailures = positive('failures');
const { seed } = values;

const engine = new Engine();
const deadline = performance.now() + minutes * 60_000;
let count = 0;
let failures = 0;
for (; count < programs && performance.now() < deadline && failures < mostFailures; count++) {
  const name = `${seed}/${count}`;
  const difference = tryProgram(engine, name);
  if (difference === undefined) continue;
  failures += 1;
  console.log(report(name, difference));
}
const { regions, branching, loops, calls, guards, instructions, compiledInstructions } = engine.coverage;
console.log(
  `${count} programs, ${failures} of them differ; ${instructions} instructions, ` +
    `${compiledInstructions} of them in ${regions} regions: ` +
    `${branching} of several blocks, ${loops} with loops, ${calls} with calls, ${guards} across pages`,
);
process.exitCode = failures > 0 ? 1 : 0;
