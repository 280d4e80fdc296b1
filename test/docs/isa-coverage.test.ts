import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { isaCoverage } from '../../scripts/isa-coverage.ts';

it('docs/isa-coverage.md is what scripts/isa-coverage.ts writes', () => {
  const page = readFileSync(new URL('../../docs/isa-coverage.md', import.meta.url), 'utf8');
  expect(page).toBe(isaCoverage());
});

it('every row of the levels up to x86-64-v3 that a program can run has a vector', () => {
  const [, table] = isaCoverage().split('## Features');
  const rows = [...(table as string).matchAll(/^\| `(\w+)` \| v[23] \| (\d+) \| (\d+) \|$/gm)];
  expect(rows.length).toBeGreaterThan(10);
  // XSAVE and its kin depend on what the operating system has enabled: test/isa has them.
  const lacking = rows.filter(([, name, all, tested]) => name !== 'xsave' && all !== tested);
  expect(lacking.map(([line]) => line)).toEqual([]);
});
