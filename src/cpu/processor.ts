/**
 * The processor as TypeScript sees it: runs guest code for a number of instructions and tells why it stopped.
 *
 * Guest code leaves wasm in two ways: by returning (EXIT_REASON says why) or, out of the middle of an
 * instruction, by the signal that `raise` throws; then deliver() turns what was raised into the entry of the
 * guest's handler and the run goes on. Page faults of handlers are delivered without that (ENTER_FAULT).
 */

import { Blocks } from '../code-cache/blocks.ts';
import { Decoder } from '../isa/decoder.ts';
import { variantOfSlot } from '../isa/instruction-set.ts';
import { aesTables } from '../isa/semantics/sse-aes.ts';
import { DEBUGCTL_BTF, DR6_BS, FLAG_IF, FLAG_RF, FLAG_TF, RCX } from '../layout/architecture.ts';
import { HOST_MODULE, type HostFunction, MEMORY, MEMORY_MODULE } from '../layout/contract.ts';
import {
  CPL,
  GPR,
  INTERRUPT_SHADOW,
  MSR_DEBUGCTL,
  NMI_BLOCKED,
  RIP,
  SHADOW_STACK,
  SYSTEM_FLAGS,
} from '../layout/cpu-state.ts';
import { FEATURES, featureBits } from '../layout/features.ts';
import { CPU_STATE, SCRATCH_RECORDS } from '../layout/linear-memory.ts';
import {
  HEAD_COUNT,
  HEAD_PHYSICAL_PAGE,
  RECORD_FN,
  RECORD_INDEX,
  RECORD_LENGTH,
  RECORD_PAGE_OFFSET,
  RECORD_SIZE,
  SLOT_ENTER,
  SLOT_GUARDED,
  SLOT_STEPPED,
} from '../layout/record.ts';
import {
  AES_TABLES,
  BREAKPOINT_HITS,
  BREAKPOINT_RESUME,
  BREAKPOINT_STEP,
  BUDGET,
  COUNTER_EXCEPTIONS,
  COUNTERS,
  CPUID_WITHHELD,
  CURRENT_RECORD,
  ENTRY_COUNTS,
  EVENT_BREAKPOINT,
  EVENT_CODE_WRITE,
  EVENT_DELIVERING,
  EVENT_KIND,
  EVENT_OUT_OF_MEMORY,
  EXCEPTIONS_LEFT,
  EXIT_BUDGET,
  EXIT_EVENT,
  EXIT_REASON,
  EXIT_STEPPED,
  EXIT_TRIPLE_FAULT,
  EXIT_WAIT,
  GUARDED_COUNT,
  HOST_INTERCEPTS,
  INSTRUCTIONS,
  INTERRUPT_MASKABLE,
  INTERRUPT_NMI,
  INTERRUPT_PENDING,
  MODE,
  MONITOR_ARMED,
  SLICE,
  TIME_LEFT,
  VENDOR_AMD,
} from '../layout/runtime-state.ts';
import { DEFAULT_VENDOR, type Vendor } from '../layout/vendor.ts';
import { MemoryViews } from './memory-views.ts';
import type { HostFunctions, RuntimeExports } from './runtime.ts';
import { SliceGlobals } from './slice-globals.ts';

/** Thrown by `raise` to unwind the guest's wasm frames. One object, so that throwing costs no stack trace. */
const SIGNAL = { longmode: 'event' };

/** Thrown in its place when the host has no memory for what the guest, or a loader, touches. */
export class OutOfHostMemory extends Error {
  override readonly name = 'OutOfHostMemory';

  constructor() {
    super('the host has no more memory for the guest');
  }
}

/** Initial pages of linear memory: everything below guest RAM (linear-memory.ts). */
const INITIAL_PAGES = 0x650;
const MAXIMUM_PAGES = 65536;

/** Exceptions in one slice: those that are thrown take a thousand times as long as other instructions. */
const MOST_EXCEPTIONS = 10_000;

export type ExitReason =
  | 'budget'
  | 'halt'
  | 'wait'
  | 'event'
  | 'triple fault'
  | 'out of memory'
  | 'intercepted';

export interface ProcessorOptions {
  /** The runtime module (build/runtime.wasm). */
  readonly runtime: WebAssembly.Module;
  readonly host: HostFunctions;
  /** Host.prepareMemory(). */
  readonly prepareMemory?: ((memory: WebAssembly.Memory, most: number) => void) | undefined;
  /** A block was entered as often as Blocks.hotness says. */
  readonly requestCompile: (head: number) => void;
  /** A block of a compiled region went stale. */
  readonly blockDropped: (head: number) => void;
  /** An instruction without an implementation is about to raise #UD. */
  readonly undefinedInstruction: (record: number) => void;
  /** Names of features that it is without (layout/features.ts); none by default. */
  readonly withheld?: ReadonlySet<string>;
  /** Whose processor it is (layout/vendor.ts). */
  readonly vendor?: Vendor;
  /** Sees every exception before it is delivered; true takes it away from the guest and ends the run. */
  readonly intercept?: () => boolean;
}

