/** A picture of a timeline: for each thread, its layers on top of each other along time. */
import type { ThreadTimeline, Timeline } from '../timeline/timeline.ts';
import { element, join, type Markup } from './markup.ts';

const WIDTH = 880;
const LEFT = 40;
const HEIGHT = 150;
const AXIS = 22;

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** A tick distance of 1, 2 or 5 times a power of ten that gives at most ten ticks. */
export function tickDistance(length: number): number {
  const power = 10 ** Math.floor(Math.log10(length / 10));
  return ([1, 2, 5, 10].find((digit) => length / (digit * power) <= 10) as number) * power;
}

function threadChart(thread: ThreadTimeline, stepSeconds: number): Markup {
  const steps = thread.layers[0]?.seconds.length ?? 0;
  const sums = Array.from({ length: steps }, (_, step) =>
    total(thread.layers.map(({ seconds }) => seconds[step] as number)),
  );
  const most = Math.max(1, Math.ceil(Math.max(...sums) / stepSeconds - 0.2));
  const stepWidth = (WIDTH - LEFT) / steps;
  const heightOf = (seconds: number) => (HEIGHT * seconds) / (most * stepSeconds);
  const below = new Array<number>(steps).fill(0);
  const layers = thread.layers.map(({ name, seconds }, index) => {
    const parts = seconds.map((value, step) => {
      const [height, y] = [heightOf(value), HEIGHT - (below[step] as number)];
      below[step] = (below[step] as number) + height;
      const x = LEFT + step * stepWidth;
      return height < 0.05
        ? ''
        : `M${x.toFixed(1)} ${y.toFixed(1)}h${stepWidth.toFixed(2)}v${(-height).toFixed(1)}h${(-stepWidth).toFixed(2)}z`;
    });
    return element(
      'path',
      { class: `layer${index}`, d: parts.join('') },
      element('title', {}, `${name}: ${total(seconds).toFixed(2)} s`),
    );
  });
  const length = steps * stepSeconds;
  const distance = tickDistance(length);
  const ticks = Array.from({ length: Math.floor(length / distance) + 1 }, (_, i) => {
    const x = LEFT + ((WIDTH - LEFT) * i * distance) / length;
    const text = `${Number((i * distance).toPrecision(6))} s`;
    return join([
      element('path', { class: 'grid', d: `M${x.toFixed(1)} 0V${HEIGHT}` }),
      element('text', { class: i === 0 ? 'tick first' : 'tick', x, y: HEIGHT + AXIS - 6 }, text),
    ]);
  });
  const legend = thread.layers.map(({ name, seconds }, index) =>
    element(
      'li',
      {},
      element('span', { class: `key layer${index}` }),
      `${name} ${total(seconds).toFixed(2)} s`,
    ),
  );
  return element(
    'figure',
    {},
    element('figcaption', {}, thread.name),
    element(
      'svg',
      { viewBox: `0 0 ${WIDTH} ${HEIGHT + AXIS}`, role: 'img', 'aria-label': `timeline of ${thread.name}` },
      ...ticks,
      ...layers,
      element('text', { class: 'tick first', x: 0, y: 10 }, `${most * 100} %`),
    ),
    element('ul', { class: 'legend' }, ...legend),
  );
}

export function timelineChart({ threads, stepSeconds }: Timeline): Markup {
  return join(threads.map((thread) => threadChart(thread, stepSeconds)));
}
