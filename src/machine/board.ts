/**
 * The machine's parts and how they are connected: one processor, its memory, the buses and every device.
 * A reset makes a new board.
 */

import type { Hardware } from '../boot/firmware.ts';
import { InputError } from '../boot/input-error.ts';
import {
  COM_PORT_COUNT,
  COM1_IRQ,
  COM1_PORT,
  COM2_IRQ,
  COM2_PORT,
  DEBUG_EXIT_PORT_COUNT,
  ELCR_PORT,
  ELCR_PORT_COUNT,
  KEYBOARD_COMMAND_PORT,
  KEYBOARD_DATA_PORT,
  PCI_CONFIG_PORT,
  PCI_CONFIG_PORT_COUNT,
  PIC_MASTER_PORT,
  PIC_PORT_COUNT,
  PIC_SLAVE_PORT,
  PIT_IRQ,
  PIT_PORT,
  PIT_PORT_COUNT,
  PM_PORT,
  PM_PORT_COUNT,
  pciInterruptGsi,
  RTC_IRQ,
  RTC_PORT,
  RTC_PORT_COUNT,
  S5_SLEEP_TYPE,
  SCI_IRQ,
  SYSTEM_CONTROL_PORT_A,
  SYSTEM_CONTROL_PORT_B,
} from '../boot/io-map.ts';
import {
  ECAM,
  ECAM_SIZE,
  HIGH_RAM,
  HPET,
  HPET_REGISTERS_SIZE,
  IO_APIC,
  LOCAL_APIC,
  lowRamEnd,
  PAGE_SIZE,
} from '../boot/memory-map.ts';
import { Processor } from '../cpu/processor.ts';
import type { HostFunctions } from '../cpu/runtime.ts';
import { AcpiPm } from '../devices/acpi-pm.ts';
import { DeliveryMode } from '../devices/apic-message.ts';
import { DebugExit } from '../devices/debug-exit.ts';
import type { AccessSize } from '../devices/device.ts';
import { Hpet } from '../devices/hpet.ts';
import { I8042 } from '../devices/i8042.ts';
import { I8254 } from '../devices/i8254.ts';
import { I8259Pair } from '../devices/i8259.ts';
import { IoApic } from '../devices/io-apic.ts';
import { LocalApic } from '../devices/local-apic.ts';
import { Mc146818 } from '../devices/mc146818.ts';
import { MmioBus } from '../devices/mmio-bus.ts';
import { PciBus } from '../devices/pci/pci-bus.ts';
import { PciHostBridge } from '../devices/pci/pci-host-bridge.ts';
import { PortBus } from '../devices/port-bus.ts';
import { ResetControl } from '../devices/reset-control.ts';
import type { SerialLine } from '../devices/serial-line.ts';
import { TimerQueue } from '../devices/timer-queue.ts';
import { Uart16550A } from '../devices/uart-16550a.ts';
import { PHYSICAL_ADDRESS_BITS } from '../layout/architecture.ts';
import { LA57_OFFERED, TSC_OFFSET } from '../layout/cpu-state.ts';
import { type ClockKind, HostClock, InstructionClock, type MachineClock } from './clock.ts';
import { InterruptWiring, SwitchedLine } from './interrupt-wiring.ts';
import { Ram } from './ram.ts';

export interface BoardOptions {
  readonly runtime: WebAssembly.Module;
  /** Bytes of RAM. */
  readonly memorySize: number;
  readonly clock: ClockKind;
  /** Monotonic host time in milliseconds. */
  readonly hostTime: () => number;
  /** What the RTC shows at power-on. */
  readonly epochMilliseconds: number;
  /** 32 random bits a call, for RDRAND. */
  readonly random: () => number;
  /** Whether the processor has 5-level paging. */
  readonly fiveLevelPaging: boolean;
  /** Where a DebugExit is; undefined for none. */
  readonly debugExitPort: number | undefined;
  /** A byte left COM1. */
  readonly transmit: (byte: number) => void;
  /** What is on its way to COM1. */
  readonly serialInput: SerialLine;
  /** What is on its way to COM2; what the guest sends there is dropped. */
  readonly controlInput: SerialLine;
  readonly requestCompile: (head: number) => void;
  readonly blockDropped: (head: number) => void;
  readonly undefinedInstruction: (record: number) => void;
}

/** What the guest asked of the machine itself. */
export type Request = 'power off' | 'reset' | { readonly debugExit: number };

export class Board {
  readonly processor: Processor;
  readonly ram: Ram;
  readonly clock: MachineClock;
  readonly timers = new TimerQueue();
  readonly ports = new PortBus();
  readonly mmio = new MmioBus();
  readonly localApic: LocalApic;
  readonly ioApic: IoApic;
  readonly pic: I8259Pair;
  readonly uart: Uart16550A;
  readonly controlUart: Uart16550A;
  readonly acpi: AcpiPm;
  readonly hpet: Hpet;
  request: Request | undefined;
  nmiPending = false;
  private localApicBase = 0;
  private apicMapping: { remove(): void } | undefined;

