/** The compiler in a browser: the program of the compile worker, or to import. */
import type { CompileRequest, CompileResult, LocalCompiler } from '../../code-cache/tiering.ts';
import { compileOptimizing, compilerWith, type Optimizer } from '../../compile/optimizing.ts';
import { unpackRegions } from '../../compile/region-source.ts';
import { provideBinaryenFile } from '../../wasm/binaryen-file.ts';
import { COMPILER, type CompilerStart } from './compile-worker.ts';
import { fetchAsset } from './host.ts';
import { type WorkerScope, workerScope } from './worker-scope.ts';

/** @param binaryen URL of Binaryen's module. */
async function loadOptimizer(binaryen: string): Promise<Optimizer> {
  provideBinaryenFile(async () => new Uint8Array(await (await fetchAsset(binaryen)).arrayBuffer()));
  return (await import('../../wasm/optimizer.ts')).optimize;
}

/** The compiler for the machine's own thread. @param binaryen as above. */
export async function loadCompiler(binaryen: string): Promise<LocalCompiler> {
  return compilerWith(await loadOptimizer(binaryen));
}

function serve(scope: WorkerScope): void {
  scope.addEventListener('message', ({ data }: MessageEvent<CompilerStart>) => {
    const { port, binaryen } = data;
    port.onmessage = async ({ data: { id, regions } }: MessageEvent<CompileRequest>) => {
      try {
        const start = performance.now();
        const bytes = await compileOptimizing(unpackRegions(regions), () => loadOptimizer(binaryen));
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
