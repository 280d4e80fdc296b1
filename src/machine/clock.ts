/** The machine's time, in whole nanoseconds since power-on. */
import type { Clock } from '../devices/device.ts';

export type ClockKind = 'host' | 'instructions';

/** What every device and the time-stamp counter take the time from. It never goes back. */
export interface MachineClock extends Clock {
  readonly kind: ClockKind;
  /** Instructions that the guest's time-stamp counter may be worked out for (wasm-runtime/system/time.ts) after now() has been called. */
  readonly trusted: number;
  /** The processor halts: from now on nothing is missed by time that passes. */
  halt(): void;
  /** The processor goes on. */
  resume(): void;
  /** Nanoseconds of the host that a halted machine has to wait until `deadline` has come; Infinity for Infinity. */
  waitFor(deadline: number): number;
  /** The guest accesses a device, which takes time. */
  access(): void;
  /** Moves time forward to `deadline` while the processor is halted (only where time does not pass by itself). */
  skipTo(deadline: number): void;
}

/** Nanoseconds that an access of a device takes: a read of a port or of memory on the chipset takes hardware as long. */
const ACCESS_TIME = 1000;
/** How far a running guest sees the time go from one look to the next, in nanoseconds: a tick of a kernel with 250 Hz. */
const LONGEST_STEP = 4_000_000;
/** The same while the guest holds interrupts back: what it does then is meant to take no time, ... */
const LONGEST_STEP_UNINTERRUPTIBLE = 1_000_000;
/**
 * ... and no longer than what it executes takes slow hardware, in nanoseconds an instruction. Code that the host has to compile first, or
 * that others keep from a processor, else lets loops that compare two clocks find one that has jumped: Linux measures the TSC so, against
 * the 8254.
 */
const LONGEST_INSTRUCTION = 50;
/** How far a running guest sees the time go past a deadline that it has not been told of, in nanoseconds. */
const SLACK = 1_000_000;
/** While a running guest makes up for what it missed, its time goes at most this many times as fast as it executes. */
const FASTEST = 4;
/** What was missed is made up for by time that goes faster than the host's by this part, ... */
const CATCH_UP = 1 / 4;
/** ... but for so much, in nanoseconds, at once: then time is right even if the guest runs only now and then. */
const BURST = 100_000_000;
/** Some microseconds of compiled code, in instructions. */
const TRUSTED = 4000;
/** What has been missed beyond this, in nanoseconds, is not made up for: ten minutes. */
const LONGEST_LAG = 600e9;

/** How far a running guest sees the time go that holds interrupts back. @param executed instructions since it was last looked at. */
const longestUninterruptible = (executed: number): number =>
  Math.min(LONGEST_STEP_UNINTERRUPTIBLE, ACCESS_TIME + executed * LONGEST_INSTRUCTION);

export interface HostClockOptions {
  /** A monotonic host clock in milliseconds, such as performance.now. */
  readonly milliseconds: () => number;
  /** The earliest deadline of the machine's timers: absolute nanoseconds, or Infinity. */
  readonly nextDeadline: () => number;
  /** A running guest's time has reached that deadline: its slice has to end. */
  readonly due: () => void;
  /** Whether the running guest lets interrupts in. */
  readonly interruptible: () => boolean;
  /** Instructions executed so far, exact even inside a device access. */
  readonly instructions: () => number;
}

/**
 * Real time, for as long as the host lets the machine run.
 *
 * The process may be stopped or starved at any instruction, for longer than the periods of the guest's timers. If the
 * guest's time just followed, periods would collapse into one interrupt while the time-stamp counter went on, which
 * no kernel expects of hardware. So:
 *
 * 1. While the guest runs, its time goes on by LONGEST_STEP at most between two looks at the host's clock, by less while
 *    it holds interrupts back, or executes little then, and stops SLACK after a deadline that it has not been told of.
 * 2. While the guest is halted, it misses nothing, but its time goes from one deadline to the next, so that it handles
 *    each. As it executes next to nothing, what it slept too long is made up for at once.
 * 3. What the guest missed while it was running is made up for until its time is the host's again: at FASTEST by a
 *    guest that runs, with interrupts on, and over any stretch no more than the host's time, CATCH_UP of it and BURST.
 * 4. What was missed beyond LONGEST_LAG is never made up for: to the guest the machine was suspended for the rest.
 */
