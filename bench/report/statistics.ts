/** What many measurements come down to. */

/** The middle value; the mean of the two middle ones of an even number of values. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('median of no values');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/** The mean of ratios: twice as fast and half as fast make 1. @throws RangeError unless all are above 0. */
export function geometricMean(values: readonly number[]): number {
  if (values.length === 0 || values.some((value) => !(value > 0)))
    throw new RangeError(`geometric mean of [${values}]`);
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly count: number;
}

export function spread(values: readonly number[]): Spread {
  return {
    median: milli(median(values)),
    min: milli(Math.min(...values)),
    max: milli(Math.max(...values)),
    count: values.length,
  };
}

/** Rounded to three decimals: finer than any of this is measured. */
export function milli(value: number): number {
  return Math.round(value * 1000) / 1000;
}
