/** Whether the compile worker starts before the arguments are parsed. */
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
