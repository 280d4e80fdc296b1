import type { AccessSize, Clock, Device, DeviceState, InterruptLine, Timer, TimerFactory } from './device.ts';
import { restoreRegisters, stateIn, statesIn } from './device-state.ts';
import type { WideMmioHandler } from './mmio-bus.ts';

/** Period of the main counter in femtoseconds, as in the capabilities register: 100 MHz. */
const HPET_PERIOD_FEMTOSECONDS = 10_000_000;
/** Low half of the capabilities register, as the ACPI HPET table's "Event Timer Block ID" wants it. */
const HPET_BLOCK_ID = 0x8086_a201;

const NANOSECONDS_PER_TICK = 10;
const TIMERS = 3;
const MASK_32 = 0xffff_ffffn;
const MASK_64 = 0xffff_ffff_ffff_ffffn;

/** Byte offsets of the registers ("Memory Mapped Registers"). */
const CAPABILITIES = 0x000;
const CONFIGURATION = 0x010;
const INTERRUPT_STATUS = 0x020;
const MAIN_COUNTER = 0x0f0;
const TIMER_BASE = 0x100;
const TIMER_STRIDE = 0x20;
const TIMER_CONFIGURATION = 0x00;
const TIMER_COMPARATOR = 0x08;

/** General configuration register. */
const ENABLE_CNF = 1 << 0;
const LEG_RT_CNF = 1 << 1;

/** Timer n configuration and capability register, low half. */
const INT_TYPE_LEVEL = 1 << 1;
const INT_ENB = 1 << 2;
const TYPE_PERIODIC = 1 << 3;
const PERIODIC_CAPABLE = 1 << 4;
const SIZE_64_CAPABLE = 1 << 5;
const VAL_SET = 1 << 6;
const MODE_32 = 1 << 8;
const ROUTE_SHIFT = 9;
const ROUTE_MASK = 0x1f << ROUTE_SHIFT;

/** I/O APIC inputs that each timer can be routed to: those that PCI chipsets leave to it, 20 to 23. */
const ROUTE_CAPABILITY = 0x00f0_0000;

/** Inputs of timers 0 and 1 under legacy replacement: where IRQ 0 and IRQ 8 arrive. */
const LEGACY_INPUTS: readonly number[] = [2, 8];

export interface HpetOptions {
  readonly clock: Clock;
  readonly timers: TimerFactory;
  /** The line of I/O APIC input `input`, 0..23. Inputs 2 and 8 also have to reach the 8259 as IRQ 0 and 8. */
  readonly lines: (input: number) => InterruptLine;
  /** Told when legacy replacement starts (the PIT and the RTC lose IRQ 0 and IRQ 8) and when it ends. */
  readonly legacyReplacement?: (on: boolean) => void;
}

/** "Timer n" registers and the state behind them. */
type Comparator = {
  /** Writable bits of the configuration register's low half. */
  configuration: number;
  /** The comparator; in periodic mode the accumulator. */
  value: bigint;
  /** Last value written, by which a periodic comparator advances. */
  period: bigint;
  /** First machine tick that has not been searched for a match yet. */
  searchFrom: number;
};

function initialComparator(): Comparator {
  return { configuration: 0, value: MASK_64, period: MASK_64, searchFrom: 0 };
}

function initialRegisters() {
  return { configuration: 0, status: 0, counterBase: 0n, startTick: 0 };
}

/**
 * IA-PC High Precision Event Timers, revision 1.0a: a 64-bit counter of 100 MHz and three 64-bit
 * comparators, the first of which can be periodic. FSB (MSI) delivery is not offered.
 *
 * An edge is a short pulse. When the machine is late for several periods they become one interrupt.
 */
