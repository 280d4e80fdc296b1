/**
 * Records instruction test vectors on this machine's CPU (x86-64, with GNU binutils and gcc installed):
 *
 *     node scripts/recorder/record.ts [family ...]
 *
 * writes test/vectors/<family>.json for the families named, or for all of them.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { DEFAULT_REGISTERS } from '../../test/vectors/layout.ts';
import { assemble } from './assembler.ts';
import type { Case } from './case.ts';
import { FAMILIES } from './families/index.ts';
import { toJson, toVector } from './format.ts';
import { buildRecorder, runNatively } from './native.ts';
import { modeProblem } from './native-problem.ts';

const VECTORS = `${import.meta.dirname}/../../test/vectors`;

function record(cases: readonly Case[], program: string, directory: string): string {
  const keyOf = ({ asm, input: { mode } }: Case): string => `${mode} ${asm}`;
  const pieces = new Map(cases.filter(({ code }) => code === undefined).map((test) => [keyOf(test), test]));
  const texts = [...pieces.values()].map(({ asm, input: { mode } }) => ({ text: asm, mode }));
  const codes = assemble(texts, directory, Number(DEFAULT_REGISTERS.get('rip')));
  const codeOf = new Map([...pieces.keys()].map((key, i) => [key, codes[i]]));
  const runs = cases.map((test) => {
    const { input, code = codeOf.get(keyOf(test)) as Uint8Array } = test;
    return { test, input, code };
  });
  const outcomes = runNatively(program, runs);
  const vectors = runs.map(({ test, code }, i) => toVector(test, code, outcomes[i]));
  return toJson(vectors);
}

const families = process.argv.length > 2 ? process.argv.slice(2) : [...FAMILIES.keys()];
const directory = mkdtempSync(`${tmpdir()}/recorder-`);
try {
  const program = buildRecorder(directory);
  for (const family of families) {
    const generate = FAMILIES.get(family);
    if (!generate) throw new Error(`no family ${family}; there are ${[...FAMILIES.keys()].join(', ')}`);
    const cases = [...generate()];
    for (const mode of new Set(cases.map(({ input }) => input.mode))) {
      const problem = modeProblem(program, mode);
      if (problem !== undefined) throw new Error(`${family} ${problem}`);
    }
    const json = record(cases, program, directory);
    writeFileSync(`${VECTORS}/${family}.json`, json);
    console.log(`${family}: ${cases.length} cases, ${Math.ceil(json.length / 1024)} KiB`);
  }
} finally {
  rmSync(directory, { recursive: true });
}
