import type { Hardware } from '../../src/boot/firmware.ts';
import type { GuestMemory } from '../../src/devices/device.ts';

/** Plain RAM. */
export class FlatMemory implements GuestMemory {
  readonly size: number;
  readonly linear: WebAssembly.Memory;
  readonly bytes: Uint8Array;
  readonly #pieceSize: number;

  /** @param pieceSize views end at multiples of it. */
  constructor(size: number, pieceSize = size) {
    this.size = size;
    this.linear = new WebAssembly.Memory({ initial: Math.ceil(size / 65_536) });
    this.bytes = new Uint8Array(this.linear.buffer, 0, size);
    this.#pieceSize = pieceSize;
  }

  read(physicalAddress: number, length: number): Uint8Array {
    this.#check(physicalAddress, length);
    return this.bytes.slice(physicalAddress, physicalAddress + length);
  }

  write(physicalAddress: number, bytes: Uint8Array): void {
    this.#check(physicalAddress, bytes.length);
    this.bytes.set(bytes, physicalAddress);
  }

  view(physicalAddress: number, length: number): Uint8Array {
    this.#check(physicalAddress, 1);
    const room = this.#pieceSize - (physicalAddress % this.#pieceSize);
    return this.bytes.subarray(physicalAddress, physicalAddress + Math.min(length, room));
  }

  #check(address: number, length: number): void {
    if (address < 0 || address + length > this.size) throw new RangeError('not RAM');
  }
}

/** For doors that touch none. */
export const NO_HARDWARE: Hardware = {
  readPort: () => 0,
  writePort: () => {},
  now: () => 0,
  random: () => 0,
  nonVolatile: new Map(),
};

export interface BzImageFields {
  setupSectors: number;
  /** Bytes of protected-mode code, a multiple of 16. */
  payload: number;
  bootFlag: number;
  magic: string;
  version: number;
  loadFlags: number;
  code32Start: number;
  initrdAddressMax: number;
  kernelAlignment: number;
  relocatable: number;
  xloadFlags: number;
  commandLineSize: number;
  preferredAddress: number;
  initSize: number;
}

export const DEFAULT_FIELDS: BzImageFields = {
  setupSectors: 4,
  payload: 0x1000,
  bootFlag: 0xaa55,
  magic: 'HdrS',
  version: 0x020f,
  loadFlags: 1,
  code32Start: 0x100000,
  initrdAddressMax: 0x7fffffff,
  kernelAlignment: 0x200000,
  relocatable: 1,
  xloadFlags: 1,
  commandLineSize: 2047,
  preferredAddress: 0x1000000,
  initSize: 0x800000,
};

/** An image with the offsets of boot.rst; byte n of the payload is n modulo 251. */
export function makeBzImage(changes: Partial<BzImageFields> = {}): Uint8Array {
  const fields = { ...DEFAULT_FIELDS, ...changes };
  const realMode = (fields.setupSectors + 1) * 512;
  const file = new Uint8Array(realMode + fields.payload);
  const view = new DataView(file.buffer);
  view.setUint8(0x1f1, fields.setupSectors);
  view.setUint32(0x1f4, fields.payload / 16, true);
  view.setUint16(0x1fe, fields.bootFlag, true);
  view.setUint8(0x200, 0xeb);
  view.setUint8(0x201, 0x6a);
  file.set(new TextEncoder().encode(fields.magic), 0x202);
  view.setUint16(0x206, fields.version, true);
  view.setUint8(0x211, fields.loadFlags);
  view.setUint32(0x214, fields.code32Start, true);
  view.setUint32(0x22c, fields.initrdAddressMax, true);
  view.setUint32(0x230, fields.kernelAlignment, true);
  view.setUint8(0x234, fields.relocatable);
  view.setUint16(0x236, fields.xloadFlags, true);
  view.setUint32(0x238, fields.commandLineSize, true);
  view.setBigUint64(0x258, BigInt(fields.preferredAddress), true);
  view.setUint32(0x260, fields.initSize, true);
  for (let index = 0; index < fields.payload; index++) file[realMode + index] = index % 251;
  return file;
}
