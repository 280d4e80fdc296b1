import { allOnes, type Mapping, readAsBytes, writeAsBytes } from '../access.ts';
import type { AccessSize, Device, DeviceState, InterruptLine, MmioHandler } from '../device.ts';
import { bytesIn, restoreRegisters, stateIn } from '../device-state.ts';
import type { MmioBus } from '../mmio-bus.ts';
import type { PortBus } from '../port-bus.ts';

/** Configuration registers common to all functions ("Configuration Space Header"). */
const PCI_VENDOR_ID = 0x00;
const PCI_DEVICE_ID = 0x02;
export const PCI_COMMAND = 0x04;
const PCI_STATUS = 0x06;
const PCI_REVISION_ID = 0x08;
const PCI_CLASS_CODE = 0x09;
const PCI_CACHE_LINE_SIZE = 0x0c;
const PCI_LATENCY_TIMER = 0x0d;
const PCI_HEADER_TYPE = 0x0e;
const PCI_BASE_ADDRESS_0 = 0x10;
const PCI_SUBSYSTEM_VENDOR_ID = 0x2c;
const PCI_SUBSYSTEM_ID = 0x2e;
const PCI_CAPABILITIES_POINTER = 0x34;
const PCI_INTERRUPT_LINE = 0x3c;
export const PCI_INTERRUPT_PIN = 0x3d;

/** Command register. */
const PCI_COMMAND_IO = 1 << 0;
export const PCI_COMMAND_MEMORY = 1 << 1;
export const PCI_COMMAND_BUS_MASTER = 1 << 2;
const PCI_COMMAND_INTERRUPT_DISABLE = 1 << 10;
/** The above with parity error response and SERR# enable. */
const COMMAND_WRITABLE = 0x0547;

/** Status register. */
const STATUS_INTERRUPT = 1 << 3;
const STATUS_CAPABILITIES = 1 << 4;
/** Error bits, cleared by writing 1. */
const STATUS_ERRORS = 0xf900;

const MULTIFUNCTION = 0x80;
const FIRST_CAPABILITY = 0x40;
const CONVENTIONAL_SIZE = 0x100;

const BASE_ADDRESSES = 6;
const BAR_IO = 0x1;
const BAR_MEMORY_64 = 0x4;
const BAR_PREFETCHABLE = 0x8;

/** What a function is; see the PCI code and ID assignment specification for classes. */
export interface PciIdentity {
  readonly vendorId: number;
  readonly deviceId: number;
  /** Base class, subclass and programming interface in 24 bits. */
  readonly classCode: number;
  readonly revisionId?: number;
  readonly subsystemVendorId?: number;
  readonly subsystemId?: number;
  /** 1 to 4 for INTA# to INTD#; 0, the default, for none. */
  readonly interruptPin?: number;
  /** Bytes of configuration space: 256, or 4096 for PCI Express and extended capabilities. */
  readonly configurationSize?: 256 | 4096;
}

/** A base address register. A 64-bit one takes the next index too. */
export interface BaseAddress {
  readonly kind: 'io' | 'memory32' | 'memory64';
  /** Bytes, a power of two: at least 4 for ports, 16 for memory. */
  readonly size: number;
  readonly prefetchable?: boolean;
  /** Answers the accesses; offsets count from where the guest has put the region, ports too. */
  readonly handler: MmioHandler;
}

/** Where a function is plugged in. */
export interface PciConnection {
  readonly memory: MmioBus;
  readonly ports: PortBus;
  /** Its interrupt pin, level-triggered. */
  readonly interrupt: InterruptLine;
}

interface BarSlot {
  readonly bar: BaseAddress;
  readonly offset: number;
  /** Address the guest has enabled and that was free, or undefined. */
  address: number | undefined;
  mapping: Mapping | undefined;
}

/**
 * A PCI function with a type 0 header: configuration space with write masks, base address registers, a
 * capability list and an interrupt pin. Source: PCI Local Bus Specification 3.0, "Configuration Space".
 */
export abstract class PciFunction implements Device {
  /** Configuration space as it reads. */
  protected readonly configuration: Uint8Array;
  private readonly writable: Uint8Array;
  private readonly writeOneToClear: Uint8Array;
  private readonly bars: BarSlot[] = [];
  private connection: PciConnection | undefined;
  private initial = new Uint8Array();
  private nextCapability = FIRST_CAPABILITY;
  private lastCapabilityPointer = PCI_CAPABILITIES_POINTER;
  private registers = { interrupt: false };

