/** What the programs in C print, and what is made of it. */
import { describe, expect, it } from 'vitest';
import { compareWork, type WorkRound } from '../../bench/parts/compare-work.ts';
import { parseWork } from '../../bench/parts/work-output.ts';
import { columns } from '../../bench/report/comparison.ts';
import { comparisonRows } from '../../bench/report/table.ts';
import { listedPrograms } from '../../bench/run/c-program.ts';

const round = (longmode: string, peers: Record<string, string>): WorkRound => ({
  longmode: parseWork(longmode),
  peers: new Map(Object.entries(peers).map(([name, output]) => [name, parseWork(output)])),
});

describe('parseWork', () => {
  it('finds work, what was skipped, and what was wrong, between other lines', () => {
    const output = parseWork(
      'BIOS\n\nwork crc 500 70 501000000 18446744073709551615\n[ 1.0] kernel\nskip avx2 no-AVX2\nwrong aes 3 1 2\n',
    );
    expect(output).toEqual({
      work: [{ name: 'crc', mark: 500, units: 70, nanoseconds: 501_000_000, result: '18446744073709551615' }],
      skipped: new Map([['avx2', 'no-AVX2']]),
      wrong: ['aes 3 1 2'],
    });
  });
});

describe('compareWork', () => {
  it('compares the speed at each mark, in each round', () => {
    const qemu = 'work crc 500 50 500000000 7\nwork crc 2000 200 2000000000 7\n';
    const { comparisons, errors } = compareWork(
      ['crc'],
      [
        round('work crc 500 25 500000000 7\nwork crc 2000 400 2000000000 7\n', { QEMU: qemu }),
        round('work crc 500 75 500000000 7\n', { QEMU: qemu }),
      ],
    );
    expect(errors).toEqual([]);
    expect(comparisons).toEqual([
      { name: 'crc', measure: 'at 0.5 s', peer: 'QEMU', speed: { median: 1, min: 0.5, max: 1.5, count: 2 } },
      { name: 'crc', measure: 'at 2 s', peer: 'QEMU', speed: { median: 2, min: 2, max: 2, count: 1 } },
    ]);
  });

  it('takes the last mark of a peer that stopped before', () => {
    const { comparisons } = compareWork(
      ['crc'],
      [round('work crc 2000 10 1000000000 7\n', { native: 'work crc 500 50 500000000 7\n' })],
    );
    expect(comparisons.map(({ speed }) => speed.median)).toEqual([0.1]);
  });

  it('makes an error and no speed of results that differ', () => {
    const { comparisons, errors } = compareWork(
      ['crc'],
      [round('work crc 500 25 500000000 8\n', { QEMU: 'work crc 500 50 500000000 7\n' })],
    );
    expect(comparisons).toEqual([]);
    expect(errors).toEqual(["crc: longmode's result is 8, that of QEMU 7"]);
  });

  it('makes an error of a wrong result and of a program that says nothing, and none of one that was skipped', () => {
    const { errors, leftOut } = compareWork(
      ['crc', 'avx2', 'aes'],
      [round('wrong crc 3 1 2\nskip avx2 no-AVX2\n', {})],
    );
    expect(errors).toEqual([
      'longmode: wrong result: crc 3 1 2',
      'longmode: nothing of crc',
      'longmode: nothing of aes',
    ]);
    expect(leftOut).toEqual(['avx2 in longmode: no-AVX2']);
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
