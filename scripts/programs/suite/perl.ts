import { DEFAULT_CPU } from '../../../src/machine/cpu-models.ts';
import { type Program, sameLines } from '../program.ts';

export const PERL: Program = {
  name: 'perl',
  architecture: 'amd64',
  packages: ['perl'],
  about: 'BigInt and BigFloat, numbers, regular expressions, sorting, digests',
  cpus: [DEFAULT_CPU],
  run: 'perl test.pl',
  limit: 300,
  isNative: true,
  compare: sameLines(),
};