  constructor(identity: PciIdentity) {
    const size = identity.configurationSize ?? CONVENTIONAL_SIZE;
    this.configuration = new Uint8Array(size);
    this.writable = new Uint8Array(size);
    this.writeOneToClear = new Uint8Array(size);
    this.put(PCI_VENDOR_ID, 2, identity.vendorId);
    this.put(PCI_DEVICE_ID, 2, identity.deviceId);
    this.put(PCI_REVISION_ID, 1, identity.revisionId ?? 0);
    this.put(PCI_CLASS_CODE, 3, identity.classCode);
    this.put(PCI_SUBSYSTEM_VENDOR_ID, 2, identity.subsystemVendorId ?? 0);
    this.put(PCI_SUBSYSTEM_ID, 2, identity.subsystemId ?? 0);
    this.put(PCI_INTERRUPT_PIN, 1, identity.interruptPin ?? 0);
    this.allowWrites(PCI_COMMAND, 2, COMMAND_WRITABLE);
    this.allowWrites(PCI_CACHE_LINE_SIZE, 1, 0xff);
    this.allowWrites(PCI_LATENCY_TIMER, 1, 0xff);
    this.allowWrites(PCI_INTERRUPT_LINE, 1, 0xff);
    writeAsBytes(PCI_STATUS, 2, STATUS_ERRORS, (offset, mask) => {
      this.writeOneToClear[offset] = mask;
    });
  }

  /** For the bus: plugs the function in. Its registers as they are now are what a reset brings back. */
  connect(connection: PciConnection): void {
    this.connection = connection;
    this.initial = this.configuration.slice();
  }

  /** For the bus: tells the guest that the device of this function 0 has further functions. */
  announceMultifunction(): void {
    this.configuration[PCI_HEADER_TYPE] |= MULTIFUNCTION;
    this.initial[PCI_HEADER_TYPE] |= MULTIFUNCTION;
  }

  /**
   * A configuration read. @param offset 0..4095; beyond the function's space all bytes are 0xff.
   * @param size 1, 2 or 4.
   */
  readConfiguration(offset: number, size: AccessSize): number {
    if (offset + size > this.configuration.length) return allOnes(size);
    this.configurationRead(offset, size);
    return readAsBytes(offset, size, (address) => this.configuration[address]);
  }

  /** A configuration write; bits that are not writable keep their value. */
  writeConfiguration(offset: number, size: AccessSize, value: number): void {
    if (offset + size > this.configuration.length) return;
    const { configuration, writable, writeOneToClear } = this;
    writeAsBytes(offset, size, value, (address, byte) => {
      const kept = configuration[address] & ~writable[address] & ~(byte & writeOneToClear[address]);
      configuration[address] = kept | (byte & writable[address]);
    });
    if (offset < PCI_CAPABILITIES_POINTER) this.updateMappings();
    this.driveInterrupt();
    this.configurationWritten(offset, size);
  }

  /** Overriding methods call this one first. */
  reset(): void {
    this.configuration.set(this.initial);
    this.registers.interrupt = false;
    this.updateMappings();
    this.driveInterrupt();
  }

  /** Overriding methods add their own fields to what this one returns. */
  save(): DeviceState {
    return { registers: { ...this.registers }, configuration: this.configuration.slice() };
  }

  /** Overriding methods call this one first. */
  load(state: DeviceState): void {
    const configuration = bytesIn(state, 'configuration', this.configuration.length);
    restoreRegisters(this.registers, stateIn(state, 'registers'));
    this.configuration.set(configuration);
    this.updateMappings();
    this.driveInterrupt();
  }

  /** Called before configuration registers are read, for those that have to be brought up to date. */
  protected configurationRead(_offset: number, _size: AccessSize): void {}

  /** Called after configuration registers were written, for those that have an effect. */
  protected configurationWritten(_offset: number, _size: AccessSize): void {}

  /** The guest lets the function read and write memory. */
  protected get isBusMaster(): boolean {
    return (this.configuration[PCI_COMMAND] & PCI_COMMAND_BUS_MASTER) !== 0;
  }

  /** Asserts or releases the interrupt pin; the guest may have disabled it in the command register. */
  protected setInterrupt(level: boolean): void {
    this.registers.interrupt = level;
    this.driveInterrupt();
  }

  /** Stores `value` of `size` (at most 4) bytes, regardless of masks. */
  protected put(offset: number, size: number, value: number): void {
    for (let index = 0; index < size; index++) {
      this.configuration[offset + index] = (value >>> (8 * index)) & 0xff;
    }
  }

  /** Lets the guest write the bits of `mask` in the `size` (at most 4) bytes at `offset`. */
  protected allowWrites(offset: number, size: number, mask: number): void {
    for (let index = 0; index < size; index++) {
      this.writable[offset + index] = (mask >>> (8 * index)) & 0xff;
    }
  }

