/**
 * Decides what is compiled and when, and installs the results.
 *
 * A block that has been entered often enough asks for compilation (record.ts: HEAD_HOTNESS). Requests are
 * collected, turned into regions and sent to the compile worker in batches, because a module costs the same
 * however many regions it holds. Results are installed between two slices, if every block of the region
 * is still what it was.
 *
 * Every block whose address is kept here is marked HEAD_WATCHED, so that drop() is told before its records go.
 */

import { type PackedRegions, packRegions, type RegionSource } from '../compile/region-source.ts';
import type { Processor } from '../cpu/processor.ts';
import { FIRST_REGION_SLOT, SLOT_ENTER } from '../isa/instruction-set.ts';
import { HEAD_COUNT, HEAD_FLAGS, HEAD_HOTNESS, HEAD_WATCHED, RECORD_FN } from '../layout/record.ts';
import { RegionCollector } from './region-collector.ts';

export type Tier = 'auto' | 'interpreter' | 'compiled';

/**
 * Entries after which a block is compiled. The worker takes as long for a region as 100,000 interpreted instructions:
 * more eager is slower, less eager leaves more than 5 % of a boot to the interpreter.
 */
const HOT = 1000;
/**
 * The same for a machine that compiles everything at once: what is run only once is not worth it, and a loop has been
 * round often enough for its blocks to be known, so that they become one region.
 */
const HOT_AT_ONCE = 4;
/** A block is taken into a region if it has been entered this share of the times after which its head is compiled. */
const WARM = 0.4;
/** Most regions in one module. */
const BATCH = 8;
/** Batches at the worker: while one comes back the next is compiled. */
const MOST_BATCHES = 2;
/** Table slots added at a time. */
const TABLE_STEP = 4096;

/** What the worker is sent and sends back. */
export interface CompileRequest {
  readonly id: number;
  readonly regions: PackedRegions;
}
export interface CompileResult {
  readonly id: number;
  readonly module: WebAssembly.Module;
  readonly bytes: number;
  /** Time the worker took, in milliseconds: Binaryen, and the engine's compilation. */
  readonly milliseconds: number;
}

/** Compiles on the machine's own thread: regions to module bytes (compiler.ts). */
export type LocalCompiler = (regions: readonly RegionSource[]) => Uint8Array;

/** The compile worker as this file sees it. */
export interface RemoteCompiler {
  post(request: CompileRequest): void;
  /** Replaces who is told. @param onFailure the worker is gone; nothing more will come. */
  listen(onResult: (result: CompileResult) => void, onFailure: () => void): void;
  /** Ends the worker. */
  close(): Promise<void>;
}

interface InstalledRegion {
  readonly head: number;
  readonly slot: number;
  readonly blocks: readonly number[];
}

interface Batch {
  readonly regions: readonly RegionSource[];
  /** Heads that went stale since: there may be other blocks at these addresses. */
  readonly dropped: Set<number>;
}

export interface TieringStatistics {
  requests: number;
  regions: number;
  modules: number;
  moduleBytes: number;
  compileMilliseconds: number;
  rejected: number;
  dropped: number;
}

export class Tiering {
  readonly statistics: TieringStatistics = {
    requests: 0,
    regions: 0,
    modules: 0,
    moduleBytes: 0,
    compileMilliseconds: 0,
    rejected: 0,
    dropped: 0,
  };
  private readonly processor: Processor;
  private readonly collector: RegionCollector;
  private remote: RemoteCompiler | undefined;
  private readonly local: LocalCompiler | undefined;
  private readonly milliseconds: () => number;
  private readonly waiting = new Set<number>();
  private readonly underWay = new Map<number, Batch>();
  private arrived: CompileResult[] = [];
  /** Unique among all machines that share a worker: a result for one from before a restart is nobody's. */
  private static nextId = 1;
  private nextSlot = FIRST_REGION_SLOT;
  private readonly freeSlots: number[] = [];
  /** Regions by each block they contain. */
  private readonly regionsOf = new Map<number, InstalledRegion[]>();
  /** Blocks of the regions that are being compiled, with the HEAD_HOTNESS last seen. */
  private readonly covered = new Map<number, number>();
  private wakeWaiter: () => void = () => {};

  constructor(
    processor: Processor,
    tier: Tier,
    remote: RemoteCompiler | undefined,
    local: LocalCompiler | undefined,
    milliseconds: () => number,
  ) {
    this.processor = processor;
    this.collector = new RegionCollector(processor.views, processor.runtime);
    this.remote = remote;
    this.local = local;
    this.milliseconds = milliseconds;
    processor.blocks.hotness = tier === 'interpreter' ? 0 : tier === 'compiled' ? HOT_AT_ONCE : HOT;
    remote?.listen(
      (result) => {
        this.arrived.push(result);
        this.wakeWaiter();
      },
      () => {
        this.remote = undefined;
        this.underWay.clear();
        this.wakeWaiter();
      },
    );
  }

  /** True while results are expected: the host loop then lets messages in more often. */
  get isWaiting(): boolean {
    return this.underWay.size > 0;
  }

  /** A block has become hot. Called by guest code on its way into the block. */
  request(head: number): void {
    this.statistics.requests += 1;
    this.waiting.add(head);
    this.watch(head);
    if (this.local !== undefined) this.compileNow(this.local);
  }

