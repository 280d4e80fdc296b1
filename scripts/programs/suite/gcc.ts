/** The compiler, and what it makes: at several levels of optimisation and for several processors. */
import { DEFAULT_CPU } from '../../../src/machine/cpu-models.ts';
import { type Program, sameLines } from '../program.ts';

export const GCC: Program = {
  name: 'gcc',
  architecture: 'amd64',
  packages: ['gcc', 'libc6-dev'],
  about: 'compiles a program in six ways and runs it; code and output are the same',
  cpus: [DEFAULT_CPU],
  run: 'bash test.sh',
  limit: 1800,
  isNative: true,
  compare: sameLines(),
};
