/** Every recorded vector, in both tiers. */
import { describe, expect, it } from 'vitest';
import { compare, expectedState, loadVectors, vectorFamilies } from '../vectors/vector.ts';
import { type Tier, VectorMachine } from './vector-machine.ts';

/** Failures shown for each family: one broken instruction fails many vectors. */
const SHOWN = 20;
/** Compiling is 1000 times slower than running, so compiled code runs every n-th vector. */
const COMPILED_STRIDE = 5;

describe.each(vectorFamilies())('%s', (family) => {
  it.each<Tier>(['interpreter', 'compiled'])('%s', (tier) => {
    const machine = new VectorMachine();
    const failures: string[] = [];
    loadVectors(family).forEach((vector, index) => {
      if (tier === 'compiled' && index % COMPILED_STRIDE !== 0) return;
      const differences = compare(expectedState(vector), machine.run(vector, tier));
      if (differences.length > 0) failures.push(`${index} ${vector.asm} (${vector.code}): ${differences.join('; ')}`);
    });
    expect(failures.length, failures.slice(0, SHOWN).join('\n')).toBe(0);
  }, 600_000);
});
