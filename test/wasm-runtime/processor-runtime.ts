/**
 * The system half of the runtime (events, segments, transfers, control registers, MSRs) over the real MMU, with
 * stand-ins for the host functions, on a machine that is already in 64-bit mode.
 *
 *     0x0000_0000  supervisor pages, identity-mapped, 2 MiB: GDT, IDT, TSS, kernel stacks
 *     0x0020_0000  user pages, identity-mapped, 2 MiB
 *     0x0040_0000  page tables
 */
import {
  CPL,
  CR0,
  CR2,
  CR3,
  CR4,
  GDTR_BASE,
  GDTR_LIMIT,
  GPR,
  IDTR_BASE,
  IDTR_LIMIT,
  MSR_EFER,
  RIP,
  SEGMENT_BASE,
  SEGMENT_CS,
  SEGMENT_DS,
  SEGMENT_LIMIT,
  SEGMENT_RIGHTS,
  SEGMENT_SELECTOR,
  SEGMENT_SS,
  TR_BASE,
  TSC_OFFSET,
} from '../../src/layout/cpu-state.ts';
import { FEATURES, featureBits } from '../../src/layout/features.ts';
import { SCRATCH_RECORDS, TLB_BASE } from '../../src/layout/linear-memory.ts';
import {
  HEAD_COUNT,
  RECORD_INDEX,
  RECORD_LENGTH,
  RECORD_PAGE_OFFSET,
  RECORD_SIZE,
} from '../../src/layout/record.ts';
import {
  BUDGET,
  CPUID_WITHHELD,
  CURRENT_RECORD,
  EVENT_CODE_WRITE,
  EVENT_DELIVERING,
  EVENT_ERROR,
  EVENT_KIND,
  EVENT_VECTOR,
  PAGE_BASE,
} from '../../src/layout/runtime-state.ts';
import {
  TLB_ENTRIES,
  TLB_ENTRY_SIZE,
  TLB_READ_TAG,
  TLB_TABLE_SIZE,
  VIEW_SUPERVISOR,
} from '../../src/layout/tlb.ts';
import { RuntimeHarness } from './runtime-harness.ts';

export const RAX = 0;
export const RCX = 1;
export const RDX = 2;
export const RBX = 3;
export const RSP = 4;
export const R11 = 11;

export const GDT = 0x1000;
export const IDT = 0x2000;
export const TSS = 0x4000;
export const KERNEL_STACK = 0x9000n;
export const INNER_STACK = 0xa000n;
export const IST_STACK = 0xb000n;
export const USER_STACK = 0x30_0000n;
const PAGE_TABLES = 0x40_0000n;

/** Selectors of the test GDT. */
export const KERNEL_CODE = 0x08;
export const KERNEL_DATA = 0x10;
/** Laid out for SYSRET: 32-bit code, data, 64-bit code. */
export const USER_CODE_32 = 0x1b;
export const USER_DATA = 0x23;
export const USER_CODE = 0x2b;
export const KERNEL_CODE_32 = 0x30;
export const ABSENT_DATA = 0x38;
export const TSS_SELECTOR = 0x40;
export const CALL_GATE = 0x50;
export const READ_ONLY_DATA = 0x60;
export const CONFORMING_CODE = 0x68;
export const USER_DATA_16 = 0x73;

/** Vectors. */
export const UD = 6;
export const DF = 8;
export const TS = 10;
export const NP = 11;
export const SS = 12;
export const GP = 13;
export const PF = 14;

export const IF = 1 << 9;
export const TF = 1 << 8;
export const NT = 1 << 14;
export const RF = 1 << 16;
export const VM = 1 << 17;
export const AC = 1 << 18;
export const ID = 1 << 21;

/** First instruction of the test block: kernel or user page, and two more follow. */
export const KERNEL_RIP = 0x1_0123n;
export const USER_RIP = 0x20_0123n;
export const INSTRUCTION_LENGTH = 3;

class GuestEvent extends Error {}

