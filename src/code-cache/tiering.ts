/**
 * Decides what is compiled and when, and installs the results.
 *
 * A block that has been entered often enough asks for compilation (record.ts: HEAD_COUNTDOWN). Requests are
 * collected, turned into regions and sent to the compile worker in batches, because a module costs the same
 * however many regions it holds. Results are installed between two slices, if every block of the region
 * is still what it was.
 *
 * Every block whose address is kept here is marked HEAD_WATCHED, so that drop() is told before its records go. Those that regions
 * only lead to are not: that their records are about to be used for others is all that matters, and forget() is told.
 */

import {
  type CompiledTier,
  type PackedRegions,
  packRegions,
  type RegionSource,
} from '../compile/region-source.ts';
import type { Processor } from '../cpu/processor.ts';
import { regionName } from '../layout/contract.ts';
import { MXCSR, MXCSR_MASKS, MXCSR_PE, MXCSR_RC } from '../layout/cpu-state.ts';
import { CPU_STATE } from '../layout/linear-memory.ts';
import { HEAD_COUNT, HEAD_COUNTDOWN, RECORD_FN, SLOT_GUARDED } from '../layout/record.ts';
import { COUNTER_INTERPRETED_INSTRUCTIONS } from '../layout/runtime-state.ts';
import type { ArchiveRequest, ArchiveResult, LoadResult, PackPlace } from '../saved-code/messages.ts';
import { type BlockCounts, BlockProfile, PROFILED_INSTRUCTIONS } from './block-profile.ts';
import {
  type HotInstructions,
  InstalledModule,
  InstalledRegions,
  NEVER,
  type RegionLimits,
} from './installed-regions.ts';
import { RegionCollector, targetsWithin } from './region-collector.ts';
import { regionExports } from './region-exports.ts';
import { SavedCode } from './saved-code.ts';

export type Tier = 'auto' | 'interpreter' | 'compiled';

/**
 * Entries after which a block is compiled. To compile a region and to optimise it takes as long as to interpret a hundred thousand
 * instructions and more, and most blocks that are entered 1500 times are not entered much more often: programs that run for a second take
 * longer with half and with twice as many.
 */
const HOT = 4000;
/**
 * The same for a machine that compiles everything at once: what is run only once is not worth it, and a loop has been
 * round often enough for its blocks to be known, so that they become one region.
 */
const HOT_AT_ONCE = 4;
/**
 * Instructions that a region has executed when it is compiled again, in the next tier. After five million short programs take longer, after
 * 25 million a boot does.
 */
const HOT_INSTRUCTIONS: HotInstructions = { first: 12_000_000, second: NEVER };
const HOT_INSTRUCTIONS_AT_ONCE: HotInstructions = { first: 100_000, second: 20_000_000 };
/** A block is taken into a region if it has been entered this share of the times after which its head is compiled. */
const WARM = 0.4;
/** Most regions in one module, and in one that is urgent: all of a module's regions arrive together. */
const BATCH = 64;
const URGENT_BATCH = 8;
/**
 * Instructions for which fewer requests than a batch wait for others: a module takes 19 kB beside its regions, and pages of
 * code that no other is on.
 */
const PATIENCE = 10_000_000;
/**
 * While there are fewer modules than this share of what there may be, each batch is as small as an urgent one and waits only so long: a
 * boot waits for a third of what it waits for with full modules.
 */
const ROOMY = 0.5;
const PATIENCE_WHILE_ROOMY = 1_000_000;
/** They do not if a block has been entered this many times as often again as made it hot. */
const URGENT = 4;
/**
 * Batches of what is hot for the first time that go before what is hot once more has a turn, however much waits. In a boot it waits for four
 * at most; a guest that runs new code all the time would never leave the first tier.
 */
const MOST_AHEAD = 4;
/** Batches at the worker: while one comes back the next is compiled. */
const MOST_BATCHES = 2;
/**
 * Python compiling its library has 4700 regions in use, 10 MiB of WebAssembly; with 7 MiB it took longer than in the interpreter.
 * A module takes 19 kB beside its code, a megabyte of WebAssembly 5 MB.
 */
const LIMITS: RegionLimits = { modules: 768, bytes: 11 * 1024 * 1024 };

/** What the worker is sent and sends back. */
export interface CompileRequest {
  readonly kind: 'compile';
  readonly id: number;
  readonly regions: PackedRegions;
}
export interface CompileResult {
  readonly kind: 'compiled';
  readonly id: number;
  readonly module: WebAssembly.Module;
  readonly bytes: number;
  /** Time the worker took, in milliseconds: our compiler, and the engine's. */
  readonly milliseconds: number;
}

