import { DEFAULT_CPU } from '../../../src/machine/cpu-models.ts';
import { type Program, sameLines } from '../program.ts';

export const LUAJIT: Program = {
  name: 'luajit',
  architecture: 'amd64',
  packages: ['luajit'],
  about: 'code that its compiler writes at run time, and the same interpreted',
  cpus: [DEFAULT_CPU],
  run: 'luajit test.lua; luajit -joff test.lua',
  limit: 300,
  isNative: true,
  compare: sameLines(),
};
