/**
 * What has been run so far, kept in a file so that runs add up: counts for each family of instructions, and the number that
 * each seed goes on with.
 */

import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { CodeMode } from '../../test/vectors/layout.ts';

/** What is run: single instructions by the mode of their code, or programs by what makes their regions. */
export type Subject = `native ${CodeMode}` | `programs ${string}`;

export interface SubjectTally {
  /** Cases or programs that were run and compared in every tier. */
  count: number;
  failures: number;
  /** Cases of each family; in programs, instructions of each family that they consist of. */
  families: Record<string, number>;
  /** Number of each seed that has not been run. */
  next: Record<string, number>;
}

export class Tally {
  private readonly file: string | undefined;
  private readonly subjects: Record<string, SubjectTally>;

  /** @param file what was run before is in it, if it exists. Undefined: nothing is kept. */
  constructor(file: string | undefined) {
    this.file = file;
    this.subjects =
      file !== undefined && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).subjects : {};
  }

  of(subject: Subject): SubjectTally {
    this.subjects[subject] ??= { count: 0, failures: 0, families: {}, next: {} };
    return this.subjects[subject];
  }

  /** As a table in Markdown: families below, subjects beside each other. */
  table(): string {
    const subjects = Object.entries(this.subjects).sort(([a], [b]) => (a < b ? -1 : 1));
    const families = new Set(subjects.flatMap(([, { families }]) => Object.keys(families)));
    const row = (name: string, cells: readonly (string | number)[]): string =>
      `| ${[name, ...cells.map((cell) => cell.toLocaleString('en'))].join(' | ')} |`;
    const totals = subjects.map(([, { count }]) => count);
    return [
      row(
        'family',
        subjects.map(([name]) => name),
      ),
      row(
        '---',
        subjects.map(() => '---'),
      ),
      ...[...families].sort().map((name) =>
        row(
          `\`${name}\``,
          subjects.map(([, tally]) => tally.families[name] ?? 0),
        ),
      ),
      row('cases or programs', totals),
      '',
    ].join('\n');
  }

  save(): void {
    if (this.file === undefined) return;
    // Whoever is interrupted leaves the file of before.
    const fresh = `${this.file}.new`;
    writeFileSync(fresh, `${JSON.stringify({ subjects: this.subjects }, undefined, 2)}\n`);
    renameSync(fresh, this.file);
  }
}

/** Adds `count` to what a family has. */
export function addTo(families: Record<string, number>, family: string, count: number): void {
  families[family] = (families[family] ?? 0) + count;
}