/** Compiles on the machine's own thread: regions to module bytes (compiler.ts). */
export type LocalCompiler = (regions: readonly RegionSource[]) => Uint8Array;

/** The compile worker as this file sees it. */
export interface RemoteCompiler {
  post(request: CompileRequest | ArchiveRequest): void;
  /** Replaces who is told. @param onFailure the worker is gone; nothing more will come. */
  listen(onResult: (result: CompileResult | ArchiveResult) => void, onFailure: () => void): void;
  /** Ends the worker. */
  close(): Promise<void>;
}

/** A block of a region that is being compiled. */
interface Covered {
  readonly head: number;
  /** HEAD_COUNTDOWN as last seen. */
  seen: number;
}

interface Batch {
  readonly regions: readonly RegionSource[];
  /** Heads that went stale since: there may be other blocks at these addresses. */
  readonly dropped: Set<number>;
}

export interface TieringStatistics {
  requests: number;
  /** Compiled so far, and how many of them in the second tier and in the third. */
  regions: number;
  secondTierRegions: number;
  thirdTierRegions: number;
  modules: number;
  /** Those that can be entered, and the modules they are in. */
  liveRegions: number;
  liveModules: number;
  moduleBytes: number;
  compileMilliseconds: number;
  /** Their code had changed before they arrived. */
  rejected: number;
  /** Their code has changed since, or was forgotten. */
  dropped: number;
  /** They made room for others. */
  evicted: number;
  /** Found again of those of earlier runs, and blocks. */
  saved: SavedCode['statistics'];
}

export class Tiering {
  private readonly counts = {
    requests: 0,
    regions: 0,
    secondTierRegions: 0,
    thirdTierRegions: 0,
    modules: 0,
    moduleBytes: 0,
    compileMilliseconds: 0,
    rejected: 0,
  };
  private readonly processor: Processor;
  private readonly collector: RegionCollector;
  private remote: RemoteCompiler | undefined;
  private readonly local: LocalCompiler | undefined;
  private readonly milliseconds: () => number;
  /** What is compiled in it is not compiled again. No pass of the optimiser gains enough yet for the 80 MB that Binaryen takes. */
  private readonly lastTier: CompiledTier;
  private readonly waiting = new Set<number>();
  /** Heads of regions that have become hot once more, and how often what is around them was entered, if that has been counted. */
  private readonly hot = new Map<number, BlockCounts>();
  /** Those of which it is not known yet whether that has to be counted. */
  private readonly hotAnew = new Set<number>();
  private profile: BlockProfile | undefined;
  /** What the profile is for. */
  private readonly profiled = new Set<number>();
  /** Batches that have been sent while they waited. */
  private ahead = 0;
  private readonly underWay = new Map<number, Batch>();
  /** Instructions that fewer requests than a batch wait for others: while there are few modules, and then. */
  patience = { whileRoomy: PATIENCE_WHILE_ROOMY, later: PATIENCE };
  private readonly limits: RegionLimits;
  /** When the first of those that wait asked, in instructions. */
  private waitingSince = 0;
  private arrived: (CompileResult | LoadResult)[] = [];
  /** Unique among all machines that share a worker: a result for one from before a restart is nobody's. */
  private static nextId = 1;
  private readonly installed: InstalledRegions;
  private readonly savedCode: SavedCode | undefined;
  /** Blocks of the regions that are being compiled. */
  private readonly covered = new Map<number, Covered>();
  private wakeWaiter: () => void = () => {};

