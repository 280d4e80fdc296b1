/**
 * Decides what is compiled and when, and installs the results.
 *
 * A block that has been entered often enough asks for compilation (record.ts: HEAD_HOTNESS). Requests are
 * collected, turned into regions and sent to the compile worker in batches, because a module costs the same
 * however many regions it holds. Results are installed between two slices, if every block of the region
 * is still what it was.
 */
import type { Processor } from '../cpu/processor.ts';
import { FIRST_REGION_SLOT, SLOT_ENTER } from '../isa/instruction-set.ts';
import { ARENA_EPOCH } from '../layout/cpu-state.ts';
import { HEAD_COUNT, HEAD_FLAGS, HEAD_HOTNESS, HEAD_IN_REGION, HEAD_STALE, RECORD_FN } from '../layout/record.ts';
import { type PackedRegions, packRegions, type RegionSource } from './region-source.ts';
import { RegionCollector } from './region-collector.ts';

export type Tier = 'auto' | 'interpreter' | 'compiled';

/** Entries after which a block is compiled. */
const HOT = 300;
/** Most regions in one module. */
const BATCH = 8;
/** Batches at the worker: while one comes back the next is compiled. */
const MOST_BATCHES = 2;
/** Blocks of a region have been entered at least this often. */
const WARM = 100;
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
  onResult(listener: (result: CompileResult) => void): void;
}

interface InstalledRegion {
  readonly head: number;
  readonly slot: number;
  readonly blocks: readonly number[];
}

interface Batch {
  readonly epoch: number;
  readonly regions: readonly RegionSource[];
}

export interface TieringStatistics {
  requests: number;
  regions: number;
  modules: number;
  compiledInstructions: number;
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
    compiledInstructions: 0,
    moduleBytes: 0,
    compileMilliseconds: 0,
    rejected: 0,
    dropped: 0,
  };
  private readonly processor: Processor;
  private readonly collector: RegionCollector;
  private readonly remote: RemoteCompiler | undefined;
  private readonly local: LocalCompiler | undefined;
  private readonly milliseconds: () => number;
  private waiting: number[] = [];
  private readonly underWay = new Map<number, Batch>();
  private arrived: CompileResult[] = [];
  private nextId = 1;
  private nextSlot = FIRST_REGION_SLOT;
  private readonly freeSlots: number[] = [];
  /** Regions by each block they contain. */
  private readonly regionsOf = new Map<number, InstalledRegion[]>();
  /** Blocks of the regions that are being compiled, with the HEAD_HOTNESS last seen. */
  private readonly covered = new Map<number, number>();
  private wakeWaiter: () => void = () => {};
  private epoch = 0;

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
    processor.blocks.hotness = tier === 'interpreter' ? 0 : tier === 'compiled' ? 1 : HOT;
    remote?.onResult((result) => {
      this.arrived.push(result);
      this.wakeWaiter();
    });
  }

  /** True while results are expected: the host loop then lets messages in more often. */
  get isWaiting(): boolean {
    return this.underWay.size > 0;
  }

  /** A block has become hot. Called by guest code on its way into the block. */
  request(head: number): void {
    this.statistics.requests += 1;
    this.waiting.push(head);
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
    this.checkEpoch();
    for (const { id, module, bytes, milliseconds } of this.arrived) {
      const batch = this.underWay.get(id);
      if (batch === undefined) continue;
      this.underWay.delete(id);
      this.statistics.compileMilliseconds += milliseconds;
      this.install(batch, module, bytes);
    }
    this.arrived = [];
    while (this.underWay.size < MOST_BATCHES && this.waiting.length > 0 && this.remote !== undefined) {
      const batch = this.takeBatch();
      if (batch.regions.length === 0) return;
      const id = this.nextId++;
      this.underWay.set(id, batch);
      this.remote.post({ id, regions: packRegions(batch.regions) });
    }
  }

  private compileNow(compile: LocalCompiler): void {
    this.checkEpoch();
    const batch = this.takeBatch();
    if (batch.regions.length === 0) return;
    const start = this.milliseconds();
    const bytes = compile(batch.regions);
    const module = new WebAssembly.Module(bytes as BufferSource);
    this.statistics.compileMilliseconds += this.milliseconds() - start;
    this.install(batch, module, bytes.length);
  }

  /** The record arena was emptied: every address known here dangles. */
  private checkEpoch(): void {
    const epoch = this.processor.i32(ARENA_EPOCH);
    if (epoch === this.epoch) return;
    this.epoch = epoch;
    this.waiting = [];
    for (const region of new Set([...this.regionsOf.values()].flat())) this.freeSlots.push(region.slot);
    this.regionsOf.clear();
    this.covered.clear();
  }

  private isStale(head: number): boolean {
    return ((this.processor.views.u8[head + HEAD_FLAGS] as number) & HEAD_STALE) !== 0;
  }

  /**
   * The hottest of what waits: the count goes on while a block is waiting. A block that is part of a region on its
   * way is not compiled as an entry of its own unless it becomes hot again after that region has been installed.
   */
  private takeBatch(): Batch {
    const regions: RegionSource[] = [];
    const { processor } = this;
    const { views } = processor;
    const hotness = (head: number): number => views.i32[(head + HEAD_HOTNESS) >> 2] as number;
    this.waiting.sort((a, b) => hotness(b) - hotness(a));
    while (this.waiting.length > 0 && regions.length < BATCH) {
      const head = this.waiting.pop() as number;
      if (this.isStale(head) || this.covered.has(head) || hotness(head) > 0) continue;
      const blocks = this.collector.collect(head, processor.blocks.hotness - WARM);
      for (const block of blocks) this.covered.set(block.head, hotness(block.head));
      regions.push({ slot: this.allocateSlot(), blocks });
    }
    return { epoch: this.epoch, regions };
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
    if (batch.epoch !== this.epoch) {
      for (const region of batch.regions) this.freeSlots.push(region.slot);
      return;
    }
    new WebAssembly.Instance(module, {
      env: { memory: processor.memory, table: processor.table },
      runtime: processor.runtime as unknown as WebAssembly.ModuleImports,
    });
    statistics.modules += 1;
    statistics.moduleBytes += bytes;
    const { u8, u32 } = processor.views;
    for (const { slot, blocks } of batch.regions) {
      // A function that is called twice is in a region twice.
      const heads = [...new Set(blocks.map((block) => block.head))];
      const head = heads[0] as number;
      if (heads.some((block) => this.isStale(block)) || u32[(head + RECORD_FN) >> 2] !== SLOT_ENTER) {
        statistics.rejected += 1;
        this.freeSlots.push(slot);
        for (const block of heads) this.release(block);
        continue;
      }
      const region = { head, slot, blocks: heads };
      for (const block of heads) {
        this.release(block);
        const regions = this.regionsOf.get(block);
        if (regions === undefined) this.regionsOf.set(block, [region]);
        else regions.push(region);
        u8[block + HEAD_FLAGS] = (u8[block + HEAD_FLAGS] as number) | HEAD_IN_REGION;
      }
      u32[(head + RECORD_FN) >> 2] = slot;
      statistics.regions += 1;
    }
  }

  /** A block's region has come back: how often it was entered so far says nothing any more. */
  private release(block: number): void {
    this.covered.delete(block);
    if (!this.isStale(block)) this.coolDown(block);
  }

  /** Lets a block become hot again. */
  private coolDown(head: number): void {
    this.processor.views.u32[(head + HEAD_HOTNESS) >> 2] = this.processor.blocks.hotness;
  }

  /** A block went stale: the regions that contain it are not entered again. */
  drop(block: number): void {
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
