import { PciFunction } from './pci-function.ts';

/** PMBA: where the power management registers are; bit 0 says that these are ports. */
const REGISTERS_BASE = 0x40;
const IS_PORTS = 1;
/** DEVACTB: writes to the APM port cause system management interrupts. */
const DEVICE_ACTIVITY_B = 0x58;
const APMC_ENABLE = 1 << 25;
/** PMREGMISC: the registers are there. */
const REGISTERS_MISCELLANEOUS = 0x80;
const ENABLE = 1;

/**
 * Power management, function 3 of an Intel PIIX4, by which firmware finds the ports of the PM timer. They do not move.
 * System management mode looks as if it were set up already, so that firmware leaves it alone: there is none.
 */
export class PiixPowerManagement extends PciFunction {
  /** @param port the first of the power management registers. */
  constructor(port: number) {
    super({ vendorId: 0x8086, deviceId: 0x7113, classCode: 0x06_8000, revisionId: 3 });
    this.put(REGISTERS_BASE, 4, port | IS_PORTS);
    this.put(DEVICE_ACTIVITY_B, 4, APMC_ENABLE);
    this.put(REGISTERS_MISCELLANEOUS, 1, ENABLE);
  }
}
