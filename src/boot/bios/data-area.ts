/**
 * The BIOS data area, which programs read as much as the BIOS does, and the first byte of the extended one.
 * Source: IBM Personal System/2 and Personal Computer BIOS Interface Technical Reference, "BIOS Data Area".
 */
import type { GuestMemory } from '../../devices/device.ts';
import { COM1_PORT, COM2_PORT } from '../io-map.ts';
import { CONVENTIONAL_MEMORY_END, EBDA_END, KIB } from '../memory-map.ts';

const AREA = 0x400;

/** Offsets in the area. */
export const DataField = {
  serialPorts: 0x00,
  extendedAreaSegment: 0x0e,
  equipment: 0x10,
  memorySize: 0x13,
  keyboardHead: 0x1a,
  keyboardTail: 0x1c,
  videoMode: 0x49,
  columns: 0x4a,
  pageSize: 0x4c,
  cursor: 0x50,
  cursorShape: 0x60,
  videoPort: 0x63,
  ticks: 0x6c,
  midnight: 0x70,
  disks: 0x75,
  keyboardStart: 0x80,
  keyboardEnd: 0x82,
  lastRow: 0x84,
  characterHeight: 0x85,
} as const;

/** In the equipment word: a coprocessor, 80 columns with colours, two serial ports. */
const EQUIPMENT = (1 << 1) | (2 << 4) | (2 << 9);
const KEYBOARD_BUFFER = 0x1e;
const KEYBOARD_BUFFER_END = 0x3e;
/** Index register of a colour adapter. */
const VIDEO_PORT = 0x3d4;

export class DataArea {
  private readonly memory: GuestMemory;

  constructor(memory: GuestMemory) {
    this.memory = memory;
  }

  u8(offset: number): number {
    return this.memory.read(AREA + offset, 1)[0] ?? 0;
  }

  u16(offset: number): number {
    return this.u8(offset) | (this.u8(offset + 1) << 8);
  }

  u32(offset: number): number {
    return (this.u16(offset) | (this.u16(offset + 2) << 16)) >>> 0;
  }

  setU8(offset: number, value: number): void {
    this.memory.write(AREA + offset, Uint8Array.of(value));
  }

  setU16(offset: number, value: number): void {
    this.memory.write(AREA + offset, Uint8Array.of(value, value >> 8));
  }

  setU32(offset: number, value: number): void {
    this.setU16(offset, value);
    this.setU16(offset + 2, value >>> 16);
  }

  /** What is there after the self-test of a machine without keyboard and disks. */
  initialize(): void {
    this.setU16(DataField.serialPorts, COM1_PORT);
    this.setU16(DataField.serialPorts + 2, COM2_PORT);
    this.setU16(DataField.extendedAreaSegment, CONVENTIONAL_MEMORY_END / 16);
    this.setU16(DataField.equipment, EQUIPMENT);
    this.setU16(DataField.memorySize, CONVENTIONAL_MEMORY_END / KIB);
    this.setU16(DataField.keyboardHead, KEYBOARD_BUFFER);
    this.setU16(DataField.keyboardTail, KEYBOARD_BUFFER);
    this.setU16(DataField.keyboardStart, KEYBOARD_BUFFER);
    this.setU16(DataField.keyboardEnd, KEYBOARD_BUFFER_END);
    this.setU16(DataField.videoPort, VIDEO_PORT);
    this.memory.write(CONVENTIONAL_MEMORY_END, Uint8Array.of((EBDA_END - CONVENTIONAL_MEMORY_END) / KIB));
  }
}
