import type { DeviceState } from './device.ts';
import { restoreRegisters } from './device-state.ts';

/** Absent value in a register that otherwise holds a number from 0. */
const NONE = -1;

/** Bits of the control word that stay with a counter, and of the status byte. */
const BCD = 1 << 0;
const STATUS_NULL_COUNT = 1 << 6;
const STATUS_OUT = 1 << 7;

/** Control word bits 5:4. */
const ACCESS_LOW_BYTE = 1;
const ACCESS_HIGH_BYTE = 2;

function initialRegisters() {
  return {
    /** Control word bits 5:0 as last written. */
    control: 0,
    gate: false,
    /** Count that the next trigger loads, in modes 1 and 5; NONE before one is written. */
    reload: NONE,
    reloadIsNew: false,
    /** Count in force, 1..65536; NONE while the counting element is not loaded. */
    period: NONE,
    /** Tick at which the counting element holds `period`. */
    start: 0,
    /** Clock pulses counted since `start` when the gate stops the count, otherwise NONE. */
    stoppedAt: NONE,
    /** Modes 2 and 3: a count that takes over at `nextStart`, the end of the running cycle. */
    nextPeriod: NONE,
    nextStart: 0,
    /** What an unloaded counter reads. */
    leftover: 0,
    /** First byte of a two-byte write. */
    lowByte: NONE,
    /** The next byte read of a two-byte read is the high one. */
    readsHighByte: false,
    latchedCount: NONE,
    latchedStatus: NONE,
  };
}

/**
 * One counter of an Intel 8254. Time is the number of the last CLK pulse, a tick; the counter is a
 * function of it and never stepped. Section "Mode Definitions" of the data sheet gives the six waveforms.
 *
 * Two simplifications: in mode 3 a new count waits for the end of the whole cycle instead of the half
 * cycle, and a retriggered one-shot is high for the one pulse before it is loaded again.
 */
export class I8254Counter {
  private registers = initialRegisters();

  get gate(): boolean {
    return this.registers.gate;
  }

  /** 0..5. */
  private get mode(): number {
    const mode = (this.registers.control >> 1) & 7;
    // Bit 2 of the mode does not matter for modes 2 and 3.
    return mode > 5 ? mode & 3 : mode;
  }

  private get access(): number {
    return (this.registers.control >> 4) & 3;
  }

  private get modulus(): number {
    return (this.registers.control & BCD) !== 0 ? 10_000 : 0x1_0000;
  }

  /** Control word, bits 5:0 with a nonzero access field; it stops the counter until a count is written. */
  writeControl(control: number, tick: number): void {
    const leftover = this.countAt(tick);
    this.registers = { ...initialRegisters(), gate: this.registers.gate, control, leftover };
  }

  /** A byte of the count. */
  writeByte(value: number, tick: number): void {
    const r = this.registers;
    if (this.access === ACCESS_LOW_BYTE) this.writeCount(value, tick);
    else if (this.access === ACCESS_HIGH_BYTE) this.writeCount(value << 8, tick);
    else if (r.lowByte === NONE) {
      r.lowByte = value;
      if (this.mode !== 0) return;
      // "Writing the first byte disables counting. OUT is set low immediately".
      r.leftover = this.countAt(tick);
      r.period = NONE;
    } else {
      const count = r.lowByte | (value << 8);
      r.lowByte = NONE;
      this.writeCount(count, tick);
    }
  }

  /** The latched status, the latched count or the running count, in this order. */
  readByte(tick: number): number {
    const r = this.registers;
    if (r.latchedStatus !== NONE) {
      const status = r.latchedStatus;
      r.latchedStatus = NONE;
      return status;
    }
    const count = r.latchedCount !== NONE ? r.latchedCount : this.countAt(tick);
    const twoBytes = this.access !== ACCESS_LOW_BYTE && this.access !== ACCESS_HIGH_BYTE;
    const high = twoBytes ? r.readsHighByte : this.access === ACCESS_HIGH_BYTE;
    if (twoBytes) r.readsHighByte = !high;
    if (!twoBytes || high) r.latchedCount = NONE;
    return high ? count >> 8 : count & 0xff;
  }

  /** "Counter Latch Command"; ignored until a count latched before has been read. */
  latchCount(tick: number): void {
    const r = this.registers;
    if (r.latchedCount === NONE) r.latchedCount = this.countAt(tick);
  }

  /** The status half of the "Read-Back Command"; ignored until a status latched before has been read. */
  latchStatus(tick: number): void {
    const r = this.registers;
    if (r.latchedStatus !== NONE) return;
    this.settle(tick);
    const isNull =
      r.period === NONE || r.nextPeriod !== NONE || r.reloadIsNew || (r.stoppedAt === NONE && tick < r.start);
    r.latchedStatus = r.control | (isNull ? STATUS_NULL_COUNT : 0) | (this.output(tick) ? STATUS_OUT : 0);
  }

  setGate(level: boolean, tick: number): void {
    const r = this.registers;
    if (level === r.gate) return;
    this.settle(tick);
    r.gate = level;
    if (level) this.trigger(tick);
    else if (!this.isOneShot && r.period !== NONE) r.stoppedAt = Math.max(0, tick - r.start);
  }