  /** Defines base address register `index`, 0..5, before the function is connected. Throws RangeError if it can not exist. */
  protected defineBaseAddress(index: number, bar: BaseAddress): void {
    const minimum = bar.kind === 'io' ? 4 : 16;
    const last = bar.kind === 'memory64' ? index + 1 : index;
    const isPowerOfTwo = Number.isInteger(Math.log2(bar.size));
    if (index < 0 || last >= BASE_ADDRESSES || !isPowerOfTwo || bar.size < minimum) {
      throw new RangeError(`base address register ${index} of ${bar.size} bytes`);
    }
    const offset = barOffset(index);
    const mask = BigInt.asUintN(64, -BigInt(bar.size));
    this.put(offset, 4, barFlags(bar));
    this.allowWrites(offset, 4, Number(mask & 0xffff_ffffn));
    if (bar.kind === 'memory64') this.allowWrites(offset + 4, 4, Number(mask >> 32n));
    this.bars.push({ bar, offset, address: undefined, mapping: undefined });
  }

  /**
   * Appends a capability, before the function is connected.
   * @param body what follows the two bytes of identifier and link.
   * @param writableMask which bits of `body` the guest may write; none by default.
   * Returns the capability's offset. Throws RangeError when the first 256 bytes are full.
   */
  protected addCapability(identifier: number, body: Uint8Array, writableMask?: Uint8Array): number {
    const offset = this.nextCapability;
    const end = offset + 2 + body.length;
    if (end > CONVENTIONAL_SIZE) throw new RangeError(`no room for capability ${identifier}`);
    this.nextCapability = (end + 3) & ~3;
    this.configuration[this.lastCapabilityPointer] = offset;
    this.lastCapabilityPointer = offset + 1;
    this.configuration[offset] = identifier;
    this.configuration.set(body, offset + 2);
    if (writableMask !== undefined) this.writable.set(writableMask.subarray(0, body.length), offset + 2);
    this.configuration[PCI_STATUS] |= STATUS_CAPABILITIES;
    return offset;
  }

  private driveInterrupt(): void {
    const { configuration, registers } = this;
    const status = configuration[PCI_STATUS] & ~STATUS_INTERRUPT;
    configuration[PCI_STATUS] = status | (registers.interrupt ? STATUS_INTERRUPT : 0);
    const command = readAsBytes(PCI_COMMAND, 2, (address) => configuration[address]);
    const enabled = (command & PCI_COMMAND_INTERRUPT_DISABLE) === 0;
    this.connection?.interrupt.set(registers.interrupt && enabled);
  }

  /** Follows the guest's choice of addresses: first everything moves out, then it moves in. */
  private updateMappings(): void {
    const moved = this.bars.filter((slot) => slot.address !== this.chosenAddress(slot));
    for (const slot of moved) {
      slot.mapping?.remove();
      slot.mapping = undefined;
      slot.address = undefined;
    }
    for (const slot of moved) this.map(slot);
  }

  private chosenAddress(slot: BarSlot): number | undefined {
    const { configuration } = this;
    const { bar, offset } = slot;
    const decode = bar.kind === 'io' ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY;
    if ((configuration[PCI_COMMAND] & decode) === 0) return undefined;
    const dword = (address: number) => readAsBytes(address, 4, (byte) => configuration[byte]);
    const low = dword(offset) - (dword(offset) % (bar.kind === 'io' ? 4 : 16));
    const high = bar.kind === 'memory64' ? dword(offset + 4) : 0;
    // Nobody means address 0: it is what a register holds before it is assigned.
    return low + high * 2 ** 32 || undefined;
  }

  private map(slot: BarSlot): void {
    const address = this.chosenAddress(slot);
    if (address === undefined || this.connection === undefined) return;
    const { memory, ports } = this.connection;
    const { bar } = slot;
    // While a guest finds out sizes or moves things around, regions may lie anywhere. The PCI bus allows
    // that; the region just does not answer.
    if (bar.kind === 'io') {
      if (!ports.isFree(address, bar.size)) return;
      slot.mapping = ports.add(address, bar.size, {
        readPort: (offset, size) => bar.handler.readMmio(offset, size),
        writePort: (offset, size, value) => bar.handler.writeMmio(offset, size, value),
      });
    } else {
      if (!memory.isFree(address, bar.size)) return;
      slot.mapping = memory.add(address, bar.size, bar.handler);
    }
    slot.address = address;
  }
}

function barOffset(index: number): number {
  return PCI_BASE_ADDRESS_0 + 4 * index;
}

function barFlags(bar: BaseAddress): number {
  if (bar.kind === 'io') return BAR_IO;
  return (bar.kind === 'memory64' ? BAR_MEMORY_64 : 0) | (bar.prefetchable === true ? BAR_PREFETCHABLE : 0);
}
