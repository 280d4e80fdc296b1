/**
 * The memory map and the allocator of pages behind it.
 * Source: UEFI specification 2.10, "Memory Allocation Services" and "EFI_MEMORY_DESCRIPTOR".
 */
import { E820_ACPI, E820_NVS, E820_RAM, type E820Entry } from '../e820.ts';
import { PAGE_SIZE } from '../memory-map.ts';
import { OutOfMemory } from './out-of-memory.ts';

export const MemoryType = {
  reserved: 0,
  loaderCode: 1,
  loaderData: 2,
  bootServicesCode: 3,
  bootServicesData: 4,
  runtimeServicesCode: 5,
  runtimeServicesData: 6,
  conventional: 7,
  acpiReclaim: 9,
  acpiNvs: 10,
} as const;

/** Types from here on belong to vendors; those between here and the last of the specification are invalid. */
const FIRST_VENDOR_TYPE = 0x7000_0000;
const TYPE_COUNT = 16;

/** Uncacheable, write-combining, write-through, write-back; needed after ExitBootServices. */
const ATTRIBUTES_RAM = 0xfn;
const ATTRIBUTE_RUNTIME = 1n << 63n;

/** Entries of the map: every allocation takes longer with more. */
const MOST_REGIONS = 4096;

export const DESCRIPTOR_SIZE = 48;
export const DESCRIPTOR_VERSION = 1;

export interface Region {
  readonly type: number;
  readonly start: number;
  readonly end: number;
}

const E820_TYPES = new Map<number, number>([
  [E820_RAM, MemoryType.conventional],
  [E820_ACPI, MemoryType.acpiReclaim],
  [E820_NVS, MemoryType.acpiNvs],
]);

export function isRuntime({ type }: Region): boolean {
  return type === MemoryType.runtimeServicesCode || type === MemoryType.runtimeServicesData;
}

function hasRam({ type }: Region): boolean {
  return type !== MemoryType.reserved;
}

export class Pages {
  /** In ascending order, without gaps where there were none, in whole pages. */
  private readonly regions: Region[] = [];
  /** Raised by every change: what ExitBootServices checks. */
  key = 1;

  constructor(e820: readonly E820Entry[]) {
    for (const { address, length, type } of e820) {
      const isRam = type === E820_RAM;
      const inward = isRam ? Math.floor : Math.ceil;
      const start = (isRam ? Math.ceil : Math.floor)(address / PAGE_SIZE) * PAGE_SIZE;
      const end = inward((address + length) / PAGE_SIZE) * PAGE_SIZE;
      if (end > start) this.regions.push({ type: E820_TYPES.get(type) ?? MemoryType.reserved, start, end });
    }
    // Page 0 would be a null pointer.
    if (this.canTake(0, PAGE_SIZE)) this.assign(0, PAGE_SIZE, MemoryType.bootServicesData);
  }

  map(): readonly Region[] {
    return [...this.regions];
  }

  static isValidType(type: number): boolean {
    return type < TYPE_COUNT || type >= FIRST_VENDOR_TYPE;
  }

  private canTake(start: number, end: number): boolean {
    return this.regions.some(
      (region) => region.type === MemoryType.conventional && start >= region.start && end <= region.end,
    );
  }

  /** Splits what overlaps, and joins neighbours of one type. @throws OutOfMemory where the map is full. */
  private assign(start: number, end: number, type: number): void {
    if (this.regions.length >= MOST_REGIONS) throw new OutOfMemory();
    const { regions } = this;
    // Those that touch it, in part or as neighbours.
    const first = regions.findIndex((region) => region.end >= start);
    let after = first < 0 ? regions.length : first;
    const parts: Region[] = [];
    const append = (part: Region): void => {
      const last = parts.at(-1);
      if (last !== undefined && last.end === part.start && last.type === part.type)
        parts[parts.length - 1] = { ...last, end: part.end };
      else if (part.end > part.start) parts.push(part);
    };
    const from = after;
    let isPlaced = false;
    const place = (): void => {
      if (!isPlaced) append({ type, start, end });
      isPlaced = true;
    };
    for (
      let region = regions[after];
      region !== undefined && region.start <= end;
      region = regions[++after]
    ) {
      if (region.start < start) append({ ...region, end: Math.min(region.end, start) });
      if (region.end > start) place();
      if (region.end > end) append({ ...region, start: Math.max(region.start, end) });
    }
    place();
    regions.splice(from, after - from, ...parts);
    this.key += 1;
  }

  /**
   * Takes `count` pages as high as possible below `limit`.
   * @param alignment bytes, a multiple of 4096. Returns the address, or undefined when there is no room.
   */
  allocate(type: number, count: number, limit: number, alignment = PAGE_SIZE): number | undefined {
    const size = count * PAGE_SIZE;
    for (let index = this.regions.length - 1; index >= 0; index--) {
      const region = this.regions[index] as Region;
      if (region.type !== MemoryType.conventional) continue;
      const top = Math.min(region.end, limit);
      const start = Math.floor((top - size) / alignment) * alignment;
      if (start < region.start) continue;
      this.assign(start, start + size, type);
      return start;
    }
    return undefined;
  }

  /** Takes the pages at `start`. Returns whether they were free. */
  allocateAt(type: number, start: number, count: number): boolean {
    const end = start + count * PAGE_SIZE;
    if (start % PAGE_SIZE !== 0 || !this.canTake(start, end)) return false;
    this.assign(start, end, type);
    return true;
  }

  /** Gives back what one allocation, or a part of one, took. */
  free(start: number, count: number): boolean {
    const end = start + count * PAGE_SIZE;
    const taken = this.regions.some(
      (region) =>
        start >= region.start &&
        end <= region.end &&
        region.type !== MemoryType.conventional &&
        hasRam(region),
    );
    if (start % PAGE_SIZE !== 0 || !taken) return false;
    this.assign(start, end, MemoryType.conventional);
    return true;
  }

  /** The map as GetMemoryMap gives it. */
  describe(): Uint8Array {
    const bytes = new Uint8Array(this.regions.length * DESCRIPTOR_SIZE);
    const view = new DataView(bytes.buffer);
    this.regions.forEach((region, index) => {
      const at = index * DESCRIPTOR_SIZE;
      view.setUint32(at, region.type, true);
      view.setBigUint64(at + 8, BigInt(region.start), true);
      view.setBigUint64(at + 24, BigInt((region.end - region.start) / PAGE_SIZE), true);
      const attributes = hasRam(region) ? ATTRIBUTES_RAM : 1n;
      view.setBigUint64(at + 32, attributes | (isRuntime(region) ? ATTRIBUTE_RUNTIME : 0n), true);
    });
    return bytes;
  }
}
