/** What a run of a program has compiled, and a compile worker that has it in a pack for another. */
import { codeOf } from '../../src/code-cache/saved-code.ts';
import { copyShapes } from '../../src/code-cache/saved-shapes.ts';
import type { CompileRequest, LocalCompiler } from '../../src/code-cache/tiering.ts';
import type { RegionSource } from '../../src/compile/region-source.ts';
import type { Processor } from '../../src/cpu/processor.ts';
import type { ArchiveRequest, SavedRegion } from '../../src/saved-code/messages.ts';
import { encodePack, type Pack } from '../../src/saved-code/pack.ts';
import { makePack } from '../../src/saved-code/pack-maker.ts';
import { CompilerHere } from '../../test/support/compiler-here.ts';

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
      this.regions.push({
        source,
        linearPage: 0,
        code: source.blocks.map(({ head }) => codeOf(this.processor, head)),
      });
    }
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
