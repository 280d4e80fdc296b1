/** What all EFI services share: memory, handles, stubs, and whether boot services have ended. */
import type { GuestMemory } from '../../devices/device.ts';
import type { Hardware } from '../firmware.ts';
import { HIGH_RAM, PAGE_SIZE } from '../memory-map.ts';
import { GuestCalls } from './guest-calls.ts';
import { Handles } from './handles.ts';
import { OutOfMemory } from './out-of-memory.ts';
import type { Pages } from './pages.ts';
import { MemoryType } from './pages.ts';
import { type CodeArea, Stubs } from './stubs.ts';

const ALIGNMENT = 16;

/** Hands out pieces of pages of one type, for tables that stay as long as the firmware. */
class DataArea {
  private readonly allocate: (count: number) => number;
  private next = 0;
  private end = 0;

  constructor(allocate: (count: number) => number) {
    this.allocate = allocate;
  }

  take(size: number): number {
    const rounded = Math.ceil(size / ALIGNMENT) * ALIGNMENT;
    if (this.next + rounded > this.end) {
      const count = Math.ceil(rounded / PAGE_SIZE);
      this.next = this.allocate(count);
      this.end = this.next + count * PAGE_SIZE;
    }
    const address = this.next;
    this.next += rounded;
    return address;
  }
}

export class EfiSystem {
  readonly memory: GuestMemory;
  readonly pages: Pages;
  readonly hardware: Hardware;
  readonly handles = new Handles();
  readonly stubs: Stubs;
  readonly calls: GuestCalls;
  /** Code that only boot services need, and code that runtime services need. */
  readonly bootCode: CodeArea;
  readonly runtimeCode: CodeArea;
  private readonly bootData: DataArea;
  private readonly runtimeData: DataArea;
  /** ExitBootServices was called. */
  bootServicesEnded = false;

  constructor(memory: GuestMemory, pages: Pages, hardware: Hardware) {
    this.memory = memory;
    this.pages = pages;
    this.hardware = hardware;
    this.stubs = new Stubs(memory);
    this.bootCode = this.codeArea(MemoryType.bootServicesCode);
    this.runtimeCode = this.codeArea(MemoryType.runtimeServicesCode);
    this.bootData = new DataArea((count) => this.allocate(MemoryType.bootServicesData, count));
    this.runtimeData = new DataArea((count) => this.allocate(MemoryType.runtimeServicesData, count));
    this.calls = new GuestCalls(this.stubs, this.bootCode);
  }

  private codeArea(type: number): CodeArea {
    const next = this.allocate(type, 1);
    return { next, end: next + PAGE_SIZE };
  }

  /** @throws OutOfMemory */
  allocate(type: number, count: number): number {
    const address = this.pages.allocate(type, count, HIGH_RAM);
    if (address === undefined) throw new OutOfMemory();
    return address;
  }

  /** Places bytes that are needed until ExitBootServices; returns their address. */
  placeBootData(bytes: Uint8Array): number {
    const address = this.bootData.take(bytes.length);
    this.memory.write(address, bytes);
    return address;
  }

  /** Places bytes that are needed as long as the guest runs. */
  placeRuntimeData(bytes: Uint8Array): number {
    const address = this.runtimeData.take(bytes.length);
    this.memory.write(address, bytes);
    return address;
  }

  /** A structure of pointers, as protocols are. */
  placePointers(pointers: readonly number[]): number {
    return this.placeBootData(encodePointers(pointers));
  }
}

export function encodePointers(pointers: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(pointers.length * 8);
  const view = new DataView(bytes.buffer);
  pointers.forEach((pointer, index) => {
    view.setBigUint64(index * 8, BigInt(pointer), true);
  });
  return bytes;
}
