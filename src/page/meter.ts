/** The strip beside the terminal: stages of the boot, speed, and a few figures. */
import type { Statistics } from 'longmode';
import uPlot from 'uplot';
import { type Stage, type TimeUse, total } from './stages.ts';

/** Seconds of the chart. */
const SPAN = 60;

const KINDS: readonly (readonly [keyof TimeUse, string])[] = [
  ['load', 'loading'],
  ['run', 'running'],
  ['wait', 'waiting for the compiler'],
  ['idle', 'idle'],
];

const MIB = 2 ** 20;

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(milliseconds < 9950 ? 2 : 1)} s`;
}

export interface Sample {
  /** Seconds since the start. */
  readonly time: number;
  /** Million instructions a second. */
  readonly compiled: number;
  readonly interpreted: number;
}

/** The speed between two looks at the counters; undefined after a reset, which sets them back. */
export function sampleOf(before: Statistics, now: Statistics): Sample | undefined {
  const elapsed = now.wallMilliseconds - before.wallMilliseconds;
  const compiled = now.instructions.compiled - before.instructions.compiled;
  const interpreted = now.instructions.interpreted - before.instructions.interpreted;
  if (elapsed <= 0 || compiled < 0 || interpreted < 0) return undefined;
  // Instructions in a millisecond, in thousands.
  const rate = (count: number): number => count / elapsed / 1000;
  return { time: now.wallMilliseconds / 1000, compiled: rate(compiled), interpreted: rate(interpreted) };
}

export class Meter {
  readonly samples: Sample[] = [];
  private readonly stages: HTMLElement;
  private readonly figures: HTMLElement;
  private readonly chart: uPlot;

  constructor(stages: HTMLElement, chart: HTMLElement, figures: HTMLElement) {
    this.stages = stages;
    this.figures = figures;
    const color = (name: string) => (): string => getComputedStyle(chart).getPropertyValue(name);
    const axis = {
      stroke: color('--faint'),
      grid: { stroke: color('--line'), width: 1 },
      font: '11px system-ui',
    };
    this.chart = new uPlot(
      {
        width: 240,
        height: 140,
        cursor: { drag: { x: false, y: false } },
        legend: { live: false, markers: { show: false } },
        scales: {
          x: { time: false, range: () => this.range() },
          y: { range: (_, __, max) => [0, Math.max(max, 10)] },
        },
        axes: [
          { ...axis, size: 28, values: (_, ticks) => ticks.map((tick) => `${tick} s`) },
          { ...axis, size: 52 },
        ],
        series: [
          {},
          {
            label: 'compiled',
            stroke: color('--run'),
            width: 1.5,
          },
          {
            label: 'interpreted',
            stroke: color('--wait'),
            width: 1.5,
          },
        ],
      },
      [[], [], []],
      chart,
    );
    new ResizeObserver(() => this.chart.setSize({ width: chart.clientWidth, height: 140 })).observe(chart);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.chart.redraw());
  }

  clear(): void {
    this.samples.length = 0;
    this.draw();
  }

  add(sample: Sample): void {
    this.samples.push(sample);
    this.draw();
  }

  /** The chart as a data URL. */
  picture(): string {
    return this.chart.ctx.canvas.toDataURL();
  }

  showStages(stages: readonly Stage[]): void {
    const longest = Math.max(...stages.map(({ use }) => total(use)), 1);
    const rows = stages.flatMap(({ name, use }) => {
      const bar = document.createElement('span');
      bar.className = 'bar';
      bar.setAttribute('role', 'img');
      bar.setAttribute('aria-label', describeUse(use));
      bar.title = describeUse(use);
      for (const [kind] of KINDS) {
        const part = document.createElement('span');
        part.className = kind;
        part.style.width = `${(use[kind] / longest) * 100}%`;
        bar.append(part);
      }
      return [text('span', name), bar, text('span', seconds(total(use)))];
    });
    const key = document.createElement('div');
    key.className = 'key';
    for (const [kind, label] of KINDS) {
      const entry = document.createElement('span');
      const swatch = document.createElement('i');
      swatch.className = kind;
      entry.append(swatch, label);
      key.append(entry);
    }
    this.stages.replaceChildren(...rows, key);
  }

  showFigures(statistics: Statistics): void {
    const { instructions, regions, memory, wallMilliseconds, idleMilliseconds } = statistics;
    const share = instructions.total === 0 ? 0 : (instructions.compiled / instructions.total) * 100;
    const entries = [
      ['Instructions', `${(instructions.total / 1e6).toFixed(0)} M`],
      ['of these compiled', `${share.toFixed(1)} %`],
      ['Regions', String(regions.regions)],
      ['Compiler', seconds(regions.compileMilliseconds)],
      ['Memory touched', `${(memory.ramTouched / MIB).toFixed(0)} MiB`],
      ['Idle', `${((idleMilliseconds / Math.max(wallMilliseconds, 1)) * 100).toFixed(0)} %`],
    ] as const;
    this.figures.replaceChildren(
      ...entries.flatMap(([name, value]) => [text('dt', name), text('dd', value)]),
    );
  }

  private range(): [number, number] {
    const end = Math.max(this.samples.at(-1)?.time ?? 0, 10);
    return [Math.max(0, end - SPAN), end];
  }

  private draw(): void {
    const shown = this.samples.slice(-SPAN * 4);
    this.chart.setData([
      shown.map(({ time }) => time),
      shown.map(({ compiled }) => compiled),
      shown.map(({ interpreted }) => interpreted),
    ]);
  }
}

export function describeUse(use: TimeUse): string {
  const parts = KINDS.filter(([kind]) => use[kind] > 0).map(
    ([kind, label]) => `${label} ${seconds(use[kind])}`,
  );
  return parts.join(', ') || 'nothing yet';
}

function text(tag: 'span' | 'dt' | 'dd', content: string): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = content;
  return made;
}
