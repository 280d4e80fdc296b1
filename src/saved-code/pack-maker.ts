/** Makes packs of regions, and regions of packs. */
import { compileRegions } from '../compile/compiler.ts';
import {
  COMPILED_TIERS,
  type CompiledTier,
  type RegionBlockSource,
  type RegionSource,
} from '../compile/region-source.ts';
import { RECORD_ARENA } from '../layout/linear-memory.ts';
import {
  HEAD_COUNTDOWN,
  HEAD_END_RECORD,
  HEAD_FALL,
  HEAD_FLAGS,
  HEAD_MODE,
  HEAD_PAGE_COUNT,
  HEAD_STALE,
  HEAD_TAKEN,
  RECORD_FN,
  RECORD_HINT_FALL,
  RECORD_HINT_TAKEN,
  RECORD_LINK_FALL,
  RECORD_LINK_TAKEN,
  RECORD_PAGE_OFFSET,
  RECORD_SIZE,
} from '../layout/record.ts';
import type { SavedRegion } from './messages.ts';
import { MOST_MODULE_BYTES, type Pack, REGIONS_PER_MODULE, SAVED_RECORDS_SIZE } from './pack.ts';
import { type Relocation, relocationsOf, viewOf } from './relocations.ts';

/** Flags of a head that say which fields its last record has. */
const SHAPE = HEAD_END_RECORD | HEAD_TAKEN | HEAD_FALL;

interface Block {
  readonly records: Uint8Array;
  readonly code: Uint8Array;
  readonly linearPage: number;
  readonly relocations: readonly Relocation[];
  /** Where its records are. */
  readonly start: number;
}

/** A region and the numbers of its blocks. */
interface Member {
  readonly region: SavedRegion;
  readonly blocks: readonly number[];
}

/**
 * @param regions in the order in which they are worth keeping: what comes first has room, and is compiled first when it is loaded.
 * What cannot be kept is left out.
 * @param shapes of instructions (code-cache/saved-shapes.ts).
 * @param mostBytes of WebAssembly.
 */
export function makePack(
  regions: readonly SavedRegion[],
  shapes: Uint8Array<ArrayBuffer>,
  mostBytes = MOST_MODULE_BYTES,
): Pack {
  const blocks = new BlockPool();
  const members = new Map<string, Member>();
  for (const region of regions) {
    const numbers = blocks.take(region);
    if (numbers !== undefined) members.set(`${region.source.tier} ${numbers}`, { region, blocks: numbers });
  }
  return { ...assemble(blocks.all, [...members.values()], mostBytes), shapes };
}

/** The blocks of a pack, each once. */
class BlockPool {
  readonly all: Block[] = [];
  private readonly numbers = new Map<string, number>();
  private size = 0;

  /** @returns the numbers of a region's blocks, or undefined if it cannot be kept. */
  take({ source, linearPage, code }: SavedRegion): number[] | undefined {
    const isPlain = source.blocks.every(
      ({ records }, at) => records[HEAD_PAGE_COUNT] === 1 && (code[at] as Uint8Array).length > 0,
    );
    const size = source.blocks.reduce((sum, { records }) => sum + records.length, 0);
    if (!isPlain || this.size + size > SAVED_RECORDS_SIZE) return undefined;
    const numbers: number[] = [];
    for (const [at, { records, page }] of source.blocks.entries()) {
      const number = this.add(records, code[at] as Uint8Array, linearPage, page);
      if (number === undefined) return undefined;
      numbers.push(number);
    }
    return numbers;
  }

  private add(given: Uint8Array, code: Uint8Array, entryPage: number, page: number): number | undefined {
    const view = viewOf(given);
    const relocations = relocationsOf(given, code, entryPage);
    if (relocations === undefined) return undefined;
    const place = `${view.getUint16(RECORD_PAGE_OFFSET, true)} ${view.getUint16(HEAD_MODE, true)}`;
    // A constant may be near one region that has the block, and not another: the region's code would move it, the block not.
    const constants = relocations.map((relocation) => relocation.code).join();
    const key = `${place} ${constants} ${String.fromCharCode(...code)}`;
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    const records = bareRecords(given);
    const linearPage = relocations.length === 0 ? 0 : entryPage + page * 4096;
    this.all.push({ records, code, linearPage, relocations, start: this.size });
    this.numbers.set(key, this.all.length - 1);
    this.size += records.length;
    return this.all.length - 1;
  }
}

/** Records without what one run knows: stale, with no links or hints. */
function bareRecords(records: Uint8Array): Uint8Array {
  const bare = records.slice();
  const view = viewOf(bare);
  const shape = (bare[HEAD_FLAGS] as number) & SHAPE;
  bare[HEAD_FLAGS] = shape | HEAD_STALE;
  view.setUint32(RECORD_FN, 0, true);
  bare.fill(0, HEAD_COUNTDOWN, RECORD_SIZE);
  const clear = (field: number): void => view.setUint32(bare.length - RECORD_SIZE + field, 0, true);
  if ((shape & HEAD_TAKEN) !== 0) for (const field of [RECORD_LINK_TAKEN, RECORD_HINT_TAKEN]) clear(field);
  if ((shape & HEAD_FALL) !== 0) for (const field of [RECORD_LINK_FALL, RECORD_HINT_FALL]) clear(field);
  return bare;
}

