/**
 * Blocks and regions of earlier runs. Where the guest's memory has the bytes of a saved block, at the same offset of a page and in
 * the same mode, its records are put where they were saved instead of being decoded, and a saved region is entered as soon as all
 * of its blocks are there.
 *
 * 1. Saved records have the first addresses of the arena, the same in each run, so that the code of regions has them as
 *    constants. They go when that half of the arena is emptied; nothing saved is used after that.
 * 2. Records are used for one physical page only: links and hints that lead to them stay true when the block goes stale and
 *    comes back.
 * 3. Addresses among the constants of a kernel have moved by `moved` bytes, the same for all of it (saved-code/relocations.ts).
 *    Code of regions reads it (runtime-state.ts: CODE_MOVED).
 */
import { COMPILED_TIERS, type CompiledTier } from '../compile/region-source.ts';
import type { Processor } from '../cpu/processor.ts';
import { regionName } from '../layout/contract.ts';
import { CPU_STATE, RECORD_ARENA } from '../layout/linear-memory.ts';
import {
  HEAD_COUNT,
  HEAD_COUNTDOWN,
  HEAD_CROSSING,
  HEAD_END_RECORD,
  HEAD_FLAGS,
  HEAD_MODE,
  HEAD_PHYSICAL_PAGE,
  HEAD_STALE,
  RECORD_FN,
  RECORD_PAGE_OFFSET,
  RECORD_SIZE,
  SLOT_ENTER,
} from '../layout/record.ts';
import { CODE_MOVED, PAGE_BASE, RECORD_TOP } from '../layout/runtime-state.ts';
import {
  LAYOUT_BLOCKS,
  LAYOUT_TARGETS,
  type Pack,
  REGIONS_PER_MODULE,
  SAVED_RECORDS_SIZE,
} from '../saved-code/pack.ts';
import { InstalledModule, type InstalledRegions } from './installed-regions.ts';
import { linearPageOf } from './linear-page.ts';
import { regionExports } from './region-exports.ts';

const HASH_BITS = 14;
/**
 * Entries after which a block asks again whether its region can be had: a page may not have been mapped yet, and kernels patch
 * their code while they boot.
 */
const ASKING = [2, 30, 300];
const NOWHERE = -1;
const PAGE_SHIFT = 12;
const PAGE_SIZE = 1 << PAGE_SHIFT;

interface Module {
  readonly owner: InstalledModule;
  readonly exports: WebAssembly.Exports;
}

/** Keeps the start of a new record arena free for saved records. */
export function reserveSavedRecords({ views: { u8, u32 } }: Processor): void {
  const end = RECORD_ARENA + SAVED_RECORDS_SIZE;
  // For who walks over all blocks of a half: records of nothing that is there.
  u8[RECORD_ARENA + HEAD_FLAGS] = HEAD_STALE;
  // One by one they take 4 ms in code that has not warmed up.
  for (let size = RECORD_SIZE; size < SAVED_RECORDS_SIZE; size *= 2)
    u8.copyWithin(RECORD_ARENA + size, RECORD_ARENA, RECORD_ARENA + size);
  u32[(CPU_STATE + RECORD_TOP) >> 2] = end;
}

/** Lets what has been translated so far, behind the reserved records, be translated again. Between two slices. */
export function dropTranslated({ views, runtime }: Processor): void {
  const { u8, u16, u32 } = views;
  const top = u32[(CPU_STATE + RECORD_TOP) >> 2] as number;
  for (let node = RECORD_ARENA + SAVED_RECORDS_SIZE; node < top; node += RECORD_SIZE) {
    const flags = u8[node + HEAD_FLAGS] as number;
    if ((flags & HEAD_CROSSING) !== 0) continue;
    const offset = u16[(node + RECORD_PAGE_OFFSET) >> 1] as number;
    const page = BigInt(u32[(node + HEAD_PHYSICAL_PAGE) >> 2] as number);
    if ((flags & HEAD_STALE) === 0) runtime.invalidateCode(page * 4096n + BigInt(offset), 1);
    const records = (u16[(node + HEAD_COUNT) >> 1] as number) + Number((flags & HEAD_END_RECORD) !== 0);
    node += records * RECORD_SIZE;
  }
}

