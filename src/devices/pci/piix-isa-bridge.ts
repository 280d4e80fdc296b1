import { PciFunction } from './pci-function.ts';

/** PIRQRC: which interrupt each of four pins of PCI devices is. */
const INTERRUPT_ROUTES = 0x60;

/**
 * The bridge from PCI to ISA, function 0 of an Intel PIIX3, as far as firmware looks for it. The ports behind it are
 * where they are without it, and PCI interrupts go to the I/O APIC: the routes are only stored.
 */
export class PiixIsaBridge extends PciFunction {
  constructor() {
    super({ vendorId: 0x8086, deviceId: 0x7000, classCode: 0x06_0100 });
    this.put(INTERRUPT_ROUTES, 4, 0x8080_8080);
    this.allowWrites(INTERRUPT_ROUTES, 4, 0x8f8f_8f8f);
  }
}