/** The runtime's exports these tests call: numbers are i32, bigints i64. */
export type ProcessorExports = Record<
  string,
  (...values: (number | bigint)[]) => number | bigint | undefined
>;

export class ProcessorRuntime extends RuntimeHarness {
  readonly exports: ProcessorExports;
  /** IA32_APIC_BASE. */
  apicBase = 0xfee0_0900n;
  /** Port and APIC accesses in order. */
  readonly log: string[] = [];
  now = 0;

  private constructor() {
    super();
    this.exports = this.instantiate({
      raise: () => {
        throw new GuestEvent(`vector ${this.state32(EVENT_VECTOR)} error ${this.state32(EVENT_ERROR)}`);
      },
      readPort: (port: number, size: number) => {
        this.log.push(`in ${port.toString(16)} ${size}`);
        return 0xa5a5a5a5 & (2 ** (size * 8) - 1);
      },
      writePort: (port: number, size: number, value: number) => {
        this.log.push(`out ${port.toString(16)} ${size} ${(value >>> 0).toString(16)}`);
      },
      now: () => this.now,
      writeApicMsr: (msr: number, low: number, high: number) => {
        this.log.push(`wrmsr ${msr.toString(16)} ${high >>> 0}:${low >>> 0}`);
        return msr === 0x8ff ? 0 : 1;
      },
      readApicMsr: (msr: number, target: number) => {
        this.view.setBigUint64(target, msr === 0x1b ? this.apicBase : 0x1_0000_0000n | BigInt(msr), true);
        return msr === 0x8ff ? 0 : 1;
      },
      tscOffsetChanged: () => this.log.push(`tsc offset ${this.state64(TSC_OFFSET)}`),
      writeTaskPriority: (value: number) => this.log.push(`cr8 ${value}`),
      readTaskPriority: () => 5,
    }) as unknown as ProcessorExports;
  }

  /** A machine in 64-bit mode at CPL 0. */
  static create(): ProcessorRuntime {
    const runtime = new ProcessorRuntime();
    runtime.exports.initializeMemory();
    runtime.exports.mapRam(0, 4);
    runtime.exports.resetProcessor();
    runtime.offerLa57(false);
    runtime.buildTables();
    runtime.enterLongMode();
    return runtime;
  }

  /** Whether the processor is one with 5-level paging. */
  offerLa57(offered: boolean): void {
    const la57 = FEATURES.filter(({ name }) => name === 'la57' && !offered);
    featureBits(la57).forEach((bits, word) => {
      this.setState32(CPUID_WITHHELD + 4 * word, bits);
    });
  }

  gpr(index: number): bigint {
    return this.state64(GPR + index * 8);
  }

  setGpr(index: number, value: bigint): void {
    this.setState64(GPR + index * 8, value);
  }

  selector(index: number): number {
    return this.state32(SEGMENT_SELECTOR + index * 4);
  }

  get flags(): number {
    return Number(this.exports.getFlags()) >>> 0;
  }

  set flags(value: number) {
    this.exports.setFlags(value);
    this.exports.updateMode();
  }

  // The host address comes first: it may grow the memory, which detaches views.
  read64(pa: bigint): bigint {
    const host = Number(this.exports.hostAddress(pa));
    return this.view.getBigUint64(host, true);
  }

  write64(pa: bigint, value: bigint): void {
    const host = Number(this.exports.hostAddress(pa));
    this.view.setBigUint64(host, BigInt.asUintN(64, value), true);
  }

  write32(pa: bigint, value: number): void {
    const host = Number(this.exports.hostAddress(pa));
    this.view.setUint32(host, value, true);
  }

  setDescriptor(selector: number, descriptor: bigint): void {
    this.write64(BigInt(GDT + (selector & 0xfff8)), descriptor);
  }