export class SavedRegions {
  /** Blocks and regions that have been found again. */
  blocks = 0;
  regions = 0;
  /** 1 for each region that has been found again. */
  readonly used: Uint8Array;
  /** Bytes that kernel code has moved, once it is known. */
  moved: number | undefined;
  private readonly processor: Processor;
  private readonly installed: InstalledRegions;
  private readonly pack: Pack;
  /** Where each block is in its page, and its mode: keyOf(). */
  private readonly keys: Int32Array;
  /** First block of each bucket, and the next one of each block: chains that end in -1. */
  private readonly buckets = new Int32Array(1 << HASH_BITS).fill(-1);
  private readonly chains: Int32Array;
  /** Physical page that each block has been found in, or NOWHERE. */
  private readonly pages: Int32Array;
  /** The block whose head each record is, or -1. */
  private readonly blockAt: Int32Array;
  /** How often each block has asked. */
  private readonly asked: Uint8Array;
  private readonly modules: (Module | undefined)[] = [];

  /** Where reserveSavedRecords() has made room. */
  constructor(processor: Processor, installed: InstalledRegions, pack: Pack) {
    this.processor = processor;
    this.installed = installed;
    this.pack = pack;
    const { records, blockRecords, blockPage, code, blockCode } = pack;
    const { length } = blockPage;
    const heads = new DataView(records.buffer, records.byteOffset, records.byteLength);
    this.keys = Int32Array.from(blockPage, (_, block) => {
      const head = blockRecords[block] as number;
      return keyOf(heads.getUint16(head + RECORD_PAGE_OFFSET, true), heads.getUint16(head + HEAD_MODE, true));
    });
    this.used = new Uint8Array(pack.regionLayout.length - 1);
    this.chains = new Int32Array(length);
    this.pages = new Int32Array(length).fill(NOWHERE);
    this.asked = new Uint8Array(length);
    this.blockAt = new Int32Array(records.length / RECORD_SIZE).fill(-1);
    for (let block = 0; block < length; block++) {
      const bytes = blockCode[block] as number;
      const bucket = bucketOf(this.keys[block] as number, code[bytes], code[bytes + 1]);
      this.blockAt[(blockRecords[block] as number) / RECORD_SIZE] = block;
      this.chains[block] = this.buckets[bucket] as number;
      this.buckets[bucket] = block;
      const key = this.keys[block] as number;
      const offset = key & (PAGE_SIZE - 1);
      processor.runtime.noteSaved(offset, key >>> PAGE_SHIFT, code[bytes] as number, code[bytes + 1] ?? 0);
    }
    processor.views.u8.set(records, RECORD_ARENA);
  }

  /** The records are about to be used for others. */
  forget(): void {
    this.processor.runtime.forgetSaved();
  }

  /** A module of the pack has been compiled. Blocks that are there already ask for their regions. */
  addModule(index: number, module: WebAssembly.Module, bytes: number): void {
    this.modules[index] = {
      exports: regionExports(module, this.processor),
      owner: new InstalledModule(bytes),
    };
    for (let block = 0; block < this.pages.length; block++) if (this.isThere(block)) this.letAsk(block);
  }

  /**
   * The block at an offset of a physical page, which is about to be translated in a mode.
   * @returns its head, or 0 if it is not among the saved.
   */
  take(physicalPage: number, offset: number, mode: number): number {
    const { processor, pack } = this;
    const host = processor.runtime.hostPageAddress(physicalPage) >>> 0;
    if (host === 0) return 0;
    const { u8 } = processor.views;
    const key = keyOf(offset, mode);
    const bucket = bucketOf(key, u8[host + offset], u8[host + offset + 1]);
    for (let block = this.buckets[bucket] as number; block !== -1; block = this.chains[block] as number) {
      if (this.keys[block] !== key || !this.isFree(block, physicalPage)) continue;
      if (!this.matches(block, host + offset, linearPageOf(processor.views, mode))) continue;
      this.place(block, physicalPage);
      this.install(block);
      return RECORD_ARENA + (pack.blockRecords[block] as number);
    }
    return 0;
  }

