/** Results as a table for the terminal. */
import { type Comparison, columns, type Measurement, rowNames } from './comparison.ts';
import type { Spread } from './statistics.ts';

/** Columns padded to the widest cell: the first to the left, the others to the right. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number)));
  return `${rows.map((row) => line(row).join('  ').trimEnd()).join('\n')}\n`;
}

/** Two decimals; three below 0.1, where two say little. */
export function formatRatio(ratio: number): string {
  return ratio.toFixed(ratio < 0.1 ? 3 : 2);
}

/** `1.25 (1.20-1.31, 3)`: median, range and count; the median alone when there is one value. */
export function formatSpread({ median, min, max, count }: Spread): string {
  if (count === 1) return formatRatio(median);
  return `${formatRatio(median)} (${formatRatio(min)}-${formatRatio(max)}, ${count})`;
}

/** One row for each thing that ran; then, where means say something, the geometric means and the worst. */
export function comparisonRows(
  title: string,
  comparisons: readonly Comparison[],
  withMeans: boolean,
): string[][] {
  const all = columns(comparisons);
  const names = rowNames(comparisons);
  const rows = names.map((name) => [
    name,
    ...all.map(({ cells }) => {
      const cell = cells.get(name);
      return cell === undefined ? '-' : formatSpread(cell.speed);
    }),
  ]);
  const means = [
    ['geometric mean', ...all.map(({ geometricMean }) => formatRatio(geometricMean))],
    ['worst', ...all.map(({ worst }) => `${worst.name} ${formatRatio(worst.speed.median)}`)],
  ];
  return [[title, ...all.map((column) => column.title)], ...rows, ...(withMeans ? means : [])];
}

/** Three digits that say something. */
function formatNumber(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** A row for each number: its unit, longmode's, and that of each peer. */
export function measurementRows(title: string, measurements: readonly Measurement[]): string[][] {
  const peers = [...new Set(measurements.flatMap(({ peers }) => Object.keys(peers ?? {})))];
  const cell = (value: number | undefined) => (value === undefined ? '-' : formatNumber(value));
  return [
    [title, 'unit', 'longmode', ...peers],
    ...measurements.map(({ name, unit, value, peers: theirs }) => [
      name,
      unit,
      cell(value),
      ...peers.map((peer) => cell(theirs?.[peer])),
    ]),
  ];
}
