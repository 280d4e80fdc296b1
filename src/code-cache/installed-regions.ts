/**
 * The compiled regions that guest code can enter, and how many of them there may be.
 *
 * An engine keeps a module as long as one of its functions can be called: here, as long as a slot of the function table
 * holds one. Modules are kept in the order in which something of them was last seen to be in use. The oldest quarter of what
 * there may be is on *probation*: the heads of their regions have `enter` and a count of one, so that the next entry asks
 * for compilation, which puts the region back and makes its module the youngest. When there is more than there may be,
 * the module that has been on probation longest goes, and the slots of its regions are free. So regions need no code
 * that counts their entries.
 */
import type { CompiledTier } from '../compile/region-source.ts';
import type { Processor } from '../cpu/processor.ts';
import { FIRST_REGION_SLOT } from '../isa/instruction-set.ts';
import { HEAD_COUNTDOWN, RECORD_FN, SLOT_ENTER } from '../layout/record.ts';
import type { Target } from './region-collector.ts';

/** How much compiled code there may be. */
export interface RegionLimits {
  readonly modules: number;
  /** Bytes of WebAssembly; machine code is several times as long. */
  readonly bytes: number;
}

export class InstalledModule {
  /** Of WebAssembly. */
  readonly bytes: number;
  readonly regions = new Set<InstalledRegion>();

  constructor(bytes: number) {
    this.bytes = bytes;
  }
}

/** After so many instructions, at most 2^31 - 1, a region of the tier asks to be compiled again, in the next one. */
export type HotInstructions = Readonly<Record<'first' | 'second', number>>;

interface InstalledRegion {
  readonly head: number;
  readonly slot: number;
  readonly blocks: readonly number[];
  readonly targets: ReadonlyMap<number, readonly Target[]>;
  /** Heads that it may leave to, by their addresses. */
  readonly exits: readonly number[];
  readonly module: InstalledModule;
  readonly tier: CompiledTier;
  isOnProbation: boolean;
  /** The countdown of the head when the region's instructions were last added up. */
  countdown: number;
}

/** Table slots added at a time. */
const TABLE_STEP = 1024;
/** Countdown of a region that has asked. */
export const NEVER = 0x7fff_ffff;
/** Share of the limits that is not on probation. */
const TRUSTED = 0.75;
/**
 * Entries, at least, after which a block is compiled whose region was evicted for the first time, and twice as many each time
 * after that, up to 2^LONGEST_DOUBLING times: a guest that uses more code than there may be would else compile the same again
 * and again, which costs more than to interpret it.
 */
const HOT_AFTER_EVICTION = 1000;
const LONGEST_DOUBLING = 6;

/** Modules in the order in which they were added, and their size. */
class ModuleQueue {
  private readonly modules = new Set<InstalledModule>();
  bytes = 0;

  get length(): number {
    return this.modules.size;
  }
  get first(): InstalledModule | undefined {
    return this.modules.values().next().value;
  }
  add(module: InstalledModule): void {
    this.modules.add(module);
    this.bytes += module.bytes;
  }
  /** @returns whether it was there. */
  delete(module: InstalledModule): boolean {
    const isThere = this.modules.delete(module);
    if (isThere) this.bytes -= module.bytes;
    return isThere;
  }
}

export class InstalledRegions {
  /** Regions that were taken away because their code changed or its records went, and because they were not in use. */
  dropped = 0;
  evicted = 0;
  private readonly executed = { first: 0, second: 0, third: 0 };
  private readonly processor: Processor;
  private readonly limits: RegionLimits;
  /** After so many instructions a region of the first tier asks to be compiled again; for those to come. */
  hotInstructions: HotInstructions;
  private readonly trusted = new ModuleQueue();
  private readonly onProbation = new ModuleQueue();
  private nextSlot = FIRST_REGION_SLOT;
  private readonly freeSlots: number[] = [];
  private readonly byHead = new Map<number, InstalledRegion>();
  /** How often the region of a head was evicted. */
  private readonly evictions = new Map<number, number>();
  /** Regions that are left out for a moment, and the countdowns of their heads. */
  private readonly suspended = new Map<InstalledRegion, number>();
  /** Regions by each block they contain. */
  private readonly regionsOf = new Map<number, InstalledRegion[]>();

