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
  test('int', 200),
  test('float', 120),
  test('math', 200),
  test('cmath', 120),
  test('struct', 120),
  test('decimal', 400),
  test('random', 300),
  test('hashlib', 300),
  test('re', 200),
  test('json', 300),
  test('zlib', 200),
  test('lzma', 200),
  test('asyncio', 600),
  test('threading', 400),
];
