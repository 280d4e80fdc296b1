/** UEFI specification 2.10, "Memory Allocation Services". */
import { HIGH_RAM, PAGE_SIZE } from '../../memory-map.ts';
import type { EfiCall } from '../call.ts';
import { DESCRIPTOR_SIZE, DESCRIPTOR_VERSION, MemoryType, Pages } from '../pages.ts';
import { BUFFER_TOO_SMALL, INVALID_PARAMETER, NOT_FOUND, OUT_OF_RESOURCES, SUCCESS } from '../status.ts';
import type { EfiSystem } from '../system.ts';

const ALLOCATE_ANY_PAGES = 0;
const ALLOCATE_MAX_ADDRESS = 1;
const ALLOCATE_ADDRESS = 2;

export class MemoryServices {
  private readonly system: EfiSystem;
  /** Pages of each piece of pool. */
  private readonly pool = new Map<number, number>();

  constructor(system: EfiSystem) {
    this.system = system;
  }

  private readonly isAllocatable = (type: number): boolean =>
    Pages.isValidType(type) && type !== MemoryType.conventional;

  readonly allocatePages = (call: EfiCall): bigint => {
    const { pages } = this.system;
    const how = call.argument32(0);
    const type = call.argument32(1);
    const count = call.argumentNumber(2);
    const target = call.argument(3);
    if (how > ALLOCATE_ADDRESS || !this.isAllocatable(type)) return INVALID_PARAMETER;
    if (how === ALLOCATE_ADDRESS) {
      return pages.allocateAt(type, call.number(target), count) ? SUCCESS : NOT_FOUND;
    }
    const limit = how === ALLOCATE_MAX_ADDRESS ? Number(call.u64(target)) + 1 : HIGH_RAM;
    const address = pages.allocate(type, count, limit);
    if (address === undefined && how === ALLOCATE_ANY_PAGES) {
      const anywhere = pages.allocate(type, count, Number.MAX_SAFE_INTEGER);
      if (anywhere === undefined) return OUT_OF_RESOURCES;
      call.setU64(target, anywhere);
      return SUCCESS;
    }
    if (address === undefined) return how === ALLOCATE_MAX_ADDRESS ? NOT_FOUND : OUT_OF_RESOURCES;
    call.setU64(target, address);
    return SUCCESS;
  };

  readonly freePages = (call: EfiCall): bigint =>
    this.system.pages.free(call.argumentNumber(0), call.argumentNumber(1)) ? SUCCESS : NOT_FOUND;

  readonly getMemoryMap = (call: EfiCall): bigint => {
    const { pages } = this.system;
    const sizePointer = call.argument(0);
    const map = pages.describe();
    const room = call.number(sizePointer);
    call.setU64(sizePointer, map.length);
    call.setU64IfWanted(call.argument(3), DESCRIPTOR_SIZE);
    const version = call.argument(4);
    if (version !== 0n) call.setU32(version, DESCRIPTOR_VERSION);
    if (room < map.length) return BUFFER_TOO_SMALL;
    call.setBytes(call.argument(1), map);
    call.setU64IfWanted(call.argument(2), pages.key);
    return SUCCESS;
  };

  /** @returns the address, or undefined. */
  takePool(type: number, size: number): number | undefined {
    const count = Math.max(1, Math.ceil(size / PAGE_SIZE));
    const address =
      this.system.pages.allocate(type, count, HIGH_RAM) ??
      this.system.pages.allocate(type, count, Number.MAX_SAFE_INTEGER);
    if (address !== undefined) this.pool.set(address, count);
    return address;
  }

  readonly allocatePool = (call: EfiCall): bigint => {
    const type = call.argument32(0);
    if (!this.isAllocatable(type)) return INVALID_PARAMETER;
    const address = this.takePool(type, call.argumentNumber(1));
    if (address === undefined) return OUT_OF_RESOURCES;
    call.setU64(call.argument(2), address);
    return SUCCESS;
  };

  readonly freePool = (call: EfiCall): bigint => {
    const address = call.argumentNumber(0);
    const count = this.pool.get(address);
    if (count === undefined) return INVALID_PARAMETER;
    this.pool.delete(address);
    this.system.pages.free(address, count);
    return SUCCESS;
  };
}