  constructor(processor: Processor, limits: RegionLimits, hotInstructions: HotInstructions) {
    this.processor = processor;
    this.hotInstructions = hotInstructions;
    this.limits = limits;
  }

  /** Modules of which there are regions, and the regions. */
  get modules(): number {
    return this.trusted.length + this.onProbation.length;
  }
  get regions(): number {
    return this.byHead.size;
  }

  /** Instructions that the regions of each tier have executed; those of the last tier do not count. */
  get instructions(): Readonly<Record<CompiledTier, number>> {
    for (const region of this.byHead.values()) this.addUp(region);
    return this.executed;
  }

  private addUp(region: InstalledRegion): void {
    if (region.isOnProbation || this.suspended.has(region)) return;
    const countdown = this.processor.views.i32[(region.head + HEAD_COUNTDOWN) >> 2] as number;
    this.executed[region.tier] += region.countdown - countdown;
    region.countdown = countdown;
  }

  private setCountdown(region: InstalledRegion, countdown: number): void {
    this.addUp(region);
    region.countdown = countdown;
    this.processor.views.i32[(region.head + HEAD_COUNTDOWN) >> 2] = countdown;
  }

  /** A region has asked to be compiled again: it does not ask twice. */
  acknowledge(head: number): void {
    const region = this.byHead.get(head);
    if (region !== undefined) this.setCountdown(region, NEVER);
  }

  /** Whether there is a region that is entered at this block. */
  has(head: number): boolean {
    return this.byHead.has(head);
  }

  /** The tier of the region that is entered at this block. */
  tierOf(head: number): CompiledTier | undefined {
    return this.byHead.get(head)?.tier;
  }

  /**
   * Adds a region, and with the first one its module. trim() is due when a module has got its regions.
   *
   * @param head where it is entered. A region that is there is taken away. @param blocks heads of all its blocks.
   * @param code the exported function. @param targets targetsWithin() it. @param exits heads that it may leave to.
   */
  add(
    module: InstalledModule,
    tier: CompiledTier,
    head: number,
    blocks: readonly number[],
    code: unknown,
    targets: ReadonlyMap<number, readonly Target[]> = new Map(),
    exits: readonly number[] = [],
  ): void {
    const old = this.byHead.get(head);
    if (old !== undefined) this.remove(old);
    const slot = this.allocateSlot();
    const region: InstalledRegion = {
      head,
      slot,
      blocks,
      targets,
      exits,
      module,
      tier,
      isOnProbation: false,
      countdown: 0,
    };
    if (module.regions.size === 0) this.trusted.add(module);
    module.regions.add(region);
    this.byHead.set(head, region);
    for (const block of blocks) {
      const regions = this.regionsOf.get(block);
      if (regions === undefined) this.regionsOf.set(block, [region]);
      else regions.push(region);
    }
    this.processor.table.set(slot, code);
    this.setFunction(head, slot);
    region.countdown = tier === 'third' ? NEVER : this.hotInstructions[tier];
    this.processor.views.i32[(head + HEAD_COUNTDOWN) >> 2] = region.countdown;
  }

  /** Where the indirect branch at the end of a block leads to in the regions that it is part of. */
  targetsOf(block: number): Target[] {
    return (this.regionsOf.get(block) ?? []).flatMap(({ targets }) => targets.get(block) ?? []);
  }

  private allocateSlot(): number {
    const free = this.freeSlots.pop();
    if (free !== undefined) return free;
    const { table } = this.processor;
    if (this.nextSlot >= table.length) table.grow(TABLE_STEP);
    return this.nextSlot++;
  }

  private setFunction(head: number, slot: number): void {
    this.processor.views.u32[(head + RECORD_FN) >> 2] = slot;
  }

  /** Makes the regions fit into the limits. */
  trim(): void {
    const { trusted, onProbation, limits } = this;
    const exceeds = (modules: number, bytes: number, share: number): boolean =>
      modules > limits.modules * share || bytes > limits.bytes * share;
    while (exceeds(trusted.length, trusted.bytes, TRUSTED))
      this.putOnProbation(trusted.first as InstalledModule);
    while (exceeds(trusted.length + onProbation.length, trusted.bytes + onProbation.bytes, 1))
      this.evict(onProbation.first as InstalledModule);
  }

