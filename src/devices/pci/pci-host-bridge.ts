import { allOnes } from '../access.ts';
import type { AccessSize, DeviceState, PortHandler } from '../device.ts';
import { restoreRegisters, stateIn } from '../device-state.ts';
import type { PciBus } from './pci-bus.ts';
import { PCI_COMMAND, PCI_COMMAND_BUS_MASTER, PCI_COMMAND_MEMORY, PciFunction } from './pci-function.ts';

/** Offsets of the ports of configuration mechanism 1. */
const CONFIG_ADDRESS = 0;
const CONFIG_DATA = 4;
/** Reset control lies inside CONFIG_ADDRESS. */
const RESET_CONTROL = 1;

/** CONFIG_ADDRESS: enable, then bus (23:16), device and function (15:8) and register (7:2). */
const ADDRESS_ENABLE = 0x8000_0000;
const ADDRESS_WRITABLE = 0x80ff_fffc;

/** PAM: whether the 13 areas from 768 KiB to 1 MiB are RAM or ROM. */
const ATTRIBUTE_MAPS = 0x59;
const ATTRIBUTE_MAP_COUNT = 7;
/** By which firmware knows that it is not on a machine with an Intel chipset. */
const VIRTUAL_VENDOR = 0x1af4;
const VIRTUAL_DEVICE = 0x1100;

/**
 * The host bridge, function 00:00.0 (an Intel 440FX by its numbers), and configuration mechanism 1 ("PCI
 * Local Bus Specification", "Software Generation of Configuration Transactions"). It registers itself on the bus.
 * The attribute maps are only stored: below 1 MiB all is RAM.
 */
export class PciHostBridge extends PciFunction implements PortHandler {
  private readonly bus: PciBus;
  private readonly resetControl: PortHandler;
  private mechanism = { address: 0 };

  /** @param resetControl a register of one port, which lies inside CONFIG_ADDRESS. */
  constructor(bus: PciBus, resetControl: PortHandler) {
    super({
      vendorId: 0x8086,
      deviceId: 0x1237,
      classCode: 0x06_0000,
      revisionId: 2,
      subsystemVendorId: VIRTUAL_VENDOR,
      subsystemId: VIRTUAL_DEVICE,
    });
    for (let map = 0; map < ATTRIBUTE_MAP_COUNT; map++) this.allowWrites(ATTRIBUTE_MAPS + map, 1, 0x33);
    // A host bridge always answers, and always masters the bus.
    this.put(PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_BUS_MASTER);
    this.allowWrites(PCI_COMMAND, 2, 0);
    this.bus = bus;
    this.resetControl = resetControl;
    bus.add(0, 0, this);
  }

  readPort(offset: number, size: AccessSize): number {
    if (offset >= CONFIG_DATA) {
      if (!this.isEnabled) return allOnes(size);
      return this.bus.readConfiguration(this.functionIndex, this.register(offset), size);
    }
    // Only a whole doubleword is CONFIG_ADDRESS; anything narrower is an ordinary port.
    if (offset === CONFIG_ADDRESS && size === 4) return this.mechanism.address;
    if (offset === RESET_CONTROL && size === 1) return this.resetControl.readPort(0, size);
    return allOnes(size);
  }

  writePort(offset: number, size: AccessSize, value: number): void {
    if (offset >= CONFIG_DATA) {
      if (this.isEnabled) this.bus.writeConfiguration(this.functionIndex, this.register(offset), size, value);
    } else if (offset === CONFIG_ADDRESS && size === 4) {
      this.mechanism.address = (value & ADDRESS_WRITABLE) >>> 0;
    } else if (offset === RESET_CONTROL && size === 1) {
      this.resetControl.writePort(0, size, value);
    }
  }

  override reset(): void {
    super.reset();
    this.mechanism = { address: 0 };
  }

  override save(): DeviceState {
    return { ...super.save(), mechanism: { ...this.mechanism } };
  }

  override load(state: DeviceState): void {
    super.load(state);
    restoreRegisters(this.mechanism, stateIn(state, 'mechanism'));
  }

  /** Only bus 0 exists. */
  private get isEnabled(): boolean {
    const { address } = this.mechanism;
    return address >= ADDRESS_ENABLE && ((address >>> 16) & 0xff) === 0;
  }

  /** Device * 8 + function. */
  private get functionIndex(): number {
    return (this.mechanism.address >>> 8) & 0xff;
  }

  private register(offset: number): number {
    return (this.mechanism.address & 0xfc) | (offset & 3);
  }
}
