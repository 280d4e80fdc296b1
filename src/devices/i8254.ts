import { BytePortHandler } from './byte-port-handler.ts';
import type {
  Clock,
  Device,
  DeviceState,
  InterruptLine,
  PortHandler,
  Timer,
  TimerFactory,
} from './device.ts';
import { restoreRegisters, stateIn, statesIn } from './device-state.ts';
import { I8254Counter } from './i8254-counter.ts';
import { ticksAt, timeOfTick } from './ticks.ts';

/** CLK of the three counters in hertz. */
export const PIT_HERTZ = 1_193_182;

const COUNTERS = 3;
/** Offset of the control word, after the counters. */
const CONTROL_WORD = COUNTERS;
const SELECT_READ_BACK = 3;

/** System control port B. Parity and channel check (bits 7 and 6) never happen. */
const GATE_2 = 1 << 0;
const PORT_B_WRITABLE = 0x0f;
const REFRESH_TOGGLE = 1 << 4;
const OUT_2 = 1 << 5;
/** Time between two DRAM refreshes in nanoseconds. */
const REFRESH_PERIOD = 15_085;

export interface I8254Options {
  readonly clock: Clock;
  readonly timers: TimerFactory;
  /** OUT of counter 0: IRQ 0. */
  readonly line: InterruptLine;
}

function initialRegisters() {
  return { portB: 0, lastTick: 0 };
}

/**
 * The PC's Intel 8254 programmable interval timer with its surroundings: counter 0 drives IRQ 0,
 * counter 1 does nothing (the refresh toggle runs by itself) and counter 2 has its gate and output in
 * system control port B. After reset no counter runs, as on a board whose firmware has not set it up. It is itself
 * the handler of the counters' ports and the control word's, four together.
 */
export class I8254 extends BytePortHandler implements Device {
  /** System control port B, one port. */
  readonly portB: PortHandler = {
    readPort: () => this.readPortB(),
    writePort: (_offset, _size, value) => this.writePortB(value),
  };
  private readonly clock: Clock;
  private readonly line: InterruptLine;
  private readonly timer: Timer;
  private counters: I8254Counter[] = [];
  /** `lastTick`: the tick up to which OUT 0 has been shown to the line. */
  private registers = initialRegisters();

  constructor(options: I8254Options) {
    super();
    this.clock = options.clock;
    this.line = options.line;
    this.timer = options.timers.create('8254 counter 0', () => {
      this.driveLine();
    });
    this.initialize();
  }

  reset(): void {
    this.initialize();
    this.driveLine();
  }

  save(): DeviceState {
    return {
      registers: { ...this.registers },
      counters: this.counters.map((counter) => counter.save()),
    };
  }

  load(state: DeviceState): void {
    restoreRegisters(this.registers, stateIn(state, 'registers'));
    const saved = statesIn(state, 'counters', COUNTERS);
    this.counters.forEach((counter, index) => {
      counter.load(saved[index]);
    });
    this.driveLine();
  }

  protected override readByte(offset: number): number {
    // A read may let a new count take over in the counter, so the line has to be up to date first.
    const tick = this.driveLine();
    // The control word can not be read.
    return offset === CONTROL_WORD ? 0xff : this.counters[offset].readByte(tick);
  }

  protected override writeByte(offset: number, value: number): void {
    // What has happened until now happens under the old programming.
    const tick = this.driveLine();
    if (offset === CONTROL_WORD) this.writeControl(value, tick);
    else this.counters[offset].writeByte(value, tick);
    this.driveLine();
  }

  private initialize(): void {
    this.registers = { ...initialRegisters(), lastTick: this.currentTick() };
    this.counters = Array.from({ length: COUNTERS }, () => new I8254Counter());
    // The gates of counters 0 and 1 are tied to the supply.
    this.counters[0].setGate(true, 0);
    this.counters[1].setGate(true, 0);
  }

  private currentTick(): number {
    return ticksAt(this.clock.now(), PIT_HERTZ);
  }

  private readPortB(): number {
    const tick = this.driveLine();
    const refresh = Math.floor(this.clock.now() / REFRESH_PERIOD) % 2 === 1;
    return (
      this.registers.portB | (refresh ? REFRESH_TOGGLE : 0) | (this.counters[2].output(tick) ? OUT_2 : 0)
    );
  }

  private writePortB(value: number): void {
    const tick = this.driveLine();
    this.registers.portB = value & PORT_B_WRITABLE;
    this.counters[2].setGate((value & GATE_2) !== 0, tick);
    this.driveLine();
  }

  private writeControl(value: number, tick: number): void {
    const select = value >> 6;
    if (select === SELECT_READ_BACK) {
      this.counters.forEach((counter, index) => {
        if (((value >> (index + 1)) & 1) === 0) return;
        if ((value & 0x20) === 0) counter.latchCount(tick);
        if ((value & 0x10) === 0) counter.latchStatus(tick);
      });
    } else if ((value & 0x30) === 0) this.counters[select].latchCount(tick);
    else this.counters[select].writeControl(value & 0x3f, tick);
  }

  /** Brings the line up to the present, whose tick it returns, and sets the timer to the next change. */
  private driveLine(): number {
    const tick = this.currentTick();
    const counter = this.counters[0];
    if (counter.nextRise(this.registers.lastTick) <= tick) {
      this.line.set(false);
      this.line.set(true);
    }
    this.line.set(counter.output(tick));
    this.registers.lastTick = tick;
    const next = Math.min(counter.nextRise(tick), counter.nextFall(tick));
    if (next === Number.POSITIVE_INFINITY) this.timer.cancel();
    else this.timer.arm(timeOfTick(next, PIT_HERTZ));
    return tick;
  }
}
