/** Programs that a guest runs by a script: busybox's, and those of the host's packages. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { APPLICATIONS } from '../../bench/parts/application-list.ts';
import {
  BUSYBOX_COMMANDS,
  programResult,
  programSeconds,
  programsScript,
} from '../../bench/parts/guest-programs.ts';
import { comparePrograms } from '../../bench/parts/timed-programs.ts';
import { addProgram, entriesOf, type Files, whyNoProgram } from '../../bench/run/host-programs.ts';
import { makeLines, makePeople } from '../../bench/run/texts.ts';

describe('the script', () => {
  it('of busybox is one that a shell understands and a kernel command line has room for', () => {
    const script = programsScript(BUSYBOX_COMMANDS, 'discarded');
    execFileSync('sh', ['-n'], { input: script });
    for (const name of Object.keys(BUSYBOX_COMMANDS)) expect(script).toContain(`\nt '${name}' '`);
    expect(Buffer.from(script).toString('base64').length).toBeLessThan(1900);
  });

  it('of applications is one that a shell understands', () => {
    const commands = Object.entries(APPLICATIONS).map(([name, { command }]) => [name, command]);
    execFileSync('sh', ['-n'], { input: programsScript(Object.fromEntries(commands), 'kept') });
  });

  it('tells the status and a sum of what a program printed', () => {
    const commands = { 'a b': "printf '%s' \"it's\"; false", other: 'echo x >&2' };
    const cwd = mkdtempSync(join(tmpdir(), 'programs-'));
    const output = execFileSync('sh', ['-c', programsScript(commands, 'kept')], {
      cwd,
      input: '\n\n',
      encoding: 'utf8',
    });
    rmSync(cwd, { recursive: true });
    const lines = output.split('\n').map((text) => ({ text, seconds: 0 }));
    const sum = (text: string) => execFileSync('cksum', { input: text, encoding: 'utf8' }).trim();
    expect(programResult(lines, 'a b')).toBe(`1 ${sum("it's")}`);
    expect(programResult(lines, 'other')).toBe(`0 ${sum('x\n')}`);
    expect(programSeconds(lines, 'a b')).toBe(0);
  });
});

describe('programs', () => {
  it('tell when they began and ended', () => {
    const lines = [
      { text: 'begin awk', seconds: 10 },
      { text: 'end awk', seconds: 11.5 },
      { text: 'begin sort', seconds: 11.5 },
      { text: 'end sort', seconds: 11.75 },
      { text: 'begin fork', seconds: 12 },
    ];
    expect(programSeconds(lines, 'awk')).toBe(1.5);
    expect(programSeconds(lines, 'sort')).toBe(0.25);
    expect(programResult(lines, 'sort')).toBeUndefined();
    expect(() => programSeconds(lines, 'fork')).toThrow('no times of fork');
  });

  const lines = (seconds: number, result?: string) => [
    { text: 'begin jq', seconds: 1 },
    { text: 'end jq', seconds: 1 + seconds },
    ...(result === undefined ? [] : [{ text: `result jq: ${result}`, seconds: 1 + seconds }]),
  ];

  it('are compared by round', () => {
    const { comparisons, errors } = comparePrograms(
      ['jq'],
      [
        { qemu: lines(2, '0 12 3'), longmode: lines(1, '0 12 3') },
        { qemu: lines(2), longmode: lines(4) },
      ],
    );
    expect(errors).toEqual([]);
    expect(comparisons).toEqual([
      {
        name: 'jq',
        measure: 'start to end',
        peer: 'QEMU TCG',
        speed: { median: 1.25, min: 0.5, max: 2, count: 2 },
      },
    ]);
  });

  it('have an error and no speed when they give something else, or fail', () => {
    const different = comparePrograms(['jq'], [{ qemu: lines(2, '0 12 3'), longmode: lines(1, '0 13 3') }]);
    expect(different.comparisons).toEqual([]);
    expect(different.errors).toEqual(["jq: longmode's result is 0 13 3, that of QEMU TCG 0 12 3"]);
    const missing = comparePrograms(['jq'], [{ qemu: lines(2, '0 12 3'), longmode: lines(1) }]);
    expect(missing.errors).toHaveLength(1);
    const failed = comparePrograms(['jq'], [{ qemu: lines(2, '1 12 3'), longmode: lines(1, '1 12 3') }]);
    expect(failed.comparisons).toEqual([]);
    expect(failed.errors).toEqual(['jq: failed: 1 12 3']);
  });
});

describe('programs of the host', () => {
  it('are named when they are missing', () => {
    expect(whyNoProgram('no-such-program')).toMatch(/no-such-program|x86-64 Linux/);
  });

  it.skipIf(whyNoProgram('sort') !== undefined)('come with their libraries, in folders before them', () => {
    const files: Files = new Map();
    addProgram(files, 'sort');
    const entries = entriesOf(files);
    const paths = entries.map(({ path }) => path);
    expect(paths).toContain('usr/bin/sort');
    expect(paths.some((path) => /\/libc\.so/.test(path))).toBe(true);
    expect(paths.some((path) => /\/ld-linux/.test(path))).toBe(true);
    for (const [index, path] of paths.entries()) {
      const folder = path.split('/').slice(0, -1).join('/');
      if (folder !== '') expect(paths.indexOf(folder)).toBeLessThan(index);
      expect(paths.includes(folder) || folder === '').toBe(true);
    }
  });

  it('work on the same texts each time', () => {
    expect(makeLines(2)).toBe(makeLines(2));
    expect(makeLines(3).split('\n')).toHaveLength(4);
    expect(JSON.parse(makePeople(5))).toHaveLength(5);
    expect(makePeople(5)).toBe(makePeople(5));
  });
});