  constructor(
    processor: Processor,
    tier: Tier,
    remote: RemoteCompiler | undefined,
    local: LocalCompiler | undefined,
    milliseconds: () => number,
    keptIn?: PackPlace,
    limits = LIMITS,
  ) {
    this.processor = processor;
    this.limits = limits;
    this.lastTier = tier === 'compiled' ? 'third' : 'second';
    this.installed = new InstalledRegions(
      processor,
      limits,
      tier === 'compiled' ? HOT_INSTRUCTIONS_AT_ONCE : HOT_INSTRUCTIONS,
    );
    this.collector = new RegionCollector(processor.views, processor.runtime, (head) =>
      this.installed.targetsOf(head),
    );
    this.remote = remote;
    this.local = local;
    this.milliseconds = milliseconds;
    processor.blocks.beforeReuse = (from, to) => this.forget(from, to);
    processor.blocks.hotness = tier === 'interpreter' ? 0 : tier === 'compiled' ? HOT_AT_ONCE : HOT;
    remote?.listen(
      (result) => {
        // Who waits for that does not let the guest run.
        if (result.kind === 'saved') this.savedCode?.saved();
        else this.arrived.push(result);
        this.wakeWaiter();
      },
      () => {
        this.remote = undefined;
        this.underWay.clear();
        this.savedCode?.gone();
        this.wakeWaiter();
      },
    );
    if (remote !== undefined && keptIn !== undefined)
      this.savedCode = new SavedCode(processor, this.installed, keptIn, (request) =>
        this.remote?.post(request),
      );
  }

  get statistics(): TieringStatistics {
    const { regions, modules, dropped, evicted } = this.installed;
    const saved = this.savedCode?.statistics ?? { blocks: 0, regions: 0 };
    return { ...this.counts, liveRegions: regions, liveModules: modules, dropped, evicted, saved };
  }

  /** How many instructions a region executes before it is compiled again in the second tier. */
  set hotInstructions(instructions: HotInstructions) {
    this.installed.hotInstructions = instructions;
  }

  /** Instructions that the regions of each tier have executed: those of the last are what else was compiled. */
  get instructions(): Readonly<Record<CompiledTier, number>> {
    const { processor } = this;
    const compiled = processor.instructions - processor.counter(COUNTER_INTERPRETED_INSTRUCTIONS);
    const { first, second } = this.installed.instructions;
    return this.lastTier === 'second'
      ? { first, second: compiled - first, third: 0 }
      : { first, second, third: compiled - first - second };
  }

  /** True while results are expected: the host loop then lets messages in more often. */
  get isWaiting(): boolean {
    return this.underWay.size > 0 || this.savedCode?.isLoading === true;
  }

  /** A block has become hot. Called by guest code on its way into the block. */
  request(head: number): void {
    // Each entry of a block that may have a breakpoint is looked at.
    if (this.processor.views.u32[(head + RECORD_FN) >> 2] === SLOT_GUARDED) return;
    this.counts.requests += 1;
    if (this.installed.reinstate(head) || this.savedCode?.request(head) === true) return;
    if (!this.hasRequests) this.waitingSince = this.processor.instructions;
    if (this.installed.has(head)) {
      this.installed.acknowledge(head);
      this.hotAnew.add(head);
      // What is counted is to be what runs now.
      this.processor.endSlice();
    } else {
      this.waiting.add(head);
      this.processor.blocks.watch(head);
    }
    if (this.local !== undefined) this.processor.endSlice();
  }

  /** How many instructions the next slice may have at most. */
  get longestSlice(): number {
    return this.profile === undefined ? Number.POSITIVE_INFINITY : PROFILED_INSTRUCTIONS;
  }

  /** Ends what poll() has begun for the slice that has just been run. */
  endProfile(): void {
    if (this.profile === undefined) return;
    const counts = this.profile.end();
    this.profile = undefined;
    for (const head of this.profiled) this.addHot(head, counts);
    this.profiled.clear();
  }

  private addHot(head: number, counts: BlockCounts): void {
    if (!this.hasRequests) this.waitingSince = this.processor.instructions;
    this.hot.set(head, counts);
  }

  /** Finds out for which heads there has to be a profile: where a region has not room for all that is around. */
  private sortHot(): void {
    for (const head of this.hotAnew) {
      if (this.collector.isCutShort(head, this.coldest)) this.profiled.add(head);
      else this.addHot(head, new Map());
    }
    this.hotAnew.clear();
  }

  private beginProfile(): void {
    const around = new Set<number>();
    for (const head of this.profiled)
      for (const block of this.collector.around(head, this.coldest)) around.add(block);
    for (const block of around) this.processor.blocks.watch(block);
    this.profile = new BlockProfile(this.processor, this.installed, around);
  }

  /** HEAD_COUNTDOWN above which a block is too cold for a region. At least once: one that was never entered says nothing of where it leads. */
  private get coldest(): number {
    const { hotness } = this.processor.blocks;
    return hotness - Math.max(1, Math.floor(hotness * WARM));
  }