  /**
   * Instructions interpreted since the last call in blocks that are being compiled: what it costs not to wait.
   */
  interpretedMeanwhile(): number {
    const { i32, u16 } = this.processor.views;
    let instructions = 0;
    for (const [head, seen] of this.covered) {
      const hotness = i32[(head + HEAD_HOTNESS) >> 2] as number;
      if (hotness === seen) continue;
      instructions += (seen - hotness) * (u16[(head + HEAD_COUNT) >> 1] as number);
      this.covered.set(head, hotness);
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

  /** Installs what has arrived and sends what waits: between two slices. */
  poll(): void {
    for (const { id, module, bytes, milliseconds } of this.arrived) {
      const batch = this.underWay.get(id);
      if (batch === undefined) continue;
      this.underWay.delete(id);
      this.statistics.compileMilliseconds += milliseconds;
      this.install(batch, module, bytes);
    }
    this.arrived = [];
    while (this.underWay.size < MOST_BATCHES && this.waiting.size > 0 && this.remote !== undefined) {
      const batch = this.takeBatch();
      if (batch.regions.length === 0) return;
      const id = Tiering.nextId++;
      this.underWay.set(id, batch);
      this.remote.post({ id, regions: packRegions(batch.regions) });
    }
  }

  private compileNow(compile: LocalCompiler): void {
    const batch = this.takeBatch();
    if (batch.regions.length === 0) return;
    const start = this.milliseconds();
    const bytes = compile(batch.regions);
    const module = new WebAssembly.Module(bytes as BufferSource);
    this.statistics.compileMilliseconds += this.milliseconds() - start;
    this.install(batch, module, bytes.length);
  }

  private watch(head: number): void {
    const { u8 } = this.processor.views;
    u8[head + HEAD_FLAGS] = (u8[head + HEAD_FLAGS] as number) | HEAD_WATCHED;
  }

  /**
   * The hottest of what waits: the count goes on while a block is waiting. A block that is part of a region on its
   * way is not compiled as an entry of its own unless it becomes hot again after that region has been installed.
   */
  private takeBatch(): Batch {
    const regions: RegionSource[] = [];
    const { processor } = this;
    const { views } = processor;
    // At least once: a block that was never entered says nothing of where it leads.
    const coldest = processor.blocks.hotness - Math.max(1, Math.floor(processor.blocks.hotness * WARM));
    const hotness = (head: number): number => views.i32[(head + HEAD_HOTNESS) >> 2] as number;
    for (const head of [...this.waiting].sort((a, b) => hotness(a) - hotness(b))) {
      if (regions.length === BATCH) break;
      this.waiting.delete(head);
      if (this.covered.has(head) || hotness(head) > 0) continue;
      const blocks = this.collector.collect(head, coldest);
      for (const block of blocks) {
        this.covered.set(block.head, hotness(block.head));
        this.watch(block.head);
      }
      regions.push({ slot: this.allocateSlot(), blocks });
    }
    return { regions, dropped: new Set() };
  }

  private allocateSlot(): number {
    const free = this.freeSlots.pop();
    if (free !== undefined) return free;
    const { table } = this.processor;
    if (this.nextSlot >= table.length) table.grow(TABLE_STEP);
    return this.nextSlot++;
  }

  private install(batch: Batch, module: WebAssembly.Module, bytes: number): void {
    const { processor, statistics } = this;
    new WebAssembly.Instance(module, {
      env: { memory: processor.memory, table: processor.table },
      runtime: processor.runtime as unknown as WebAssembly.ModuleImports,
    });
    statistics.modules += 1;
    statistics.moduleBytes += bytes;
    const { u32 } = processor.views;
    for (const { slot, blocks } of batch.regions) {
      // A function that is called twice is in a region twice.
      const heads = [...new Set(blocks.map((block) => block.head))];
      const head = heads[0] as number;
      const present = heads.filter((block) => !batch.dropped.has(block));
      for (const block of present) this.release(block);
      if (present.length < heads.length || u32[(head + RECORD_FN) >> 2] !== SLOT_ENTER) {
        statistics.rejected += 1;
        this.freeSlots.push(slot);
        continue;
      }
      const region = { head, slot, blocks: heads };
      for (const block of heads) {
        const regions = this.regionsOf.get(block);
        if (regions === undefined) this.regionsOf.set(block, [region]);
        else regions.push(region);
      }
      u32[(head + RECORD_FN) >> 2] = slot;
      statistics.regions += 1;
    }
  }

  /** A block's region has come back: how often it was entered so far says nothing any more. */
  private release(block: number): void {
    this.covered.delete(block);
    this.coolDown(block);
  }

  /** Lets a block become hot again. */
  private coolDown(head: number): void {
    this.processor.views.u32[(head + HEAD_HOTNESS) >> 2] = this.processor.blocks.hotness;
  }

  /**
   * A block went stale, and soon there may be another one at its address: nobody asks for it any more, and the
   * regions that contain it are not installed or, if they are, not entered again.
   */
  drop(block: number): void {
    this.waiting.delete(block);
    this.covered.delete(block);
    for (const batch of this.underWay.values()) batch.dropped.add(block);
    const regions = this.regionsOf.get(block);
    if (regions === undefined) return;
    const { u32 } = this.processor.views;
    for (const region of [...regions]) {
      this.statistics.dropped += 1;
      for (const member of region.blocks) {
        const rest = this.regionsOf.get(member)?.filter((other) => other !== region) ?? [];
        if (rest.length === 0) this.regionsOf.delete(member);
        else this.regionsOf.set(member, rest);
      }
      this.freeSlots.push(region.slot);
      if (u32[(region.head + RECORD_FN) >> 2] === region.slot) {
        u32[(region.head + RECORD_FN) >> 2] = SLOT_ENTER;
        this.coolDown(region.head);
      }
    }
  }
}
