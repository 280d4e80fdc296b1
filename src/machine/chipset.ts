/** Every device of the machine, with its ports, addresses and interrupts. */

import { InputError } from '../boot/input-error.ts';
import {
  COM_PORT_COUNT,
  COM1_IRQ,
  COM1_PORT,
  COM2_IRQ,
  COM2_PORT,
  DEBUG_CONSOLE_PORT,
  DEBUG_EXIT_PORT_COUNT,
  ELCR_PORT,
  ELCR_PORT_COUNT,
  FW_CFG_PORT,
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
  HPET,
  HPET_REGISTERS_SIZE,
  IO_APIC,
  LOCAL_APIC,
  lowRamEnd,
  PAGE_SIZE,
} from '../boot/memory-map.ts';
import type { Mapping } from '../devices/access.ts';
import { AcpiPm } from '../devices/acpi-pm.ts';
import { DeliveryMode } from '../devices/apic-message.ts';
import { DebugConsole } from '../devices/debug-console.ts';
import { DebugExit } from '../devices/debug-exit.ts';
import type { Clock, GuestMemory, TimerFactory } from '../devices/device.ts';
import type { FirmwareConfiguration } from '../devices/fw-cfg/directory.ts';
import { FW_CFG_PORT_COUNT, FwCfg } from '../devices/fw-cfg/fw-cfg.ts';
import { Hpet } from '../devices/hpet.ts';
import { I8042 } from '../devices/i8042.ts';
import { I8254 } from '../devices/i8254.ts';
import { I8259Pair } from '../devices/i8259.ts';
import { IO_APIC_INPUTS, IoApic } from '../devices/io-apic.ts';
import { LocalApic } from '../devices/local-apic.ts';
import { Mc146818 } from '../devices/mc146818.ts';
import { MmioBus } from '../devices/mmio-bus.ts';
import { PciBus } from '../devices/pci/pci-bus.ts';
import { PciHostBridge } from '../devices/pci/pci-host-bridge.ts';
import { PiixIsaBridge } from '../devices/pci/piix-isa-bridge.ts';
import { PiixPowerManagement } from '../devices/pci/piix-power-management.ts';
import { PortBus } from '../devices/port-bus.ts';
import { ResetControl } from '../devices/reset-control.ts';
import type { SerialLine } from '../devices/serial-line.ts';
import { Uart16550A } from '../devices/uart-16550a.ts';
import { PHYSICAL_ADDRESS_BITS } from '../layout/architecture.ts';
import { InterruptWiring, SwitchedLine } from './interrupt-wiring.ts';

/** What the guest asked of the machine itself; or a device has found that the host has no memory for the guest. */
export type Request = 'power off' | 'reset' | 'out of memory' | { readonly debugExit: number };

/** What of the machine comes from outside. */
export interface ChipsetSettings {
  /** Bytes of RAM. */
  readonly memorySize: number;
  /** What the RTC shows at power-on. */
  readonly epochMilliseconds: number;
  /** Where a DebugExit is; undefined for none. */
  readonly debugExitPort: number | undefined;
  /** For a firmware image; undefined for a machine without. */
  readonly firmware: FirmwareSettings | undefined;
  /** A byte left COM1. */
  readonly transmit: (byte: number) => void;
  /** What is on its way to COM1. */
  readonly serialInput: SerialLine;
  /** What is on its way to COM2; what the guest sends there is dropped. */
  readonly controlInput: SerialLine;
}

/** What a machine with a firmware image has besides. */
export interface FirmwareSettings {
  readonly configuration: FirmwareConfiguration;
  /** A byte of the firmware's messages. */
  readonly message: (byte: number) => void;
  /** Firmware has put the power management registers at another port. */
  readonly powerManagementMoved: (port: number) => void;
}

/** Where firmware looks for the bridge to ISA and power management. */
const PIIX_DEVICE = 1;
const PIIX_POWER_MANAGEMENT = 3;

export interface ChipsetOptions {
  readonly settings: ChipsetSettings;
  readonly clock: Clock;
  readonly timers: TimerFactory;
  readonly memory: GuestMemory;
  /** `hasInterrupt` may have changed. */
  readonly interruptsChanged: () => void;
  readonly nmi: () => void;
  readonly ask: (request: Request) => void;
}

