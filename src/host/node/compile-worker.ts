/** The compile worker in Node: regions in, modules out. */
import { setFlagsFromString } from 'node:v8';
import { parentPort } from 'node:worker_threads';
import { compileRegions } from '../../translate/compiler.ts';
import { unpackRegions } from '../../translate/region-source.ts';
import type { CompileRequest, CompileResult } from '../../translate/tiering.ts';

/**
 * V8 would otherwise compile each function at its first call, on the thread that runs the guest. Its flags are
 * those of the whole process, where Binaryen and the runtime are better compiled as they are called.
 */
function compileEagerly(bytes: Uint8Array): WebAssembly.Module {
  setFlagsFromString('--no-wasm-lazy-compilation');
  try {
    return new WebAssembly.Module(bytes as BufferSource);
  } finally {
    setFlagsFromString('--wasm-lazy-compilation');
  }
}

parentPort?.on('message', ({ id, regions }: CompileRequest) => {
  const start = performance.now();
  const bytes = compileRegions(unpackRegions(regions));
  const module = compileEagerly(bytes);
  const result: CompileResult = { id, module, bytes: bytes.length, milliseconds: performance.now() - start };
  parentPort?.postMessage(result);
});