export class Hpet implements Device, WideMmioHandler {
  private readonly clock: Clock;
  private readonly lines: (input: number) => InterruptLine;
  private readonly legacyReplacement: ((on: boolean) => void) | undefined;
  private readonly hostTimers: readonly Timer[];
  /** `counterBase` is the counter when halted, or what it was at `startTick` when it runs. */
  private registers = initialRegisters();
  private comparators: Comparator[] = Array.from({ length: TIMERS }, initialComparator);
  /** Inputs held by level-triggered timers, bit n for input n. */
  private heldInputs = 0;

  constructor(options: HpetOptions) {
    this.clock = options.clock;
    this.lines = options.lines;
    this.legacyReplacement = options.legacyReplacement;
    this.hostTimers = this.comparators.map((_, index) =>
      options.timers.create(`HPET timer ${index}`, () => {
        this.synchronize();
      }),
    );
  }

  readMmio(offset: number, size: AccessSize): number {
    const register = offset & ~7;
    const half = offset & 4;
    // The clock source reads only this, so it does not go through bigint.
    const value =
      register === MAIN_COUNTER && half === 0
        ? this.counterLow()
        : Number((this.readMmio64(register) >> BigInt(half * 8)) & MASK_32);
    if (size === 4) return value;
    return (value >>> ((offset & 3) * 8)) & (size === 1 ? 0xff : 0xffff);
  }

  /** Accesses narrower than 4 bytes are not defined for this device; such writes are ignored. */
  writeMmio(offset: number, size: AccessSize, value: number): void {
    if (size !== 4) return;
    const shift = BigInt((offset & 4) * 8);
    this.write(offset & ~7, BigInt(value) << shift, MASK_32 << shift);
  }

  readMmio64(offset: number): bigint {
    switch (offset) {
      case CAPABILITIES:
        return (BigInt(HPET_PERIOD_FEMTOSECONDS) << 32n) | BigInt(HPET_BLOCK_ID);
      case CONFIGURATION:
        return BigInt(this.registers.configuration);
      case INTERRUPT_STATUS:
        this.synchronize();
        return BigInt(this.registers.status);
      case MAIN_COUNTER:
        return this.counterAt(this.currentTick());
    }
    const index = Math.floor((offset - TIMER_BASE) / TIMER_STRIDE);
    const comparator = this.comparators[index];
    if (comparator === undefined) return 0n;
    switch (offset - TIMER_BASE - index * TIMER_STRIDE) {
      case TIMER_CONFIGURATION: {
        const capabilities = SIZE_64_CAPABLE | (index === 0 ? PERIODIC_CAPABLE : 0);
        return (BigInt(ROUTE_CAPABILITY) << 32n) | BigInt(comparator.configuration | capabilities);
      }
      case TIMER_COMPARATOR:
        this.synchronize();
        return comparator.value;
      default:
        return 0n;
    }
  }

  writeMmio64(offset: number, value: bigint): void {
    this.write(offset, value, MASK_64);
  }

  reset(): void {
    const replaced = this.isLegacyReplacing;
    this.registers = initialRegisters();
    this.comparators = Array.from({ length: TIMERS }, initialComparator);
    for (const timer of this.hostTimers) timer.cancel();
    this.driveLevels();
    if (replaced) this.legacyReplacement?.(false);
  }

  save(): DeviceState {
    return {
      registers: { ...this.registers },
      comparators: this.comparators.map((comparator) => ({ ...comparator })),
    };
  }

  load(state: DeviceState): void {
    const registers = initialRegisters();
    const comparators = this.comparators.map(initialComparator);
    restoreRegisters(registers, stateIn(state, 'registers'));
    statesIn(state, 'comparators', TIMERS).forEach((saved, index) => {
      restoreRegisters(comparators[index], saved);
    });
    const replaced = this.isLegacyReplacing;
    this.registers = registers;
    this.comparators = comparators;
    if (replaced !== this.isLegacyReplacing) this.legacyReplacement?.(!replaced);
    this.driveLevels();
    this.armAll();
  }

  private get isEnabled(): boolean {
    return (this.registers.configuration & ENABLE_CNF) !== 0;
  }

