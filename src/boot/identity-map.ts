/**
 * The page tables a loader leaves for code entered in 64-bit mode.
 * Source: Intel SDM Vol. 3 "4-Level Paging".
 */
import { GIB, MIB, PAGE_SIZE } from './memory-map.ts';

const PRESENT_WRITABLE = 0x3n;
/** PS: the page directory entry maps 2 MiB itself. */
const LARGE_PAGE = 0x80n;
const LARGE_PAGE_SIZE = 2 * MIB;
/** A PML4 table and a page-directory-pointer table. */
const UPPER_TABLES = 2;
/** What one page-directory-pointer table maps. */
const LARGEST = 512 * GIB;

/** Bytes of the page tables for addresses up to and without `end`, at most 512 GiB. */
export function identityMapSize(end: number): number {
  if (end > LARGEST) throw new RangeError('one page-directory-pointer table maps 512 GiB');
  return (UPPER_TABLES + Math.ceil(end / GIB)) * PAGE_SIZE;
}

/**
 * Page tables that map addresses up to `end`, in whole GiB, to themselves in 2 MiB pages.
 * @param address where they will lie: page aligned; the PML4 table comes first.
 */
export function buildIdentityMap(address: number, end = 4 * GIB): Uint8Array {
  const tables = new Uint8Array(identityMapSize(end));
  const view = new DataView(tables.buffer);
  const setEntry = (offset: number, value: bigint) =>
    view.setBigUint64(offset, value | PRESENT_WRITABLE, true);
  const pointerTable = PAGE_SIZE;
  const firstDirectory = UPPER_TABLES * PAGE_SIZE;
  const directories = Math.ceil(end / GIB);
  setEntry(0, BigInt(address + pointerTable));
  for (let index = 0; index < directories; index++) {
    setEntry(pointerTable + index * 8, BigInt(address + firstDirectory + index * PAGE_SIZE));
  }
  for (let page = 0; page < (directories * GIB) / LARGE_PAGE_SIZE; page++) {
    setEntry(firstDirectory + page * 8, BigInt(page * LARGE_PAGE_SIZE) | LARGE_PAGE);
  }
  return tables;
}
