/**
 * The memory half of the runtime (MMU and code cache) on its own, with stand-ins for the host functions: events
 * are thrown as GuestEvent, the device answers from a table, and the "translator" makes records without code.
 */
import { CPL, CR0, CR2, CR3, CR4, MSR_EFER, RIP } from '../../src/layout/cpu-state.ts';
import { TLB_BASE } from '../../src/layout/linear-memory.ts';
import { MODE_CODE_64, MODE_VIEW_SHIFT } from '../../src/layout/mode.ts';
import {
  HEAD_FALL,
  HEAD_PHYSICAL_PAGE,
  HEAD_TAKEN,
  RECORD_INDEX,
  RECORD_LENGTH,
  RECORD_PAGE_OFFSET,
  RECORD_SIZE,
  SHAPE_AFTER_SHIFT,
  SHAPE_DECODED,
  SHAPE_ENDS,
  SHAPE_TARGETS_SHIFT,
} from '../../src/layout/record.ts';
import {
  CURRENT_RECORD,
  EVENT_CODE_WRITE,
  EVENT_ERROR,
  EVENT_KIND,
  EVENT_VECTOR,
  LINEAR_MASK,
  MODE,
  STACK_MASK,
  TLB_TABLE,
} from '../../src/layout/runtime-state.ts';
import { TLB_TABLE_SIZE, VIEW_SUPERVISOR, VIEW_USER } from '../../src/layout/tlb.ts';
import { RuntimeHarness } from './runtime-harness.ts';

/** What the runtime's functions exported to these tests look like. */
export interface MemoryExports {
  initializeMemory(): void;
  mapRam(firstChunk: number, count: number): void;
  mapRom(firstChunk: number, count: number): void;
  hostAddress(pa: bigint): number;
  pageMeta(pa: bigint): number;
  readPhysical64(pa: bigint): bigint;
  writePhysical64(pa: bigint, value: bigint): void;
  walk(la: bigint, view: number, access: number): number;
  walkAddress: WebAssembly.Global<'i64'>;
  walkRights: WebAssembly.Global<'i32'>;
  walkError: WebAssembly.Global<'i32'>;
  fillRead(la: bigint, size: number): number;
  fillWrite(la: bigint, size: number): number;
  slowRead(record: number, la: bigint, size: number): number;
  slowWrite(record: number, la: bigint, size: number): number;
  tryRead(record: number, la: bigint, size: number): number;
  tryWrite(record: number, la: bigint, size: number): number;
  tryReadWrite(record: number, la: bigint, size: number): number;
  finishWrite(): void;
  probeDataWrite(record: number, la: bigint, size: number): void;
  readData32(record: number, la: bigint): number;
  readData64(record: number, la: bigint): bigint;
  writeData32(record: number, la: bigint, value: number): void;
  writeData64(record: number, la: bigint, value: bigint): void;
  readSystem64(la: bigint): bigint;
  writeSystem64(la: bigint, value: bigint): void;
  flushTlb(includeGlobal: number): void;
  flushTlbPage(la: bigint): void;
  writeCr3Flush(oldCr3: bigint, newCr3: bigint, noFlush: number): void;
  lookup(): number;
  lookupJump(record: number, target: bigint): number;
  lookupIndirect(record: number, target: bigint): number;
  branchSite(record: number): number;
  lookupStale(head: number): number;
  resolveLink(record: number, linkOffset: number): number;
  allocateRecords(count: number): number;
  invalidateCode(pa: bigint, length: number): void;
  emptyOlderHalf(): void;
}

/** An event raised in the middle of an instruction. */
export class GuestEvent extends Error {
  readonly kind: number;
  readonly vector: number;
  readonly errorCode: number;
  readonly cr2: bigint;
  readonly record: number;
  constructor(kind: number, vector: number, errorCode: number, cr2: bigint, record: number) {
    super(`event kind ${kind} vector ${vector} error ${errorCode} address ${cr2.toString(16)}`);
    this.kind = kind;
    this.vector = vector;
    this.errorCode = errorCode;
    this.cr2 = cr2;
    this.record = record;
  }
}

