import { DEFAULT_CPU } from '../../../src/machine/cpu-models.ts';
import { type Program, sameLines } from '../program.ts';

export const SQLITE: Program = {
  name: 'sqlite',
  architecture: 'amd64',
  packages: ['sqlite3'],
  about: 'tables of 50,000 rows, indices, joins, windows, JSON, numbers, transactions',
  cpus: [DEFAULT_CPU],
  run: 'rm -f /tmp/test.db; sqlite3 -batch /tmp/test.db <test.sql',
  limit: 300,
  isNative: true,
  compare: sameLines(),
};