  /** A 64-bit IDT gate: type 14 interrupt, 15 trap. */
  setGate(
    vector: number,
    handler: bigint,
    { type = 14, dpl = 0, ist = 0, selector = KERNEL_CODE, present = true } = {},
  ): void {
    const low =
      (handler & 0xffffn) |
      (BigInt(selector) << 16n) |
      (BigInt(ist) << 32n) |
      (BigInt((present ? 0x80 : 0) | (dpl << 5) | type) << 40n) |
      (((handler >> 16n) & 0xffffn) << 48n);
    this.write64(BigInt(IDT + vector * 16), low);
    this.write64(BigInt(IDT + vector * 16 + 8), BigInt.asUintN(64, handler) >> 32n);
  }

  /** Segment registers as after a switch to `selector` for code and `stack` for SS. */
  enter(cpl: number, code: number, stack: number, rsp: bigint, rip: bigint): void {
    this.setState32(CPL, cpl);
    for (const [index, selector] of [
      [SEGMENT_CS, code],
      [SEGMENT_SS, stack],
    ]) {
      const descriptor = this.read64(BigInt(GDT + (selector & 0xfff8)));
      this.setState32(SEGMENT_SELECTOR + index * 4, selector);
      this.setState32(SEGMENT_RIGHTS + index * 4, selector ? Number((descriptor >> 40n) & 0xf0ffn) : 0);
      this.setState32(SEGMENT_LIMIT + index * 4, -1);
      this.setState64(SEGMENT_BASE + index * 8, 0n);
    }
    this.setGpr(RSP, rsp);
    this.setState64(RIP, rip);
    this.setState64(PAGE_BASE, rip & ~0xfffn);
    this.exports.updateMode();
  }

  enterUser(): void {
    this.enter(3, USER_CODE, USER_DATA, USER_STACK, USER_RIP);
  }

  enterKernel(): void {
    this.enter(0, KERNEL_CODE, KERNEL_DATA, KERNEL_STACK, KERNEL_RIP);
  }

  enterCompatibility(): void {
    this.enter(3, USER_CODE_32, USER_DATA, USER_STACK, USER_RIP);
  }

  /**
   * Record `index` of a block of three instructions of INSTRUCTION_LENGTH bytes that starts at RIP; BUDGET is
   * what it is after the block was entered with 100 left.
   */
  record(index = 0): number {
    const head = SCRATCH_RECORDS;
    const { view } = this;
    const start = Number(this.state64(RIP) & 0xfffn);
    view.setUint16(head + HEAD_COUNT, 3, true);
    for (let i = 0; i < 3; i++) {
      const record = head + (i + 1) * RECORD_SIZE;
      view.setUint16(record + RECORD_PAGE_OFFSET, start + i * INSTRUCTION_LENGTH, true);
      view.setUint8(record + RECORD_LENGTH, INSTRUCTION_LENGTH);
      view.setUint8(record + RECORD_INDEX, i);
    }
    this.setState32(BUDGET, 97);
    return head + (index + 1) * RECORD_SIZE;
  }

  /** Enters the page of `la` into the TLB. */
  touch(la: bigint): void {
    this.exports.readData32(0, la);
    if (!this.isCached(la)) throw new Error('not entered into the TLB');
  }

  /** Whether the supervisor TLB holds the page of `la`. */
  isCached(la: bigint): boolean {
    const index = Number((la >> 12n) & BigInt(TLB_ENTRIES - 1));
    const entry = TLB_BASE + VIEW_SUPERVISOR * TLB_TABLE_SIZE + index * TLB_ENTRY_SIZE;
    return this.view.getBigUint64(entry + TLB_READ_TAG, true) === (la & ~0xfffn);
  }

  /** Vector and error code of the event that `action` raises; error -1 = none. Undefined if it raises nothing. */
  event(action: () => unknown): { vector: number; error: number } | undefined {
    try {
      action();
      return undefined;
    } catch (error) {
      if (!(error instanceof GuestEvent)) throw error;
      if (this.state32(EVENT_KIND) === EVENT_CODE_WRITE) throw new Error('code write');
      return { vector: this.state32(EVENT_VECTOR), error: this.state32(EVENT_ERROR) };
    }
  }

