/** A compile worker without a thread of its own: what it is asked for is there when the caller looks next. */
import type {
  CompileRequest,
  CompileResult,
  LocalCompiler,
  RemoteCompiler,
} from '../../src/code-cache/tiering.ts';
import { compileRegions } from '../../src/compile/compiler.ts';
import { type RegionSource, unpackRegions } from '../../src/compile/region-source.ts';
import type { ArchiveRequest, ArchiveResult } from '../../src/saved-code/messages.ts';

export class CompilerHere implements RemoteCompiler {
  /** All that it was asked for. */
  readonly regions: RegionSource[] = [];
  private readonly compile: LocalCompiler;
  protected tell: (result: CompileResult | ArchiveResult) => void = () => {};

  constructor(compile: LocalCompiler = (regions) => compileRegions(regions)) {
    this.compile = compile;
  }

  post(request: CompileRequest | ArchiveRequest): void {
    if (request.kind !== 'compile') return;
    const regions = unpackRegions(request.regions);
    this.regions.push(...regions);
    const bytes = this.compile(regions);
    const module = new WebAssembly.Module(bytes as BufferSource);
    this.tell({ kind: 'compiled', id: request.id, module, bytes: bytes.length, milliseconds: 0 });
  }

  listen(tell: (result: CompileResult | ArchiveResult) => void): void {
    this.tell = tell;
  }

  async close(): Promise<void> {}
}
