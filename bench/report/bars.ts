/** A picture of ratios: bars that leave the line of 1 to the left for slower and to the right for faster. */
import { type Column, type Comparison, rowNames } from './comparison.ts';
import { element, join, type Markup } from './markup.ts';
import { formatRatio, formatSpread } from './table.ts';

const WIDTH = 880;
const LABEL = 240;
const RIGHT = 70;
const BAR = 11;
const GAP = 9;
const AXIS = 26;

/** 1, 2 and 5 times the powers of ten that lie in the range. */
export function logarithmicTicks(min: number, max: number): number[] {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(min)); power <= Math.ceil(Math.log10(max)); power++) {
    for (const digit of [1, 2, 5]) {
      const tick = Number(`${digit}e${power}`);
      if (tick >= min && tick <= max) ticks.push(tick);
    }
  }
  return ticks;
}

/** @param columns of one peer; each is a bar of its own in every row. */
export function barChart(columns: readonly Column[]): Markup {
  const comparisons = columns.flatMap(({ cells }) => [...cells.values()]);
  const names = rowNames(comparisons);
  const values = comparisons.flatMap(({ speed }) => [speed.min, speed.max]).filter((value) => value > 0);
  const min = Math.min(0.5, ...values) / 1.1;
  const max = Math.max(2, ...values) * 1.1;
  const scale = (value: number) =>
    LABEL + ((WIDTH - LABEL - RIGHT) * Math.log(Math.max(value, min) / min)) / Math.log(max / min);
  const rowHeight = columns.length * BAR + GAP;
  const bottom = AXIS + names.length * rowHeight;

  const bar = (comparison: Comparison, title: string, index: number, top: number): Markup => {
    const { median, min: low, max: high } = comparison.speed;
    const [from, to] = [1, median].map(scale).toSorted((a, b) => a - b) as [number, number];
    const y = top + index * BAR;
    const whisker = `M${scale(low).toFixed(1)} ${y + BAR / 2}H${scale(high).toFixed(1)}`;
    return element(
      'g',
      {},
      element('title', {}, `${comparison.name}, ${title}: ${formatSpread(comparison.speed)}`),
      element('rect', {
        class: median < 1 ? 'slower' : 'faster',
        opacity: (index + 1) / columns.length,
        x: from,
        y,
        width: Math.max(to - from, 1),
        height: BAR - 2,
      }),
      ...(low === high ? [] : [element('path', { class: 'whisker', d: whisker })]),
      element(
        'text',
        { class: 'value', x: Math.max(to, scale(high)) + 4, y: y + BAR - 2 },
        formatRatio(median),
      ),
    );
  };

  const rows = names.map((name, row) => {
    const top = AXIS + row * rowHeight + GAP / 2;
    const label = element(
      'text',
      { class: 'label', x: LABEL - 8, y: top + (columns.length * BAR) / 2 + 3 },
      name,
    );
    const bars = columns.flatMap(({ cells, title }, index) => {
      const comparison = cells.get(name);
      return comparison === undefined ? [] : [bar(comparison, title, index, top)];
    });
    return join([label, ...bars]);
  });
  const ticks = logarithmicTicks(min, max).flatMap((tick) => [
    element('path', {
      class: tick === 1 ? 'one' : 'grid',
      d: `M${scale(tick).toFixed(1)} ${AXIS}V${bottom}`,
    }),
    element('text', { class: 'tick', x: scale(tick), y: AXIS - 8 }, String(tick)),
  ]);
  const title = columns.map((column) => column.title).join(', ');
  return element(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${bottom + 4}`, role: 'img', 'aria-label': title },
    ...ticks,
    ...rows,
  );
}