export class Chipset {
  readonly ports = new PortBus();
  readonly mmio = new MmioBus();
  readonly localApic: LocalApic;
  /** The console. */
  readonly uart: Uart16550A;
  readonly controlUart: Uart16550A;
  readonly acpi: AcpiPm;
  private readonly options: ChipsetOptions;
  private readonly pic: I8259Pair;
  private readonly ioApic: IoApic;
  private readonly wiring: InterruptWiring;
  private localApicBase = 0;
  private localApicMapping: Mapping | undefined;
  private acpiMapping: Mapping | undefined;

  /** Throws InputError when the debug exit's ports are taken. */
  constructor(options: ChipsetOptions) {
    this.options = options;
    const { settings } = options;
    this.localApic = this.createLocalApic();
    this.pic = this.addPic();
    this.ioApic = this.addIoApic();
    this.wiring = new InterruptWiring(this.ioApic, this.pic);
    this.addTimers();
    this.acpi = this.addAcpiPm();
    this.uart = this.addUart(COM1_PORT, COM1_IRQ, settings.transmit, settings.serialInput);
    this.controlUart = this.addUart(COM2_PORT, COM2_IRQ, () => {}, settings.controlInput);
    this.addKeyboard();
    const pci = this.addPci();
    if (settings.firmware !== undefined) this.addFirmwareDevices(settings.firmware, pci);
    if (settings.debugExitPort !== undefined) this.addDebugExit(settings.debugExitPort);
    this.mapLocalApic();
  }

  /** The processor has an interrupt to take when it lets interrupts through. */
  hasInterrupt(): boolean {
    return (
      this.localApic.hasPendingInterrupt() || (this.pic.hasPendingInterrupt() && this.localApic.acceptsExtInt)
    );
  }

  /** Vector of the interrupt the processor takes now. */
  acknowledge(): number {
    return this.localApic.hasPendingInterrupt() ? this.localApic.acknowledge() : this.pic.acknowledge();
  }

  /** After a change of IA32_APIC_BASE: puts the local APIC where that says. */
  mapLocalApic(): void {
    const base = this.localApic.enabled && !this.localApic.x2apicMode ? this.localApic.baseAddress : 0;
    if (base === this.localApicBase) return;
    this.localApicMapping?.remove();
    this.localApicMapping = base === 0 ? undefined : this.mmio.add(base, PAGE_SIZE, this.localApic);
    this.localApicBase = base;
  }

  private createLocalApic(): LocalApic {
    const { clock, timers, interruptsChanged, nmi, ask } = this.options;
    return new LocalApic({
      id: 0,
      baseAddress: LOCAL_APIC,
      clock,
      timers,
      physicalAddressBits: PHYSICAL_ADDRESS_BITS,
      sink: {
        interruptPendingChanged: interruptsChanged,
        nmi,
        init: () => ask('reset'),
        startup: () => {},
        eoiBroadcast: (vector) => this.ioApic.eoi(vector),
        sendIpi: () => {},
      },
    });
  }

  private addPic(): I8259Pair {
    const pic = new I8259Pair((level) => {
      this.localApic.setLint0(level);
      this.options.interruptsChanged();
    });
    this.ports.add(PIC_MASTER_PORT, PIC_PORT_COUNT, pic.masterPorts);
    this.ports.add(PIC_SLAVE_PORT, PIC_PORT_COUNT, pic.slavePorts);
    this.ports.add(ELCR_PORT, ELCR_PORT_COUNT, pic.elcr);
    return pic;
  }

  private addIoApic(): IoApic {
    const ioApic = new IoApic({
      deliver: (message) => {
        if (message.deliveryMode === DeliveryMode.extInt) this.options.interruptsChanged();
        else if (this.localApic.matchesDestination(message.destination, message.logical))
          this.localApic.receive(message);
      },
    });
    this.mmio.add(IO_APIC, PAGE_SIZE, ioApic);
    return ioApic;
  }

