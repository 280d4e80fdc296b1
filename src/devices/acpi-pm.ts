import type {
  AccessSize,
  Clock,
  Device,
  DeviceState,
  InterruptLine,
  PortHandler,
  Timer,
  TimerFactory,
} from './device.ts';
import { restoreRegisters } from './device-state.ts';
import { ticksAt, timeOfTick } from './ticks.ts';

/** Frequency of the power management timer in hertz. It has 32 bits: the FADT flag TMR_VAL_EXT has to be set. */
export const PM_TIMER_HERTZ = 3_579_545;

/** Offsets of the registers, as the FADT announces their blocks. */
const PM1_STATUS = 0x0;
const PM1_ENABLE = 0x2;
const PM1_CONTROL = 0x4;
const PM_TIMER = 0x8;
const GPE0_STATUS = 0xc;
const GPE0_ENABLE = 0xe;
const BLOCK_LENGTH = 0x10;

/** "PM1 Status Registers" and, with the same bit numbers, "PM1 Enable Registers". */
const TMR = 1 << 0;
const BM_STS = 1 << 4;
const GBL = 1 << 5;
const PWRBTN = 1 << 8;
const SLPBTN = 1 << 9;
const RTC = 1 << 10;
const WAK_STS = 1 << 15;
const STATUS_BITS = TMR | BM_STS | GBL | PWRBTN | SLPBTN | RTC | WAK_STS;
const ENABLE_BITS = TMR | GBL | PWRBTN | SLPBTN | RTC;

/** "PM1 Control Registers". */
const SCI_EN = 1 << 0;
const BM_RLD = 1 << 1;
const SLP_TYP_SHIFT = 10;
const SLP_TYP = 7 << SLP_TYP_SHIFT;
const SLP_EN = 1 << 13;

/** TMR_STS is set each time the timer's top bit changes. */
const TICKS_PER_TIMER_EVENT = 0x8000_0000;

export interface AcpiPmOptions {
  readonly clock: Clock;
  readonly timers: TimerFactory;
  /** The system control interrupt, level-triggered. */
  readonly sci: InterruptLine;
  /** SLP_TYPa of the `\_S5` package, 0..7: soft off. No other sleeping state is offered. */
  readonly softOff: number;
  /** The guest has entered S5. */
  readonly powerOff: () => void;
}

function initialRegisters() {
  return { status: 0, enable: 0, control: SCI_EN, gpeStatus: 0, gpeEnable: 0, timerEvents: 0 };
}

/**
 * The fixed hardware of ACPI ("ACPI Hardware Specification"): PM1a event and control registers with power
 * button, the power management timer and sixteen general-purpose events. There is no legacy mode: SCI_EN
 * is always set and the FADT's SMI_CMD has to be 0.
 */
export class AcpiPm implements Device, PortHandler {
  private readonly clock: Clock;
  private readonly sci: InterruptLine;
  private readonly softOff: number;
  private readonly powerOff: () => void;
  private readonly timer: Timer;
  private readonly image = new DataView(new ArrayBuffer(BLOCK_LENGTH));
  /** `timerEvents`: changes of the timer's top bit that TMR_STS has recorded. */
  private registers = initialRegisters();

  constructor(options: AcpiPmOptions) {
    this.clock = options.clock;
    this.sci = options.sci;
    this.softOff = options.softOff;
    this.powerOff = options.powerOff;
    this.timer = options.timers.create('ACPI PM timer', () => this.update());
    this.registers.timerEvents = this.timerEventsNow();
  }

  /** The user pushes the power button for a moment; the guest decides what that means. */
  pressPowerButton(): void {
    this.registers.status |= PWRBTN;
    this.update();
  }

  /** Signals general-purpose event `number`, 0..15, which the DSDT gives a meaning. */
  raiseGpe(number: number): void {
    this.registers.gpeStatus |= 1 << number;
    this.update();
  }

  readPort(offset: number, size: AccessSize): number {
    this.update();
    const { image, registers } = this;
    image.setUint16(PM1_STATUS, registers.status, true);
    image.setUint16(PM1_ENABLE, registers.enable, true);
    image.setUint16(PM1_CONTROL, registers.control, true);
    image.setUint32(PM_TIMER, ticksAt(this.clock.now(), PM_TIMER_HERTZ) % 0x1_0000_0000, true);
    image.setUint16(GPE0_STATUS, registers.gpeStatus, true);
    image.setUint16(GPE0_ENABLE, registers.gpeEnable, true);
    if (size === 1) return image.getUint8(offset);
    return size === 2 ? image.getUint16(offset, true) : image.getUint32(offset, true);
  }

  writePort(offset: number, size: AccessSize, value: number): void {
    this.update();
    for (let index = 0; index < size; index++) {
      this.writeByte(offset + index, (value >>> (8 * index)) & 0xff);
    }
    this.update();
  }

  reset(): void {
    this.registers = { ...initialRegisters(), timerEvents: this.timerEventsNow() };
    this.update();
  }

  save(): DeviceState {
    return { ...this.registers };
  }

  load(state: DeviceState): void {
    restoreRegisters(this.registers, state);
    this.update();
  }

  private writeByte(offset: number, byte: number): void {
    const { registers } = this;
    const shift = 8 * (offset & 1);
    const bits = byte << shift;
    const lane = 0xff << shift;
    switch (offset & ~1) {
      case PM1_STATUS:
        registers.status &= ~(bits & STATUS_BITS);
        break;
      case PM1_ENABLE:
        registers.enable = (registers.enable & ~lane) | (bits & ENABLE_BITS);
        break;
      case PM1_CONTROL:
        this.writeControl((registers.control & ~lane) | bits);
        break;
      case GPE0_STATUS:
        registers.gpeStatus &= ~bits;
        break;
      case GPE0_ENABLE:
        registers.gpeEnable = (registers.gpeEnable & ~lane) | bits;
        break;
    }
  }

  private writeControl(value: number): void {
    this.registers.control = SCI_EN | (value & (BM_RLD | SLP_TYP));
    if ((value & SLP_EN) !== 0 && (value & SLP_TYP) >> SLP_TYP_SHIFT === this.softOff) this.powerOff();
  }

  private timerEventsNow(): number {
    return Math.floor(ticksAt(this.clock.now(), PM_TIMER_HERTZ) / TICKS_PER_TIMER_EVENT);
  }

  /** Brings TMR_STS up to the present, drives the SCI and sets the timer to the next event that could raise it. */
  private update(): void {
    const { registers } = this;
    const timerEvents = this.timerEventsNow();
    if (timerEvents !== registers.timerEvents) registers.status |= TMR;
    registers.timerEvents = timerEvents;
    const fixedEvents = registers.status & registers.enable;
    this.sci.set(fixedEvents !== 0 || (registers.gpeStatus & registers.gpeEnable) !== 0);
    if ((registers.enable & TMR) === 0) this.timer.cancel();
    else this.timer.arm(timeOfTick((timerEvents + 1) * TICKS_PER_TIMER_EVENT, PM_TIMER_HERTZ));
  }
}
