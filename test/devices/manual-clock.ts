import type { Clock, Timer, TimerFactory } from '../../src/devices/device.ts';

/** Machine time that only moves when told to, with timers that fire on the way. */
export class ManualClock implements Clock, TimerFactory {
  private time = 0;
  private readonly timers: { deadline: number | undefined; expired: (now: number) => void }[] = [];

  now(): number {
    return this.time;
  }

  create(_name: string, expired: (now: number) => void): Timer {
    const entry = { deadline: undefined as number | undefined, expired };
    this.timers.push(entry);
    return {
      arm(deadline) {
        entry.deadline = deadline;
      },
      cancel() {
        entry.deadline = undefined;
      },
      get deadline() {
        return entry.deadline;
      },
    };
  }

  /** Moves to an absolute time, firing each timer at its deadline. */
  advanceTo(time: number): void {
    for (;;) {
      let next: (typeof this.timers)[number] | undefined;
      for (const timer of this.timers) {
        if (timer.deadline === undefined || timer.deadline > time) continue;
        if (next?.deadline === undefined || timer.deadline < next.deadline) next = timer;
      }
      if (next?.deadline === undefined) break;
      this.time = Math.max(this.time, next.deadline);
      next.deadline = undefined;
      next.expired(this.time);
    }
    this.time = time;
  }

  /** Moves time without firing what becomes due, as a host that was busy elsewhere. */
  skipTo(time: number): void {
    this.time = time;
  }
}
