/**
 * The local APIC timer (Intel SDM Vol. 3 "APIC Timer" and "TSC-Deadline Mode"). Machine time is in
 * nanoseconds. The counting modes run on the crystal clock, the deadline mode on the time-stamp counter.
 */

import type { Clock, DeviceState, Timer, TimerFactory } from './device.ts';
import { restoreRegisters } from './device-state.ts';

/**
 * Frequency of the clock that the counting modes divide. CPUID leaf 15H ECX has to announce it. It is that of QEMU's and
 * KVM's local APIC, since firmware made for those does not ask: OVMF knows no other.
 */
export const CRYSTAL_HZ = 1_000_000_000;

/** Frequency of the time-stamp counter: one count a nanosecond of machine time. */
export const TSC_HZ = 1_000_000_000;

const NANOSECONDS_PER_CRYSTAL_TICK = 1_000_000_000 / CRYSTAL_HZ;

/** The timer mode field of the LVT timer entry. */
const TimerMode = { oneShot: 0, periodic: 1, tscDeadline: 2 } as const;

function initialRegisters() {
  return {
    mode: TimerMode.oneShot as number,
    divide: 0,
    initial: 0,
    counting: false,
    /** Machine time at which the running count reaches zero. */
    due: 0,
    tscDeadline: 0n,
    /** Time-stamp counter minus machine time, modulo 2^64. */
    tscOffset: 0n,
  };
}

export class LocalApicTimer {
  private readonly clock: Clock;
  private readonly expired: () => void;
  private readonly timer: Timer;
  private registers = initialRegisters();

  /** @param expired the timer reached zero or its deadline: raise the LVT timer interrupt. */
  constructor(clock: Clock, timers: TimerFactory, expired: () => void) {
    this.clock = clock;
    this.expired = expired;
    this.timer = timers.create('local-apic', (now) => this.expire(now));
  }

  /** Back to the state after power-up or INIT. The time-stamp counter's offset is not the timer's to reset. */
  reset(): void {
    this.timer.cancel();
    this.registers = { ...initialRegisters(), tscOffset: this.registers.tscOffset };
  }

  /**
   * Lets the timer expire if it is due and the machine has not come to that yet: before an access that changes what
   * expiring would do, and so that no access finds a count that is over. Returns the machine time.
   */
  synchronize(): number {
    const { deadline } = this.timer;
    const now = this.clock.now();
    if (deadline !== undefined && deadline <= now) {
      this.timer.cancel();
      this.expire(now);
    }
    return now;
  }

  /**
   * Sets the timer mode, 0..3 (3 is reserved: nothing is counted). Entering or leaving TSC-deadline mode
   * disarms the timer; between one-shot and periodic the count goes on, as on processors.
   */
  setMode(mode: number): void {
    const { registers } = this;
    if (mode === registers.mode) return;
    this.synchronize();
    const keepsCounting = mode <= TimerMode.periodic && registers.mode <= TimerMode.periodic;
    if (!keepsCounting) this.disarm();
    registers.mode = mode;
  }

  get initialCount(): number {
    return this.registers.initial;
  }

  /** Starts counting down from `count`, unsigned 32 bits; 0 stops the timer. Ignored in TSC-deadline mode. */
  set initialCount(count: number) {
    const { registers } = this;
    if (registers.mode > TimerMode.periodic) return;
    const now = this.synchronize();
    registers.initial = count;
    if (count === 0) this.disarm();
    else this.startCounting(now + count * this.tick);
  }

  /** The current count; 0 when stopped and in TSC-deadline mode. */
  get currentCount(): number {
    return this.countAt(this.synchronize());
  }

  get divideConfiguration(): number {
    return this.registers.divide;
  }

  /** Sets the divide configuration register (bits 0, 1 and 3); a running count continues at the new rate. */
  set divideConfiguration(value: number) {
    const { registers } = this;
    const now = this.synchronize();
    const count = this.countAt(now);
    registers.divide = value & 0xb;
    if (registers.counting) this.startCounting(now + count * this.tick);
  }

  /** IA32_TSC_DEADLINE: the armed deadline; 0 when disarmed and in the other modes. */
  get deadline(): bigint {
    this.synchronize();
    return this.registers.tscDeadline;
  }

  /** Arms the timer for an unsigned 64-bit time-stamp; 0 disarms. Ignored in the other modes. */
  set deadline(value: bigint) {
    if (this.registers.mode !== TimerMode.tscDeadline) return;
    this.synchronize();
    this.registers.tscDeadline = value;
    this.armDeadline();
    this.synchronize();
  }

  /** Time-stamp counter minus machine time, modulo 2^64. */
  get tscOffset(): bigint {
    return this.registers.tscOffset;
  }

  set tscOffset(offset: bigint) {
    this.synchronize();
    this.registers.tscOffset = BigInt.asUintN(64, offset);
    if (this.registers.mode === TimerMode.tscDeadline) this.armDeadline();
    this.synchronize();
  }

  save(): DeviceState {
    return { ...this.registers };
  }

  load(state: DeviceState): void {
    const registers = initialRegisters();
    restoreRegisters(registers, state);
    this.registers = registers;
    if (registers.counting) this.timer.arm(registers.due);
    else this.armDeadline();
  }

  /** Nanoseconds per count. */
  private get tick(): number {
    const { divide } = this.registers;
    const shift = ((divide >> 1) & 4) | (divide & 3);
    return NANOSECONDS_PER_CRYSTAL_TICK * (shift === 7 ? 1 : 2 << shift);
  }

  /** The count at `now`, before which nothing is due. */
  private countAt(now: number): number {
    return this.registers.counting ? Math.ceil((this.registers.due - now) / this.tick) : 0;
  }

  private disarm(): void {
    const { registers } = this;
    this.timer.cancel();
    registers.counting = false;
    registers.initial = 0;
    registers.tscDeadline = 0n;
  }

  private startCounting(due: number): void {
    this.registers.due = due;
    this.registers.counting = true;
    this.timer.arm(due);
  }

  /** Arms the timer for the machine time of the deadline, which may have gone by. */
  private armDeadline(): void {
    const { tscDeadline, tscOffset } = this.registers;
    if (tscDeadline === 0n) {
      this.timer.cancel();
      return;
    }
    const now = this.clock.now();
    const left = Number(tscDeadline - BigInt.asUintN(64, BigInt(now) + tscOffset));
    this.timer.arm(Math.min(now + left, Number.MAX_SAFE_INTEGER));
  }

  private expire(now: number): void {
    const { registers } = this;
    if (registers.mode === TimerMode.periodic) {
      // Periods that passed while nobody looked collapse into one: the IRR could not count them anyway.
      const period = registers.initial * this.tick;
      this.startCounting(registers.due + (Math.floor((now - registers.due) / period) + 1) * period);
    } else {
      registers.counting = false;
      registers.tscDeadline = 0n;
    }
    this.expired();
  }
}
