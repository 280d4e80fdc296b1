/** How the time of one run was spent, in equal steps from its start to its end. */
export interface Timeline {
  /** Length of a step. */
  readonly stepSeconds: number;
  readonly threads: readonly ThreadTimeline[];
}

/** A thread, or several of a kind together. */
export interface ThreadTimeline {
  readonly name: string;
  readonly layers: readonly Layer[];
}

export interface Layer {
  readonly name: string;
  /** Seconds of each step. */
  readonly seconds: readonly number[];
}

/** Adds up seconds by layer and step. */
export class Layers {
  readonly #layers = new Map<string, number[]>();
  readonly #steps: number;

  /** @param names the layers in their order; others are refused. */
  constructor(names: readonly string[], steps: number) {
    this.#steps = steps;
    for (const name of names) this.#layers.set(name, new Array<number>(steps).fill(0));
  }

  /**
   * Spreads seconds evenly over a stretch of the run.
   * @param from its ends as positions in the run, from 0 to 1; what is beyond goes to the nearest step.
   */
  add(name: string, from: number, to: number, seconds: number): void {
    const layer = this.#layers.get(name);
    if (layer === undefined) throw new RangeError(`there is no layer ${name}`);
    const step = (position: number) => Math.min(this.#steps - 1, Math.max(0, Math.floor(position)));
    const [start, end] = [from * this.#steps, to * this.#steps];
    for (let i = step(start); i <= step(end); i++) {
      const low = i === step(start) ? start : i;
      const high = i === step(end) ? end : i + 1;
      const share = end > start ? (high - low) / (end - start) : 1;
      layer[i] = (layer[i] as number) + seconds * share;
    }
  }

  /** Those that have any time. */
  layers(): Layer[] {
    return [...this.#layers]
      .map(([name, seconds]) => ({ name, seconds }))
      .filter(({ seconds }) => seconds.some((value) => value > 0));
  }
}
