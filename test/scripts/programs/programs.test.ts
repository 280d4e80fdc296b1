import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { groupsOf, packagesOf, selectPrograms } from '../../../scripts/programs/groups.ts';
import { PROGRAMS } from '../../../scripts/programs/list.ts';
import { nativeEnvironment } from '../../../scripts/programs/native-features.ts';
import { mergeResults, pageOf, type Result, resultsOf } from '../../../scripts/programs/page.ts';
import { planFiles } from '../../../scripts/programs/plan.ts';
import { type Outcome, type Program, sameLines } from '../../../scripts/programs/program.ts';
import { Transcript } from '../../../scripts/programs/transcript.ts';
import { chooseCpu } from '../../../src/machine/cpu-models.ts';

const outcome = (output: string, status = 0): Outcome => ({ status, output, seconds: 1 });

describe('the list of programs', () => {
  it('has each name once, and only models that there are', () => {
    const names = PROGRAMS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { cpus } of PROGRAMS) for (const cpu of cpus) expect(() => chooseCpu(cpu)).not.toThrow();
  });

  it('has the files that the programs name', () => {
    const files = planFiles(PROGRAMS);
    for (const { name, run } of PROGRAMS) {
      const named = /(?:bash|perl|node|<|luajit) ?(test\.\w+)/.exec(run)?.[1];
      if (named !== undefined) expect([...files.keys()]).toContain(`${name}/${named}`);
    }
    expect(files.get('plan')).toContain('bash 120\n');
  });

  it('is chosen from by name and by beginning, in its order', () => {
    const chosen = selectPrograms(PROGRAMS, ['python-re', 'i386-b*', 'bash']).map(({ name }) => name);
    expect(chosen).toEqual(['bash', 'python-re', 'i386-bash']);
    expect(selectPrograms(PROGRAMS, [])).toBe(PROGRAMS);
    expect(() => selectPrograms(PROGRAMS, ['bash', 'pearl'])).toThrow('--only pearl: no such program');
  });

  it('makes a guest of each architecture, processor and clock', () => {
    const chosen = selectPrograms(PROGRAMS, ['openssl-ciphers', 'bash', 'python-threading', 'i386-hello']);
    const told = (cpu?: string) =>
      groupsOf(chosen, cpu).map((group) => [
        group.architecture,
        group.cpu,
        group.clock,
        group.programs.map(({ name }) => name).join(' '),
      ]);
    expect(told('x86-64-v1')).toEqual([
      ['amd64', 'x86-64-v1', 'host', 'bash openssl-ciphers'],
      ['amd64', 'x86-64-v1', 'instructions', 'python-threading'],
      ['i386', 'x86-64-v1', 'host', 'i386-hello'],
    ]);
    expect(told().length).toBe(new Set(chosen.flatMap(({ cpus }) => cpus)).size + 2);
  });

  it('takes the packages of the whole list, and the root that the kernel comes with', () => {
    const [bash, hello] = selectPrograms(PROGRAMS, ['bash', 'i386-hello']) as [Program, Program];
    expect([...packagesOf(PROGRAMS, [bash]).keys()]).toEqual(['amd64']);
    const packages = packagesOf(PROGRAMS, [hello]);
    expect(packages.get('amd64')).toContain('stress-ng');
    expect(packages.get('i386')).toContain('hello');
  });
});

describe('what a guest prints', () => {
  const TEXT =
    'kernel\r\n@@ begin a\r\none\r\n@@ end b 0\r\n\r\n@@ end a 3\r\n@@ begin b\r\nx\r\n@@ end b 0\r\n@@ done\r\n';

  it.each([1, 7, TEXT.length])('is read in pieces of %d', (size) => {
    const ended: string[] = [];
    let time = 0;
    const transcript = new Transcript({ ended: (name) => ended.push(name) }, () => (time += 500));
    for (let at = 0; at < TEXT.length; at += size) transcript.push(TEXT.slice(at, at + size));
    expect(ended).toEqual(['a', 'b']);
    expect(transcript.outcomes.get('a')).toEqual({ status: 3, output: 'one\n@@ end b 0\n', seconds: 0.5 });
    expect(transcript.outcomes.get('b')).toMatchObject({ status: 0, output: 'x' });
    expect(transcript.others).toEqual(['kernel', '@@ done']);
    expect(transcript.running).toBeUndefined();
  });

  it('tells what ran when it ended early', () => {
    const transcript = new Transcript();
    transcript.push('@@ begin a\nhal');
    expect(transcript.running).toBe('a');
    expect(transcript.tail()).toBe('hal');
    expect(transcript.outcomes.size).toBe(0);
  });
});