/** Page table entry bits. */
export const P = 1n;
export const W = 2n;
export const U = 4n;
export const A = 0x20n;
export const D = 0x40n;
export const PS = 0x80n;
export const G = 0x100n;
export const NX = 1n << 63n;

export const CR0_PE = 1n;
export const CR0_WP = 1n << 16n;
export const CR0_PG = 1n << 31n;
export const CR4_PSE = 1n << 4n;
export const CR4_PAE = 1n << 5n;
export const CR4_PGE = 1n << 7n;
export const CR4_LA57 = 1n << 12n;
export const CR4_SMEP = 1n << 20n;
export const CR4_SMAP = 1n << 21n;
export const EFER_LONG = (1n << 8n) | (1n << 10n);
export const EFER_NXE = 1n << 11n;

/** RAM of the test machine: 8 MiB. What follows is a device. */
export const RAM_SIZE = 0x80_0000n;
const PML4 = 0x10_0000n;

export class MemoryRuntime extends RuntimeHarness {
  readonly exports: MemoryExports;
  /** Device accesses in order, as `r4 fee00020` or `w2 fee00020 1234`. */
  readonly mmio: string[] = [];
  /** What the device answers: by default its address. */
  readDevice = (address: number, _size: number): number => address;
  /** What a port answers, and what is done with what is written to one. */
  readPort = (_port: number, _size: number): number => 0xffff_ffff;
  writePort = (_port: number, _size: number, _value: number): void => {};
  /** Instruction lengths of the block to be made at a physical address. */
  blockAt = (_pa: number): number[] => [4];
  /** Of the block that is being made. */
  private lengths: number[] = [];
  /** Physical addresses of blocks that were made. */
  readonly translated: number[] = [];
  /** Heads that the host was told had gone stale. */
  readonly dropped: number[] = [];
  private nextTable = PML4 + 0x1000n;

  private constructor() {
    super();
    this.exports = this.instantiate({
      raise: () => {
        throw this.noted();
      },
      blockDropped: (head: number) => this.dropped.push(head),
      readPort: (port: number, size: number) => this.readPort(port, size),
      writePort: (port: number, size: number, value: number) => this.writePort(port, size, value >>> 0),
      readMmio: (low: number, _high: number, size: number) => {
        this.mmio.push(`r${size} ${(low >>> 0).toString(16)}`);
        return this.readDevice(low >>> 0, size);
      },
      writeMmio: (low: number, _high: number, size: number, value: number) => {
        this.mmio.push(`w${size} ${(low >>> 0).toString(16)} ${(value >>> 0).toString(16)}`);
      },
      readMmio64: (low: number) => {
        this.mmio.push(`r8 ${(low >>> 0).toString(16)}`);
        return (BigInt(this.readDevice((low >>> 0) + 4, 4)) << 32n) | BigInt(this.readDevice(low >>> 0, 4));
      },
      writeMmio64: (low: number, _high: number, value: bigint) => {
        this.mmio.push(`w8 ${(low >>> 0).toString(16)} ${BigInt.asUintN(64, value).toString(16)}`);
      },
      decode: (record: number, _bytes: number, available: number, offset: number, index: number) =>
        this.decode(record, available, offset, index),
      beforeReuse: () => {},
    }) as unknown as MemoryExports;
  }

  static create(): MemoryRuntime {
    const runtime = new MemoryRuntime();
    runtime.exports.initializeMemory();
    runtime.exports.mapRam(0, Number(RAM_SIZE >> 21n));
    runtime.setState64(CR0, CR0_PE);
    runtime.setState64(LINEAR_MASK, 2n ** 64n - 1n);
    runtime.setState64(STACK_MASK, 2n ** 64n - 1n);
    runtime.setView(VIEW_SUPERVISOR);
    return runtime;
  }

  /** Selects TLB view VIEW_*, the privilege that goes with it, and 64-bit code. */
  setView(view: number): void {
    this.setState32(CPL, view === VIEW_USER ? 3 : 0);
    this.setState32(TLB_TABLE, TLB_BASE + view * TLB_TABLE_SIZE);
    this.setState32(MODE, MODE_CODE_64 | (view << MODE_VIEW_SHIFT));
  }

