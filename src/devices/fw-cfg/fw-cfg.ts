import type {
  AccessSize,
  Clock,
  Device,
  DeviceState,
  GuestMemory,
  PortHandler,
  Timer,
  TimerFactory,
} from '../device.ts';
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

/** Bytes that a transfer moves at a time, and nanoseconds until it goes on: one access must not keep the host busy. */
const PIECE = 0x10_0000;
const PIECE_TIME = 20_000;

/** `structure`: where a transfer that has not ended was asked for; `left`: bytes of it, which go to `target`. */
function initialRegisters() {
  return { selector: 0, offset: 0, addressHigh: 0, structure: 0, target: 0, left: 0 };
}

/** The registers are big-endian, the processor is not. */
function swapped(value: number): number {
  const bytes = new DataView(new ArrayBuffer(4));
  bytes.setUint32(0, value);
  return bytes.getUint32(0, true);
}

export interface FwCfgOptions {
  readonly configuration: FirmwareConfiguration;
  readonly memory: GuestMemory;
  readonly clock: Clock;
  readonly timers: TimerFactory;
}

/**
 * The device by which firmware images learn what machine they are on, and get the kernel to start. Items are read only.
 * A short transfer is done when the write that starts it returns; a longer one goes on by itself, and the guest sees
 * its control word become 0. One that is started meanwhile ends it with an error.
 * Source: QEMU docs/specs/fw_cfg.rst.
 */
export class FwCfg implements Device, PortHandler {
  private readonly items: ReadonlyMap<number, Uint8Array>;
  private readonly memory: GuestMemory;
  private readonly clock: Clock;
  private readonly timer: Timer;
  private registers = initialRegisters();

  constructor({ configuration, memory, clock, timers }: FwCfgOptions) {
    this.items = allItems(configuration);
    this.memory = memory;
    this.clock = clock;
    this.timer = timers.create('fw_cfg transfer', () => this.continue());
  }

  reset(): void {
    this.registers = initialRegisters();
    this.timer.cancel();
  }

  save(): DeviceState {
    return { ...this.registers };
  }

  load(state: DeviceState): void {
    restoreRegisters(this.registers, state);
    if (this.registers.left > 0) this.timer.arm(this.clock.now() + PIECE_TIME);
    else this.timer.cancel();
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
    if (this.registers.left > 0) this.end(false);
    this.registers.structure = address;
    try {
      const structure = this.memory.read(address, TRANSFER_SIZE);
      const view = new DataView(structure.buffer, structure.byteOffset, TRANSFER_SIZE);
      const target = view.getUint32(8) * 2 ** 32 + view.getUint32(12);
      this.start(view.getUint32(0), view.getUint32(4), target);
    } catch (error) {
      // The structure is nowhere: there is nobody to tell.
      if (!(error instanceof RangeError)) throw error;
    }
  }

  private start(control: number, length: number, target: number): void {
    const { registers } = this;
    if ((control & SELECT) !== 0) this.select(control >>> 16);
    if ((control & READ) !== 0) {
      registers.target = target;
      registers.left = length;
      this.continue();
      return;
    }
    if ((control & (SKIP | WRITE)) === SKIP) registers.offset += length;
    this.end((control & WRITE) === 0);
  }

  /** Moves the next piece, and ends the transfer behind the last. */
  private continue(): void {
    const { registers } = this;
    const count = Math.min(PIECE, registers.left);
    try {
      this.memory.write(registers.target, this.take(count));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.end(false);
      return;
    }
    registers.target += count;
    registers.left -= count;
    if (registers.left === 0) this.end(true);
    else this.timer.arm(this.clock.now() + PIECE_TIME);
  }

  /** @param done whether it was possible. */
  private end(done: boolean): void {
    this.registers.left = 0;
    this.timer.cancel();
    this.memory.write(this.registers.structure, Uint8Array.of(0, 0, 0, done ? 0 : ERROR));
  }
}