describe('the comparison', () => {
  it('finds lines that differ, are missing or too many', () => {
    const compare = sameLines();
    expect(compare(outcome('a\nb'), outcome('a\nb'))).toEqual([]);
    expect(compare(outcome('a\nc\nd'), outcome('a\nb'))).toEqual([
      'line 2: "c" in the guest, "b" natively',
      'line 3: "d" in the guest, nothing natively',
    ]);
    expect(compare(outcome(''), outcome('x\n'.repeat(20))).at(-1)).toBe('and 9 more lines');
  });

  it('fails if a status differs, or the native run is nothing to go by', () => {
    expect(sameLines()(outcome('a', 1), outcome('a'))).toHaveLength(1);
    expect(sameLines()(outcome('a'), outcome('a', 1))).toEqual(['natively it ended with status 1: a']);
    expect(sameLines(() => [])(outcome('a'), outcome('a'))).toEqual(['natively it told nothing to compare']);
  });

  it.each(PROGRAMS)('of $name is not content with an empty output', ({ compare, isNative }) => {
    expect(compare(outcome(''), isNative ? outcome('') : undefined)).not.toEqual([]);
  });

  it("of Python's tests is of verdicts, not of what tests print", () => {
    const { compare } = PROGRAMS.find(({ name }) => name === 'python-threading') as Program;
    const run = (printed: string, verdict: string) =>
      outcome(
        `test_a (x.A) ... ${printed}\n${verdict}\ntest_b (x.B) ... skipped 'no b'\nRan 2 tests in 0.1s\n`,
      );
    expect(compare(run('thread 1', 'ok'), run('thread 2', 'ok'))).toEqual([]);
    expect(compare(run('thread 1', 'FAIL'), run('thread 2', 'ok'))).not.toEqual([]);
    expect(compare(run('thread 1', 'ok'), run('ok', ''))).toEqual([]);
    expect(compare(run('FAIL', ''), run('ok', ''))).not.toEqual([]);
  });

  it('natively is without what the guest has not', () => {
    const [glibc, openssl] = nativeEnvironment('x86-64-v2');
    expect(glibc).toMatch(/-AVX512F\b.*-AVX2\b.*-FMA\b/);
    // AVX is bit 28 of the second word, AVX2 bit 5 of the third.
    const [, first = '', second = ''] = /~(\w+):~(\w+)/.exec(openssl as string) ?? [];
    expect([(BigInt(first) >> 60n) & 1n, (BigInt(second) >> 5n) & 1n]).toEqual([1n, 1n]);
    expect(nativeEnvironment('max,-la57')[0]).not.toMatch(/-AVX2\b/);
  });
});

describe('docs/programs.md', () => {
  const file = new URL('../../../docs/programs.md', import.meta.url);
  const result = (name: string, cpu: string, version: string): Result => ({
    name,
    cpu,
    version,
    isSame: true,
    guestSeconds: 2,
    nativeSeconds: undefined,
  });

  it('is what the results in it make', () => {
    expect(existsSync(file)).toBe(true);
    const page = readFileSync(file, 'utf8');
    expect(pageOf(PROGRAMS, resultsOf(page))).toBe(page);
  });

  it('has new results in the place of old ones', () => {
    const merged = mergeResults(
      [result('perl', 'max', '1'), result('bash', 'max', '1')],
      [result('perl', 'max', '2')],
    );
    expect(merged).toEqual([result('bash', 'max', '1'), result('perl', 'max', '2')]);
    const page = pageOf(PROGRAMS, merged);
    expect(resultsOf(page)).toEqual(merged);
    expect(page).toContain('No result yet with `x86-64-v2`: `kernel-crypto`');
    expect(pageOf(PROGRAMS, [{ ...result('bash', 'max', '1'), isSame: false }])).toContain('**differs**');
  });
});
