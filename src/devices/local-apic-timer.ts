/**
 * The local APIC timer (Intel SDM Vol. 3 "APIC Timer" and "TSC-Deadline Mode"). Machine time is in
 * nanoseconds. The counting modes run on the crystal clock, the deadline mode on the time-stamp counter.
 */

import type { Clock, DeviceState, Timer, TimerFactory } from './device.ts';

/** Frequency of the clock that the counting modes divide. CPUID leaf 15H ECX has to announce it. */
export const CRYSTAL_HZ = 25_000_000;

/** Frequency of the time-stamp counter: one count a nanosecond of machine time. */
export const TSC_HZ = 1_000_000_000;

const NANOSECONDS_PER_CRYSTAL_TICK = 1_000_000_000 / CRYSTAL_HZ;

/** The timer mode field of the LVT timer entry. */
export const TimerMode = { oneShot: 0, periodic: 1, tscDeadline: 2 } as const;

export class LocalApicTimer {
  private readonly clock: Clock;
  private readonly expired: () => void;
  private readonly timer: Timer;
  private mode: number = TimerMode.oneShot;
  private divide = 0;
  private initial = 0;
  private counting = false;
  /** Machine time at which the running count reaches zero. */
  private due = 0;
  private tscDeadline = 0n;
  private offset = 0n;

  /** @param expired the timer reached zero or its deadline: raise the LVT timer interrupt. */
  constructor(clock: Clock, timers: TimerFactory, expired: () => void) {
    this.clock = clock;
    this.expired = expired;
    this.timer = timers.create('local-apic', (now) => this.onExpired(now));
  }

  /** Back to the state after power-up or INIT. The time-stamp counter's offset is not the timer's to reset. */
  reset(): void {
    this.disarm();
    this.mode = TimerMode.oneShot;
    this.divide = 0;
  }

  /**
   * Sets the timer mode, 0..3 (3 is reserved: nothing is counted). Entering or leaving TSC-deadline mode
   * disarms the timer; between one-shot and periodic the count goes on, as on processors.
   */
  setMode(mode: number): void {
    if (mode === this.mode) return;
    const keepsCounting = mode <= TimerMode.periodic && this.mode <= TimerMode.periodic;
    if (!keepsCounting) this.disarm();
    this.mode = mode;
  }

  get initialCount(): number {
    return this.initial;
  }

  /** Starts counting down from `count`, unsigned 32 bits; 0 stops the timer. Ignored in TSC-deadline mode. */
  set initialCount(count: number) {
    if (this.mode > TimerMode.periodic) return;
    this.initial = count;
    if (count === 0) this.disarm();
    else this.startCounting(this.clock.now() + count * this.tick);
  }

  /** The current count; 0 when stopped and in TSC-deadline mode. */
  get currentCount(): number {
    if (!this.counting) return 0;
    const left = this.due - this.clock.now();
    if (left > 0) return Math.ceil(left / this.tick);
    // The expiry has not been handled yet.
    if (this.mode === TimerMode.oneShot) return 0;
    const period = this.initial * this.tick;
    return Math.ceil((period - (-left % period)) / this.tick);
  }

  get divideConfiguration(): number {
    return this.divide;
  }

  /** Sets the divide configuration register (bits 0, 1 and 3); a running count continues at the new rate. */
  set divideConfiguration(value: number) {
    const now = this.clock.now();
    const count = this.currentCount;
    this.divide = value & 0xb;
    if (this.counting && this.due > now) this.startCounting(now + count * this.tick);
  }

  /** IA32_TSC_DEADLINE: the armed deadline; 0 when disarmed and in the other modes. */
  get deadline(): bigint {
    return this.tscDeadline;
  }

  /** Arms the timer for an unsigned 64-bit time-stamp; 0 disarms. Ignored in the other modes. */
  set deadline(value: bigint) {
    if (this.mode !== TimerMode.tscDeadline) return;
    this.tscDeadline = value;
    this.armDeadline();
  }

  /** Time-stamp counter minus machine time, modulo 2^64. */
  get tscOffset(): bigint {
    return this.offset;
  }

  set tscOffset(offset: bigint) {
    this.offset = offset;
    if (this.mode === TimerMode.tscDeadline) this.armDeadline();
  }

  save(): DeviceState {
    return {
      mode: this.mode,
      divide: this.divide,
      initial: this.initial,
      counting: this.counting,
      due: this.due,
      tscDeadline: this.tscDeadline,
      offset: this.offset,
      armedFor: this.timer.deadline,
    };
  }

  load(state: DeviceState): void {
    this.mode = state.mode as number;
    this.divide = state.divide as number;
    this.initial = state.initial as number;
    this.counting = state.counting as boolean;
    this.due = state.due as number;
    this.tscDeadline = state.tscDeadline as bigint;
    this.offset = state.offset as bigint;
    const armedFor = state.armedFor as number | undefined;
    if (armedFor === undefined) this.timer.cancel();
    else this.timer.arm(armedFor);
  }

  /** Nanoseconds per count. */
  private get tick(): number {
    const shift = ((this.divide >> 1) & 4) | (this.divide & 3);
    return NANOSECONDS_PER_CRYSTAL_TICK * (shift === 7 ? 1 : 2 << shift);
  }

  private disarm(): void {
    this.timer.cancel();
    this.counting = false;
    this.initial = 0;
    this.tscDeadline = 0n;
  }

  private startCounting(due: number): void {
    this.due = due;
    this.counting = true;
    this.timer.arm(due);
  }

  private armDeadline(): void {
    if (this.tscDeadline === 0n) {
      this.timer.cancel();
      return;
    }
    const now = this.clock.now();
    const target =
      this.offset === 0n
        ? Number(this.tscDeadline)
        : now + Number(this.tscDeadline - BigInt.asUintN(64, BigInt(now) + this.offset));
    if (target <= now) {
      this.timer.cancel();
      this.tscDeadline = 0n;
      this.expired();
    } else {
      this.timer.arm(Math.min(target, Number.MAX_SAFE_INTEGER));
    }
  }

  private onExpired(now: number): void {
    if (this.mode === TimerMode.periodic) {
      // Periods that passed while nobody looked collapse into one: the IRR could not count them anyway.
      const period = this.initial * this.tick;
      this.startCounting(this.due + (Math.floor((now - this.due) / period) + 1) * period);
    } else {
      this.counting = false;
      this.tscDeadline = 0n;
    }
    this.expired();
  }
}
