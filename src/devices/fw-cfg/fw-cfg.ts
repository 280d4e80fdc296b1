import type { AccessSize, Device, DeviceState, GuestMemory, PortHandler } from '../device.ts';
import { restoreRegisters } from '../device-state.ts';
import { allItems, type FirmwareConfiguration } from './directory.ts';

/** Ports by their offset: selector and data, and the address register of direct memory access. */
const SELECTOR = 0;
const DATA = 1;
const ADDRESS_HIGH = 4;
const ADDRESS_LOW = 8;
export const FW_CFG_PORT_COUNT = 12;

/** What the address register reads as: "QEMU CFG". */
const SIGNATURE_HIGH = 0x51454d55;
const SIGNATURE_LOW = 0x20434647;

/** Control word of a transfer; an item's number is in its high half. */
const ERROR = 1 << 0;
const READ = 1 << 1;
const SKIP = 1 << 2;
const SELECT = 1 << 3;
const WRITE = 1 << 4;
const TRANSFER_SIZE = 16;

/** Zeros that a transfer beyond the end of an item is made of at most at a time. */
const PIECE = 0x1_0000;

function initialRegisters() {
  return { selector: 0, offset: 0, addressHigh: 0 };
}

/** The registers are big-endian, the processor is not. */
function swapped(value: number): number {
  const bytes = new DataView(new ArrayBuffer(4));
  bytes.setUint32(0, value);
  return bytes.getUint32(0, true);
}

/**
 * The device by which firmware images learn what machine they are on, and get the kernel to start. Items are read only.
 * A transfer is done when the write that starts it returns. Source: QEMU docs/specs/fw_cfg.rst.
 */
export class FwCfg implements Device, PortHandler {
  private readonly items: ReadonlyMap<number, Uint8Array>;
  private readonly memory: GuestMemory;
  private registers = initialRegisters();

  constructor(configuration: FirmwareConfiguration, memory: GuestMemory) {
    this.items = allItems(configuration);
    this.memory = memory;
  }

  reset(): void {
    this.registers = initialRegisters();
  }

  save(): DeviceState {
    return { ...this.registers };
  }

  load(state: DeviceState): void {
    restoreRegisters(this.registers, state);
  }

  readPort(offset: number, size: AccessSize): number {
    if (offset === DATA && size === 1) return this.take(1)[0] ?? 0;
    if (offset === ADDRESS_HIGH && size === 4) return swapped(SIGNATURE_HIGH);
    if (offset === ADDRESS_LOW && size === 4) return swapped(SIGNATURE_LOW);
    return 0;
  }

  writePort(offset: number, size: AccessSize, value: number): void {
    if (offset === SELECTOR && size === 2) this.select(value);
    else if (offset === ADDRESS_HIGH && size === 4) this.registers.addressHigh = swapped(value);
    else if (offset === ADDRESS_LOW && size === 4) {
      const address = this.registers.addressHigh * 2 ** 32 + swapped(value);
      this.registers.addressHigh = 0;
      this.transfer(address);
    }
  }

  private select(item: number): void {
    this.registers.selector = item;
    this.registers.offset = 0;
  }

  /** The next bytes of the item, zeros beyond its end. */
  private take(length: number): Uint8Array {
    const item = this.items.get(this.registers.selector) ?? new Uint8Array(0);
    const { offset } = this.registers;
    const bytes = new Uint8Array(length);
    bytes.set(item.subarray(offset, offset + length));
    this.registers.offset = Math.min(item.length, offset + length);
    return bytes;
  }

  /** Does what the structure at a guest-physical address says, and answers there. */
  private transfer(address: number): void {
    try {
      const structure = this.memory.read(address, TRANSFER_SIZE);
      const view = new DataView(structure.buffer, structure.byteOffset, TRANSFER_SIZE);
      const control = view.getUint32(0);
      const target = view.getUint32(8) * 2 ** 32 + view.getUint32(12);
      const done = this.run(control, view.getUint32(4), target);
      this.memory.write(address, Uint8Array.of(0, 0, 0, done ? 0 : ERROR));
    } catch (error) {
      // The structure is nowhere: there is nobody to tell.
      if (!(error instanceof RangeError)) throw error;
    }
  }

  /** @returns whether it was possible. */
  private run(control: number, length: number, target: number): boolean {
    if ((control & SELECT) !== 0) this.select(control >>> 16);
    if ((control & READ) !== 0) return this.read(length, target);
    if ((control & WRITE) !== 0) return false;
    if ((control & SKIP) !== 0) this.registers.offset += length;
    return true;
  }

  private read(length: number, target: number): boolean {
    try {
      const item = this.items.get(this.registers.selector);
      const there = Math.min(length, Math.max(0, (item?.length ?? 0) - this.registers.offset));
      this.memory.write(target, this.take(there));
      for (let done = there; done < length; done += PIECE) {
        this.memory.write(target + done, new Uint8Array(Math.min(PIECE, length - done)));
      }
      return true;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return false;
    }
  }
}
