/** Puts modules and the information for the kernel where they are in nobody's way. */
import type { GuestMemory } from '../../devices/device.ts';
import type { BootInput } from '../door.ts';
import { E820_RAM, type E820Entry } from '../e820.ts';
import { InputError } from '../input-error.ts';
import { HIGH_RAM, PAGE_SIZE } from '../memory-map.ts';
import type { Range } from '../placement.ts';

/** Below lie a processor's real-mode tables, which kernels may want to use. */
const LOWEST = 0x10000;

export interface LoadedModule {
  readonly start: number;
  readonly end: number;
  readonly commandLine: string;
}

/** Finds free memory, lowest first: kernels that have just turned paging on may have mapped the beginning only. */
export class FreeMemory {
  private readonly e820: readonly E820Entry[];
  private readonly taken: Range[];

  constructor(e820: readonly E820Entry[], taken: readonly Range[]) {
    this.e820 = e820;
    this.taken = [...taken];
  }

  /**
   * Takes `size` bytes, page aligned, from `lowest` on.
   * @returns the address, or undefined.
   */
  take(size: number, lowest = LOWEST): number | undefined {
    const aligned = (address: number) => Math.ceil(address / PAGE_SIZE) * PAGE_SIZE;
    for (const { address, length, type } of this.e820) {
      if (type !== E820_RAM || address >= HIGH_RAM) continue;
      const candidates = [Math.max(address, lowest), ...this.taken.map(({ end }) => Math.max(end, lowest))];
      for (const candidate of candidates.sort((a, b) => a - b)) {
        const start = aligned(candidate);
        const end = start + size;
        if (start < address || end > address + length) continue;
        if (this.taken.some((range) => start < range.end && end > range.start)) continue;
        this.taken.push({ start, end });
        return start;
      }
    }
    return undefined;
  }
}

/** Loads modules behind the kernel, in their order. @throws InputError when one fits nowhere. */
export function loadModules(
  memory: GuestMemory,
  free: FreeMemory,
  kernel: Range,
  input: BootInput,
): LoadedModule[] {
  return input.modules.map(({ data, commandLine = '' }, index) => {
    const start = free.take(data.length, kernel.end) ?? free.take(data.length);
    if (start === undefined) {
      throw new InputError(`module ${index + 1} of ${data.length} bytes does not fit beside the kernel`);
    }
    memory.write(start, data);
    return { start, end: start + data.length, commandLine };
  });
}

/** @throws InputError when there is no room. */
export function placeInformation(free: FreeMemory, size: number): number {
  const address = free.take(size);
  if (address === undefined) throw new InputError('too little memory: no room for the Multiboot information');
  return address;
}
