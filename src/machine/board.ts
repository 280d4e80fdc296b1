/**
 * The machine's parts put together: one processor, its memory, time, and the chipset with every device.
 * A reset makes a new board.
 */

import type { Hardware } from '../boot/firmware.ts';
import { OutOfHostMemory, Processor, type ProcessorOptions } from '../cpu/processor.ts';
import { TimerQueue } from '../devices/timer-queue.ts';
import { TIME_TRUSTED } from '../layout/runtime-state.ts';
import { Chipset, type ChipsetSettings, type Request } from './chipset.ts';
import { type ClockKind, HostClock, InstructionClock, type MachineClock } from './clock.ts';
import type { Cpu } from './cpu-models.ts';
import { processorBridge } from './processor-bridge.ts';
import { Ram } from './ram.ts';

export interface BoardOptions extends ChipsetSettings {
  readonly runtime: WebAssembly.Module;
  readonly prepareMemory: ProcessorOptions['prepareMemory'];
  readonly clock: ClockKind;
  /** Monotonic host time in milliseconds. */
  readonly hostTime: () => number;
  /** 32 random bits a call, for RDRAND. */
  readonly random: () => number;
  readonly cpu: Cpu;
  readonly requestCompile: (head: number) => void;
  readonly blockDropped: (head: number) => void;
  readonly undefinedInstruction: (record: number) => void;
}

export class Board {
  readonly processor: Processor;
  private readonly random: () => number;
  readonly ram: Ram;
  readonly clock: MachineClock;
  readonly timers = new TimerQueue();
  readonly chipset: Chipset;
  request: Request | undefined;
  nmiPending = false;

  constructor(options: BoardOptions) {
    this.random = options.random;
    this.processor = new Processor({
      runtime: options.runtime,
      prepareMemory: options.prepareMemory,
      host: processorBridge(this, options.random),
      requestCompile: options.requestCompile,
      blockDropped: options.blockDropped,
      undefinedInstruction: options.undefinedInstruction,
      ...options.cpu,
    });
    const { processor, timers } = this;
    this.ram = new Ram(processor, options.memorySize);
    this.clock =
      options.clock === 'host'
        ? new HostClock({
            milliseconds: options.hostTime,
            nextDeadline: () => timers.nextDeadline(),
            due: () => processor.endSlice(),
            interruptible: () => processor.interruptsEnabled,
            instructions: () => processor.instructions,
          })
        : new InstructionClock({
            instructions: () => processor.instructions,
            spend: (instructions) => processor.shortenSlice(instructions),
          });
    processor.setU32(TIME_TRUSTED, this.clock.trusted);
    this.chipset = new Chipset({
      settings: options,
      clock: this.clock,
      timers,
      memory: this.ram,
      interruptsChanged: () => this.interruptsChanged(),
      nmi: () => this.raiseNmi(),
      ask: (request) => this.ask(request),
    });
    timers.onChange = () => this.deadlineChanged();
  }

  /** What firmware drives. */
  hardware(nonVolatile: Map<string, Uint8Array>): Hardware {
    const { ports } = this.chipset;
    return {
      readPort: (port, size) => ports.read(port, size),
      writePort: (port, size, value) => ports.write(port, size, value),
      now: () => this.clock.now(),
      random: this.random,
      nonVolatile,
    };
  }

  /** Lets the devices whose time has come go on. */
  runTimers(): void {
    const now = this.clock.now();
    if (this.timers.nextDeadline() > now) return;
    try {
      this.timers.runExpired(now);
    } catch (error) {
      if (!(error instanceof OutOfHostMemory)) throw error;
      this.ask('out of memory');
    }
  }

  private interruptsChanged(): void {
    const { processor } = this;
    const pending = this.chipset.hasInterrupt();
    processor.setInterruptPending(pending, this.nmiPending);
    if (pending && processor.interruptsEnabled) processor.endSlice();
  }

  private raiseNmi(): void {
    this.nmiPending = true;
    this.processor.setInterruptPending(this.chipset.hasInterrupt(), true);
    this.processor.endSlice();
  }

  private ask(request: Request): void {
    this.request = request;
    this.processor.endSlice();
  }

  /** A timer was armed: the instruction clock must not run past it. */
  private deadlineChanged(): void {
    if (this.clock.kind === 'instructions' || this.timers.nextDeadline() <= this.clock.now())
      this.processor.endSlice();
  }
}
