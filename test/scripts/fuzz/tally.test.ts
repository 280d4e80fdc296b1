/** Counts of several runs add up in a file. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { addTo, Tally } from '../../../scripts/fuzz/tally.ts';

it('a run goes on with the counts of the one before, and shows them as a table', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tally-'));
  try {
    const file = join(directory, 'report.json');
    const first = new Tally(file);
    const subject = first.of('native 64');
    subject.count += 1600;
    subject.next.a = 1;
    addTo(subject.families, 'shift', 1600);
    first.save();

    const second = new Tally(file);
    const same = second.of('native 64');
    expect(same).toEqual(subject);
    addTo(same.families, 'shift', 64);
    addTo(second.of('programs writer').families, 'move', 7);
    expect(second.table().split('\n')).toEqual([
      '| family | native 64 | programs writer |',
      '| --- | --- | --- |',
      '| `move` | 0 | 7 |',
      '| `shift` | 1,664 | 0 |',
      '| cases or programs | 1,600 | 0 |',
      '',
    ]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