  /** The OUT pin. */
  output(tick: number): boolean {
    this.settle(tick);
    const { period, gate } = this.registers;
    if (period === NONE) return this.mode !== 0;
    const elapsed = this.elapsed(tick);
    switch (this.mode) {
      case 0:
        return elapsed >= period;
      case 1:
        return elapsed < 0 || elapsed >= period;
      case 2:
        return !gate || elapsed < 0 || elapsed % period !== period - 1;
      case 3:
        return !gate || elapsed < 0 || elapsed % period < Math.ceil(period / 2);
      default:
        return elapsed !== period;
    }
  }

  /** The first tick after `tick` at which OUT rises if nothing is written and the gate stays; or Infinity. */
  nextRise(tick: number): number {
    this.settle(tick);
    const { period, start, stoppedAt } = this.registers;
    if (period === NONE || stoppedAt !== NONE) return Number.POSITIVE_INFINITY;
    if (this.isPeriodic) return start + period * Math.max(1, Math.floor((tick - start) / period) + 1);
    const rise = this.mode < 2 ? start + period : start + period + 1;
    return rise > tick ? rise : Number.POSITIVE_INFINITY;
  }

  /**
   * The first tick after `tick` at which the square wave of mode 3 falls. In the other modes what falls
   * rises one pulse later, so nobody has to be told.
   */
  nextFall(tick: number): number {
    this.settle(tick);
    const { period, start, stoppedAt } = this.registers;
    if (this.mode !== 3 || period === NONE || stoppedAt !== NONE) return Number.POSITIVE_INFINITY;
    const firstFall = start + Math.ceil(period / 2);
    return firstFall + period * Math.max(0, Math.floor((tick - firstFall) / period) + 1);
  }

  save(): DeviceState {
    return { ...this.registers };
  }

  load(state: DeviceState): void {
    const registers = initialRegisters();
    restoreRegisters(registers, state);
    this.registers = registers;
  }

  /** Modes 1 and 5: only a rising gate starts them, and its level afterwards does not matter. */
  private get isOneShot(): boolean {
    return this.mode === 1 || this.mode === 5;
  }

  /** Modes 2 and 3. */
  private get isPeriodic(): boolean {
    return this.mode === 2 || this.mode === 3;
  }

  private writeCount(raw: number, tick: number): void {
    const r = this.registers;
    this.settle(tick);
    const count = ((r.control & BCD) !== 0 ? fromBcd(raw) : raw) || this.modulus;
    if (this.isOneShot) {
      r.reload = count;
      r.reloadIsNew = true;
    } else if (this.isPeriodic && r.period !== NONE && r.stoppedAt === NONE && tick >= r.start) {
      r.nextPeriod = count;
      r.nextStart = r.start + r.period * Math.max(1, Math.floor((tick - r.start) / r.period) + 1);
    } else {
      r.period = count;
      r.start = tick + 1;
      r.stoppedAt = r.gate ? NONE : 0;
    }
  }

  /** The rising edge of the gate. */
  private trigger(tick: number): void {
    const r = this.registers;
    if (this.isOneShot) {
      if (r.reload === NONE) return;
      r.period = r.reload;
      r.reloadIsNew = false;
      r.start = tick + 1;
    } else if (this.isPeriodic) {
      if (r.nextPeriod !== NONE) r.period = r.nextPeriod;
      r.nextPeriod = NONE;
      r.start = tick + 1;
    } else if (r.stoppedAt !== NONE) {
      r.start = tick - r.stoppedAt;
    }
    r.stoppedAt = NONE;
  }

  /** Lets a count that waited for the end of the cycle take over. */
  private settle(tick: number): void {
    const r = this.registers;
    if (r.nextPeriod === NONE || tick < r.nextStart || r.stoppedAt !== NONE) return;
    r.period = r.nextPeriod;
    r.start = r.nextStart;
    r.nextPeriod = NONE;
  }

  private elapsed(tick: number): number {
    const { stoppedAt, start } = this.registers;
    return stoppedAt !== NONE ? stoppedAt : tick - start;
  }

  /** The counting element as it reads: 16 bits, in BCD if the counter counts so. */
  private countAt(tick: number): number {
    this.settle(tick);
    const { period, leftover, control } = this.registers;
    if (period === NONE) return leftover;
    const elapsed = Math.max(0, this.elapsed(tick));
    const value = this.binaryCount(period, elapsed) % this.modulus;
    const count = value < 0 ? value + this.modulus : value;
    return (control & BCD) !== 0 ? toBcd(count) : count;
  }

  private binaryCount(period: number, elapsed: number): number {
    if (this.mode === 2) return period - (elapsed % period);
    if (this.mode !== 3) return period - elapsed;
    // Down by two a pulse, once through for each half of the square wave; an odd count starts one lower.
    const phase = elapsed % period;
    const highPulses = Math.ceil(period / 2);
    const pulses = phase < highPulses ? phase : phase - highPulses;
    return period - (period % 2) - 2 * pulses;
  }
}

function fromBcd(raw: number): number {
  let value = 0;
  for (let shift = 12; shift >= 0; shift -= 4) value = value * 10 + ((raw >> shift) & 0xf);
  return value;
}

function toBcd(value: number): number {
  let raw = 0;
  for (let shift = 0, rest = value; shift < 16; shift += 4, rest = Math.floor(rest / 10)) {
    raw |= (rest % 10) << shift;
  }
  return raw;
}