  constructor(options: BoardOptions) {
    this.processor = new Processor({
      runtime: options.runtime,
      host: this.hostFunctions(options.random),
      requestCompile: options.requestCompile,
      blockDropped: options.blockDropped,
      undefinedInstruction: options.undefinedInstruction,
    });
    const { processor, timers } = this;
    processor.setU32(LA57_OFFERED, options.fiveLevelPaging ? 1 : 0);
    this.ram = new Ram(processor, options.memorySize);
    this.clock =
      options.clock === 'host'
        ? new HostClock({
            milliseconds: options.hostTime,
            nextDeadline: () => timers.nextDeadline(),
            due: () => processor.endSlice(),
            interruptible: () => processor.interruptsEnabled,
          })
        : new InstructionClock({
            instructions: () => processor.instructions,
            spend: (instructions) => processor.shortenSlice(instructions),
          });
    const { clock } = this;

    this.localApic = new LocalApic({
      id: 0,
      baseAddress: LOCAL_APIC,
      clock,
      timers,
      physicalAddressBits: PHYSICAL_ADDRESS_BITS,
      sink: {
        interruptPendingChanged: () => this.interruptsChanged(),
        nmi: () => this.raiseNmi(),
        init: () => this.ask('reset'),
        startup: () => {},
        eoiBroadcast: (vector) => this.ioApic.eoi(vector),
        sendIpi: () => {},
      },
    });
    this.pic = new I8259Pair((level) => {
      this.localApic.setLint0(level);
      this.interruptsChanged();
    });
    this.ioApic = new IoApic({
      deliver: (message) => {
        if (message.deliveryMode === DeliveryMode.extInt) this.interruptsChanged();
        else if (this.localApic.matchesDestination(message.destination, message.logical))
          this.localApic.receive(message);
      },
    });
    const wiring = new InterruptWiring(this.ioApic, this.pic);

    const pitLine = new SwitchedLine(wiring.isa(PIT_IRQ));
    const rtcLine = new SwitchedLine(wiring.isa(RTC_IRQ));
    const pit = new I8254({ clock, timers, line: pitLine });
    const low = lowRamEnd(options.memorySize);
    const rtc = new Mc146818({
      clock,
      timers,
      line: rtcLine,
      epochMilliseconds: options.epochMilliseconds,
      memory: { below4GiB: low, above4GiB: options.memorySize - low },
    });
    const hpetLines = Array.from({ length: 24 }, (_, gsi) => wiring.gsi(gsi));
    this.hpet = new Hpet({
      clock,
      timers,
      lines: (gsi) => hpetLines[gsi] as (typeof hpetLines)[number],
      legacyReplacement: (on) => {
        pitLine.connect(!on);
        rtcLine.connect(!on);
      },
    });
    this.acpi = new AcpiPm({
      clock,
      timers,
      sci: wiring.gsi(SCI_IRQ),
      softOff: S5_SLEEP_TYPE,
      powerOff: () => this.ask('power off'),
    });
    this.uart = new Uart16550A({
      line: wiring.isa(COM1_IRQ),
      transmit: options.transmit,
      input: options.serialInput,
    });
    this.controlUart = new Uart16550A({
      line: wiring.isa(COM2_IRQ),
      transmit: () => {},
      input: options.controlInput,
    });

    const { ports, mmio } = this;
    const reset = new ResetControl(() => this.ask('reset'));
    const keyboard = new I8042(() => this.ask('reset'));
    const pci = new PciBus({
      memory: mmio,
      ports,
      interruptLine: (device, pin) => wiring.gsi(pciInterruptGsi(device, pin - 1)),
    });
    ports.add(PIC_MASTER_PORT, PIC_PORT_COUNT, this.pic.masterPorts);
    ports.add(PIC_SLAVE_PORT, PIC_PORT_COUNT, this.pic.slavePorts);
    ports.add(ELCR_PORT, ELCR_PORT_COUNT, this.pic.elcr);
    ports.add(PIT_PORT, PIT_PORT_COUNT, pit);
    ports.add(SYSTEM_CONTROL_PORT_B, 1, pit.portB);
    ports.add(KEYBOARD_DATA_PORT, 1, keyboard.data);
    ports.add(KEYBOARD_COMMAND_PORT, 1, keyboard.command);
    ports.add(RTC_PORT, RTC_PORT_COUNT, rtc);
    ports.add(SYSTEM_CONTROL_PORT_A, 1, reset.portA);
    ports.add(COM1_PORT, COM_PORT_COUNT, this.uart);
    ports.add(COM2_PORT, COM_PORT_COUNT, this.controlUart);
    ports.add(PM_PORT, PM_PORT_COUNT, this.acpi);
    ports.add(PCI_CONFIG_PORT, PCI_CONFIG_PORT_COUNT, new PciHostBridge(pci, reset.control));
    const { debugExitPort } = options;
    if (debugExitPort !== undefined) this.addDebugExit(debugExitPort);
    mmio.add(ECAM, ECAM_SIZE, pci);
    mmio.add(IO_APIC, PAGE_SIZE, this.ioApic);
    mmio.add(HPET, HPET_REGISTERS_SIZE, this.hpet);
    this.mapLocalApic();
    timers.onChange = () => this.deadlineChanged();
  }

