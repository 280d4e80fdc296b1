/** The fuzzer's programs of one seed: every tier does the same, and regions of every kind have been run. */
import { describe, expect, it } from 'vitest';
import { Engine } from '../../../scripts/fuzz/engine.ts';
import { generate } from '../../../scripts/fuzz/generator.ts';
import { report, tryProgram } from '../../../scripts/fuzz/trial.ts';
import { parseFiletest } from '../../filetests/filetest.ts';
import { BACK_ENDS, type BackEnd } from '../../support/back-ends.ts';
import { printListing } from '../../support/listing.ts';
import { addsAsSubtractions } from './broken-compiler.ts';

const SEED = 'tiers';
/** Programs for each back end. */
const PROGRAMS = { writer: 300, Binaryen: 60, optimizer: 25 } satisfies Partial<Record<BackEnd, number>>;

describe('random programs', () => {
  it.each(Object.entries(PROGRAMS) as [BackEnd, number][])(
    'do the same in every tier: %s, %i',
    (backEnd, count) => {
      const newEngine = (): Engine => new Engine(BACK_ENDS[backEnd]);
      const engine = newEngine();
      for (let n = 0; n < count; n++) {
        const name = `${SEED} ${backEnd}/${n}`;
        const { difference } = tryProgram(engine, name);
        if (difference !== undefined) expect.fail(report(name, difference, newEngine));
      }
      const { regions, branching, loops, calls, guards, second, last, third, saved } = engine.coverage;
      const { instructions, compiledInstructions } = engine.coverage;
      expect(compiledInstructions).toBeGreaterThan(instructions / 4);
      expect(regions).toBeGreaterThan(count);
      expect(branching).toBeGreaterThan(count);
      expect(loops).toBeGreaterThan(count / 10);
      expect(calls).toBeGreaterThan(count / 20);
      expect(guards).toBeGreaterThan(count / 10);
      expect(second).toBeGreaterThan(count / 5);
      expect(last).toBeGreaterThan(count / 10);
      expect(third).toBeGreaterThanOrEqual(Math.floor(count / 60));
      expect(saved).toBeGreaterThanOrEqual(Math.floor(count / 30));
    },
  );

  it('are the same for the same name, and others for another', () => {
    expect(JSON.stringify(generate('a/1'))).toBe(JSON.stringify(generate('a/1')));
    expect(JSON.stringify(generate('a/1'))).not.toBe(JSON.stringify(generate('a/2')));
  });
});

it('a compiler that is wrong is found out, by a program of few instructions', () => {
  const newEngine = (): Engine => new Engine(addsAsSubtractions);
  const engine = newEngine();
  for (let n = 0; n < PROGRAMS.writer; n++) {
    const name = `${SEED}/${n}`;
    const { difference } = tryProgram(engine, name);
    if (difference === undefined) continue;
    const { title, code } = parseFiletest(report(name, difference, newEngine));
    expect(title.join()).toMatch(/^Program tiers\/\d+, compiled/);
    const text = code.map((piece) => printListing(piece, piece.address)).join('\n');
    expect(text).toContain(' add ');
    expect(text.split('\n').length).toBeLessThan(10);
    return;
  }
  expect.fail('not found out');
});
