/**
 * Reads guest memory by linear address the way a debugger does: without setting accessed bits, without
 * permissions, without faults.
 * Source: Intel SDM Vol. 3, "Paging".
 */
import { CR0_PG, CR4_LA57, CR4_PAE, CR4_PSE, EFER_LMA } from '../layout/architecture.ts';
import { CR0, CR3, CR4, MSR_EFER } from '../layout/cpu-state.ts';

const ENTRY_PRESENT = 1n;
const ENTRY_PAGE_SIZE = 1n << 7n;
/** Bits 12-51 of an 8-byte entry. */
const ENTRY_ADDRESS = 0xf_ffff_ffff_f000n;

const PAGE_SIZE = 4096n;
/** The runtime takes page numbers of 32 bits; there is no RAM beyond them. */
const PAGE_NUMBER_LIMIT = 2 ** 32;

/** What is needed of a processor. */
export interface AddressSpace {
  /** A register, by its offset in the processor's state. */
  u64(offset: number): bigint;
  readonly views: { readonly u8: Uint8Array };
  readonly runtime: { hostPageAddress(physicalPage: number): number };
}

/** Up to 8 bytes at a guest-physical address as a little-endian number; undefined where there is no RAM. */
function readPhysical(space: AddressSpace, address: bigint, size: 1 | 4 | 8): bigint | undefined {
  const page = Number(address >> 12n);
  if (page >= PAGE_NUMBER_LIMIT) return undefined;
  const host = space.runtime.hostPageAddress(page) >>> 0;
  if (host === 0) return undefined;
  let value = 0n;
  for (let i = size - 1; i >= 0; i--) {
    value = (value << 8n) | BigInt(space.views.u8[host + Number(address & 0xfffn) + i] as number);
  }
  return value;
}

/** Walks tables of 512 8-byte entries from the one at `table`, which maps address bits up to `level` * 9 + 12. */
function walk(space: AddressSpace, linear: bigint, table: bigint, level: number): bigint | undefined {
  let base = table;
  for (let left = level; left > 0; left--) {
    const shift = BigInt(left * 9 + 3);
    const entry = readPhysical(space, base + ((linear >> shift) & 0x1ffn) * 8n, 8);
    if (entry === undefined || (entry & ENTRY_PRESENT) === 0n) return undefined;
    base = entry & ENTRY_ADDRESS;
    const offset = (1n << shift) - 1n;
    if (left === 1 || (left <= 3 && (entry & ENTRY_PAGE_SIZE) !== 0n)) {
      return (base & ~offset) | (linear & offset);
    }
  }
  return undefined;
}

/** Two levels of 1024 4-byte entries. */
function walkLegacy(
  space: AddressSpace,
  linear: bigint,
  table: bigint,
  largePages: boolean,
): bigint | undefined {
  const directory = readPhysical(space, table + ((linear >> 22n) & 0x3ffn) * 4n, 4);
  if (directory === undefined || (directory & ENTRY_PRESENT) === 0n) return undefined;
  if (largePages && (directory & ENTRY_PAGE_SIZE) !== 0n) {
    const high = ((directory >> 13n) & 0xffn) << 32n;
    return high | (directory & 0xffc0_0000n) | (linear & 0x3f_ffffn);
  }
  const entry = readPhysical(space, (directory & 0xffff_f000n) + ((linear >> 12n) & 0x3ffn) * 4n, 4);
  if (entry === undefined || (entry & ENTRY_PRESENT) === 0n) return undefined;
  return (entry & 0xffff_f000n) | (linear & 0xfffn);
}

/** The guest-physical address of a linear address; undefined where nothing is mapped. */
export function physicalAddress(space: AddressSpace, linear: bigint): bigint | undefined {
  const cr3 = space.u64(CR3);
  const cr4 = space.u64(CR4);
  if ((space.u64(CR0) & BigInt(CR0_PG)) === 0n) return linear & 0xffff_ffffn;
  if ((space.u64(MSR_EFER) & BigInt(EFER_LMA)) !== 0n) {
    return walk(space, linear, cr3 & ENTRY_ADDRESS, (cr4 & BigInt(CR4_LA57)) !== 0n ? 5 : 4);
  }
  const linear32 = linear & 0xffff_ffffn;
  if ((cr4 & BigInt(CR4_PAE)) === 0n) {
    return walkLegacy(space, linear32, cr3 & 0xffff_f000n, (cr4 & BigInt(CR4_PSE)) !== 0n);
  }
  const pointer = readPhysical(space, (cr3 & 0xffff_ffe0n) + (linear32 >> 30n) * 8n, 8);
  if (pointer === undefined || (pointer & ENTRY_PRESENT) === 0n) return undefined;
  return walk(space, linear32, pointer & ENTRY_ADDRESS, 2);
}

/** @returns `length` bytes, fewer where the mapping or the RAM ends. */
export function readLinear(space: AddressSpace, address: bigint, length: number): Uint8Array {
  const bytes: number[] = [];
  let page: bigint | undefined;
  for (let i = 0; i < length; i++) {
    const linear = BigInt.asUintN(64, address + BigInt(i));
    if (i === 0 || linear % PAGE_SIZE === 0n) page = physicalAddress(space, linear & ~0xfffn);
    if (page === undefined) break;
    const byte = readPhysical(space, page + (linear & 0xfffn), 1);
    if (byte === undefined) break;
    bytes.push(Number(byte));
  }
  return Uint8Array.from(bytes);
}
