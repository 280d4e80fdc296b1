import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { isaCoverage, TESTED_ELSEWHERE } from '../../scripts/isa-coverage.ts';

it('docs/isa-coverage.md is what scripts/isa-coverage.ts writes', () => {
  const page = readFileSync(new URL('../../docs/isa-coverage.md', import.meta.url), 'utf8');
  expect(page).toBe(isaCoverage());
});

it('every row of the instruction table has a vector in each mode, or a test', () => {
  expect(isaCoverage()).toContain('missing in a mode:\n\nnone\n');
  for (const [mnemonic, file] of Object.entries(TESTED_ELSEWHERE)) {
    const test = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
    expect(test, `${mnemonic} in ${file}`).toMatch(new RegExp(`\\b${mnemonic}\\b`));
  }
});
