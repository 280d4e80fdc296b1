/** Guest RAM for devices and loaders: physical addresses to the chunks of linear memory. */

import { HIGH_RAM, lowRamEnd, PAGE_SIZE } from '../boot/memory-map.ts';
import type { Processor } from '../cpu/processor.ts';
import type { GuestMemory } from '../devices/device.ts';
import { CHUNK_SHIFT, HEAP_BASE, PAGE_META_SIZE } from '../layout/linear-memory.ts';

const CHUNK = 2 ** CHUNK_SHIFT;
const CHUNK_METADATA = (CHUNK / PAGE_SIZE) * PAGE_META_SIZE;
/** Bytes that 32 bits address. */
const LARGEST_LINEAR_MEMORY = 2 ** 32;

/** Bytes of RAM that a guest can touch at most, in pieces of 2 MiB: what a WebAssembly memory has room for. */
export const BACKED_MEMORY =
  Math.floor((LARGEST_LINEAR_MEMORY - HEAP_BASE) / (CHUNK + CHUNK_METADATA)) * CHUNK;

export class Ram implements GuestMemory {
  readonly size: number;
  private readonly processor: Processor;

  /** @param size bytes; rounded up to 2 MiB below 4 GiB for what is mapped. */
  constructor(processor: Processor, size: number) {
    this.processor = processor;
    this.size = size;
    const low = lowRamEnd(size);
    processor.runtime.mapRam(0, Math.ceil(low / CHUNK));
    if (size > low) processor.runtime.mapRam(HIGH_RAM / CHUNK, Math.ceil((size - low) / CHUNK));
  }

  /**
   * Makes the end of the first 4 GiB read-only for the guest, in whole pieces of 2 MiB: the bytes of an image, and in
   * front of them what an empty bus reads as.
   */
  addRom(image: Uint8Array): void {
    const chunks = Math.ceil(image.length / CHUNK);
    const first = HIGH_RAM / CHUNK - chunks;
    this.processor.runtime.mapRom(first, chunks);
    this.write(first * CHUNK, new Uint8Array(chunks * CHUNK - image.length).fill(0xff));
    this.write(HIGH_RAM - image.length, image);
  }

  /** Calls `use` for each piece of a range that is in one chunk, with its host offset. */
  private pieces(
    physicalAddress: number,
    length: number,
    use: (host: number, offset: number, count: number) => void,
  ): void {
    for (let done = 0; done < length; ) {
      const at = physicalAddress + done;
      const count = Math.min(CHUNK - (at % CHUNK), length - done);
      const host = this.processor.runtime.hostPageAddress(Math.floor(at / PAGE_SIZE));
      if (host === 0) throw new RangeError(`no RAM at guest-physical address 0x${at.toString(16)}`);
      use((host >>> 0) + (at % PAGE_SIZE), done, count);
      done += count;
    }
  }

  read(physicalAddress: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    this.pieces(physicalAddress, length, (host, offset, count) => {
      bytes.set(this.processor.views.u8.subarray(host, host + count), offset);
    });
    return bytes;
  }

  write(physicalAddress: number, bytes: Uint8Array): void {
    this.pieces(physicalAddress, bytes.length, (host, offset, count) => {
      this.processor.runtime.invalidateCode(BigInt(physicalAddress + offset), count);
      this.processor.views.u8.set(bytes.subarray(offset, offset + count), host);
    });
  }

  get linear(): WebAssembly.Memory {
    return this.processor.memory;
  }

  view(physicalAddress: number, length: number): Uint8Array {
    const count = Math.min(CHUNK - (physicalAddress % CHUNK), length);
    let piece: Uint8Array = new Uint8Array(0);
    this.pieces(physicalAddress, count, (host) => {
      piece = this.processor.views.u8.subarray(host, host + count);
    });
    return piece;
  }
}
