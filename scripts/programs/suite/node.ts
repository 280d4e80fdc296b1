import { DEFAULT_CPU } from '../../../src/machine/cpu-models.ts';
import { type Program, sameLines } from '../program.ts';

export const NODE: Program = {
  name: 'node',
  architecture: 'amd64',
  packages: ['nodejs'],
  about: 'code that V8 compiles at run time, WebAssembly, BigInt, workers, zlib, crypto, a server',
  cpus: [DEFAULT_CPU],
  run: 'node test.cjs',
  limit: 600,
  isNative: true,
  compare: sameLines(),
};