  /**
   * A block that is being entered asks to be compiled.
   * @returns whether it has a region now, or will ask again.
   */
  ask(head: number): boolean {
    const block = this.blockAt[(head - RECORD_ARENA) / RECORD_SIZE] ?? -1;
    if (block === -1 || this.installed.has(head) || !this.mayAsk(block)) return false;
    this.asked[block] = (this.asked[block] as number) + 1;
    if (!this.install(block)) this.letAsk(block);
    return true;
  }

  private mayAsk(block: number): boolean {
    return this.isEntry(block) && (this.asked[block] as number) < ASKING.length;
  }

  /** Whether a region begins with it. */
  private isEntry(block: number): boolean {
    const { blockEntries } = this.pack;
    return blockEntries[block] !== blockEntries[block + 1];
  }

  private letAsk(block: number): void {
    const head = this.headOf(block);
    if (this.installed.has(head) || !this.isEntry(block)) return;
    const { i32 } = this.processor.views;
    i32[(head + HEAD_COUNTDOWN) >> 2] = ASKING[this.asked[block] as number] ?? this.processor.blocks.hotness;
    this.processor.blocks.watch(head);
  }

  private headOf(block: number): number {
    return RECORD_ARENA + (this.pack.blockRecords[block] as number);
  }

  private offsetOf(block: number): number {
    return (this.keys[block] as number) & (PAGE_SIZE - 1);
  }

  private modeOf(block: number): number {
    return (this.keys[block] as number) >>> PAGE_SHIFT;
  }

  private isThere(block: number): boolean {
    const flags = this.processor.views.u8[this.headOf(block) + HEAD_FLAGS] as number;
    return (flags & HEAD_STALE) === 0;
  }

  /** Whether the block's records can be those of a block in a physical page. */
  private isFree(block: number, physicalPage: number): boolean {
    const before = this.pages[block];
    return before === NOWHERE || (before === physicalPage && !this.isThere(block));
  }

  /**
   * Whether the bytes at a place in linear memory are those of a block.
   * @param linearPage of them, as linearPageOf() has it.
   */
  private matches(block: number, place: number, linearPage: number): boolean {
    const { pack } = this;
    const { code, relocations, blockRelocations } = pack;
    const { u8 } = this.processor.views;
    const start = pack.blockCode[block] as number;
    const end = pack.blockCode[block + 1] as number;
    const distance = place - start;
    const firstRelocation = blockRelocations[block] as number;
    const endRelocation = blockRelocations[block + 1] as number;
    const hasConstants = firstRelocation !== endRelocation;
    if (hasConstants && linearPage === 0) return false;
    const moved = this.moved ?? linearPage - (pack.blockPage[block] as number);
    let at = start;
    for (let relocation = firstRelocation; relocation < endRelocation; relocation++) {
      const constant = start + ((relocations[relocation] as number) & 0xffff);
      for (; at < constant; at++) if (u8[at + distance] !== code[at]) return false;
      if (int32At(u8, at + distance) !== ((int32At(code, at) + moved) | 0)) return false;
      at += 4;
    }
    for (; at < end; at++) if (u8[at + distance] !== code[at]) return false;
    if (hasConstants && this.moved === undefined) this.setMoved(moved);
    return true;
  }

  private setMoved(moved: number): void {
    this.moved = moved;
    this.processor.views.i32[(CPU_STATE + CODE_MOVED) >> 2] = moved;
  }

  /** Makes the block one of the translated. */
  private place(block: number, physicalPage: number): void {
    const { pack, processor } = this;
    const { u8, u32, i32 } = processor.views;
    const { blockRecords, blockRelocations } = pack;
    const head = this.headOf(block);
    u8.set(pack.records.subarray(blockRecords[block], blockRecords[block + 1]), head);
    u32[(head + RECORD_FN) >> 2] = SLOT_ENTER;
    u8[head + HEAD_FLAGS] = (u8[head + HEAD_FLAGS] as number) & ~HEAD_STALE;
    i32[(head + HEAD_COUNTDOWN) >> 2] = processor.blocks.hotness;
    u32[(head + HEAD_PHYSICAL_PAGE) >> 2] = physicalPage;
    const end = blockRelocations[block + 1] as number;
    for (let at = blockRelocations[block] as number; at < end; at++) {
      const field = (head + ((pack.relocations[at] as number) >> 16)) >> 2;
      i32[field] = (i32[field] as number) + (this.moved as number);
    }
    this.pages[block] = physicalPage;
    this.asked[block] = 0;
    this.blocks += 1;
    processor.runtime.registerBlock(head);
    this.letAsk(block);
  }