  /** Turns 4-level paging on with empty tables, write protection and no-execute. */
  enableLongMode(cr4 = 0n): void {
    this.setState64(CR0, CR0_PE | CR0_PG | CR0_WP);
    this.setState64(CR3, PML4);
    this.setState64(CR4, CR4_PAE | cr4);
    this.setState64(MSR_EFER, EFER_LONG | EFER_NXE);
  }

  /**
   * 4-level mapping, 5-level with CR4.LA57, of `la` to `pa` with leaf flags `flags` at level `shift` (12, 21 or 30). Table entries get
   * `tableFlags` when they are new. Returns the physical address of the leaf entry.
   */
  map(la: bigint, pa: bigint, flags: bigint, shift = 12n, tableFlags = P | W | U): bigint {
    let table = this.state64(CR3) & ~0xfffn;
    const top = (this.state64(CR4) & CR4_LA57) !== 0n ? 48n : 39n;
    for (let level = top; ; level -= 9n) {
      const address = table + ((la >> level) & 511n) * 8n;
      if (level === shift) {
        this.exports.writePhysical64(address, BigInt.asUintN(64, pa | flags));
        return address;
      }
      let entry = this.exports.readPhysical64(address) as bigint;
      if (!(entry & P)) {
        entry = this.nextTable | tableFlags;
        this.nextTable += 0x1000n;
        this.exports.writePhysical64(address, entry);
      }
      table = entry & 0xff_ffff_f000n;
    }
  }

  read64(pa: bigint): bigint {
    return BigInt.asUintN(64, this.exports.readPhysical64(pa));
  }

  // The host address comes first: it may grow the memory, which detaches views.
  read32(pa: bigint): number {
    const host = this.exports.hostAddress(pa);
    return this.view.getUint32(host, true);
  }

  write32(pa: bigint, value: number): void {
    const host = this.exports.hostAddress(pa);
    this.view.setUint32(host, value, true);
  }

  /** The event that `action` raises; fails if it raises none. */
  event(action: () => unknown): GuestEvent {
    try {
      action();
    } catch (error) {
      if (error instanceof GuestEvent) return error;
      throw error;
    }
    throw new Error('no event was raised');
  }

  /** What has been stored of the event that an instruction is to be left with. */
  noted(): GuestEvent {
    return new GuestEvent(
      this.state32(EVENT_KIND),
      this.state32(EVENT_VECTOR),
      this.state32(EVENT_ERROR),
      this.state64(CR2),
      this.state32(CURRENT_RECORD),
    );
  }

  isCodeWrite(action: () => unknown): boolean {
    return this.event(action).kind === EVENT_CODE_WRITE;
  }

  /** lookup() at `rip`. */
  lookupAt(rip: bigint): number {
    this.setState64(RIP, rip);
    return this.exports.lookup();
  }

  /** Makes records without code: the last instruction of each block is a conditional branch. */
  private decode(record: number, available: number, offset: number, index: number): number {
    const { view } = this;
    const head = record - (index + 1) * RECORD_SIZE;
    const pa = view.getUint32(head + HEAD_PHYSICAL_PAGE, true) * 0x1000;
    if (index === 0) this.lengths = this.blockAt(pa + offset);
    const length = this.lengths[index] as number;
    if (length > available) return 0;
    if (index === 0) this.translated.push(pa + offset);
    new Uint8Array(this.memory.buffer, record, RECORD_SIZE).fill(0);
    view.setUint16(record + RECORD_PAGE_OFFSET, offset, true);
    view.setUint8(record + RECORD_LENGTH, length);
    view.setUint8(record + RECORD_INDEX, index);
    if (index < this.lengths.length - 1) return SHAPE_DECODED;
    return (
      SHAPE_DECODED | (SHAPE_ENDS << SHAPE_AFTER_SHIFT) | ((HEAD_TAKEN | HEAD_FALL) << SHAPE_TARGETS_SHIFT)
    );
  }
}