  private get isLegacyReplacing(): boolean {
    return (this.registers.configuration & LEG_RT_CNF) !== 0;
  }

  private currentTick(): number {
    return Math.floor(this.clock.now() / NANOSECONDS_PER_TICK);
  }

  private counterAt(tick: number): bigint {
    const { counterBase, startTick } = this.registers;
    return this.isEnabled ? (counterBase + BigInt(tick - startTick)) & MASK_64 : counterBase;
  }

  private counterLow(): number {
    const base = Number(this.registers.counterBase & MASK_32);
    return this.isEnabled ? (base + this.currentTick() - this.registers.startTick) % 0x1_0000_0000 : base;
  }

  /** Writes the bits of the 8-byte register at `offset` that `mask` selects. */
  private write(offset: number, value: bigint, mask: bigint): void {
    const tick = this.synchronize();
    const low = Number(value & mask & MASK_32);
    const writesLow = (mask & MASK_32) !== 0n;
    switch (offset) {
      case CONFIGURATION:
        if (writesLow) this.writeConfiguration(low & (ENABLE_CNF | LEG_RT_CNF), tick);
        break;
      case INTERRUPT_STATUS:
        this.registers.status &= ~low;
        break;
      case MAIN_COUNTER:
        this.registers.counterBase = merge(this.counterAt(tick), value, mask);
        this.registers.startTick = tick;
        this.searchAgain(tick);
        break;
      default: {
        const index = Math.floor((offset - TIMER_BASE) / TIMER_STRIDE);
        const comparator = this.comparators[index];
        const register = offset - TIMER_BASE - index * TIMER_STRIDE;
        if (comparator === undefined) return;
        if (register === TIMER_CONFIGURATION && writesLow) this.writeTimerConfiguration(index, low);
        else if (register === TIMER_COMPARATOR) this.writeComparator(comparator, value, mask, tick);
      }
    }
    this.driveLevels();
    this.armAll();
  }

  private writeConfiguration(value: number, tick: number): void {
    const changed = value ^ this.registers.configuration;
    if ((changed & ENABLE_CNF) !== 0) {
      this.registers.counterBase = this.counterAt(tick);
      this.registers.startTick = tick;
    }
    // Lines are released before they change owners.
    if ((changed & LEG_RT_CNF) !== 0) this.hold(0);
    this.registers.configuration = value;
    if ((changed & ENABLE_CNF) !== 0) this.searchAgain(tick);
    if ((changed & LEG_RT_CNF) !== 0) this.legacyReplacement?.((value & LEG_RT_CNF) !== 0);
  }

  private writeTimerConfiguration(index: number, value: number): void {
    const comparator = this.comparators[index];
    const writable = INT_TYPE_LEVEL | INT_ENB | VAL_SET | MODE_32 | (index === 0 ? TYPE_PERIODIC : 0);
    const route = (value & ROUTE_MASK) >> ROUTE_SHIFT;
    // A route that the timer does not have is refused: software notices by reading back.
    const routeBits = ((ROUTE_CAPABILITY >> route) & 1) !== 0 ? value : comparator.configuration;
    comparator.configuration = (value & writable) | (routeBits & ROUTE_MASK);
    if ((value & INT_TYPE_LEVEL) === 0) this.registers.status &= ~(1 << index);
    if ((value & MODE_32) !== 0) {
      comparator.value &= MASK_32;
      comparator.period &= MASK_32;
    }
  }

  /**
   * "Timer n Comparator Value Register". In periodic mode a write sets the period, and the accumulator too
   * only if VAL_SET has announced it; VAL_SET falls with each write.
   */
  private writeComparator(comparator: Comparator, value: bigint, mask: bigint, tick: number): void {
    const { configuration } = comparator;
    const effective = (configuration & MODE_32) !== 0 ? mask & MASK_32 : mask;
    const periodic = (configuration & TYPE_PERIODIC) !== 0;
    if (!periodic || (configuration & VAL_SET) !== 0) {
      comparator.value = merge(comparator.value, value, effective);
      comparator.searchFrom = tick;
    }
    comparator.period = merge(comparator.period, value, effective);
    comparator.configuration &= ~VAL_SET;
  }

