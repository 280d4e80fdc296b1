/**
 * The page tables a loader leaves for code entered in 64-bit mode.
 * Source: Intel SDM Vol. 3 "4-Level Paging".
 */
import { GIB, MIB, PAGE_SIZE } from './memory-map.ts';

const PRESENT_WRITABLE = 0x3n;
/** PS: the page directory entry maps 2 MiB itself. */
const LARGE_PAGE = 0x80n;
const LARGE_PAGE_SIZE = 2 * MIB;
const IDENTITY_MAPPED = 4 * GIB;
const DIRECTORIES = IDENTITY_MAPPED / GIB;

/** A PML4 table, a page-directory-pointer table, and a page directory for each GiB. */
export const IDENTITY_MAP_SIZE = (2 + DIRECTORIES) * PAGE_SIZE;

/**
 * Page tables that map the first 4 GiB to themselves in 2 MiB pages.
 * @param address where they will lie: page aligned; the PML4 table comes first.
 */
export function buildIdentityMap(address: number): Uint8Array {
  const tables = new Uint8Array(IDENTITY_MAP_SIZE);
  const view = new DataView(tables.buffer);
  const setEntry = (offset: number, value: bigint) =>
    view.setBigUint64(offset, value | PRESENT_WRITABLE, true);
  const pointerTable = PAGE_SIZE;
  const firstDirectory = 2 * PAGE_SIZE;
  setEntry(0, BigInt(address + pointerTable));
  for (let index = 0; index < DIRECTORIES; index++) {
    setEntry(pointerTable + index * 8, BigInt(address + firstDirectory + index * PAGE_SIZE));
  }
  for (let page = 0; page < IDENTITY_MAPPED / LARGE_PAGE_SIZE; page++) {
    setEntry(firstDirectory + page * 8, BigInt(page * LARGE_PAGE_SIZE) | LARGE_PAGE);
  }
  return tables;
}
