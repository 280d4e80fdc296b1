/** Every filetest in every tier. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Coverage } from '../../scripts/fuzz/coverage.ts';
import { Engine, TIERS } from '../../scripts/fuzz/engine.ts';
import { Random } from '../../scripts/recorder/values.ts';
import { compilerWith } from '../../src/compile/optimizing.ts';
import { optimize } from '../../src/wasm/optimizer.ts';
import { compare } from '../vectors/vector.ts';
import { filetestEnd, filetestStart, parseFiletest, printFiletest } from './filetest.ts';

const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.txt'));
const engine = new Engine();
/** The third tier is optimised, as with `--tier compiled`. What has been compiled of a program stays: each needs machines that had none of it. */
const eager = new Engine(compilerWith(optimize));
/** What has been executed once is compiled again. */
const SOON = { hotness: 2, hotInstructions: { first: 1, second: 1 }, rounds: 4, isSaved: true };

describe.each(files)('%s', (file) => {
  const text = readFileSync(`${import.meta.dirname}/${file}`, 'utf8');

  it('leads to the state it says, in every tier', () => {
    const filetest = parseFiletest(text);
    const initial = filetestStart(filetest);
    const { state, instructions } = engine.interpret(initial);
    expect(compare(filetestEnd(filetest), state)).toEqual([]);
    expect(instructions).toBe(filetest.instructions);
    expect(engine.compare(initial, new Random(file))).toBeUndefined();
  });

  it.each(TIERS)('does so where all is compiled soon and found again: tiers of %s', (tiers) => {
    const initial = filetestStart(parseFiletest(text));
    const before = { ...eager.coverage };
    expect(eager.compare(initial, new Random(file), { ...SOON, tiers })).toBeUndefined();
    const reached = (kind: keyof Coverage): boolean => eager.coverage[kind] > before[kind];
    expect({
      first: reached('regions'),
      last: reached(tiers === 'auto' ? 'last' : 'third'),
      saved: reached('saved'),
    }).toEqual({ first: true, last: true, saved: true });
  });

  it('is printed as it is written', () => {
    expect(printFiletest(parseFiletest(text))).toBe(text);
  });
});

describe('what is wrong in a file is told with its line', () => {
  it.each([
    ['  90    ret', /90\s+ret: these 1 bytes begin with nop/],
    ['  0f0b  ud2', /no bytes and text: 0f0b\s+ud2/],
    ['rxx 1', /neither a register nor memory: rxx 1/],
  ])('%s', (line, message) => {
    expect(() => parseFiletest(`20000800:\n${line}\nafter 1 instruction\n`)).toThrow(message);
  });

  it('no end', () => {
    expect(() => parseFiletest('rax 1\n')).toThrow('no line "after N instructions"');
  });
});