  /** The 8254, the RTC and the HPET, which can take the interrupts of the other two. */
  private addTimers(): void {
    const { ports, wiring } = this;
    const { clock, timers, settings } = this.options;
    const pitLine = new SwitchedLine(wiring.isa(PIT_IRQ));
    const rtcLine = new SwitchedLine(wiring.isa(RTC_IRQ));
    const pit = new I8254({ clock, timers, line: pitLine });
    ports.add(PIT_PORT, PIT_PORT_COUNT, pit);
    ports.add(SYSTEM_CONTROL_PORT_B, 1, pit.portB);
    const low = lowRamEnd(settings.memorySize);
    const rtc = new Mc146818({
      clock,
      timers,
      line: rtcLine,
      epochMilliseconds: settings.epochMilliseconds,
      memory: { below4GiB: low, above4GiB: settings.memorySize - low },
    });
    ports.add(RTC_PORT, RTC_PORT_COUNT, rtc);
    const hpetLines = Array.from({ length: IO_APIC_INPUTS }, (_, gsi) => wiring.gsi(gsi));
    const hpet = new Hpet({
      clock,
      timers,
      lines: (gsi) => hpetLines[gsi] as (typeof hpetLines)[number],
      legacyReplacement: (on) => {
        pitLine.connect(!on);
        rtcLine.connect(!on);
      },
    });
    this.mmio.add(HPET, HPET_REGISTERS_SIZE, hpet);
  }

  private addAcpiPm(): AcpiPm {
    const { clock, timers, ask } = this.options;
    const acpi = new AcpiPm({
      clock,
      timers,
      sci: this.wiring.gsi(SCI_IRQ),
      softOff: S5_SLEEP_TYPE,
      powerOff: () => ask('power off'),
    });
    this.acpiMapping = this.ports.add(PM_PORT, PM_PORT_COUNT, acpi);
    return acpi;
  }

  /** Where they would be in the way of others they do not answer. */
  private moveAcpiPm(port: number): void {
    const { ports } = this;
    this.acpiMapping?.remove();
    this.acpiMapping = ports.isFree(port, PM_PORT_COUNT)
      ? ports.add(port, PM_PORT_COUNT, this.acpi)
      : undefined;
  }

  private addUart(
    port: number,
    irq: number,
    transmit: (byte: number) => void,
    input: SerialLine,
  ): Uart16550A {
    const uart = new Uart16550A({ line: this.wiring.isa(irq), transmit, input });
    this.ports.add(port, COM_PORT_COUNT, uart);
    return uart;
  }

  private addKeyboard(): void {
    const keyboard = new I8042(() => this.options.ask('reset'));
    this.ports.add(KEYBOARD_DATA_PORT, 1, keyboard.data);
    this.ports.add(KEYBOARD_COMMAND_PORT, 1, keyboard.command);
  }

  /** PCI bus 0 with its host bridge, which reset control is a part of. */
  private addPci(): PciBus {
    const { ports, mmio, wiring } = this;
    const reset = new ResetControl(() => this.options.ask('reset'));
    ports.add(SYSTEM_CONTROL_PORT_A, 1, reset.portA);
    const pci = new PciBus({
      memory: mmio,
      ports,
      interruptLine: (device, pin) => wiring.gsi(pciInterruptGsi(device, pin - 1)),
    });
    ports.add(PCI_CONFIG_PORT, PCI_CONFIG_PORT_COUNT, new PciHostBridge(pci, reset.control));
    mmio.add(ECAM, ECAM_SIZE, pci);
    return pci;
  }

  private addFirmwareDevices(
    { configuration, message, powerManagementMoved }: FirmwareSettings,
    pci: PciBus,
  ): void {
    const { ports } = this;
    const { memory, clock, timers } = this.options;
    ports.add(FW_CFG_PORT, FW_CFG_PORT_COUNT, new FwCfg({ configuration, memory, clock, timers }));
    ports.add(DEBUG_CONSOLE_PORT, 1, new DebugConsole(message));
    const power = new PiixPowerManagement(PM_PORT, (port) => {
      this.moveAcpiPm(port);
      powerManagementMoved(port);
    });
    pci.add(PIIX_DEVICE, 0, new PiixIsaBridge());
    pci.add(PIIX_DEVICE, PIIX_POWER_MANAGEMENT, power);
  }

  private addDebugExit(port: number): void {
    if (!this.ports.isFree(port, DEBUG_EXIT_PORT_COUNT)) {
      const last = port + DEBUG_EXIT_PORT_COUNT - 1;
      throw new InputError(
        `debugExitPort: ports 0x${port.toString(16)} to 0x${last.toString(16)} are not free`,
      );
    }
    const device = new DebugExit((debugExit) => this.options.ask({ debugExit }));
    this.ports.add(port, DEBUG_EXIT_PORT_COUNT, device);
  }
}
