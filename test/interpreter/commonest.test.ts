import { describe, expect, it } from 'vitest';
import { COMMONEST, caseName, isCommonest, rowName } from '../../src/interpreter/commonest.ts';
import { allVariants } from '../../src/isa/instruction-set.ts';
import { ROWS } from '../../src/isa/tables/index.ts';

describe('the commonest rows', () => {
  const cases = new Set(allVariants().filter(isCommonest).map(caseName));

  it.each(COMMONEST)('%s is a row of compiled code', (name) => {
    const tiers = ROWS.filter((row) => rowName(row) === name).map(({ tier }) => tier);
    expect(tiers).toContain('compiled');
  });

  it.each(COMMONEST)('%s is one instruction, whatever its opcode', (name) => {
    const rows = ROWS.filter((row) => row.tier === 'compiled' && rowName(row) === name);
    expect(new Set(rows.map(({ semantics }) => semantics)).size).toBe(1);
    expect(new Set(rows.map(({ ending }) => ending)).size).toBe(1);
  });

  it('are not so many that the engine takes long to optimise the loop', () => {
    expect(cases.size).toBeGreaterThan(200);
    expect(cases.size).toBeLessThan(350);
  });
});
