import type { DeviceState } from '../device.ts';
import { PciFunction } from './pci-function.ts';

/** PMBA: where the power management registers are, in steps of 64; bit 0 says that these are ports. */
const REGISTERS_BASE = 0x40;
const BASE_MASK = 0xffc0;
const IS_PORTS = 1;
/** DEVACTB: writes to the APM port cause system management interrupts. */
const DEVICE_ACTIVITY_B = 0x58;
const APMC_ENABLE = 1 << 25;
/** PMREGMISC: the registers are there. */
const REGISTERS_MISCELLANEOUS = 0x80;
const ENABLE = 1;

/**
 * Power management, function 3 of an Intel PIIX4, by which firmware finds and moves the ports of the power management
 * registers. Before it enables them they are there, too: there may be firmware that does not look for a PCI device.
 * System management mode looks as if it were set up already, so that firmware leaves it alone: there is none.
 */
export class PiixPowerManagement extends PciFunction {
  private readonly moved: (port: number) => void;
  private port: number;

  /** @param port the first of the registers at power-on. @param moved they are somewhere else. */
  constructor(port: number, moved: (port: number) => void) {
    super({ vendorId: 0x8086, deviceId: 0x7113, classCode: 0x06_8000, revisionId: 3 });
    this.moved = moved;
    this.port = port;
    this.put(REGISTERS_BASE, 4, port | IS_PORTS);
    this.allowWrites(REGISTERS_BASE, 4, BASE_MASK);
    this.put(DEVICE_ACTIVITY_B, 4, APMC_ENABLE);
    this.allowWrites(REGISTERS_MISCELLANEOUS, 1, ENABLE);
  }

  override reset(): void {
    super.reset();
    this.follow();
  }

  override load(state: DeviceState): void {
    super.load(state);
    this.follow();
  }

  protected override configurationWritten(): void {
    this.follow();
  }

  private follow(): void {
    const port = this.readConfiguration(REGISTERS_BASE, 2) & BASE_MASK;
    if (port === this.port) return;
    this.port = port;
    this.moved(port);
  }
}
