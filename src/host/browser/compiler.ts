/** The compiler in a browser: the program of the compile worker, or to import. */
import type { CompileRequest, CompileResult, LocalCompiler } from '../../code-cache/tiering.ts';
import { compileOptimizing, compilerWith, type Optimizer } from '../../compile/optimizing.ts';
import { unpackRegions } from '../../compile/region-source.ts';
import { CodeArchive } from '../../saved-code/archive.ts';
import type { ArchiveRequest } from '../../saved-code/messages.ts';
import { provideBinaryenFile } from '../../wasm/binaryen-file.ts';
import { CodeStorage } from './code-storage.ts';
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
    const archive = new CodeArchive({
      open: (cache) => new CodeStorage(cache),
      warn: (message) => console.warn(`longmode: ${message}`),
      compile: (bytes) => new WebAssembly.Module(bytes as BufferSource),
      post: (result) => port.postMessage(result),
      yield: () => new Promise((resolve) => setTimeout(resolve)),
    });
    port.onmessage = async ({ data: request }: MessageEvent<CompileRequest | ArchiveRequest>) => {
      try {
        if (request.kind !== 'compile') {
          await archive.answer(request);
          return;
        }
        const { id, regions } = request;
        const start = performance.now();
        const bytes = await compileOptimizing(unpackRegions(regions), () => loadOptimizer(binaryen));
        const module = new WebAssembly.Module(bytes as BufferSource);
        const result: CompileResult = {
          kind: 'compiled',
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
