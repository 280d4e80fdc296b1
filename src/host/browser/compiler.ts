/** The compiler in a browser: the program of the compile worker, or to import. */
import type { CompileRequest, CompileResult } from '../../code-cache/tiering.ts';
import { unpackRegions } from '../../compile/region-source.ts';
import { provideBinaryenFile } from '../../wasm/binaryen-file.ts';
import { COMPILER, type CompilerStart } from './compile-worker.ts';
import { fetchAsset } from './host.ts';
import { type WorkerScope, workerScope } from './worker-scope.ts';

/** Loads the compiler. @param binaryen URL of the module it would find Binaryen in. */
export function loadCompiler(binaryen: string): Promise<typeof import('../../compile/compiler.ts')> {
  provideBinaryenFile(async () => new Uint8Array(await (await fetchAsset(binaryen)).arrayBuffer()));
  return import('../../compile/compiler.ts');
}

function serve(scope: WorkerScope): void {
  scope.addEventListener('message', ({ data }: MessageEvent<CompilerStart>) => {
    const { port, binaryen } = data;
    const compiler = loadCompiler(binaryen);
    port.onmessage = async ({ data: { id, regions } }: MessageEvent<CompileRequest>) => {
      try {
        const { compileRegions } = await compiler;
        const start = performance.now();
        const bytes = compileRegions(unpackRegions(regions));
        const module = new WebAssembly.Module(bytes as BufferSource);
        const result: CompileResult = {
          id,
          module,
          bytes: bytes.length,
          milliseconds: performance.now() - start,
        };
        port.postMessage(result);
      } catch (error) {
        // As an error of the worker, which a rejected promise is not.
        reportError(error);
      }
    };
  });
}

const scope = workerScope(COMPILER);
if (scope !== undefined) serve(scope);
