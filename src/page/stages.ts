/** Where a boot's time went: the stages it went through, and what the machine did in each. */
import type { Progress, Statistics } from 'longmode';

/** Milliseconds by what they were spent on. */
export interface TimeUse {
  readonly load: number;
  readonly run: number;
  /** For the compiler. */
  readonly wait: number;
  readonly idle: number;
}

export interface Stage {
  readonly name: string;
  readonly use: TimeUse;
}

type Used = Pick<Statistics, 'wallMilliseconds' | 'idleMilliseconds' | 'waitingMilliseconds'>;

/** What each stage is called while it lasts: it ends where the next one begins. */
const NAMES: Readonly<Record<Progress['stage'], string>> = {
  loading: 'Load',
  kernel: 'Kernel',
  init: 'Init',
  idle: 'Shell',
};

export const total = ({ load, run, wait, idle }: TimeUse): number => load + run + wait + idle;

function between(start: Used, end: Used): TimeUse {
  const idle = end.idleMilliseconds - start.idleMilliseconds;
  const wait = end.waitingMilliseconds - start.waitingMilliseconds;
  const wall = end.wallMilliseconds - start.wallMilliseconds;
  return { load: 0, idle, wait, run: Math.max(0, wall - idle - wait) };
}

const START: Used = { wallMilliseconds: 0, idleMilliseconds: 0, waitingMilliseconds: 0 };

export class Stages {
  private readonly done: Stage[] = [];
  private current: { readonly name: string; readonly since: Used } | undefined;
  private last: Used = START;

  /** @param milliseconds from the visitor's wish to the machine. */
  loaded(milliseconds: number): void {
    this.done.push({ name: NAMES.loading, use: { load: milliseconds, run: 0, wait: 0, idle: 0 } });
    this.current = { name: 'Decompress', since: START };
  }

  reach(stage: Progress['stage'], now: Used): void {
    if (this.current !== undefined) {
      this.done.push({ name: this.current.name, use: between(this.current.since, now) });
    }
    this.current = { name: NAMES[stage], since: now };
    this.last = now;
  }

  /** The machine goes on. */
  update(now: Used): void {
    this.last = now;
  }

  /** Whether no stage is going on any more. */
  get areOver(): boolean {
    return this.current?.name === NAMES.idle;
  }

  /** Stages so far; what the visitor does at the shell is none. */
  get all(): readonly Stage[] {
    if (this.current === undefined || this.areOver) return this.done;
    return [...this.done, { name: this.current.name, use: between(this.current.since, this.last) }];
  }
}