  private putOnProbation(module: InstalledModule): void {
    this.trusted.delete(module);
    this.onProbation.add(module);
    for (const region of module.regions) {
      if (region.isOnProbation) continue;
      this.addUp(region);
      region.isOnProbation = true;
      this.setFunction(region.head, SLOT_ENTER);
      this.coolDown(region.head);
    }
  }

  private evict(module: InstalledModule): void {
    for (const region of module.regions) {
      this.evicted += 1;
      this.remove(region);
      const times = this.evictions.get(region.head) ?? 0;
      this.evictions.set(region.head, times + 1);
      const entries = Math.max(this.processor.blocks.hotness, HOT_AFTER_EVICTION);
      this.coolDown(region.head, entries * 2 ** Math.min(times, LONGEST_DOUBLING));
    }
  }

  /** Puts a region back that is on probation. @returns whether there was one. */
  reinstate(head: number): boolean {
    const region = this.byHead.get(head);
    if (region === undefined) return false;
    const { module } = region;
    if (!region.isOnProbation) return false;
    region.isOnProbation = false;
    this.processor.views.i32[(head + HEAD_COUNTDOWN) >> 2] = region.countdown;
    this.setFunction(head, region.slot);
    if (this.onProbation.delete(module)) this.trusted.add(module);
    return true;
  }

  /** Leaves all regions out until resume(): their heads run the interpreter, which counts down from `count`. */
  suspend(count: number): void {
    const { i32 } = this.processor.views;
    for (const region of this.byHead.values()) {
      this.suspended.set(region, i32[(region.head + HEAD_COUNTDOWN) >> 2] as number);
      this.setFunction(region.head, SLOT_ENTER);
      i32[(region.head + HEAD_COUNTDOWN) >> 2] = count;
    }
  }

  resume(): void {
    const { i32 } = this.processor.views;
    for (const [region, countdown] of this.suspended) {
      if (region.isOnProbation) {
        this.coolDown(region.head);
      } else {
        i32[(region.head + HEAD_COUNTDOWN) >> 2] = countdown;
        this.setFunction(region.head, region.slot);
      }
    }
    this.suspended.clear();
  }

  /** Takes away the regions that contain a block which went stale. */
  drop(block: number): void {
    this.evictions.delete(block);
    for (const region of this.regionsOf.get(block) ?? []) {
      this.dropped += 1;
      this.remove(region);
      if (region.head !== block) this.interpret(region.head);
    }
  }

  /** Takes away the regions that may leave to a record from one address to another. */
  dropLeadingTo(from: number, to: number): void {
    for (const region of [...this.byHead.values()]) {
      if (!region.exits.some((exit) => exit >= from && exit < to)) continue;
      this.dropped += 1;
      this.remove(region);
      this.interpret(region.head);
    }
  }

  /** A block whose region has been taken away is interpreted until it is hot again. */
  private interpret(head: number): void {
    this.setFunction(head, SLOT_ENTER);
    this.coolDown(head);
  }

  private remove(region: InstalledRegion): void {
    this.addUp(region);
    this.suspended.delete(region);
    const { slot, module } = region;
    for (const block of region.blocks) {
      const rest = (this.regionsOf.get(block) as InstalledRegion[]).filter((other) => other !== region);
      if (rest.length === 0) this.regionsOf.delete(block);
      else this.regionsOf.set(block, rest);
    }
    this.byHead.delete(region.head);
    this.processor.table.set(slot, null);
    this.freeSlots.push(slot);
    module.regions.delete(region);
    if (module.regions.size === 0 && !this.trusted.delete(module)) this.onProbation.delete(module);
  }

  /** Lets a block become hot anew, after so many entries; one whose region is on probation asks at its next entry. */
  coolDown(head: number, entries = this.processor.blocks.hotness): void {
    const { views } = this.processor;
    const region = this.byHead.get(head);
    if (region === undefined) views.i32[(head + HEAD_COUNTDOWN) >> 2] = entries;
    else if (region.isOnProbation) views.i32[(head + HEAD_COUNTDOWN) >> 2] = 1;
  }
}
