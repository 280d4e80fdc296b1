/** Whether the compile worker starts before the arguments are parsed, and what V8 is told before that. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { wantsCompiler } from '../../src/cli/process.ts';

it.each([
  [['boot'], true],
  [['boot', '--kernel', 'vmlinuz', '--tier', 'auto'], true],
  [['boot', '--tier', 'interpreter'], false],
  [['boot', '--tier=compiled'], false],
  [['boot', '--help'], false],
  [['--help'], false],
  [[], false],
])('%j: %s', (args, expected) => expect(wantsCompiler(args)).toBe(expected));

/** A module with a function that is not valid: V8 refuses it at once until it has the flags of engine-flags.ts. */
const INVALID = '0,97,115,109,1,0,0,0,1,5,1,96,0,1,127,3,2,1,0,10,4,1,2,0,11';

function run(program: string): string {
  return execFileSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: fileURLToPath(new URL('../../', import.meta.url)),
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
}

it('sets no flag of V8 while the compile worker starts, which could not take the code of Node itself', () => {
  const program = `
    import { prepareProcess } from './src/cli/process.ts';
    import { chosenFlags, setChosenFlags } from './src/host/node/engine-flags.ts';
    const compile = () => {
      try { new WebAssembly.Module(Uint8Array.of(${INVALID})); } catch { return 'refused'; }
      return 'taken';
    };
    prepareProcess(['boot', '--tier', 'interpreter']);
    const before = compile();
    setChosenFlags();
    console.log(before, chosenFlags().length > 0, compile());`;
  const output = run(program);
  const isKnown = process.versions.v8.startsWith('14.');
  expect(output).toBe(isKnown ? 'refused true taken\n' : 'refused false refused\n');
});

it('makes the streams of the terminal before anything sets a flag of V8', () => {
  const program = `
    import { prepareProcess } from './src/cli/process.ts';
    const made = new Set();
    for (const name of ['stdin', 'stdout']) {
      const { get } = Object.getOwnPropertyDescriptor(process, name);
      Object.defineProperty(process, name, { get() { made.add(name); return get.call(process); } });
    }
    prepareProcess(['boot']);
    const before = [...made].sort();
    process.stdout.write(before.join(' '), () => process.exit());`;
  expect(run(program)).toBe('stdin stdout');
});