export class HostClock implements MachineClock {
  readonly kind = 'host';
  readonly trusted = TRUSTED;
  private readonly options: HostClockOptions;
  private readonly start: number;
  private halted = false;
  private time = 0;
  /** Host nanoseconds since the start when they were last looked at. */
  private seen = 0;
  /** Instructions that had been executed then. */
  private executed = 0;
  /** Time that passed while the guest was halted and that a deadline kept it from seeing so far. */
  private overslept = 0;
  /** Time that the guest missed while it was running. */
  private missed = 0;
  /** What may be made up for now. */
  private burst = BURST;

  constructor(options: HostClockOptions) {
    this.options = options;
    this.start = options.milliseconds();
  }

  now(): number {
    const host = Math.floor((this.options.milliseconds() - this.start) * 1e6);
    const elapsed = host - this.seen;
    if (elapsed > 0) {
      this.seen = host;
      if (this.halted) this.sleep(elapsed);
      else this.run(elapsed);
    }
    return this.time;
  }

  halt(): void {
    this.now();
    this.halted = true;
    // What was overslept before may be seen at once.
    this.sleep(0);
  }

  resume(): void {
    this.now();
    this.halted = false;
  }

  waitFor(deadline: number): number {
    const left = Math.max(0, deadline - this.now() - this.overslept);
    return Math.max(0, left - this.missed, (left - this.burst) / (1 + CATCH_UP));
  }

  access(): void {}

  skipTo(_deadline: number): void {}

  private run(elapsed: number): void {
    const interruptible = this.options.interruptible();
    const executed = this.options.instructions();
    const counted = Math.min(
      elapsed,
      interruptible ? LONGEST_STEP : longestUninterruptible(executed - this.executed),
    );
    this.executed = executed;
    this.missed = Math.min(this.missed + elapsed - counted, LONGEST_LAG);
    this.burst = Math.min(this.burst + elapsed * (1 + CATCH_UP) - counted, BURST);
    const most = interruptible ? Math.min(counted * (FASTEST - 1), LONGEST_STEP - counted) : 0;
    const wanted = counted + this.makeUp(most);
    const deadline = this.options.nextDeadline();
    const step = Math.min(wanted, Math.max(0, deadline + SLACK - this.time));
    this.missed += wanted - step;
    this.time += step;
    if (this.time >= deadline) this.options.due();
  }

  private sleep(elapsed: number): void {
    this.burst += elapsed * CATCH_UP;
    const passed = this.overslept + elapsed + this.makeUp(this.missed);
    this.burst = Math.min(this.burst, BURST);
    const step = Math.min(passed, Math.max(0, this.options.nextDeadline() - this.time));
    this.overslept = Math.min(passed - step, LONGEST_LAG);
    this.time += step;
  }

  /** Makes up for at most `most` nanoseconds. What was overslept waits for the next halt, unless none comes. */
  private makeUp(most: number): number {
    const allowed = Math.floor(Math.min(most, this.burst));
    const ofMissed = Math.min(this.missed, allowed);
    const ofOverslept = this.halted ? 0 : Math.min(this.overslept, allowed - ofMissed);
    this.missed -= ofMissed;
    this.overslept -= ofOverslept;
    this.burst -= ofMissed + ofOverslept;
    return ofMissed + ofOverslept;
  }
}

export interface InstructionClockOptions {
  /** Instructions executed so far, exact even inside a device access. */
  readonly instructions: () => number;
  /** Takes instructions out of the running slice, in whose place nanoseconds have passed. */
  readonly spend: (instructions: number) => void;
}

/**
 * One nanosecond an instruction, a microsecond more for each access of a device, and jumps over idle time: a run depends
 * on nothing but its input. If accesses took no time, a driver that waits for a device would poll it as often as it
 * executes instructions.
 */
export class InstructionClock implements MachineClock {
  readonly kind = 'instructions';
  readonly trusted = 0;
  private readonly options: InstructionClockOptions;
  /** Nanoseconds in which no instruction was executed. */
  private skipped = 0;

  constructor(options: InstructionClockOptions) {
    this.options = options;
  }

  now(): number {
    return this.options.instructions() + this.skipped;
  }

  access(): void {
    this.skipped += ACCESS_TIME;
    this.options.spend(ACCESS_TIME);
  }

  halt(): void {}

  resume(): void {}

  waitFor(deadline: number): number {
    return Math.max(0, deadline - this.now());
  }

  skipTo(deadline: number): void {
    this.skipped += Math.max(0, deadline - this.now());
  }
}
