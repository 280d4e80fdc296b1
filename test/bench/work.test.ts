/** What the programs in C print, and what is made of it. */
import { describe, expect, it } from 'vitest';
import { compareWork, type WorkRound } from '../../bench/parts/compare-work.ts';
import { clockRate, parseWork } from '../../bench/parts/work-output.ts';
import { columns } from '../../bench/report/comparison.ts';
import { comparisonRows } from '../../bench/report/table.ts';
import { listedPrograms } from '../../bench/run/c-program.ts';

/** Lines that begin with when they came: `0.5 work ...`. */
const lines = (output: string) =>
  output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ seconds: Number.parseFloat(line), text: line.replace(/^[\d.]+ /, '') }));

const round = (longmode: string, peers: Record<string, string>): WorkRound => ({
  longmode: parseWork(lines(longmode)),
  peers: new Map(Object.entries(peers).map(([name, output]) => [name, parseWork(lines(output))])),
});

describe('parseWork', () => {
  it('finds work, what was skipped, and what was wrong, between other lines', () => {
    const output = parseWork(
      lines(
        '1 BIOS\n2 begin crc\n2.5 work crc 500 70 501000000 18446744073709551615\n3 [ 1.0] kernel\n' +
          '4 skip avx2 no-AVX2\n5 wrong aes 3 1 2\n',
      ),
    );
    expect(output).toEqual({
      work: [
        {
          name: 'crc',
          mark: 500,
          units: 70,
          nanoseconds: 501_000_000,
          hostSeconds: 0.5,
          result: '18446744073709551615',
        },
      ],
      skipped: new Map([['avx2', 'no-AVX2']]),
      wrong: ['aes 3 1 2'],
    });
  });
});

describe('clockRate', () => {
  it('compares the last marks of the programs with when they came', () => {
    const output = parseWork(
      lines(
        '1 begin a\n2 work a 500 1 500000000 7\n4 work a 2000 4 2000000000 7\n' +
          '5 begin b\n7 work b 500 1 500000000 7\n',
      ),
    );
    expect(clockRate(output)).toBeCloseTo(2.5 / 5);
    expect(clockRate(parseWork([]))).toBeUndefined();
  });
});

describe('compareWork', () => {
  it("compares the speed at each mark by the host's clock, in each round", () => {
    const qemu = '0 begin crc\n0.5 work crc 500 50 500000000 7\n2 work crc 2000 200 2000000000 7\n';
    const { comparisons, errors, notes } = compareWork(
      ['crc'],
      [
        round('1 begin crc\n2 work crc 500 50 500000000 7\n4 work crc 2000 600 2000000000 7\n', {
          QEMU: qemu,
        }),
        round('1 begin crc\n1.5 work crc 500 75 500000000 7\n', { QEMU: qemu }),
      ],
    );
    expect(errors).toEqual([]);
    expect(notes).toEqual(["the clock of longmode went at 0.67 of the host's speed"]);
    expect(comparisons).toEqual([
      { name: 'crc', measure: 'at 0.5 s', peer: 'QEMU', speed: { median: 1, min: 0.5, max: 1.5, count: 2 } },
      { name: 'crc', measure: 'at 2 s', peer: 'QEMU', speed: { median: 2, min: 2, max: 2, count: 1 } },
    ]);
  });

  it('takes the last mark of a peer that stopped before', () => {
    const { comparisons } = compareWork(
      ['crc'],
      [
        round('0 begin crc\n2 work crc 2000 20 2000000000 7\n', {
          native: '0 begin crc\n0.5 work crc 500 50 500000000 7\n',
        }),
      ],
    );
    expect(comparisons.map(({ speed }) => speed.median)).toEqual([0.1]);
  });

  it('makes an error and no speed of results that differ', () => {
    const { comparisons, errors } = compareWork(
      ['crc'],
      [
        round('0 begin crc\n0.5 work crc 500 25 500000000 8\n', {
          QEMU: '0 begin crc\n0.5 work crc 500 50 500000000 7\n',
        }),
      ],
    );
    expect(comparisons).toEqual([]);
    expect(errors).toEqual(["crc: longmode's result is 8, that of QEMU 7"]);
  });

  it('makes an error of a wrong result and of a program that says nothing, and none of one that was skipped', () => {
    const { errors, notes } = compareWork(
      ['crc', 'avx2', 'aes'],
      [round('1 wrong crc 3 1 2\n1 skip avx2 no-AVX2\n', {})],
    );
    expect(errors).toEqual([
      'longmode: wrong result: crc 3 1 2',
      'longmode: nothing of crc',
      'longmode: nothing of aes',
    ]);
    expect(notes).toEqual(['left out: avx2 in longmode, no-AVX2']);
  });
});

describe('columns', () => {
  const comparison = (name: string, median: number, measure = 'at 2 s') => ({
    name,
    measure,
    peer: 'QEMU',
    speed: { median, min: median, max: median, count: 1 },
  });

  it('have the geometric mean and the worst', () => {
    const [column] = columns([comparison('a', 4), comparison('b', 0.25), comparison('c', 8)]);
    expect(column?.geometricMean).toBe(2);
    expect(column?.worst.name).toBe('b');
  });

  it('make a table with a gap for what was not measured', () => {
    const rows = comparisonRows(
      't',
      [comparison('a', 2), comparison('b', 0.05), comparison('a', 3, 'at 1 s')],
      true,
    );
    expect(rows).toEqual([
      ['t', 'x QEMU at 2 s', 'x QEMU at 1 s'],
      ['a', '2.00', '3.00'],
      ['b', '0.050', '-'],
      ['geometric mean', '0.32', '3.00'],
      ['worst', 'b 0.050', 'a 3.00'],
    ]);
  });
});

describe('listedPrograms', () => {
  it('reads the list that the C programs use', () => {
    expect(listedPrograms('compute')).toContain('aes_ni');
    expect(listedPrograms('compute')).not.toContain('name');
    expect(listedPrograms('system-work')[0]).toBe('null_call');
  });
});
