/** The page that the benchmark writes. */
import { describe, expect, it } from 'vitest';
import { logarithmicTicks } from '../../bench/report/bars.ts';
import { type Report, reportPage } from '../../bench/report/page.ts';
import { tickDistance } from '../../bench/report/timeline-chart.ts';

const REPORT: Report = {
  environment: {
    date: '2026-01-02T03:04:05.000Z',
    processor: 'A & B <fast>',
    processors: 2,
    load: 0.1,
    node: 'v26.0.0',
    qemu: '7.2',
    gcc: undefined,
    gcc32: undefined,
  },
  kernel: '6.1',
  quick: false,
  leftOut: ['programs in C: there is no gcc'],
  parts: [
    {
      name: 'compute',
      title: 'compute',
      means: true,
      comparisons: [
        {
          name: 'crc',
          measure: 'at 2 s',
          peer: 'QEMU TCG',
          speed: { median: 2, min: 1.5, max: 2.5, count: 3 },
        },
        {
          name: 'sort',
          measure: 'at 2 s',
          peer: 'QEMU TCG',
          speed: { median: 0.5, min: 0.5, max: 0.5, count: 1 },
        },
      ],
      errors: ["sort: longmode's result is 1 < 2"],
      notes: [],
      timeline: {
        stepSeconds: 0.5,
        threads: [{ name: 'guest thread', layers: [{ name: 'compiled code', seconds: [0.1, 0.5] }] }],
      },
      details: {},
    },
  ],
};

/** Names of elements that end in the wrong order, or not at all. */
function unbalanced(page: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  for (const [, end, name] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)(?:\s+[a-zA-Z0-9-]+="[^"<>]*")*>/g)) {
    if (name === 'meta') continue;
    if (end === '') open.push(name as string);
    else if (open.pop() !== name) wrong.push(name as string);
  }
  return [...wrong, ...open];
}

describe('the page', () => {
  const page = reportPage(REPORT);

  it('is well-formed: each < begins an element, and each element ends', () => {
    const tags = page
      .replace('<!doctype html>', '')
      .match(/<\/?[a-z][a-z0-9]*(?:\s+[a-zA-Z0-9-]+="[^"<>]*")*>/g);
    expect(page.split('<').length - 2).toBe(tags?.length);
    expect(unbalanced(page)).toEqual([]);
  });

  it('needs nothing but itself', () => {
    expect(page).not.toMatch(/https?:|\b(src|href)=|url\(|@import|<script|<link/);
  });

  it('has the figures, the mean, the worst, the error and what is missing', () => {
    expect(page).toContain('<td>2.00 (1.50-2.50, 3)</td>');
    expect(page).toContain('<tr class="means"><td>geometric mean</td><td>1.00</td></tr>');
    expect(page).toContain('<td>sort 0.50</td>');
    expect(page).toContain("<li>sort: longmode's result is 1 &lt; 2</li>");
    expect(page).toContain('A &amp; B &lt;fast&gt;');
    expect(page).toContain('programs in C: there is no gcc');
  });

  it('has bars on both sides of 1, and the timeline', () => {
    expect(page.match(/<rect class="faster"/g)).toHaveLength(1);
    expect(page.match(/<rect class="slower"/g)).toHaveLength(1);
    expect(page.match(/class="whisker"/g)).toHaveLength(1);
    expect(page).toContain('compiled code 0.60 s');
    expect(page).not.toContain('NaN');
  });
});

describe('axes', () => {
  it('have ticks at 1, 2 and 5', () => {
    expect(logarithmicTicks(0.09, 2.2)).toEqual([0.1, 0.2, 0.5, 1, 2]);
    expect(tickDistance(5.3)).toBe(1);
    expect(tickDistance(0.9)).toBeCloseTo(0.1);
    expect(tickDistance(42)).toBe(5);
  });
});
