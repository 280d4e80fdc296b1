/** What a run finds of earlier ones, and what it leaves to later ones: the machine's side of what the compile worker keeps. */
import type { RegionSource } from '../compile/region-source.ts';
import type { Processor } from '../cpu/processor.ts';
import {
  HEAD_COUNT,
  HEAD_MODE,
  HEAD_PHYSICAL_PAGE,
  RECORD_LENGTH,
  RECORD_PAGE_OFFSET,
  RECORD_SIZE,
} from '../layout/record.ts';
import { ARENA_EPOCH } from '../layout/runtime-state.ts';
import type { ArchiveRequest, LoadResult, PackPlace, SavedRegion } from '../saved-code/messages.ts';
import { checksumOf, type Pack, viewPack } from '../saved-code/pack.ts';
import { movedDown } from '../saved-code/relocations.ts';
import type { InstalledRegions } from './installed-regions.ts';
import { linearPageOf } from './linear-page.ts';
import { dropTranslated, reserveSavedRecords, SavedRegions } from './saved-regions.ts';
import { copyShapes, restoreShapes } from './saved-shapes.ts';

const PAGE_SIZE = 4096;
/**
 * New regions from which on it is worth writing all of them, and as a share of those that have been found: each boot of one guest has a
 * quarter that is new, and a process that starts another and ends takes 80 ms longer.
 */
const WORTH_SAVING = 64;
const WORTH_SAVING_SHARE = 0.5;
/** Most regions that are remembered to be kept. */
const MOST_NEW = 4096;

export class SavedCode {
  private readonly processor: Processor;
  private readonly installed: InstalledRegions;
  private readonly place: PackPlace;
  private static nextId = 1;
  private readonly id = SavedCode.nextId++;
  private readonly post: (request: ArchiveRequest) => void;
  private pack: Pack | undefined;
  private found: SavedRegions | undefined;
  /** Undefined: it is not known yet. */
  private modulesToCome: number | undefined;
  /** checksumOf() what has been loaded. */
  private loaded: number | undefined;
  private fresh: SavedRegion[] = [];
  /** Where blocks were entered that have asked to be compiled. */
  private readonly linearPages = new Map<number, number>();
  private saving = Promise.resolve();
  private wakeSaver: () => void = () => {};

  /** @param place where what is of use is kept. */
  constructor(
    processor: Processor,
    installed: InstalledRegions,
    place: PackPlace,
    post: (request: ArchiveRequest) => void,
  ) {
    this.processor = processor;
    this.installed = installed;
    this.place = place;
    this.post = post;
    reserveSavedRecords(processor);
    post({ kind: 'load', id: this.id, place });
  }

  /** Blocks and regions that have been found again. */
  get statistics(): { readonly blocks: number; readonly regions: number } {
    return { blocks: this.found?.blocks ?? 0, regions: this.found?.regions ?? 0 };
  }

  /** Whether code of earlier runs may be on its way. */
  get isLoading(): boolean {
    return this.modulesToCome !== 0;
  }

  /** Between two slices. */
  receive(result: LoadResult): void {
    // Of before a restart: there is another arena now.
    if (result.id !== this.id) return;
    if (result.kind === 'pack') {
      this.modulesToCome = 0;
      // The place for it may have been used by now.
      if (result.bytes === undefined || this.processor.i32(ARENA_EPOCH) > 0) return;
      dropTranslated(this.processor);
      this.pack = viewPack(result.bytes);
      restoreShapes(this.processor.views, this.pack.shapes);
      this.loaded = checksumOf(result.bytes);
      this.found = new SavedRegions(this.processor, this.installed, this.pack);
      this.processor.blocks.saved = this.found;
      this.modulesToCome = this.pack.moduleStarts.length - 1;
      return;
    }
    this.modulesToCome = (this.modulesToCome as number) - 1;
    const [start = 0, end = 0] = this.pack?.moduleStarts.subarray(result.index, result.index + 2) ?? [];
    this.processor.blocks.saved?.addModule(result.index, result.module, end - start);
  }

  /** The worker has saved what it was given. */
  saved(): void {
    this.wakeSaver();
  }

  /** The worker is gone: nothing more comes. */
  gone(): void {
    this.modulesToCome = 0;
    this.wakeSaver();
  }

  /** A block that is being entered asks to be compiled. @returns whether it need not be. */
  request(head: number): boolean {
    if (this.processor.blocks.saved?.ask(head) === true) return true;
    const { views } = this.processor;
    this.linearPages.set(head, linearPageOf(views, views.u16[(head + HEAD_MODE) >> 1] as number));
    return false;
  }

  /** A region has been compiled, and its blocks are still what they were. */
  keep(source: RegionSource): void {
    const entry = source.blocks[0]?.head as number;
    const linearPage = this.linearPages.get(entry);
    if (linearPage === undefined || this.fresh.length === MOST_NEW) return;
    this.fresh.push({
      source,
      linearPage,
      code: source.blocks.map(({ head }) => codeOf(this.processor, head)),
    });
  }

  /** A block went stale. */
  drop(head: number): void {
    this.linearPages.delete(head);
  }

  /** Keeps what is new, if it is worth it. Resolves when that is done. */
  save(): Promise<void> {
    this.saving = this.saving.then(() => this.saveNew());
    return this.saving;
  }

  private async saveNew(): Promise<void> {
    const { fresh, found } = this;
    if (fresh.length < Math.max(WORTH_SAVING, (found?.regions ?? 0) * WORTH_SAVING_SHARE)) return;
    this.fresh = [];
    const regions = fresh.map((region) => movedDown(region, found?.moved ?? 0));
    const used = found?.used ?? new Uint8Array(0);
    const saved = new Promise<void>((resolve) => {
      this.wakeSaver = resolve;
    });
    const shapes = copyShapes(this.processor.views);
    this.post({ kind: 'save', place: this.place, regions, loaded: this.loaded, used, shapes });
    await saved;
  }
}

/** The bytes of a block in its page; none where there is no RAM. */
export function codeOf({ views, runtime }: Processor, head: number): Uint8Array {
  const { u8, u16, u32 } = views;
  const page = runtime.hostPageAddress(u32[(head + HEAD_PHYSICAL_PAGE) >> 2] as number) >>> 0;
  if (page === 0) return new Uint8Array(0);
  const last = head + (u16[(head + HEAD_COUNT) >> 1] as number) * RECORD_SIZE;
  const end = (u16[(last + RECORD_PAGE_OFFSET) >> 1] as number) + (u8[last + RECORD_LENGTH] as number);
  return u8.slice(page + (u16[(head + RECORD_PAGE_OFFSET) >> 1] as number), page + Math.min(end, PAGE_SIZE));
}
