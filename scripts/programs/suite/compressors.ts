import { DEFAULT_CPU } from '../../../src/machine/cpu-models.ts';
import { type Program, sameLines } from '../program.ts';

export const COMPRESSORS: Program = {
  name: 'compressors',
  architecture: 'amd64',
  packages: ['xz-utils', 'zstd', 'gzip', 'bzip2'],
  about: 'xz, zstd, gzip and bzip2 at several levels, there and back',
  cpus: [DEFAULT_CPU],
  run: 'bash test.sh',
  limit: 600,
  isNative: true,
  compare: sameLines(),
};
