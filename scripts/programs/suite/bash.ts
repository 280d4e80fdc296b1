import { DEFAULT_CPU } from '../../../src/machine/cpu-models.ts';
import { type Program, sameLines } from '../program.ts';

export const BASH: Program = {
  name: 'bash',
  architecture: 'amd64',
  packages: ['bash', 'mawk', 'sed', 'coreutils'],
  about: 'shell arithmetic, arrays, patterns, pipes, signals; awk, sed, sort, checksums',
  cpus: [DEFAULT_CPU],
  run: 'bash test.sh',
  limit: 120,
  isNative: true,
  compare: sameLines(),
};
