/** The report on a run: one HTML file that needs nothing else. */
import type { Statistics } from 'longmode';
import type { Choices } from './choices.ts';
import { describeUse, seconds } from './meter.ts';
import { type Stage, total } from './stages.ts';

export interface ReportInput {
  readonly choices: Choices;
  readonly stages: readonly Stage[];
  readonly statistics: Statistics;
  /** The chart of the speed, as a data URL. */
  readonly chart: string;
  readonly browser: string;
  readonly date: Date;
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const table = (rows: readonly (readonly string[])[]): string =>
  `<table>${rows.map((row) => `<tr>${row.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`).join('')}</table>`;

export function reportOf({ choices, stages, statistics, chart, browser, date }: ReportInput): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>longmode: report of a run</title>
<style>body{font:15px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}
td{padding:.1rem 1.2rem .1rem 0;vertical-align:top}pre{overflow:auto}</style></head><body>
<h1>Report of a run</h1>
<p>${escaped(date.toISOString())}, ${escaped(browser)}</p>
<h2>Where the time went</h2>
${table(stages.map(({ name, use }) => [name, seconds(total(use)), describeUse(use)]))}
<h2>Speed</h2>
<p>Million instructions a second, compiled and interpreted, over seconds.</p>
<img alt="Instructions a second over time" src="${escaped(chart)}">
<h2>Choices</h2>
${table(Object.entries(choices).map(([name, value]) => [name, String(value)]))}
<h2>Statistics</h2>
<pre>${escaped(JSON.stringify(statistics, null, 2))}</pre>
</body></html>
`;
}