  /** The counter has jumped: what has been searched for matches says nothing any more. */
  private searchAgain(tick: number): void {
    for (const comparator of this.comparators) comparator.searchFrom = tick;
  }

  /** The first tick at or after `from` at which the counter equals the comparator. */
  private nextMatch(comparator: Comparator, from: number): number {
    const mask = (comparator.configuration & MODE_32) !== 0 ? MASK_32 : MASK_64;
    return from + Number((comparator.value - this.counterAt(from)) & mask);
  }

  /** Brings comparators, status and lines up to the present, whose tick it returns. */
  private synchronize(): number {
    const tick = this.currentTick();
    if (!this.isEnabled) return tick;
    let matched = false;
    this.comparators.forEach((comparator, index) => {
      if (!this.advance(comparator, tick)) return;
      matched = true;
      this.fire(index);
    });
    if (matched) {
      this.driveLevels();
      this.armAll();
    }
    return tick;
  }

  /** True when the comparator has matched since it was last looked at. */
  private advance(comparator: Comparator, tick: number): boolean {
    if (comparator.searchFrom > tick) return false;
    const match = this.nextMatch(comparator, comparator.searchFrom);
    comparator.searchFrom = tick + 1;
    if (match > tick) return false;
    if ((comparator.configuration & TYPE_PERIODIC) !== 0 && comparator.period !== 0n) {
      const periods = BigInt(tick - match) / comparator.period + 1n;
      const mask = (comparator.configuration & MODE_32) !== 0 ? MASK_32 : MASK_64;
      comparator.value = (comparator.value + comparator.period * periods) & mask;
    }
    return true;
  }

  private fire(index: number): void {
    const { configuration } = this.comparators[index];
    if ((configuration & INT_TYPE_LEVEL) !== 0) {
      // The status bit appears even when INT_ENB keeps the interrupt back.
      this.registers.status |= 1 << index;
    } else if ((configuration & INT_ENB) !== 0) {
      const input = this.inputOf(index);
      const line = this.lines(input);
      line.set(true);
      line.set(((this.heldInputs >>> input) & 1) !== 0);
    }
  }

  private inputOf(index: number): number {
    const legacy = this.isLegacyReplacing ? LEGACY_INPUTS[index] : undefined;
    return legacy ?? (this.comparators[index].configuration & ROUTE_MASK) >> ROUTE_SHIFT;
  }

  private driveLevels(): void {
    let held = 0;
    this.comparators.forEach(({ configuration }, index) => {
      const active = ((this.registers.status >> index) & 1) !== 0 && (configuration & INT_ENB) !== 0;
      if (active && this.isEnabled) held |= 1 << this.inputOf(index);
    });
    this.hold(held);
  }

  private hold(inputs: number): void {
    const changed = inputs ^ this.heldInputs;
    this.heldInputs = inputs;
    for (let input = 0; changed >>> input !== 0; input++) {
      if (((changed >>> input) & 1) !== 0) this.lines(input).set(((inputs >>> input) & 1) !== 0);
    }
  }

  private armAll(): void {
    this.comparators.forEach((comparator, index) => {
      const wanted = this.isEnabled && (comparator.configuration & INT_ENB) !== 0;
      const match = wanted ? this.nextMatch(comparator, comparator.searchFrom) : Number.POSITIVE_INFINITY;
      const deadline = match * NANOSECONDS_PER_TICK;
      // Beyond 2^53 ns, a hundred days, a number can not tell one tick from the next.
      if (Number.isSafeInteger(deadline)) this.hostTimers[index].arm(deadline);
      else this.hostTimers[index].cancel();
    });
  }
}

function merge(old: bigint, value: bigint, mask: bigint): bigint {
  return (old & ~mask) | (value & mask);
}
