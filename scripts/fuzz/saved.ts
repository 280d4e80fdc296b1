/** What a run of a program has compiled, and a compile worker that has it in a pack for another. */
import { copyShapes } from '../../src/code-cache/saved-shapes.ts';
import type { CompileRequest, LocalCompiler } from '../../src/code-cache/tiering.ts';
import type { RegionSource } from '../../src/compile/region-source.ts';
import type { Processor } from '../../src/cpu/processor.ts';
import {
  HEAD_COUNT,
  HEAD_PHYSICAL_PAGE,
  RECORD_LENGTH,
  RECORD_PAGE_OFFSET,
  RECORD_SIZE,
} from '../../src/layout/record.ts';
import type { ArchiveRequest, SavedRegion } from '../../src/saved-code/messages.ts';
import { encodePack, type Pack } from '../../src/saved-code/pack.ts';
import { makePack } from '../../src/saved-code/pack-maker.ts';
import { CompilerHere } from '../../test/support/compiler-here.ts';

const PAGE = 4096;

/** Regions with the bytes that they were made of. */
export class KeptRegions {
  regions: SavedRegion[] = [];
  private readonly processor: Processor;

  constructor(processor: Processor) {
    this.processor = processor;
  }

  get shapes(): Uint8Array<ArrayBuffer> {
    return copyShapes(this.processor.views);
  }

  clear(): void {
    this.regions = [];
  }

  add(sources: readonly RegionSource[]): void {
    for (const source of sources) {
      // The code area is not where kernels are.
      this.regions.push({ source, linearPage: 0, code: source.blocks.map(({ head }) => this.codeOf(head)) });
    }
  }

  private codeOf(head: number): Uint8Array {
    const { views, runtime } = this.processor;
    const { u8, u16, u32 } = views;
    const page = runtime.hostPageAddress(u32[(head + HEAD_PHYSICAL_PAGE) >> 2] as number) >>> 0;
    const last = head + (u16[(head + HEAD_COUNT) >> 1] as number) * RECORD_SIZE;
    const end = (u16[(last + RECORD_PAGE_OFFSET) >> 1] as number) + (u8[last + RECORD_LENGTH] as number);
    return u8.slice(page + (u16[(head + RECORD_PAGE_OFFSET) >> 1] as number), page + Math.min(end, PAGE));
  }
}

export class SavedCompiler extends CompilerHere {
  private readonly pack: Pack;

  constructor({ regions, shapes }: KeptRegions, compile: LocalCompiler) {
    super(compile);
    this.pack = makePack(regions, shapes);
  }

  override post(request: CompileRequest | ArchiveRequest): void {
    if (request.kind === 'load') this.load(request.id);
    else super.post(request);
  }

  private load(id: number): void {
    this.tell({ kind: 'pack', id, bytes: encodePack(this.pack, '') });
    const { moduleStarts, modules } = this.pack;
    for (let index = 0; index < moduleStarts.length - 1; index++) {
      const bytes = modules.slice(moduleStarts[index], moduleStarts[index + 1]);
      this.tell({ kind: 'module', id, index, module: new WebAssembly.Module(bytes) });
    }
  }
}
