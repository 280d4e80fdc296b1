/** The compiler in a browser: the program of the compile worker, or to import. */
import type { CompileRequest, CompileResult } from '../../code-cache/tiering.ts';
import { compileRegions } from '../../compile/compiler.ts';
import { unpackRegions } from '../../compile/region-source.ts';
import { COMPILER, type CompilerStart } from './compile-worker.ts';
import { type WorkerScope, workerScope } from './worker-scope.ts';

export { compileRegions };

function serve(scope: WorkerScope): void {
  scope.addEventListener('message', ({ data: { port } }: MessageEvent<CompilerStart>) => {
    port.onmessage = ({ data: { id, regions } }: MessageEvent<CompileRequest>) => {
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
    };
  });
}

const scope = workerScope(COMPILER);
if (scope !== undefined) serve(scope);