  /** Installs a region at a block that is being entered, if there is one of which all blocks can be had. */
  private install(entry: number): boolean {
    const { blockEntries, entryRegions } = this.pack;
    const end = blockEntries[entry + 1] as number;
    for (let at = blockEntries[entry] as number; at < end; at++)
      if (this.installRegion(entryRegions[at] as number)) return true;
    return false;
  }

  private installRegion(region: number): boolean {
    const module = this.modules[Math.floor(region / REGIONS_PER_MODULE)];
    if (module === undefined) return false;
    const heads = this.blocksOf(region);
    if (heads === undefined) return false;
    for (const head of heads) this.processor.blocks.watch(head);
    const { layout, regionLayout } = this.pack;
    const tier = COMPILED_TIERS[layout[regionLayout[region] as number] as number] as CompiledTier;
    const code = module.exports[regionName(region % REGIONS_PER_MODULE)];
    // They have no exits, but follow links.
    this.installed.add(module.owner, tier, heads[0] as number, heads, code);
    this.used[region] = 1;
    this.regions += 1;
    return true;
  }

  /** The heads of a region's blocks, each once, all of them there; or undefined if the guest has not got one of them. */
  private blocksOf(region: number): number[] | undefined {
    const { processor, pack } = this;
    const { runtime } = processor;
    const { layout, regionLayout } = pack;
    const first = (regionLayout[region] as number) + LAYOUT_BLOCKS;
    const end = regionLayout[region + 1] as number;
    const entry = layout[first] as number;
    const mode = this.modeOf(entry);
    const linearPage = linearPageOf(processor.views, mode);
    const base = processor.u64(PAGE_BASE);
    const physicalPages = new Map([[0, this.pages[entry] as number]]);
    /** Physical page of each that is not there yet. */
    const missing = new Map<number, number>();
    const heads: number[] = [];
    for (let at = first; at < end; at += LAYOUT_TARGETS + (layout[at + LAYOUT_TARGETS - 1] as number)) {
      const block = layout[at] as number;
      const page = layout[at + 3] as number;
      const physicalPage =
        physicalPages.get(page) ?? runtime.peekCodePage(BigInt.asUintN(64, base + BigInt(page * PAGE_SIZE)));
      if (physicalPage === -1) return undefined;
      physicalPages.set(page, physicalPage);
      const head = this.headOf(block);
      if (!heads.includes(head)) heads.push(head);
      if (this.isThere(block)) {
        if (this.pages[block] !== physicalPage) return undefined;
        continue;
      }
      const host = runtime.hostPageAddress(physicalPage) >>> 0;
      const offset = this.offsetOf(block);
      const ownPage = linearPage === 0 ? 0 : (linearPage + page * PAGE_SIZE) | 0;
      if (host === 0 || !this.isFree(block, physicalPage)) return undefined;
      // The block may have been translated before it was known here.
      if (runtime.findRegistered(physicalPage, offset, mode) !== 0) return undefined;
      if (!this.matches(block, host + offset, ownPage)) return undefined;
      missing.set(block, physicalPage);
    }
    for (const [block, physicalPage] of missing) this.place(block, physicalPage);
    return heads;
  }
}

/** @param offset in its page. @param mode 16 bits. */
function keyOf(offset: number, mode: number): number {
  return (mode << PAGE_SHIFT) | offset;
}

/** @param first and second byte of a block's code. */
function bucketOf(key: number, first = 0, second = 0): number {
  return Math.imul(key ^ Math.imul((second << 8) | first, 0x85eb_ca6b), 0x9e37_79b1) >>> (32 - HASH_BITS);
}

function int32At(bytes: Uint8Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
  return a | (b << 8) | (c << 16) | (d << 24);
}
