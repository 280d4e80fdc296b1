import { readAsBytes } from './access.ts';
import type { AccessSize, Device, DeviceState, MmioHandler } from './device.ts';
import { restoreRegisters } from './device-state.ts';

/** Commands, which are bytes written anywhere. */
const Command = {
  writeByte: 0x10,
  eraseBlock: 0x20,
  writeByteToo: 0x40,
  clearStatus: 0x50,
  readStatus: 0x70,
  confirm: 0xd0,
} as const;

/** Bytes that are erased together. */
const BLOCK = 4096;
const ERASED = 0xff;

/** Status: done, and both errors at once, for commands in no order. */
const READY = 0x80;
const SEQUENCE_ERROR = 0x30;

export interface FlashOptions {
  /** What is in it, a multiple of 4096 bytes. The device changes it. */
  readonly content: Uint8Array;
  /** The guest reads something else from now on: puts these bytes where it sees the flash memory. */
  readonly show: (bytes: Uint8Array) => void;
  /** The content is another. */
  readonly changed: () => void;
}

/** `command`: what the next write completes; 0 for none. `showsStatus`: reads give the status. */
function initialRegisters() {
  return { command: 0, status: READY, showsStatus: false };
}

/**
 * Flash memory with the commands of Intel's 28F, as firmware keeps variables in: bytes are written one by one, which
 * only clears bits, and blocks are erased. The guest reads it as memory; while it reads the status, that memory is full
 * of status bytes. After the status is cleared it reads 0, as from QEMU's flash memory, since that is how OVMF knows it.
 * Source: Intel "28F008SA" data sheet, "Command Definitions"; OVMF's driver for what is used.
 */
export class Flash implements Device, MmioHandler {
  private readonly options: FlashOptions;
  private registers = initialRegisters();
  /** The status byte that the guest sees everywhere; undefined for the content. */
  private shown: number | undefined;

  constructor(options: FlashOptions) {
    this.options = options;
  }

  reset(): void {
    this.registers = initialRegisters();
    this.show();
  }

  save(): DeviceState {
    return { ...this.registers };
  }

  load(state: DeviceState): void {
    restoreRegisters(this.registers, state);
    this.show();
  }

  /** For instructions that read where they write. */
  readMmio(offset: number, size: AccessSize): number {
    const { content } = this.options;
    return readAsBytes(offset, size, (at) => this.shown ?? (content[at] as number));
  }

  writeMmio(offset: number, size: AccessSize, value: number): void {
    const { registers } = this;
    const { command } = registers;
    registers.command = 0;
    if (command === Command.writeByte) this.program(offset, size, value);
    else if (command === Command.eraseBlock) this.erase(offset, value & 0xff);
    else this.begin(value & 0xff);
    this.show();
  }

  private begin(command: number): void {
    const { registers } = this;
    registers.showsStatus = true;
    switch (command) {
      case Command.writeByte:
      case Command.writeByteToo:
        registers.command = Command.writeByte;
        break;
      case Command.eraseBlock:
        registers.command = Command.eraseBlock;
        break;
      case Command.readStatus:
        break;
      case Command.clearStatus:
        registers.status = 0;
        registers.showsStatus = false;
        break;
      // FFH, and what no command is.
      default:
        registers.showsStatus = false;
    }
  }

  private program(offset: number, size: number, value: number): void {
    const { content } = this.options;
    for (let index = 0; index < size; index++) {
      content[offset + index] = (content[offset + index] as number) & ((value >>> (8 * index)) & 0xff);
    }
    this.done();
  }

  private erase(offset: number, confirmation: number): void {
    if (confirmation !== Command.confirm) {
      this.registers.status |= READY | SEQUENCE_ERROR;
      return;
    }
    const start = offset - (offset % BLOCK);
    this.options.content.fill(ERASED, start, start + BLOCK);
    this.done();
  }

  private done(): void {
    this.registers.status |= READY;
    this.options.changed();
  }

  private show(): void {
    const { status, showsStatus } = this.registers;
    const next = showsStatus ? status : undefined;
    if (next === this.shown) return;
    this.shown = next;
    const { content, show } = this.options;
    show(next === undefined ? content : new Uint8Array(content.length).fill(next));
  }
}