export class Processor {
  readonly memory: WebAssembly.Memory;
  readonly views: MemoryViews;
  readonly table: WebAssembly.Table;
  readonly runtime: RuntimeExports;
  readonly blocks: Blocks;
  /** How often run() returned for each reason. */
  readonly exits = new Map<ExitReason, number>();
  /** Record of the instruction whose exception was intercepted; 0 = RIP is exact. */
  interceptedRecord = 0;
  private stopped: ExitReason | undefined;
  private readonly intercept: (() => boolean) | undefined;
  private readonly globals: SliceGlobals;

  constructor(options: ProcessorOptions) {
    this.intercept = options.intercept;
    this.memory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: MAXIMUM_PAGES });
    options.prepareMemory?.(this.memory, MAXIMUM_PAGES * 65536);
    this.views = new MemoryViews(this.memory);
    const host = {
      ...options.host,
      raise: () => {
        throw this.i32(EVENT_KIND) === EVENT_OUT_OF_MEMORY ? new OutOfHostMemory() : SIGNAL;
      },
      decode: (
        record: number,
        bytes: number,
        available: number,
        pageOffset: number,
        index: number,
        mode: number,
      ) => this.blocks.instructions.decode(record, bytes >>> 0, available, pageOffset, index, mode),
      takeSaved: (page: number, pageOffset: number, mode: number) =>
        this.blocks.saved?.take(page >>> 0, pageOffset, mode) ?? 0,
      beforeReuse: (from: number, to: number) => this.blocks.reuse(from, to),
      requestCompile: options.requestCompile,
      blockDropped: options.blockDropped,
      undefinedInstruction: options.undefinedInstruction,
    } satisfies Record<HostFunction, (...values: never[]) => unknown>;
    const instance = new WebAssembly.Instance(options.runtime, {
      [MEMORY_MODULE]: { [MEMORY]: this.memory },
      [HOST_MODULE]: host,
    });
    this.globals = new SliceGlobals(instance.exports);
    this.runtime = instance.exports as unknown as RuntimeExports;
    this.table = this.runtime.table;
    this.runtime.initializeMemory();
    const { withheld = new Set(), vendor = DEFAULT_VENDOR } = options;
    this.blocks = new Blocks(this.views, new Decoder(withheld, vendor));
    this.setU32(VENDOR_AMD, vendor === 'AuthenticAMD' ? 1 : 0);
    featureBits(FEATURES.filter(({ name }) => withheld.has(name))).forEach((bits, word) => {
      this.setU32(CPUID_WITHHELD + 4 * word, bits);
    });
    this.views.u32.set(aesTables(), (CPU_STATE + AES_TABLES) >> 2);
    this.setU32(EVENT_DELIVERING, -1);
  }

  // ---- state access ----

  u32(offset: number): number {
    return this.views.u32[(CPU_STATE + offset) >> 2] as number;
  }
  i32(offset: number): number {
    return this.views.i32[(CPU_STATE + offset) >> 2] as number;
  }
  setU32(offset: number, value: number): void {
    this.views.u32[(CPU_STATE + offset) >> 2] = value;
  }
  u64(offset: number): bigint {
    return BigInt.asUintN(64, this.views.i64[(CPU_STATE + offset) >> 3] as bigint);
  }
  setU64(offset: number, value: bigint): void {
    this.views.i64[(CPU_STATE + offset) >> 3] = BigInt.asIntN(64, value);
  }
  gpr(register: number): bigint {
    return this.u64(GPR + register * 8);
  }
  setGpr(register: number, value: bigint): void {
    this.setU64(GPR + register * 8, value);
  }
  get rip(): bigint {
    return this.u64(RIP);
  }
  set rip(value: bigint) {
    this.setU64(RIP, value);
  }
  get flags(): number {
    return this.runtime.getFlags() >>> 0;
  }
  set flags(value: number) {
    this.runtime.setFlags(value);
  }
  get cpl(): number {
    return this.i32(CPL);
  }
  get mode(): number {
    return this.i32(MODE);
  }
  counter(index: number): number {
    return Number(this.u64(COUNTERS + index * 8));
  }
  /** Exceptions and software interrupts delivered. */
  private get exceptions(): number {
    return this.counter(COUNTER_EXCEPTIONS);
  }

  /** Instructions executed since power-on as run() counts them, exact even inside a device access. */
  get instructions(): number {
    const done = this.i32(SLICE) - this.i32(BUDGET);
    // Not by a BigInt: the clock asks each time that it is looked at.
    return this.u32(INSTRUCTIONS) + this.u32(INSTRUCTIONS + 4) * 2 ** 32 + done - this.ahead();
  }

  /** Instructions of the running block that the budget already paid for but that have not run. */
  private ahead(): number {
    const record = this.u32(CURRENT_RECORD);
    if (record === 0) return 0;
    const { u8, u16 } = this.views;
    return (
      (u16[(this.blockHead(record) + HEAD_COUNT) >> 1] as number) - (u8[record + RECORD_INDEX] as number)
    );
  }

  /** Head of the block that an instruction's record is in. */
  private blockHead(record: number): number {
    return record - ((this.views.u8[record + RECORD_INDEX] as number) + 1) * RECORD_SIZE;
  }

  get interruptsEnabled(): boolean {
    return (this.i32(SYSTEM_FLAGS) & FLAG_IF) !== 0;
  }

  /**
   * After MWAIT: whether it waits, until an interrupt comes. ECX bit 0 says that one which is disabled ends the wait, too.
   * Else it does nothing, as it may (Intel SDM Vol. 2 "MWAIT").
   */
  takeWait(): boolean {
    const isArmed = this.i32(MONITOR_ARMED) !== 0;
    this.setU32(MONITOR_ARMED, 0);
    return isArmed && (this.interruptsEnabled || (this.gpr(RCX) & 1n) !== 0n);
  }

  /** Tells the guest code that an interrupt waits; it leaves as soon as interrupts are enabled. */
  setInterruptPending(maskable: boolean, nmi: boolean): void {
    this.setU32(INTERRUPT_PENDING, (maskable ? INTERRUPT_MASKABLE : 0) | (nmi ? INTERRUPT_NMI : 0));
  }

  /** The bytes of the instruction of a record of the running block (those in its first page); none outside RAM. */
  codeOfRecord(record: number): Uint8Array {
    const { u8, u16, u32 } = this.views;
    const physicalPage = u32[(this.blockHead(record) + HEAD_PHYSICAL_PAGE) >> 2] as number;
    const host = this.runtime.hostPageAddress(physicalPage) >>> 0;
    if (host === 0) return new Uint8Array(0);
    const at = host + (u16[(record + RECORD_PAGE_OFFSET) >> 1] as number);
    return u8.slice(at, at + (u8[record + RECORD_LENGTH] as number));
  }

  // ---- running ----

  /**
   * Ends the slice at the next block boundary: called by devices, out of the middle of an instruction, when the
   * host loop must look at something (an interrupt, an earlier deadline).
   */
  endSlice(): void {
    this.shortenSlice(Number.POSITIVE_INFINITY);
  }

  /** Takes up to `count` instructions out of the slice. The rest of the running block is paid for. */
  shortenSlice(count: number): void {
    const taken = Math.min(this.i32(BUDGET), count);
    if (taken <= 0) return;
    this.setU32(SLICE, this.i32(SLICE) - taken);
    this.setU32(BUDGET, this.i32(BUDGET) - taken);
  }

  /**
   * Runs at most `count` instructions, exactly that many unless something leaves earlier. An exception counts as
   * one, and so does each step of a repeated string instruction (wasm-runtime/string/repetition.ts). Only exceptions
   * that follow from the last one, a double fault for example, go beyond `count`.
   *
   * @param count 1 to 2^30.
   */
  run(count: number): ExitReason {
    // Delivering an interrupt may have ended it.
    if (this.stopped === 'triple fault' || this.stopped === 'out of memory') return this.stopped;
    this.setU32(SLICE, count);
    this.setU32(BUDGET, count);
    this.setU32(ENTRY_COUNTS, 1);
    this.setU32(TIME_LEFT, 0);
    this.stopped = undefined;
    this.setU32(EXCEPTIONS_LEFT, MOST_EXCEPTIONS);
    this.setU32(HOST_INTERCEPTS, this.intercept === undefined ? 0 : 1);
    let reason = this.resume(this.resumesInstruction() ? this.continuePastBreakpoint : this.continue);
    this.setU32(BREAKPOINT_RESUME, 0);
    while (reason === EXIT_BUDGET && this.i32(BUDGET) > 0) reason = this.step(this.i32(BUDGET));
    this.settle();
    this.globals.spoil();
    const why = this.stopped ?? exitReason(reason);
    this.exits.set(why, (this.exits.get(why) ?? 0) + 1);
    return why;
  }

  /** Counts what the slice has used of its budget and ends it. */
  private settle(): void {
    this.setU32(CURRENT_RECORD, 0);
    const executed = this.i32(SLICE) - this.i32(BUDGET);
    this.setU64(INSTRUCTIONS, this.u64(INSTRUCTIONS) + BigInt(executed));
    this.setU32(SLICE, 0);
    this.setU32(BUDGET, 0);
  }

  /** Runs `enter` and whatever the events that it raises lead to. Returns EXIT_REASON. */
  private resume(enter: () => void): number {
    let next = enter;
    for (;;) {
      try {
        next();
        return this.i32(EXIT_REASON);
      } catch (error) {
        if (error instanceof OutOfHostMemory) {
          this.stopped = 'out of memory';
          return EXIT_EVENT;
        }
        if (error !== SIGNAL) throw error;
        const kind = this.i32(EVENT_KIND);
        if (kind !== EVENT_CODE_WRITE && kind !== EVENT_BREAKPOINT && this.intercept?.()) {
          this.stopped = 'intercepted';
          this.interceptedRecord = this.u32(CURRENT_RECORD);
          this.setU32(BUDGET, this.i32(BUDGET) + this.ahead());
          return EXIT_EVENT;
        }
        if (kind === EVENT_CODE_WRITE) next = this.repeatAlone;
        else if (kind === EVENT_BREAKPOINT) next = this.repeatToBreakpoint;
        else next = this.deliver;
      }
    }
  }

  private readonly deliver = (): void => {
    // Looking the handler up may raise the next exception.
    if (this.runtime.deliver() !== 0) this.runtime.run();
    else if (this.i32(EXIT_REASON) === EXIT_TRIPLE_FAULT) this.stopped = 'triple fault';
  };

  private readonly continue = (): void => this.runtime.run();

  /** Takes EFLAGS.RF, which is there only between two slices; true if it keeps an instruction breakpoint from hitting. */
  private resumesInstruction(): boolean {
    const flags = this.u32(SYSTEM_FLAGS);
    if ((flags & FLAG_RF) === 0) return false;
    this.setU32(SYSTEM_FLAGS, flags & ~FLAG_RF);
    return this.u32(GUARDED_COUNT) !== 0;
  }

  private readonly continuePastBreakpoint = (): void => {
    const head = this.runtime.lookup();
    if (this.views.u32[(head + RECORD_FN) >> 2] === SLOT_GUARDED) this.setU32(BREAKPOINT_RESUME, 1);
    this.runtime.run();
  };

  /** The instruction hits a data or I/O breakpoint: it is run by itself, and the trap behind it ends the slice. */
  private readonly repeatToBreakpoint = (): void => {
    const record = this.u32(CURRENT_RECORD);
    this.runtime.deliverEvent(); // RIP and budget exact again
    const scratch = this.copyScratch(record, 1);
    // What follows a branch is not entered.
    this.setU32(SLICE, this.i32(SLICE) - this.i32(BUDGET) + 1);
    this.setU32(BUDGET, 1);
    const isTraced = this.trapFlag;
    this.setU32(BREAKPOINT_HITS, 0);
    this.setU32(BREAKPOINT_STEP, 1);
    try {
      this.runtime.enter(scratch);
    } finally {
      this.setU32(BREAKPOINT_STEP, 0);
    }
    this.runtime.deliverDebugTrap(this.u32(BREAKPOINT_HITS) | (isTraced ? DR6_BS : 0));
    this.setU32(EXIT_REASON, EXIT_BUDGET);
  };

  /** The instruction overwrites translated code, now dropped: it is run again by itself, then the run goes on. */
  private readonly repeatAlone = (): void => {
    const record = this.u32(CURRENT_RECORD);
    this.runtime.deliverEvent(); // RIP and budget exact again
    const scratch = this.copyScratch(record, 1);
    this.runtime.enter(scratch);
    if (this.i32(EXIT_REASON) !== EXIT_STEPPED) return;
    this.runtime.run();
  };

  /**
   * Copies `count` records from `first` on behind a scratch head and ends them with the `stepped` record.
   *
   * A copied branch has the links of the original, which nobody clears when half of the record arena is emptied.
   * They cannot dangle: the copy is entered at once, only a translation empties the arena, and a block translates
   * nothing before its last record has looked for its successor; an exception on the way abandons the copy.
   */
  private copyScratch(first: number, count: number): number {
    const { u8, u16, u32 } = this.views;
    const head = SCRATCH_RECORDS;
    u32.fill(0, head >> 2, (head + RECORD_SIZE) >> 2);
    u32[(head + RECORD_FN) >> 2] = SLOT_ENTER;
    u16[(head + HEAD_COUNT) >> 1] = count;
    u16[(head + RECORD_PAGE_OFFSET) >> 1] = u16[(first + RECORD_PAGE_OFFSET) >> 1] as number;
    u8.copyWithin(head + RECORD_SIZE, first, first + count * RECORD_SIZE);
    const last = head + count * RECORD_SIZE;
    for (let i = 0; i < count; i++) u8[head + (i + 1) * RECORD_SIZE + RECORD_INDEX] = i;
    const end = last + RECORD_SIZE;
    u32.fill(0, end >> 2, (end + RECORD_SIZE) >> 2);
    u32[(end + RECORD_FN) >> 2] = SLOT_STEPPED;
    u16[(end + RECORD_PAGE_OFFSET) >> 1] =
      (u16[(last + RECORD_PAGE_OFFSET) >> 1] as number) + (u8[last + RECORD_LENGTH] as number);
    u8[end + RECORD_INDEX] = count;
    return head;
  }

  /**
   * Runs exactly `count` instructions of the block at RIP, which has more than that: a copy of its first records,
   * so that the handlers need no check of their own.
   */
  private step(count: number): number {
    return this.resume(() => {
      const head = this.runtime.lookup();
      const length = this.views.u16[(head + HEAD_COUNT) >> 1] as number;
      const scratch = this.copyScratch(head + RECORD_SIZE, Math.min(count, length));
      this.runtime.enter(scratch);
    });
  }

  /** Delivers an external interrupt; the caller has checked that interrupts are enabled. */
  interrupt(vector: number): void {
    this.between(() => this.runtime.deliverInterrupt(vector));
  }

  nmi(): void {
    this.between(() => this.runtime.deliverNmi());
  }

  private between(deliver: () => void): void {
    this.resume(deliver);
    // Exceptions on the way have their price.
    this.settle();
  }

  get nmiBlocked(): boolean {
    return this.i32(NMI_BLOCKED) !== 0;
  }
  get interruptShadow(): boolean {
    return this.i32(INTERRUPT_SHADOW) !== 0;
  }
  clearInterruptShadow(): void {
    this.setU32(INTERRUPT_SHADOW, 0);
  }
  get trapFlag(): boolean {
    return (this.i32(SYSTEM_FLAGS) & FLAG_TF) !== 0;
  }

  /**
   * Runs one instruction with EFLAGS.TF set, and delivers the #DB that follows it. There is none after an
   * instruction that raised something itself, since entering the handler cleared TF, after a SYSCALL that cleared it,
   * or after MOV SS; with IA32_DEBUGCTL.BTF only branches that are taken have one.
   */
  singleStep(): ExitReason {
    const { exceptions, cpl } = this;
    const onBranches = (this.i32(MSR_DEBUGCTL) & DEBUGCTL_BTF) !== 0;
    const afterBranch = onBranches ? this.nextAfterBranch() : undefined;
    if (this.exceptions !== exceptions) return 'event';
    this.clearInterruptShadow();
    const reason = this.run(1);
    if (this.exceptions !== exceptions || this.stopped !== undefined) return reason;
    if (!this.trapFlag && this.cpl !== cpl) return reason;
    if (this.i32(INTERRUPT_SHADOW) === SHADOW_STACK) return reason;
    if (onBranches && (afterBranch === undefined || this.rip === afterBranch)) return reason;
    this.between(() => this.runtime.deliverDebugTrap(DR6_BS));
    return 'event';
  }

  /** If the instruction at RIP is a branch, where it goes on when it is not taken. */
  private nextAfterBranch(): bigint | undefined {
    let head = 0;
    this.between(() => {
      head = this.runtime.lookup();
    });
    // The fetch has raised an exception.
    if (head === 0) return undefined;
    const record = head + RECORD_SIZE;
    const variant = variantOfSlot(this.views.u32[(record + RECORD_FN) >> 2] as number);
    if (variant === undefined || variant.row.ending === 'next') return undefined;
    return this.rip + BigInt(this.views.u8[record + RECORD_LENGTH] as number);
  }
}

function exitReason(reason: number): ExitReason {
  switch (reason) {
    case EXIT_BUDGET:
    case EXIT_STEPPED:
      return 'budget';
    case EXIT_EVENT:
      return 'event';
    case EXIT_WAIT:
      return 'wait';
    default:
      return 'halt';
  }
}
