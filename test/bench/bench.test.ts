/** What the benchmarks work out of what they measure. */
import { describe, expect, it } from 'vitest';
import { balancedOrder, compareBoots } from '../../bench/parts/compare-boots.ts';
import { multibootProgram } from '../../bench/parts/door-ways.ts';
import { countLoopInstructions, nanosecondsPerIteration } from '../../bench/parts/loops-program.ts';
import { operationTimes } from '../../bench/parts/micro.ts';
import { geometricMean, median } from '../../bench/report/statistics.ts';
import { formatTable, measurementRows } from '../../bench/report/table.ts';
import { runChild } from '../../bench/run/child.ts';
import { tscParameter } from '../../bench/run/guest.ts';
import { parseOptions } from '../../bench/run/options.ts';
import { findDoor } from '../../src/boot/doors.ts';

describe('median', () => {
  it('is the middle value, or the mean of the two middle ones', () => {
    expect(median([10, 2, 9])).toBe(9);
    expect(median([10, 2, 9, 1])).toBe(5.5);
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('geometricMean', () => {
  it('makes 1 of twice and half', () => {
    expect(geometricMean([2, 0.5])).toBeCloseTo(1);
    expect(geometricMean([1, 10, 100])).toBeCloseTo(10);
    expect(() => geometricMean([])).toThrow(RangeError);
    expect(() => geometricMean([1, 0])).toThrow(RangeError);
  });
});

describe('balancedOrder', () => {
  it.each([2, 3, 4, 5, 6])('has each of %i as often after each other one', (count) => {
    const rounds = count % 2 === 0 ? count : 2 * count;
    const after = new Map<string, number>();
    for (let round = 0; round < rounds; round++) {
      const order = balancedOrder(count, round);
      expect([...order].sort()).toEqual(Array.from({ length: count }, (_, i) => i));
      for (let i = 1; i < count; i++) {
        const pair = `${order[i - 1]} ${order[i]}`;
        after.set(pair, (after.get(pair) ?? 0) + 1);
      }
    }
    expect(after.size).toBe(count * (count - 1));
    expect(new Set(after.values()).size).toBe(1);
  });
});

describe('compareBoots', () => {
  it('compares each way of ours with each peer', () => {
    const runs = new Map([
      ['q35', [{ seconds: 6, cpuSeconds: undefined }]],
      ['longmode', [{ seconds: 3, cpuSeconds: undefined }]],
      ['longmode with the code cache', [{ seconds: 2, cpuSeconds: undefined }]],
    ]);
    const found = compareBoots(runs, (name) => ({ name, peer: 'QEMU TCG' }));
    expect(found.map(({ name, measure, speed }) => [name, measure, speed.median])).toEqual([
      ['q35', 'wall clock', 2],
      ['q35', 'wall clock with the code cache', 3],
    ]);
  });

  it('compares runs of the same round, and processor time where it is known', () => {
    const runs = new Map([
      [
        'microvm',
        [
          { seconds: 2, cpuSeconds: 1 },
          { seconds: 3, cpuSeconds: undefined },
        ],
      ],
      [
        'longmode',
        [
          { seconds: 4, cpuSeconds: 4 },
          { seconds: 2, cpuSeconds: 5 },
        ],
      ],
    ]);
    expect(compareBoots(runs, (name) => ({ name, peer: 'QEMU TCG' }))).toEqual([
      {
        name: 'microvm',
        measure: 'wall clock',
        peer: 'QEMU TCG',
        speed: { median: 1, min: 0.5, max: 1.5, count: 2 },
      },
      {
        name: 'microvm',
        measure: 'processor time',
        peer: 'QEMU TCG',
        speed: { median: 0.25, min: 0.25, max: 0.25, count: 1 },
      },
    ]);
  });
});

describe('the Multiboot program of the ways into a kernel', () => {
  it('is one', () => {
    expect(findDoor(multibootProgram(), undefined).entry).toBe('multiboot');
  });
});

describe('parseOptions', () => {
  it('has defaults, and refuses what it does not know', () => {
    expect(parseOptions([])).toMatchObject({ quick: false, rounds: undefined, out: 'build/bench' });
    expect(parseOptions([]).parts).toEqual([
      'boot',
      'compute',
      'system',
      'programs',
      'applications',
      'boot-686',
      'compute-686',
      'micro',
    ]);
    expect(parseOptions(['--parts', 'loops,boot', '--rounds', '2'])).toMatchObject({
      parts: ['loops', 'boot'],
      rounds: 2,
    });
    expect(() => parseOptions(['--rounds', '0'])).toThrow('--rounds 0: not a whole number above 0');
    expect(() => parseOptions(['--parts', 'boots'])).toThrow('--parts boots: not one of boot,');
    expect(() => parseOptions(['--fast'])).toThrow();
  });
});

describe('formatTable', () => {
  it('aligns names left and numbers right', () => {
    expect(
      formatTable([
        ['name', 's'],
        ['a', '10.5'],
      ]),
    ).toBe('name     s\na     10.5\n');
  });
});

describe('operationTimes', () => {
  it('is of the last second, in which nothing is new any more', () => {
    const line = (seconds: number, text: string) => ({ seconds, text });
    const lines = [
      line(1, 'begin tlb_hit'),
      line(2, 'work tlb_hit 1000 10 1000000000 1000'),
      line(3, 'work tlb_hit 2000 30 2000000000 1000'),
    ];
    expect(operationTimes(lines)).toEqual(new Map([['tlb_hit', 50_000]]));
    expect(() => operationTimes(lines.slice(0, 2))).toThrow('no times of tlb_hit');
  });
});

describe('measurementRows', () => {
  it('has a column for each peer that has something', () => {
    expect(
      measurementRows('parts', [
        { name: 'a', unit: 'ns', value: 123.4 },
        { name: 'b', unit: 'us', value: 1.2345, peers: { native: 0.1, QEMU: undefined } },
      ]),
    ).toEqual([
      ['parts', 'unit', 'longmode', 'native', 'QEMU'],
      ['a', 'ns', '123', '-', '-'],
      ['b', 'us', '1.23', '0.100', '-'],
    ]);
  });
});

describe('runChild', () => {
  it('gives output and times', async () => {
    const spin = 'const end = performance.now() + 200; while (performance.now() < end); console.log("done")';
    const { output, lines, seconds, cpuSeconds } = await runChild(process.execPath, ['-e', spin], 30);
    expect(output).toBe('done\n');
    expect(lines.map(({ text }) => text)).toEqual(['done']);
    expect(lines[0]?.seconds).toBeGreaterThanOrEqual(0.2);
    expect(seconds).toBeGreaterThanOrEqual(0.2);
    if (cpuSeconds !== undefined) expect(cpuSeconds).toBeGreaterThan(0);
  });

  it('tells of failure', async () => {
    const fail = 'console.error("the reason"); process.exit(3)';
    await expect(runChild(process.execPath, ['-e', fail], 30)).rejects.toThrow(
      /ended with 3[\s\S]*the reason/,
    );
  });

  it('kills what takes too long', async () => {
    const wait = runChild(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], 0.3);
    await expect(wait).rejects.toThrow('took more than 0.3 s');
  });
});

describe('tscParameter', () => {
  it('takes the frequency from the log of Linux', () => {
    expect(tscParameter('[    0.0] tsc: Detected 2594.187 MHz processor\n')).toBe('tsc_early_khz=2594187');
    expect(() => tscParameter('')).toThrow();
  });
});

describe('countLoopInstructions', () => {
  const disassembly = (target: string) =>
    `0000000000001000 <before>:\n    1000:\tjmp    1000 <before>\n\n0000000000001010 <walk>:\n` +
    '    1010:\txor    %eax,%eax\n    1012:\tadd    (%rdi),%eax\n    1014:\tadd    $0x4,%rdi\n' +
    `    1018:\tcmp    %rsi,%rdi\n    101b:\tjne    ${target} <walk+0x2>\n    101d:\tret\n`;

  it('counts from the target of the backward jump to the jump', () => {
    expect(countLoopInstructions(disassembly('1012'), 'walk')).toBe(4);
  });

  it('refuses a function with no or several loops', () => {
    expect(() => countLoopInstructions(disassembly('101d'), 'walk')).toThrow('0 loops');
    expect(() => countLoopInstructions(disassembly('1012'), 'missing')).toThrow('no function');
  });
});

describe('nanosecondsPerIteration', () => {
  it('is the median of the rounds of one loop', () => {
    const output = 'kernel\nloop crc32 100 900\nloop crc32 100 200\nloop crc32 100 250\nloop other 1 1\n';
    expect(nanosecondsPerIteration(output, 'crc32')).toBe(2.5);
    expect(() => nanosecondsPerIteration(output, 'multiply_add')).toThrow('no result');
  });
});