  /** Runs `action` and delivers what it raises, and what that raises, as the host loop does. */
  deliver(action: () => unknown): void {
    let next = action;
    for (;;) {
      try {
        next();
        return;
      } catch (error) {
        if (!(error instanceof GuestEvent)) throw error;
        next = () => this.exports.deliverEvent();
      }
    }
  }

  /** The frame a 64-bit handler finds: [error code,] RIP, CS, RFLAGS, RSP, SS. */
  frame(slots: number): bigint[] {
    return Array.from({ length: slots }, (_, i) => this.read64(this.gpr(RSP) + BigInt(i * 8)));
  }

  get pageFaultAddress(): bigint {
    return this.state64(CR2);
  }

  get faultRecord(): number {
    return this.state32(CURRENT_RECORD);
  }

  get delivering(): number {
    return this.state32(EVENT_DELIVERING);
  }

  private buildTables(): void {
    const flat = 0x00cf_0000_0000_ffffn;
    const code64 = 0x0020_0000_0000_0000n;
    const rights = (byte: number) => BigInt(byte) << 40n;
    this.setDescriptor(KERNEL_CODE, code64 | rights(0x9b));
    this.setDescriptor(KERNEL_DATA, flat | rights(0x93));
    this.setDescriptor(USER_CODE_32, flat | rights(0xfb));
    this.setDescriptor(USER_DATA, flat | rights(0xf3));
    this.setDescriptor(USER_CODE, code64 | rights(0xfb));
    this.setDescriptor(KERNEL_CODE_32, flat | rights(0x9b));
    this.setDescriptor(ABSENT_DATA, flat | rights(0x13));
    this.setDescriptor(READ_ONLY_DATA, flat | rights(0x91));
    this.setDescriptor(CONFORMING_CODE, code64 | rights(0x9f));
    this.setDescriptor(USER_DATA_16, 0x0000_f300_0000_ffffn);
    this.setDescriptor(TSS_SELECTOR, 0x0000_8900_4000_0067n);
    this.setState64(GDTR_BASE, BigInt(GDT));
    this.setState32(GDTR_LIMIT, 0x7f);
    this.setState64(IDTR_BASE, BigInt(IDT));
    this.setState32(IDTR_LIMIT, 0xfff);
    this.write64(BigInt(TSS + 4), INNER_STACK);
    this.write64(BigInt(TSS + 36), IST_STACK);
    this.setState64(TR_BASE, BigInt(TSS));
    this.setState32(SEGMENT_SELECTOR + 7 * 4, TSS_SELECTOR);
    this.setState32(SEGMENT_LIMIT + 7 * 4, 0x67);
    this.setState32(SEGMENT_RIGHTS + 7 * 4, 0x8b);
    for (let vector = 0; vector < 256; vector++) this.setGate(vector, handlerOf(vector));
  }

  private enterLongMode(): void {
    const supervisorLarge = 0xe3n;
    const userLarge = 0xe7n;
    this.write64(PAGE_TABLES, (PAGE_TABLES + 0x1000n) | 7n);
    this.write64(PAGE_TABLES + 0x1000n, (PAGE_TABLES + 0x2000n) | 7n);
    this.write64(PAGE_TABLES + 0x2000n, supervisorLarge);
    this.write64(PAGE_TABLES + 0x2008n, 0x20_0000n | userLarge);
    this.setState64(CR3, PAGE_TABLES);
    this.setState64(CR4, 0x20n);
    this.setState64(MSR_EFER, 0xd01n);
    this.setState64(CR0, 0x8001_0011n);
    this.enterKernel();
    this.setState32(SEGMENT_SELECTOR + SEGMENT_DS * 4, 0);
    for (const index of [0, SEGMENT_DS, 4, 5]) this.setState32(SEGMENT_RIGHTS + index * 4, 0);
  }
}

export function handlerOf(vector: number): bigint {
  return 0xffff_ffff_8100_0000n + BigInt(vector * 16);
}
