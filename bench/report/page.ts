/** The results as one HTML file that needs nothing but itself. */
import { readFileSync } from 'node:fs';
import type { Environment } from '../run/environment.ts';
import { barChart } from './bars.ts';
import { type Column, columns, type NamedResult } from './comparison.ts';
import { type Child, element, join, Markup } from './markup.ts';
import { comparisonRows, formatRatio, measurementRows } from './table.ts';
import { timelineChart } from './timeline-chart.ts';

export interface Report {
  readonly environment: Environment;
  readonly kernel: string;
  /** Whether it was a smoke run. */
  readonly quick: boolean;
  /** Peers that this machine lacks. */
  readonly leftOut: readonly string[];
  readonly parts: readonly NamedResult[];
}

const STYLE = readFileSync(new URL('./page.css', import.meta.url), 'utf8');

function table(rows: readonly (readonly string[])[], meansRows: number): Markup {
  const [head, ...body] = rows;
  const row = (cells: readonly string[], kind: 'th' | 'td', attributes = {}) =>
    element('tr', attributes, ...cells.map((cell) => element(kind, {}, cell)));
  return element(
    'div',
    { class: 'scroll' },
    element(
      'table',
      {},
      element('thead', {}, row(head ?? [], 'th')),
      element(
        'tbody',
        {},
        ...body.map((cells, i) => row(cells, 'td', i >= body.length - meansRows ? { class: 'means' } : {})),
      ),
    ),
  );
}

function list(items: readonly string[], attributes = {}): Markup {
  return items.length === 0
    ? new Markup('')
    : element('ul', attributes, ...items.map((item) => element('li', {}, item)));
}

function bars(all: readonly Column[]): Markup {
  const peers = [...new Set(all.map(({ peer }) => peer))];
  return join(
    peers.map((peer) => {
      const own = all.filter((column) => column.peer === peer);
      const measures = own.map(({ measure }) => measure).join(', ');
      return element(
        'figure',
        {},
        element('figcaption', {}, `Speed as a multiple of ${peer}: ${measures}`),
        barChart(own),
      );
    }),
  );
}

function section({ title, means, comparisons, measurements, timeline, errors, notes }: NamedResult): Markup {
  const parts: Child[] = [element('h2', {}, title)];
  if (comparisons.length > 0) {
    parts.push(bars(columns(comparisons)), table(comparisonRows(title, comparisons, means), means ? 2 : 0));
  }
  if (measurements !== undefined) parts.push(table(measurementRows(title, measurements), 0));
  if (timeline !== undefined) {
    parts.push(element('h3', {}, 'One run of longmode, with a profiler'), timelineChart(timeline));
  }
  parts.push(list(errors, { class: 'error' }), list(notes));
  return element('section', {}, ...parts);
}

function summary(parts: readonly NamedResult[]): Markup {
  const rows = parts
    .filter(({ means }) => means)
    .flatMap(({ title, comparisons }) =>
      columns(comparisons).map((column) => [
        title,
        column.title,
        formatRatio(column.geometricMean),
        `${column.worst.name} ${formatRatio(column.worst.speed.median)}`,
        String(column.cells.size),
      ]),
    );
  return rows.length === 0
    ? new Markup('')
    : table([['part', 'beside', 'geometric mean', 'worst', 'programs'], ...rows], 0);
}

export function reportPage({ environment, kernel, quick, leftOut, parts }: Report): string {
  const { date, processor, processors, load, node, qemu, gcc } = environment;
  const facts = [
    `${processors} x ${processor}, load average ${load.toFixed(2)} at the start`,
    `Node ${node}, QEMU ${qemu ?? 'not installed'}, gcc ${gcc ?? 'not installed'}, Linux ${kernel} in the guest`,
    ...(quick ? ['a smoke run: short times, one round'] : []),
    ...leftOut.map((what) => `left out: ${what}`),
  ];
  const title = `longmode beside its peers, ${date.slice(0, 10)}`;
  const page = element(
    'html',
    { lang: 'en' },
    element(
      'head',
      {},
      element('meta', { charset: 'utf-8' }),
      element('meta', { name: 'viewport', content: 'width=device-width' }),
      element('title', {}, title),
      element('style', {}, new Markup(STYLE)),
    ),
    element(
      'body',
      {},
      element('h1', {}, title),
      list(facts),
      element(
        'p',
        {},
        'Every number without a unit is a speed as a multiple of the peer’s: above 1 longmode is faster. In brackets the range and the ' +
          'count of rounds; bars are medians, the lines on them the range.',
      ),
      summary(parts),
      ...parts.map(section),
    ),
  );
  return `<!doctype html>\n${page.text}\n`;
}
