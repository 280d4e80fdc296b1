/** Python's own tests, one test module a program. */
import { DEFAULT_CPU } from '../../../src/machine/cpu-models.ts';
import { type Program, sameLines } from '../program.ts';

/** Names and verdicts of tests, sorted; what else they print has times and addresses in it. */
function verdicts(output: string): string[] {
  const lines = output.split('\n').filter((line) => / \.\.\. |^(FAIL|ERROR|OK|Ran|Result)\b/.test(line));
  return lines.map((line) => line.replace(/ in [\d.]+s$/, '')).sort();
}

function test(module: string, limit: number): Program {
  return {
    name: `python-${module}`,
    architecture: 'amd64',
    packages: ['libpython3.11-testsuite', 'python3', 'netbase'],
    about: `Python's own \`test_${module}\``,
    cpus: [DEFAULT_CPU],
    run: `python3 -m test -v test_${module}`,
    limit,
    isNative: true,
    compare: sameLines(verdicts),
  };
}

export const PYTHON: readonly Program[] = [
  test('int', 300),
  test('float', 300),
  test('math', 600),
  test('cmath', 300),
  test('struct', 600),
  test('decimal', 1500),
  test('random', 600),
  test('hashlib', 600),
  test('re', 600),
  test('json', 600),
  test('zlib', 300),
  test('lzma', 600),
  test('asyncio', 1800),
  test('threading', 900),
];
