import { describe, expect, it } from 'vitest';
import { COMMONEST, isCommonest, rowName } from '../../src/interpreter/commonest.ts';
import { allVariants } from '../../src/isa/instruction-set.ts';
import { ROWS } from '../../src/isa/tables/index.ts';

describe('the commonest rows', () => {
  const cases = allVariants().filter(isCommonest);

  it.each(COMMONEST)('%s is a row of compiled code', (name) => {
    const tiers = ROWS.filter((row) => rowName(row) === name).map(({ tier }) => tier);
    expect(tiers).toContain('compiled');
  });

  it('are not so many that the engine takes long to optimise the loop', () => {
    expect(cases.length).toBeGreaterThan(200);
    expect(cases.length).toBeLessThan(300);
  });
});