  /**
   * Instructions interpreted since the last call in blocks that are being compiled: what it costs not to wait.
   */
  interpretedMeanwhile(): number {
    const { i32, u16 } = this.processor.views;
    let instructions = 0;
    for (const block of this.covered.values()) {
      const { head, seen } = block;
      const countdown = i32[(head + HEAD_COUNTDOWN) >> 2] as number;
      // That of a compiled block counts something else.
      if (countdown === seen || this.installed.has(head)) continue;
      instructions += (seen - countdown) * (u16[(head + HEAD_COUNT) >> 1] as number);
      block.seen = countdown;
    }
    return instructions;
  }

  /** Resolves when the worker's next result is there. */
  nextResult(): Promise<void> {
    if (this.arrived.length > 0 || this.underWay.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.wakeWaiter = resolve;
    });
  }

  /** Installs what has arrived and sends what waits: between two slices. endProfile() is due when the next one has been run. */
  poll(): void {
    this.endProfile();
    this.installArrived();
    this.sortHot();
    while (this.local !== undefined && this.hasRequests) this.compileNow(this.local);
    while (this.underWay.size < MOST_BATCHES && this.remote !== undefined && this.isDue) {
      const batch = this.takeBatch(this.isUrgent ? URGENT_BATCH : this.batch);
      if (batch.regions.length === 0) break;
      const id = Tiering.nextId++;
      this.underWay.set(id, batch);
      this.remote.post({ kind: 'compile', id, regions: packRegions(batch.regions) });
    }
    // The last: what is counted looks as if it were cold.
    if (this.profiled.size > 0) this.beginProfile();
  }

  private installArrived(): void {
    for (const result of this.arrived) {
      if (result.kind !== 'compiled') {
        this.savedCode?.receive(result);
        continue;
      }
      const { id, module, bytes, milliseconds } = result;
      const batch = this.underWay.get(id);
      if (batch === undefined) continue;
      this.underWay.delete(id);
      this.counts.compileMilliseconds += milliseconds;
      this.install(batch, module, bytes);
    }
    this.arrived = [];
  }

  private get hasRequests(): boolean {
    return this.waiting.size > 0 || this.hot.size > 0;
  }

  /** Whether there may be so many more modules that they need not be full. */
  private get isRoomy(): boolean {
    return this.installed.modules < this.limits.modules * ROOMY;
  }

  private get batch(): number {
    return this.isRoomy ? URGENT_BATCH : BATCH;
  }

  /** Whether what waits is worth a module. */
  private get isDue(): boolean {
    const requests = this.waiting.size + this.hot.size;
    if (requests >= this.batch) return true;
    const patience = this.isRoomy ? this.patience.whileRoomy : this.patience.later;
    return requests > 0 && (this.isUrgent || this.processor.instructions - this.waitingSince >= patience);
  }

  /** Whether a block is so hot that compiling it is not put off. */
  private get isUrgent(): boolean {
    const enough = -URGENT * this.processor.blocks.hotness;
    for (const head of this.waiting) if (this.countdown(head) <= enough) return true;
    return false;
  }

  private countdown(head: number): number {
    return this.processor.views.i32[(head + HEAD_COUNTDOWN) >> 2] as number;
  }

  private compileNow(compile: LocalCompiler): void {
    const batch = this.takeBatch(URGENT_BATCH);
    if (batch.regions.length === 0) return;
    const start = this.milliseconds();
    const bytes = compile(batch.regions);
    const module = new WebAssembly.Module(bytes as BufferSource);
    this.counts.compileMilliseconds += this.milliseconds() - start;
    this.install(batch, module, bytes.length);
  }

  /** What is hot for the first time goes first, but not always. */
  private takeBatch(most: number): Batch {
    let regions = this.ahead < MOST_AHEAD ? this.takeWaiting(most) : [];
    if (regions.length > 0 && this.hot.size > 0) this.ahead += 1;
    else this.ahead = 0;
    if (regions.length === 0) regions = this.takeHot(this.isRoomy ? 1 : most);
    return { regions, dropped: new Set() };
  }

  /**
   * The hottest of what waits: the count goes on while a block is waiting. A block that is part of a region on its
   * way is not compiled as an entry of its own unless it becomes hot again after that region has been installed.
   */
  private takeWaiting(most: number): RegionSource[] {
    const regions: RegionSource[] = [];
    for (const head of [...this.waiting].sort((a, b) => this.countdown(a) - this.countdown(b))) {
      if (regions.length === most) break;
      this.waiting.delete(head);
      if (this.covered.has(head) || this.countdown(head) > 0) continue;
      const blocks = this.collector.collect(head, this.coldest);
      for (const { head } of blocks) {
        this.covered.set(head, { head, seen: this.countdown(head) });
        this.processor.blocks.watch(head);
      }
      regions.push({ tier: 'first', isLast: false, roundsInPlace: this.roundsInPlace, blocks });
    }
    return regions;
  }

  /**
   * What is hot once more has modules of its own, while there may be many more each of one region: the engine may take a tenth of a second
   * to optimise one, for which nothing else waits.
   */
  private takeHot(most: number): RegionSource[] {
    const regions: RegionSource[] = [];
    for (const [head, counts] of this.hot) {
      if (regions.length === most) break;
      const installed = this.installed.tierOf(head);
      // What is optimised is long on its way: nothing else waits for that.
      if (installed === 'second' && regions.length > 0) continue;
      this.hot.delete(head);
      if (installed === undefined) continue;
      const blocks = this.collector.collectCounted(head, this.coldest, counts);
      for (const block of blocks) this.processor.blocks.watch(block.head);
      const tier = installed === 'first' ? 'second' : 'third';
      const isLast = tier === this.lastTier;
      regions.push({ tier, isLast, roundsInPlace: this.roundsInPlace, blocks });
      if (installed !== 'first') break;
    }
    return regions;
  }

  /** Whether what runs now does so. Where results have been exact so far, or rounding is directed, regions call the runtime. */
  private get roundsInPlace(): boolean {
    const mxcsr = this.processor.views.u32[(CPU_STATE + MXCSR) >> 2] as number;
    return (mxcsr & (MXCSR_MASKS | MXCSR_RC | MXCSR_PE)) === (MXCSR_MASKS | MXCSR_PE);
  }

  private install(batch: Batch, module: WebAssembly.Module, bytes: number): void {
    const { processor, counts, installed } = this;
    const exports = regionExports(module, processor);
    counts.modules += 1;
    counts.moduleBytes += bytes;
    const owner = new InstalledModule(bytes);
    batch.regions.forEach((source, index) => {
      const { tier, blocks } = source;
      // A function that is called twice is in a region twice.
      const heads = [...new Set(blocks.map((block) => block.head))];
      const exits = exitsOf(source);
      const head = heads[0] as number;
      const present = heads.filter((block) => !batch.dropped.has(block));
      if (tier === 'first') for (const block of present) this.release(block);
      const isGone = present.length < heads.length || exits.some((exit) => batch.dropped.has(exit));
      if (isGone || (tier === 'first' && installed.has(head))) {
        counts.rejected += 1;
        return;
      }
      installed.add(owner, tier, head, heads, exports[regionName(index)], targetsWithin(blocks), exits);
      this.savedCode?.keep(source);
      counts.regions += 1;
      if (tier === 'second') counts.secondTierRegions += 1;
      if (tier === 'third') counts.thirdTierRegions += 1;
    });
    installed.trim();
  }

  /** A block's region has come back: how often it was entered so far says nothing any more. */
  private release(block: number): void {
    this.covered.delete(block);
    this.installed.coolDown(block);
  }

  /**
   * A block went stale, and soon there may be another one at its address: nobody asks for it any more, and the
   * regions that contain it are not installed or, if they are, not entered again.
   */
  drop(block: number): void {
    this.waiting.delete(block);
    this.hot.delete(block);
    this.hotAnew.delete(block);
    this.profiled.delete(block);
    this.profile?.drop(block);
    this.covered.delete(block);
    for (const batch of this.underWay.values()) batch.dropped.add(block);
    this.savedCode?.drop(block);
    this.installed.drop(block);
  }

  /** Keeps what has been compiled for other runs. Resolves when that is done. */
  async save(): Promise<void> {
    if (this.remote !== undefined) await this.savedCode?.save();
  }

  /** Records from one address to another are about to be those of other blocks: no region leads to them any more. */
  private forget(from: number, to: number): void {
    this.installed.dropLeadingTo(from, to);
    for (const { regions, dropped } of this.underWay.values()) {
      for (const exit of regions.flatMap(exitsOf)) if (exit >= from && exit < to) dropped.add(exit);
    }
  }
}

/** Heads that a region may leave to by their addresses. */
function exitsOf({ blocks }: RegionSource): number[] {
  const heads = new Set(blocks.flatMap(({ takenHead, fallHead }) => [takenHead, fallHead]));
  heads.delete(0);
  return [...heads];
}
