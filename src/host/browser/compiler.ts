/** The compiler in a browser: the program of the compile worker, or to import. */
import type { CompileRequest, CompileResult } from '../../code-cache/tiering.ts';
import { unpackRegions } from '../../compile/region-source.ts';
import { provideBinaryenFile } from '../../wasm/binaryen-file.ts';
import { COMPILER, type CompilerStart, fetchAsset } from './host.ts';
import { type WorkerScope, workerScope } from './worker-scope.ts';

/** Loads the compiler. @param binaryen URL of the module it would find Binaryen in. */
export function loadCompiler(binaryen: string): Promise<typeof import('../../compile/compiler.ts')> {
  provideBinaryenFile(async () => new Uint8Array(await (await fetchAsset(binaryen)).arrayBuffer()));
  return import('../../compile/compiler.ts');
}

function serve(scope: WorkerScope): void {
  let compiler: ReturnType<typeof loadCompiler> | undefined;
  scope.addEventListener('message', async ({ data }: MessageEvent<CompilerStart | CompileRequest>) => {
    if ('binaryen' in data) {
      compiler = loadCompiler(data.binaryen);
      return;
    }
    try {
      const { compileRegions } = await (compiler as ReturnType<typeof loadCompiler>);
      const start = performance.now();
      const bytes = compileRegions(unpackRegions(data.regions));
      const module = new WebAssembly.Module(bytes as BufferSource);
      const result: CompileResult = {
        id: data.id,
        module,
        bytes: bytes.length,
        milliseconds: performance.now() - start,
      };
      scope.postMessage(result, []);
    } catch (error) {
      // As an error of the worker, which a rejected promise is not.
      reportError(error);
    }
  });
}

const scope = workerScope(COMPILER);
if (scope !== undefined) serve(scope);
