/** The machine's time, in whole nanoseconds since power-on. */
import type { Clock } from '../devices/device.ts';

export type ClockKind = 'host' | 'instructions';

export interface MachineClock extends Clock {
  readonly kind: ClockKind;
  /** Moves time forward to `deadline` while the processor is halted (only where time does not pass by itself). */
  skipTo(deadline: number): void;
}

/** Real time. @param milliseconds a monotonic host clock such as performance.now. */
export class HostClock implements MachineClock {
  readonly kind = 'host';
  private readonly milliseconds: () => number;
  private readonly start: number;

  constructor(milliseconds: () => number) {
    this.milliseconds = milliseconds;
    this.start = milliseconds();
  }

  now(): number {
    return Math.floor((this.milliseconds() - this.start) * 1e6);
  }

  skipTo(_deadline: number): void {}
}

/**
 * One nanosecond an instruction, and jumps over idle time: a run depends on nothing but its input.
 * @param instructions executed so far, exact even inside a device access.
 */
export class InstructionClock implements MachineClock {
  readonly kind = 'instructions';
  private readonly instructions: () => number;
  private skipped = 0;

  constructor(instructions: () => number) {
    this.instructions = instructions;
  }

  now(): number {
    return this.instructions() + this.skipped;
  }

  skipTo(deadline: number): void {
    this.skipped += Math.max(0, deadline - this.now());
  }
}