  /** The guest-physical address after the last byte of RAM, or of RAM below 4 GiB. */
  get ramEnd(): number {
    const low = lowRamEnd(this.ram.size);
    return this.ram.size > low ? HIGH_RAM + this.ram.size - low : low;
  }

  private addDebugExit(port: number): void {
    if (!this.ports.isFree(port, DEBUG_EXIT_PORT_COUNT)) {
      const last = port + DEBUG_EXIT_PORT_COUNT - 1;
      throw new InputError(
        `debugExitPort: ports 0x${port.toString(16)} to 0x${last.toString(16)} are not free`,
      );
    }
    this.ports.add(port, DEBUG_EXIT_PORT_COUNT, new DebugExit((debugExit) => this.ask({ debugExit })));
  }

  /** What firmware drives. @param random 32 bits a call. */
  hardware(random: () => number, nonVolatile: Map<string, Uint8Array>): Hardware {
    return {
      readPort: (port, size) => this.ports.read(port, size),
      writePort: (port, size, value) => this.ports.write(port, size, value),
      now: () => this.clock.now(),
      random,
      nonVolatile,
    };
  }

  // ---- interrupts ----

  hasInterrupt(): boolean {
    return (
      this.localApic.hasPendingInterrupt() || (this.pic.hasPendingInterrupt() && this.localApic.acceptsExtInt)
    );
  }

  /** Vector of the interrupt the processor takes now. */
  acknowledge(): number {
    return this.localApic.hasPendingInterrupt() ? this.localApic.acknowledge() : this.pic.acknowledge();
  }

  private interruptsChanged(): void {
    const { processor } = this;
    const pending = this.hasInterrupt();
    processor.setInterruptPending(pending, this.nmiPending);
    if (pending && processor.interruptsEnabled) processor.endSlice();
  }

  private raiseNmi(): void {
    this.nmiPending = true;
    this.processor.setInterruptPending(this.hasInterrupt(), true);
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

  // ---- accesses ----

  private mapLocalApic(): void {
    const base = this.localApic.enabled && !this.localApic.x2apicMode ? this.localApic.baseAddress : 0;
    if (base === this.localApicBase) return;
    this.apicMapping?.remove();
    this.apicMapping = base === 0 ? undefined : this.mmio.add(base, PAGE_SIZE, this.localApic);
    this.localApicBase = base;
  }

  private hostFunctions(random: () => number): HostFunctions {
    const address = (low: number, high: number): number => (high >>> 0) * 2 ** 32 + (low >>> 0);
    return {
      readPort: (port, size) => {
        this.clock.access();
        return this.ports.read(port, size as 1 | 2 | 4);
      },
      writePort: (port, size, value) => {
        this.clock.access();
        this.ports.write(port, size as 1 | 2 | 4, value >>> 0);
      },
      readMmio: (low, high, size) => {
        this.clock.access();
        return this.mmio.read(address(low, high), size as Exclude<AccessSize, 8>);
      },
      writeMmio: (low, high, size, value) => {
        this.clock.access();
        this.mmio.write(address(low, high), size as Exclude<AccessSize, 8>, value >>> 0);
      },
      readMmio64: (low, high) => {
        this.clock.access();
        return this.mmio.read64(address(low, high));
      },
      writeMmio64: (low, high, value) => {
        this.clock.access();
        this.mmio.write64(address(low, high), value);
      },
      now: () => this.clock.now(),
      random,
      writeApicMsr: (msr, low, high) => {
        const done = this.localApic.writeMsr(msr, (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0));
        if (done && msr === 0x1b) this.mapLocalApic();
        return done ? 1 : 0;
      },
      readApicMsr: (msr, target) => {
        const value = this.localApic.readMsr(msr);
        if (value === undefined) return 0;
        this.processor.views.i64[target >> 3] = BigInt.asIntN(64, value);
        return 1;
      },
      tscOffsetChanged: () => {
        this.localApic.tscOffset = this.processor.u64(TSC_OFFSET);
      },
      writeTaskPriority: (value) => {
        this.localApic.tpr = value;
      },
      readTaskPriority: () => this.localApic.tpr,
    };
  }
}
