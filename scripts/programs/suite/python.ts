/** Python's own tests, one test module a program. */
import { DEFAULT_CPU } from '../../../src/machine/cpu-models.ts';
import { type Program, sameLines } from '../program.ts';

const VERDICT = /^(ok|FAIL|ERROR|skipped .*|expected failure|unexpected success)$/;

/**
 * Tests with their verdicts, sorted, and how all of it ended; what else they print has times and addresses in it. What a test
 * prints itself comes before its verdict, which is then on a line of its own.
 */
function verdicts(output: string): string[] {
  const found: string[] = [];
  let test = '';
  for (const line of output.split('\n')) {
    const [, begun, rest = ''] = /^(.*?) \.\.\. (.*)$/.exec(line) ?? [];
    if (begun !== undefined) test = begun;
    const verdict = begun === undefined ? line : rest;
    if (VERDICT.test(verdict)) found.push(`${test} ... ${verdict}`);
    else if (/^(FAIL|ERROR|OK|Ran|Result)\b/.test(line)) found.push(line.replace(/ in [\d.]+s$/, ''));
  }
  return found.sort();
}

/** @param arguments_ for Python's test runner. @param limit in the guest's seconds. */
function program(name: string, about: string, arguments_: string, limit: number): Program {
  return {
    name: `python-${name}`,
    architecture: 'amd64',
    packages: ['libpython3.11-testsuite', 'python3', 'netbase'],
    about: `Python's own ${about}`,
    cpus: [DEFAULT_CPU],
    run: `python3 -m test -v ${arguments_}`,
    limit,
    isNative: true,
    compare: sameLines(verdicts),
  };
}

/** A test module as a whole. */
function test(module: string, limit: number): Program {
  return program(module, `\`test_${module}\``, `test_${module}`, limit);
}

/** Its tests sleep, and wait for each other with time limits. */
function waiting(program: Program): Program {
  return { ...program, clock: 'instructions' };
}

/** Parts of test_asyncio, which is the longest, by their modules. */
const ASYNCIO_PARTS = {
  events: ['events'],
  tasks: ['tasks', 'futures'],
  ssl: ['ssl', 'sslproto'],
  streams: ['streams', 'sendfile', 'sock_lowlevel'],
  subprocess: ['subprocess'],
};

/** @param option whether a test has to be of one of the modules, or of none. */
function ofModules(option: '--match' | '--ignore', modules: readonly string[]): string {
  const options = modules.map((module) => `${option} 'test.test_asyncio.test_${module}.*'`);
  return `test_asyncio ${options.join(' ')}`;
}

function asyncio(limit: number): Program[] {
  const parts = Object.entries(ASYNCIO_PARTS).map(([name, modules]) => {
    const about = `\`test_asyncio\`: ${modules.join(', ')}`;
    return waiting(program(`asyncio-${name}`, about, ofModules('--match', modules), limit));
  });
  const inParts = Object.values(ASYNCIO_PARTS).flat();
  const rest = ofModules('--ignore', inParts);
  return [...parts, waiting(program('asyncio-rest', '`test_asyncio`: all other modules', rest, limit))];
}

export const PYTHON: readonly Program[] = [
  test('int', 300),
  test('float', 300),
  test('math', 600),
  test('cmath', 300),
  test('struct', 600),
  test('decimal', 3000),
  test('random', 600),
  test('hashlib', 600),
  test('re', 600),
  test('json', 600),
  test('zlib', 300),
  test('lzma', 3000),
  ...asyncio(600),
  waiting(test('threading', 300)),
];
