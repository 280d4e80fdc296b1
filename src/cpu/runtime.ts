/** The runtime module's exports and imports as TypeScript sees them. i32 arguments are numbers, i64 are bigints. */
import type { RegionImport, TABLE } from '../layout/contract.ts';

/** A name that the runtime does not export does not compile. */
type Exported<T extends { [Name in keyof T]: Name extends RegionImport | typeof TABLE ? unknown : never }> =
  T;

export type RuntimeExports = Exported<{
  readonly [TABLE]: WebAssembly.Table;
  /** Looks the block at RIP up and runs it and its successors until something leaves; see EXIT_REASON. */
  run(): void;
  /** Runs the record at `record` and its successors. */
  enter(record: number): void;
  /** Head record of the block at RIP, which may be translated first. May raise. */
  lookup(): number;
  /** Makes RIP and the budget exact for EVENT_CODE_WRITE and EVENT_BREAKPOINT. */
  deliverEvent(): void;
  /** Delivers any other event that was raised; 0 if no guest code is to follow: see EXIT_REASON. */
  deliver(): number;
  deliverInterrupt(vector: number): void;
  deliverNmi(): void;
  deliverDebugTrap(cause: number): void;
  initializeMemory(): void;
  mapRam(firstChunk: number, count: number): void;
  mapRom(firstChunk: number, count: number): void;
  /** Offset in linear memory of a page's bytes as a signed number: beyond 2 GiB it is negative. 0 = no RAM. */
  hostPageAddress(physicalPage: number): number;
  registerBlock(head: number): void;
  /** Head record of a new block at an offset of a physical page, in the present mode. May raise. */
  buildBlock(physicalPage: number, pageOffset: number): number;
  /** There is a block of an earlier run at an offset of a page and in a mode, with these first two bytes. */
  noteSaved(pageOffset: number, mode: number, first: number, second: number): void;
  /** No block of an earlier run is to be asked for any more. */
  forgetSaved(): void;
  invalidateCode(physicalAddress: bigint, length: number): void;
  /** Linear address of the instruction of a record of the running block, as an unsigned 64-bit number. */
  instructionRip(record: number): bigint;
  /** Physical page of the code at a linear address, if that can be told without a change of the guest's page tables, or -1. */
  peekCodePage(linearAddress: bigint): number;
  resetProcessor(): void;
  /** Head record of a known block of one page by physical address and mode key, or 0. */
  findRegistered(physicalPage: number, pageOffset: number, mode: number): number;
  branchSite(record: number): number;
  updateMode(): void;
  /** After CR0 or CR4 has been stored directly. */
  updateSseDisabled(): void;
  getFlags(): number;
  setFlags(value: number): void;
  setSegment(index: number, selector: number, base: bigint, limit: number, rights: number): void;
  flushTlb(includeGlobal: number): void;
}>;

/** What the runtime asks of the machine (wasm-runtime/system/host.ts). */
export interface HostFunctions {
  readPort(port: number, size: number): number;
  writePort(port: number, size: number, value: number): void;
  readMmio(addressLow: number, addressHigh: number, size: number): number;
  writeMmio(addressLow: number, addressHigh: number, size: number, value: number): void;
  readMmio64(addressLow: number, addressHigh: number): bigint;
  writeMmio64(addressLow: number, addressHigh: number, value: bigint): void;
  now(): number;
  random(): number;
  writeApicMsr(msr: number, low: number, high: number): number;
  readApicMsr(msr: number, target: number): number;
  tscOffsetChanged(): void;
  writeTaskPriority(value: number): void;
  readTaskPriority(): number;
}
