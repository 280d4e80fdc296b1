import type { Timer, TimerFactory } from './device.ts';

const IDLE = Number.POSITIVE_INFINITY;

class QueuedTimer implements Timer {
  readonly name: string;
  readonly order: number;
  readonly expired: (now: number) => void;
  /** Absolute nanoseconds, or IDLE. Only the queue changes it. */
  at = IDLE;
  private readonly queue: TimerQueue;

  constructor(queue: TimerQueue, name: string, order: number, expired: (now: number) => void) {
    this.queue = queue;
    this.name = name;
    this.order = order;
    this.expired = expired;
  }

  get deadline(): number | undefined {
    return this.at === IDLE ? undefined : this.at;
  }

  arm(deadline: number): void {
    if (!Number.isFinite(deadline)) throw new RangeError(`timer ${this.name}: deadline ${deadline}`);
    this.queue.move(this, deadline);
  }

  cancel(): void {
    this.queue.move(this, IDLE);
  }
}

/**
 * Every timer of the machine, ordered by deadline and then by creation, so that two runs with the same
 * clock expire the same timers in the same order. A machine has a few dozen timers at most, so a sorted
 * array beats a heap.
 */
export class TimerQueue implements TimerFactory {
  /** Called with the new earliest deadline (nanoseconds, or Infinity) whenever it changes. */
  onChange: ((deadline: number) => void) | undefined;

  private readonly armed: QueuedTimer[] = [];
  private created = 0;
  private reported = IDLE;
  private running = false;

  create(name: string, expired: (now: number) => void): Timer {
    return new QueuedTimer(this, name, this.created++, expired);
  }

  /** The earliest deadline in absolute nanoseconds, Infinity when no timer is armed. */
  nextDeadline(): number {
    return this.armed.length === 0 ? IDLE : this.armed[0].at;
  }

  /**
   * Expires the timers whose deadline is at or before `now`. Each runs at most once a call, even when its
   * callback arms it again in the past: the guest gets to execute between two expiries, and a device
   * that is late can not hang the machine. What is left shows in `nextDeadline`.
   */
  runExpired(now: number): void {
    let due = 0;
    while (due < this.armed.length && this.armed[due].at <= now) due++;
    if (due === 0) return;
    this.running = true;
    try {
      for (const timer of this.armed.slice(0, due)) {
        // A callback before this one may have cancelled or moved it.
        if (timer.at > now) continue;
        this.move(timer, IDLE);
        timer.expired(now);
      }
    } finally {
      this.running = false;
      this.reportChange();
    }
  }

  /** For this file's timers: puts `timer` where `deadline` belongs, or takes it out when that is Infinity. */
  move(timer: QueuedTimer, deadline: number): void {
    if (timer.at === deadline) return;
    if (timer.at !== IDLE) this.armed.splice(this.armed.indexOf(timer), 1);
    timer.at = deadline;
    if (deadline !== IDLE) {
      let index = this.armed.length;
      while (index > 0 && precedes(timer, this.armed[index - 1])) index--;
      this.armed.splice(index, 0, timer);
    }
    if (!this.running) this.reportChange();
  }

  private reportChange(): void {
    const deadline = this.nextDeadline();
    if (deadline === this.reported) return;
    this.reported = deadline;
    this.onChange?.(deadline);
  }
}

function precedes(timer: QueuedTimer, other: QueuedTimer): boolean {
  return timer.at < other.at || (timer.at === other.at && timer.order < other.order);
}
