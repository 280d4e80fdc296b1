/** Single instructions against the processor that runs the tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formOf, PLACES } from '../../../scripts/fuzz/form.ts';
import { type Failure, NativeBatches, reportFailure } from '../../../scripts/fuzz/native.ts';
import { runs32BitPrograms } from '../../../scripts/native-32.ts';
import { buildRecorder } from '../../../scripts/recorder/native.ts';
import { machineProblem, modeProblem } from '../../../scripts/recorder/native-problem.ts';
import { BACK_ENDS } from '../../support/back-ends.ts';
import type { CodeMode } from '../../vectors/layout.ts';
import { addsAsSubtractions } from './broken-compiler.ts';

describe.skipIf(machineProblem() !== undefined)('single instructions', () => {
  let directory: string;
  let recorder: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'fuzz-'));
    recorder = buildRecorder(directory);
  });
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  it('can be asked of this machine in 64-bit code, and in 32-bit code if it runs 32-bit programs', () => {
    expect(modeProblem(recorder, 64)).toBeUndefined();
    if (runs32BitPrograms()) expect(modeProblem(recorder, 32)).toBeUndefined();
  });

  // Of the batches of a seed the first runs by every back end.
  it.for<[CodeMode, number]>([
    [64, 0],
    [32, 1],
    [16, 1],
  ])('of %i-bit code do what the processor does', ([mode, batch], { skip }) => {
    const problem = modeProblem(recorder, mode);
    skip(problem !== undefined, problem);
    const { failures, engines } = new NativeBatches(recorder, 'native', mode).run(batch);
    expect(failures.map((failure) => reportFailure(recorder, failure))).toEqual([]);
    expect(engines).toHaveLength(batch === 0 ? 4 : 2);
  });

  it('find a compiler that is wrong, and become a filetest', () => {
    const seed = 'native';
    let number = PLACES;
    while (formOf(seed, number, 64).variant.row.mnemonic !== 'add') number += 1;
    const batches = new NativeBatches(recorder, seed, 64, { ...BACK_ENDS, writer: addsAsSubtractions });
    const { failures } = batches.run(Math.floor(number / PLACES));
    const [failure] = failures;
    expect(failure?.engine).toBe('writer');
    expect(failure?.form.name).toBe(`${seed}/${number}`);
    // The compiler that makes the report is not wrong.
    expect(reportFailure(recorder, failure as Failure)).toContain('only after those before it');
  });
});
