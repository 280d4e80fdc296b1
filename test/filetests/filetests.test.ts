/** Every filetest in every tier. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Engine } from '../../scripts/fuzz/engine.ts';
import { Random } from '../../scripts/recorder/values.ts';
import { compare } from '../vectors/vector.ts';
import { filetestEnd, filetestStart, parseFiletest, printFiletest } from './filetest.ts';

const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.txt'));
const engine = new Engine();

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
