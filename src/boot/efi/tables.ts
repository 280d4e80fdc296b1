/**
 * The system table and what it points to.
 * Source: UEFI specification 2.10, "EFI System Table".
 */

import { encodeText } from './call.ts';
import { crc32 } from './crc32.ts';
import { encodeGuid } from './guid.ts';
import { type EfiSystem, encodePointers } from './system.ts';

const SYSTEM_SIGNATURE = 0x5453595320494249n;
const BOOT_SIGNATURE = 0x56524553544f4f42n;
const RUNTIME_SIGNATURE = 0x56524553544e5552n;
/** 2.70 */
const REVISION = (2 << 16) | 70;
const HEADER_SIZE = 24;
const HEADER_CRC = 16;
const FIRMWARE_REVISION = 1;
const VENDOR = 'longmode';

/** Offsets in the system table. */
const VENDOR_POINTER = 24;
const CONSOLE_IN_HANDLE = 40;
const CONSOLE_HANDLES_END = 88;
const RUNTIME_POINTER = 88;
const BOOT_POINTER = 96;
const TABLE_COUNT = 104;
const TABLES_POINTER = 112;
const SYSTEM_TABLE_SIZE = 120;

const CONFIGURATION_ENTRY = 24;
/** Room for tables that the guest installs. */
const CONFIGURATION_MAX = 32;

export interface Console {
  readonly handle: bigint;
  readonly input: number;
  readonly output: number;
}

/** A header with its checksum before `body`. */
function table(signature: bigint, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_SIZE + body.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, signature, true);
  view.setUint32(8, REVISION, true);
  view.setUint32(12, bytes.length, true);
  bytes.set(body, HEADER_SIZE);
  view.setUint32(HEADER_CRC, crc32(bytes), true);
  return bytes;
}

export class EfiTables {
  private readonly system: EfiSystem;
  /** Guest-physical address of the system table. */
  readonly address: number;
  private readonly runtime: number;
  private readonly runtimeCount: number;
  private readonly configuration: number;
  /** GUIDs and addresses of the configuration tables. */
  private readonly entries = new Map<string, bigint>();

  constructor(
    system: EfiSystem,
    bootServices: readonly number[],
    runtimeServices: readonly number[],
    console: Console,
  ) {
    this.system = system;
    this.runtimeCount = runtimeServices.length;
    const boot = system.placeBootData(table(BOOT_SIGNATURE, encodePointers(bootServices)));
    this.runtime = system.placeRuntimeData(table(RUNTIME_SIGNATURE, encodePointers(runtimeServices)));
    this.configuration = system.placeRuntimeData(new Uint8Array(CONFIGURATION_MAX * CONFIGURATION_ENTRY));
    const vendor = system.placeRuntimeData(encodeText(VENDOR));
    const handle = Number(console.handle);
    const body = encodePointers([
      vendor,
      FIRMWARE_REVISION,
      ...[handle, console.input],
      ...[handle, console.output],
      ...[handle, console.output],
      this.runtime,
      boot,
      0,
      this.configuration,
    ]);
    this.address = system.placeRuntimeData(table(SYSTEM_SIGNATURE, body));
  }

  /** Changes a table that is in memory, checksum included. */
  private change(address: number, size: number, change: (view: DataView) => void): void {
    const bytes = this.system.memory.read(address, size);
    const view = new DataView(bytes.buffer);
    change(view);
    view.setUint32(HEADER_CRC, 0, true);
    view.setUint32(HEADER_CRC, crc32(bytes), true);
    this.system.memory.write(address, bytes);
  }

  /** Adds, changes or (address 0) removes a configuration table. Returns whether there was room, or one to remove. */
  install(guid: string, address: bigint): boolean {
    if (address === 0n && !this.entries.delete(guid)) return false;
    if (address !== 0n) {
      if (this.entries.size === CONFIGURATION_MAX && !this.entries.has(guid)) return false;
      this.entries.set(guid, address);
    }
    const bytes = new Uint8Array(CONFIGURATION_MAX * CONFIGURATION_ENTRY);
    const view = new DataView(bytes.buffer);
    [...this.entries].forEach(([name, target], index) => {
      bytes.set(encodeGuid(name), index * CONFIGURATION_ENTRY);
      view.setBigUint64(index * CONFIGURATION_ENTRY + 16, target, true);
    });
    this.system.memory.write(this.configuration, bytes);
    this.change(this.address, SYSTEM_TABLE_SIZE, (systemTable) => {
      systemTable.setBigUint64(TABLE_COUNT, BigInt(this.entries.size), true);
    });
    return true;
  }

  /** Takes away what ExitBootServices ends. */
  endBootServices(): void {
    this.change(this.address, SYSTEM_TABLE_SIZE, (view) => {
      for (let at = CONSOLE_IN_HANDLE; at < CONSOLE_HANDLES_END; at += 8) view.setBigUint64(at, 0n, true);
      view.setBigUint64(BOOT_POINTER, 0n, true);
    });
  }

  /** Converts the pointers that runtime services are reached by. Returns false, and changes nothing, where one is not mapped. */
  makeVirtual(convert: (pointer: bigint) => bigint | undefined): boolean {
    const pointers: { table: number; offset: number; value: bigint }[] = [];
    const look = (tableAddress: number, offset: number): boolean => {
      const bytes = this.system.memory.read(tableAddress + offset, 8);
      const value = convert(new DataView(bytes.buffer).getBigUint64(0, true));
      if (value === undefined) return false;
      pointers.push({ table: tableAddress, offset, value });
      return true;
    };
    for (let index = 0; index < this.runtimeCount; index++) {
      if (!look(this.runtime, HEADER_SIZE + index * 8)) return false;
    }
    for (const offset of [VENDOR_POINTER, RUNTIME_POINTER, TABLES_POINTER]) {
      if (!look(this.address, offset)) return false;
    }
    const sizes = [
      [this.runtime, HEADER_SIZE + this.runtimeCount * 8],
      [this.address, SYSTEM_TABLE_SIZE],
    ] as const;
    for (const [address, size] of sizes) {
      this.change(address, size, (view) => {
        for (const { table: owner, offset, value } of pointers) {
          if (owner === address) view.setBigUint64(offset, value, true);
        }
      });
    }
    return true;
  }
}
