/** UEFI specification 2.10, "Virtual Memory Services": the tables' pointers follow the runtime regions once. */
import type { EfiCall } from '../call.ts';
import { INVALID_PARAMETER, NOT_FOUND, SUCCESS, UNSUPPORTED } from '../status.ts';
import type { EfiTables } from '../tables.ts';

const PAGE_SHIFT = 12n;
const DESCRIPTOR_MIN = 40;
/** Bytes: more than the memory map ever has. */
const MAP_MAX = 2 ** 20;
const ATTRIBUTE_RUNTIME = 1n << 63n;
const OPTIONAL_POINTER = 1n;

interface Mapping {
  readonly start: bigint;
  readonly end: bigint;
  readonly virtual: bigint;
}

export class VirtualMap {
  private readonly tables: () => EfiTables;
  private isVirtual = false;
  private converting: readonly Mapping[] = [];

  constructor(tables: () => EfiTables) {
    this.tables = tables;
  }

  private convert(pointer: bigint): bigint | undefined {
    const mapping = this.converting.find(({ start, end }) => pointer >= start && pointer < end);
    return mapping === undefined ? undefined : pointer - mapping.start + mapping.virtual;
  }

  readonly setVirtualAddressMap = (call: EfiCall): bigint => {
    const size = call.argumentNumber(0);
    const descriptorSize = call.argumentNumber(1);
    if (this.isVirtual) return UNSUPPORTED;
    if (size > MAP_MAX || descriptorSize < DESCRIPTOR_MIN || size % descriptorSize !== 0)
      return INVALID_PARAMETER;
    const bytes = call.bytes(call.argument(3), size);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const mappings: Mapping[] = [];
    for (let at = 0; at < size; at += descriptorSize) {
      if ((view.getBigUint64(at + 32, true) & ATTRIBUTE_RUNTIME) === 0n) continue;
      const start = view.getBigUint64(at + 8, true);
      const end = start + (view.getBigUint64(at + 24, true) << PAGE_SHIFT);
      mappings.push({ start, end, virtual: view.getBigUint64(at + 16, true) });
    }
    this.converting = mappings;
    const done = this.tables().makeVirtual((pointer) => this.convert(pointer));
    this.converting = [];
    if (!done) return NOT_FOUND;
    this.isVirtual = true;
    return SUCCESS;
  };

  /** Only means something while SetVirtualAddressMap runs, which no code of the guest sees. */
  readonly convertPointer = (call: EfiCall): bigint => {
    const pointer = call.argument(1);
    const value = call.u64(pointer);
    if (value === 0n && (call.argument(0) & OPTIONAL_POINTER) !== 0n) return SUCCESS;
    return UNSUPPORTED;
  };
}