/** What has been compiled again is larger and faster; so is, mostly, what has more blocks. */
function worth({ region: { source } }: Member): number {
  return (source.tier === 'first' ? 0 : 1000) + source.blocks.length;
}

/** The regions as they are compiled for a pack, in modules, as far as there is room for them. */
function compileModules(
  blocks: readonly Block[],
  members: readonly Member[],
  mostBytes: number,
): Uint8Array[] {
  const modules: Uint8Array[] = [];
  let room = mostBytes;
  for (let at = 0; at < members.length; at += REGIONS_PER_MODULE) {
    const sources = members
      .slice(at, at + REGIONS_PER_MODULE)
      .map(({ region: { source, linearPage }, blocks: numbers }): RegionSource => {
        const own = source.blocks.map((block, index) => {
          const { records, start } = blocks[numbers[index] as number] as Block;
          // Records are elsewhere in each run: links are followed.
          return { ...block, records, head: RECORD_ARENA + start, takenHead: 0, fallHead: 0 };
        });
        return { ...source, blocks: own, savedAt: linearPage };
      });
    const module = compileRegions(sources).slice();
    room -= module.length;
    if (room < 0) break;
    modules.push(module);
  }
  return modules;
}

function assemble(
  blocks: readonly Block[],
  candidates: readonly Member[],
  mostBytes: number,
): Omit<Pack, 'shapes'> {
  const modules = compileModules(blocks, candidates, mostBytes);
  const members = candidates.slice(0, modules.length * REGIONS_PER_MODULE);
  const layout: number[] = [];
  const regionLayout = [0];
  const entries: number[][] = blocks.map(() => []);
  members.forEach(({ region: { source, linearPage }, blocks: numbers }, index) => {
    entries[numbers[0] as number]?.push(index);
    const kind = [COMPILED_TIERS.indexOf(source.tier), Number(source.isLast), Number(source.roundsInPlace)];
    layout.push(...kind, linearPage, numbers.length);
    for (const [at, { taken, fall, page, targets }] of source.blocks.entries())
      layout.push(numbers[at] as number, taken, fall, page, targets.length, ...targets);
    regionLayout.push(layout.length);
  });
  for (const those of entries) {
    those.sort((a, b) => worth(members[b] as Member) - worth(members[a] as Member));
  }
  const relocations = blocks.map((block) => block.relocations);
  return {
    blockRecords: starts(blocks.map(({ records }) => records.length)),
    blockCode: starts(blocks.map(({ code }) => code.length)),
    blockRelocations: starts(relocations.map(({ length }) => length)),
    blockPage: Int32Array.from(blocks, ({ linearPage }) => linearPage),
    relocations: Int32Array.from(relocations.flat(), ({ field, code }) => (field << 16) | code),
    blockEntries: starts(entries.map(({ length }) => length)),
    entryRegions: Int32Array.from(entries.flat()),
    regionLayout: Int32Array.from(regionLayout),
    layout: Int32Array.from(layout),
    moduleStarts: starts(modules.map(({ length }) => length)),
    records: join(blocks.map(({ records }) => records)),
    code: join(blocks.map(({ code }) => code)),
    modules: join(modules),
  };
}

/** Where pieces of such lengths start that come one after the other, and the end of the last. */
function starts(lengths: readonly number[]): Int32Array {
  const result = new Int32Array(lengths.length + 1);
  lengths.forEach((length, at) => {
    result[at + 1] = (result[at] as number) + length;
  });
  return result;
}

function join(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const places = starts(pieces.map(({ length }) => length));
  const whole = new Uint8Array(places.at(-1) as number);
  for (const [at, piece] of pieces.entries()) whole.set(piece, places[at]);
  return whole;
}

/** The regions of a pack, in its order. */
export function regionsOf(pack: Pack): SavedRegion[] {
  const { layout, regionLayout, blockRecords, blockCode } = pack;
  return Array.from({ length: regionLayout.length - 1 }, (_, region) => {
    let at = regionLayout[region] as number;
    const next = (): number => layout[at++] as number;
    const tier = COMPILED_TIERS[next()] as CompiledTier;
    const isLast = next() === 1;
    const roundsInPlace = next() === 1;
    const linearPage = next();
    const code: Uint8Array[] = [];
    const blocks = Array.from({ length: next() }, (): RegionBlockSource => {
      const block = next();
      code.push(pack.code.subarray(blockCode[block], blockCode[block + 1]));
      return {
        head: 0,
        records: pack.records.subarray(blockRecords[block], blockRecords[block + 1]),
        taken: next(),
        fall: next(),
        takenHead: 0,
        fallHead: 0,
        page: next(),
        targets: Array.from({ length: next() }, next),
      };
    });
    return { source: { tier, isLast, roundsInPlace, blocks }, linearPage, code };
  });
}
