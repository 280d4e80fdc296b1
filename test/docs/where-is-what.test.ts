import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const rows = readFileSync(`${root}docs/where-is-what.md`, 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| question'))
  .map((line) => line.split('|').slice(1, -1) as [string, string, string]);

const quoted = (cell: string): string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string);

describe('docs/where-is-what.md', () => {
  it('has questions', () => expect(rows.length).toBeGreaterThan(20));

  it.each(rows)('%s', (_question, files, names) => {
    const paths = quoted(files);
    expect(paths.filter((path) => !existsSync(root + path))).toEqual([]);
    const sources = paths.map((path) => readFileSync(root + path, 'utf8')).join('\n');
    expect(quoted(names).filter((name) => !sources.includes(name))).toEqual([]);
  });
});
