import type { Clock, InterruptLine } from '../../src/devices/device.ts';
import { TimerQueue } from '../../src/devices/timer-queue.ts';

/** A line that counts its edges. */
export class ProbeLine implements InterruptLine {
  level = false;
  rises = 0;
  /** Called after each rise. */
  onRise: () => void = () => {};

  set(level: boolean): void {
    const rises = level && !this.level;
    this.level = level;
    if (!rises) return;
    this.rises++;
    this.onRise();
  }
}

/** Time that stands still until a test moves it, and then runs the timers at their exact deadlines. */
export class Bench implements Clock {
  readonly timers = new TimerQueue();
  private time: number;

  constructor(start = 0) {
    this.time = start;
  }

  now(): number {
    return this.time;
  }

  /** @param nanoseconds how far to go on from now. */
  advance(nanoseconds: number): void {
    const end = this.time + nanoseconds;
    while (this.timers.nextDeadline() <= end) {
      this.time = Math.max(this.time, this.timers.nextDeadline());
      this.timers.runExpired(this.time);
    }
    this.time = end;
  }

  /** Lets time pass without the timers being run, as when the machine is late. */
  skip(nanoseconds: number): void {
    this.time += nanoseconds;
  }
}
